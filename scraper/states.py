"""From what sources state of an offer to what is published of it at a time: a value, or the reason why there is none.

Pure: observations and sources in, views out; the time is given. A reference field always has a view.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Context
from functools import lru_cache
from typing import Final

from scraper.diff import refines, same_substance, same_terms
from scraper.meters import unit_of
from scraper.words import REFERENCE_FIELDS, Mark, Reason, State

_MEANINGFUL: Final = Context(prec=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source of the offer's provider: its contract, and whether it can be read now (`ok`)."""

    name: str
    rank: int
    fresh_days: int
    publishes: frozenset[str]
    ok: bool
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One observation that stands at the time asked for, with its evidence then.

    `missed_at` is the first later reading of its source that did not show it.
    """

    source: str
    field: str
    state: State
    reason: Reason | None
    value: str | None
    currency: str | None
    derived: str
    promotional: bool
    valid_from: datetime | None
    valid_until: datetime | None
    first_seen: datetime
    last_seen: datetime
    missed_at: datetime | None
    source_url: str
    captured_at: datetime
    capture: str
    locator: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """What is published of a field. `capture` is a SHA-256; where nothing was observed, the evidence is empty.

    `agreeing` are the other sources that say the same, more or less precisely; `disputing` is what those of equal rank
    say that do not.
    """

    field: str
    state: State
    reason: Reason | None = None
    value: str | None = None
    currency: str | None = None
    unit: str = ""
    derived: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    source: str = ""
    source_url: str = ""
    captured_at: datetime | None = None
    capture: str = ""
    locator: str = ""
    quote: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    missed_at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    agreeing: tuple[str, ...] = ()
    disputing: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """The fields of an offer, reference fields first, then alphabetical; and the prices announced for a later day.

    An announced price whose day has come stays among the announced until its source says so on or after that day.
    """

    fields: tuple[FieldView, ...]
    announced: tuple[FieldView, ...]


def published(
    observed: Iterable[Observed],
    sources: Mapping[str, SourceState],
    offer_first_seen: datetime,
    at: datetime,
    held: Iterable[tuple[str, str]] = (),
) -> Published:
    """Return what is published of one offer at a time, given what stands then and its provider's sources by name.

    `held` are the (source, field) of which something waits for a review; an empty field stands for all of them.
    """
    by_field: dict[str, dict[str, list[Observed]]] = defaultdict(lambda: defaultdict(list))
    for one in observed:
        by_field[one.field][one.source].append(one)
    views: dict[str, FieldView] = {}
    announced: list[FieldView] = []
    for name, by_source in by_field.items():
        candidates: list[_Candidate] = []
        for source, said in by_source.items():
            current, later = _split(said, at)
            announced += [_view(one, _marks(one, sources[source], at)) for one in later]
            if current is not None:
                overdue = any(one.valid_from is not None and one.valid_from <= at for one in later)
                candidates.append(_Candidate(sources[source], current, overdue))
        if candidates:
            views[name] = _choose(candidates, at)
    for name in REFERENCE_FIELDS:
        if name not in views:
            reason = _why_not(name, sources.values(), offer_first_seen)
            views[name] = _nothing(name, reason)
    for source, field in held:
        for name in [field] if field else [name for name, view in views.items() if view.source == source]:
            if name in views and _would_show(sources, source, views[name]):
                views[name] = _marked(views[name], Mark.HELD)
    others = sorted(views.keys() - set(REFERENCE_FIELDS))
    announced.sort(key=lambda view: (view.field, view.valid_from or at, view.source))
    return Published(tuple(views[name] for name in (*REFERENCE_FIELDS, *others)), tuple(announced))


def _split(said: Sequence[Observed], at: datetime) -> tuple[Observed | None, list[Observed]]:
    """Return what one source says of a field now, and what it announces."""
    base: Observed | None = None
    begun: list[Observed] = []
    announced: list[Observed] = []
    for one in said:
        if one.valid_from is None:
            base = one
        elif one.valid_from <= at and one.last_seen >= one.valid_from:
            begun.append(one)
        else:
            announced.append(one)
    return max(begun, key=lambda one: one.valid_from or at, default=base), announced


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What one source says of a field now; `overdue` where it announced another price for a day that has come."""

    source: SourceState
    said: Observed
    overdue: bool

    def marks(self, at: datetime) -> set[Mark]:
        return _marks(self.said, self.source, at) | ({Mark.STALE} if self.overdue else set())


def _choose(candidates: Sequence[_Candidate], at: datetime) -> FieldView:
    """Publish the word of the best-ranked source, the first by name, or what it rounds where another one says so.

    Those that say the same agree; of equal ranks, those that do not dispute it.
    """
    ordered = sorted(candidates, key=lambda one: (one.source.rank, one.source.name))
    best = ordered[0]
    shown = _unrounded(best, ordered, at)
    others = [one for one in ordered if one is not shown]
    agreeing = tuple(one.said.source for one in others if _agree(shown.said, one.said))
    disputing = tuple(
        one.said for one in others if one.source.rank == best.source.rank and one.said.source not in agreeing
    )
    marks = shown.marks(at) | ({Mark.DISPUTED} if disputing else set())
    return _view(shown.said, marks, agreeing, disputing)


def _agree(one: Observed, other: Observed) -> bool:
    return same_substance(one, other) or refines(one, other) or refines(other, one)


def _unrounded(best: _Candidate, ordered: Sequence[_Candidate], at: datetime) -> _Candidate:
    """Return who says more precisely what the best source rounds, or that one where nobody surely does."""
    found = [
        one
        for one in ordered
        if refines(one.said, best.said)
        and same_terms(one.said, best.said)
        and not one.marks(at) & {Mark.STALE, Mark.UNCONFIRMED}
    ]
    # Several that differ beyond the rounding say nothing sure of it.
    if found and all(_agree(found[0].said, other.said) for other in found):
        return max(found, key=lambda one: (_precision(one.said), -one.source.rank))
    return best


def _precision(said: Observed) -> int:
    """Return how many decimals an amount has, float noise left out."""
    number = _MEANINGFUL.create_decimal(said.value or "0").normalize()
    return max(0, -int(number.as_tuple().exponent))


def _marks(one: Observed, source: SourceState, at: datetime) -> set[Mark]:
    marks = set()
    if one.promotional:
        marks.add(Mark.PROMOTIONAL)
    ended = one.valid_until is not None and one.valid_until < at
    if ended or at - one.last_seen > timedelta(days=source.fresh_days):
        marks.add(Mark.STALE)
    if one.missed_at is not None:
        marks.add(Mark.UNCONFIRMED)
    return marks


def _view(
    one: Observed, marks: set[Mark], agreeing: tuple[str, ...] = (), disputing: tuple[Observed, ...] = ()
) -> FieldView:
    return FieldView(
        field=one.field,
        state=one.state,
        reason=one.reason,
        value=one.value,
        currency=one.currency,
        unit=unit_of(one.field),
        derived=one.derived,
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        source=one.source,
        source_url=one.source_url,
        captured_at=one.captured_at,
        capture=one.capture,
        locator=one.locator,
        quote=one.quote,
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        missed_at=one.missed_at,
        marks=tuple(mark for mark in Mark if mark in marks) if marks else (),
        agreeing=agreeing,
        disputing=disputing,
    )


def _would_show(sources: Mapping[str, SourceState], source: str, view: FieldView) -> bool:
    """Say whether what a source says of a field would be published before, or beside, what is."""
    return not view.source or (source in sources and sources[source].rank <= sources[view.source].rank)


def _marked(view: FieldView, mark: Mark) -> FieldView:
    return replace(view, marks=tuple(one for one in Mark if one in {*view.marks, mark}))


@lru_cache(maxsize=256)
def _nothing(name: str, reason: Reason) -> FieldView:
    return FieldView(field=name, state=State.NOT_SOURCED, reason=reason, unit=unit_of(name))


def _why_not(name: str, sources: Iterable[SourceState], offer_first_seen: datetime) -> Reason:
    publishing = [source for source in sources if name in source.publishes]
    if not publishing:
        return Reason.NO_SOURCE
    if all(_never_read(source, offer_first_seen) for source in publishing):
        return Reason.SOURCE_FAILING
    return Reason.NOT_ON_PAGE


def _never_read(source: SourceState, offer_first_seen: datetime) -> bool:
    """Say whether a source cannot be read now and was never read since the offer exists."""
    return not source.ok and (source.last_success_at is None or source.last_success_at < offer_first_seen)

"""A bill before and after changes: exact decimals, only from prices that are published, each currency by itself.

Tokens are billed at `input`, `cache_read` and `output`, the batch share of each at the same with `{tier=batch}`. A row
that needs a price which nobody states has no bill: it is left out, with what it lacks, and never estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final

from scraper.errors import RatecardError
from scraper.impact.usage import Usage
from scraper.meters import RateKey, is_rate_key
from scraper.publish.text import REASONS, said
from scraper.records import Mark, State, iso
from scraper.states import FieldView
from scraper.store import ChangeView, OfferView, Store, find_offers, list_changes, list_offers

_EXACT: Final = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow])
_MOMENT: Final = timedelta(microseconds=1)
_TOLD: Final = (Mark.STALE, Mark.DISPUTED, Mark.HELD, Mark.UNCONFIRMED, Mark.PROMOTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A price of a row that is another one after the changes."""

    field: str
    before: FieldView
    after: FieldView


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """A row with what it costs before and after, in its currency, exactly; `notes` say what to mind about it."""

    usage: Usage
    currency: str
    old: Decimal
    new: Decimal
    moves: tuple[Move, ...]
    notes: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """What is paid more after the changes, exactly."""
        return _EXACT.subtract(self.new, self.old)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A row without a bill, and why: `fields` are the prices that it lacks before or after."""

    usage: Usage
    fields: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What changes do to a bill; `changes` says in words which ones."""

    changes: str
    billed: tuple[Billed, ...]
    left_out: tuple[LeftOut, ...]


def add(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts of one currency."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


def impact_since(store: Store, usage: Sequence[Usage], since: datetime, now: datetime) -> Impact:
    """Compare what is published now with what was at a time."""
    if since > now:
        raise RatecardError(f"{iso(since)} is still to come; name a day that has been.")
    published = _Published(store, now)
    when = (f"on {iso(since)[:10]}", "now")
    rows = [_billed(row, published.find(row, since), published.find(row, None), when) for row in usage]
    return _impact(f"all changes since {iso(since)}", store, rows, now)


def impact_of_run(store: Store, usage: Sequence[Usage], run: int | None, now: datetime) -> Impact:
    """Compare what was published before and after the changes of one run, by default the last one that had some."""
    if run is None:
        newest = list_changes(store, limit=1)
        if not newest:
            raise RatecardError(
                "There are no changes yet: nothing that could move a bill; run `ratecard refresh` first."
            )
        run = newest[0].run
    spans = _spans(list_changes(store, run=run))
    published = _Published(store, now)
    rows = []
    for row in usage:
        views = published.find(row, None)
        span = spans.get(views[0].id) if len(views) == 1 else None
        if span is None and (gone := _identified(spans, store, row, now)) is not None:
            span = spans[gone]
        old = views if span is None else published.find(row, span[0] - _MOMENT)
        new = views if span is None else published.find(row, span[1])
        rows.append(_billed(row, old, new, ("before the run", "after the run")))
    none = "" if spans else ", which has none,"
    return _impact(f"the changes of run {run}{none}", store, rows, now)


def _spans(changes: Iterable[ChangeView]) -> dict[int, tuple[datetime, datetime]]:
    """Return for each offer the times of its first and last change: sources are read at times of their own."""
    spans: dict[int, tuple[datetime, datetime]] = {}
    for change in changes:
        first, last = spans.get(change.offer_id, (change.at, change.at))
        spans[change.offer_id] = min(first, change.at), max(last, change.at)
    return spans


def _identified(spans: Mapping[int, object], store: Store, row: Usage, now: datetime) -> int | None:
    """Return the offer of a row that is listed no more, where the run changed it."""
    found = [offer.id for offer in find_offers(store, row.provider, row.model, now) if offer.id in spans]
    return found[0] if len(found) == 1 else None


class _Published:
    """What is published at times, asked for once for each provider and time."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self._now = now
        self._known: dict[tuple[str, datetime | None], dict[str, list[OfferView]]] = {}

    def find(self, row: Usage, at: datetime | None) -> list[OfferView]:
        """Return the offers that a row may mean: those with its id, else those with its name."""
        key = row.provider, at
        if key not in self._known:
            by_text: dict[str, list[OfferView]] = {}
            for offer in list_offers(self._store, self._now, row.provider, as_of=at):
                by_text.setdefault(f"id {offer.model_id}", []).append(offer)
                by_text.setdefault(f"name {offer.name}", []).append(offer)
            self._known[key] = by_text
        known = self._known[key]
        return known.get(f"id {row.model}") or known.get(f"name {row.model}") or []


def _impact(changes: str, store: Store, rows: Sequence[Billed | LeftOut], now: datetime) -> Impact:
    return Impact(
        changes=changes,
        billed=tuple(row for row in rows if isinstance(row, Billed)),
        left_out=tuple(_told(store, row, now) for row in rows if isinstance(row, LeftOut)),
    )


def _told(store: Store, row: LeftOut, now: datetime) -> LeftOut:
    """Say of a row whose offer was not found whether there ever was one."""
    if row.why:
        return row
    usage = row.usage
    found = find_offers(store, usage.provider, usage.model, now)
    if not found:
        why = f"{usage.provider} has no offer {usage.model!r} in this database"
    elif (gone := found[0].withdrawn_at) is not None:
        why = f"it was withdrawn on {iso(gone)[:10]} and has no price any more"
    else:
        why = f"nothing was known of it before {iso(found[0].first_seen)}"
    return LeftOut(usage=usage, fields=row.fields, why=why)


def _billed(
    row: Usage, before: Sequence[OfferView], after: Sequence[OfferView], when: tuple[str, str]
) -> Billed | LeftOut:
    if not before or not after:
        return LeftOut(usage=row, fields=(), why="")
    for offers in (before, after):
        if len(offers) > 1:
            why = f"{row.provider} sells {len(offers)} products as {row.model!r}, so its price is not one price"
            return LeftOut(usage=row, fields=(), why=why)
    tokens = _tokens(row)
    old, new = _prices(before[0], tokens), _prices(after[0], tokens)
    lacking = [
        (field, view, moment)
        for moment, prices in zip(when, (old, new), strict=True)
        for field, view in prices.items()
        if view.state is not State.SOURCED
    ]
    if lacking:
        fields = dict.fromkeys(field for field, _, _ in lacking)
        return LeftOut(usage=row, fields=tuple(fields), why="; ".join(_lacks(fields, lacking)))
    currencies = {view.currency for prices in (old, new) for view in prices.values()}
    if len(currencies) > 1:
        why = (
            f"its prices are in several currencies ({', '.join(sorted(map(str, currencies)))}), which are not added up"
        )
        return LeftOut(usage=row, fields=(), why=why)
    return Billed(
        usage=row,
        currency=next(iter(currencies), None) or "",
        old=_cost(old, tokens),
        new=_cost(new, tokens),
        moves=tuple(
            Move(field=field, before=old[field], after=new[field])
            for field in tokens
            if Decimal(old[field].value or 0) != Decimal(new[field].value or 0)
        ),
        notes=tuple(_notes(after[0], new)),
    )


def _tokens(row: Usage) -> dict[str, Decimal]:
    """Return by field how many tokens are billed at it, without those of which there are none."""
    shares = (("", _EXACT.subtract(Decimal(1), row.batch)), ("{tier=batch}", row.batch))
    counted = (("input", row.input), ("cache_read", row.cached), ("output", row.output))
    billed = {
        f"{meter}{label}": _EXACT.multiply(Decimal(count), share) for meter, count in counted for label, share in shares
    }
    return {field: count for field, count in billed.items() if count}


def _prices(offer: OfferView, tokens: Mapping[str, Decimal]) -> dict[str, FieldView]:
    views = {view.field: view for view in offer.fields}
    return {field: views.get(field, FieldView(field=field, state=State.NOT_SOURCED)) for field in tokens}


def _cost(prices: Mapping[str, FieldView], tokens: Mapping[str, Decimal]) -> Decimal:
    """Return the exact cost: prices are for a million tokens."""
    return add(
        _EXACT.multiply(Decimal(prices[field].value or 0), _EXACT.scaleb(count, Decimal(-6)))
        for field, count in tokens.items()
    )


def _lacks(fields: Iterable[str], lacking: Sequence[tuple[str, FieldView, str]]) -> Iterator[str]:
    for field in fields:
        found = [(view, moment) for name, view, moment in lacking if name == field]
        view = found[0][0]
        moment = "" if len(found) > 1 else f" {found[0][1]}"
        reason = f" ({REASONS[view.reason]})" if view.reason else ""
        yield f"{field} is {said(view).lower()}{moment}{reason}"


def _notes(offer: OfferView, prices: Mapping[str, FieldView]) -> Iterator[str]:
    """Say what is not in the bill, or not sure of it."""
    fields: dict[str, list[str]] = {}
    for view in prices.values():
        if told := [mark.value for mark in _TOLD if mark in view.marks]:
            fields.setdefault(", ".join(told), []).append(view.field)
    for told_of, named in fields.items():
        yield f"{' and '.join(named)} {'is' if len(named) == 1 else 'are'} {told_of}"
    special = [
        view.field
        for view in offer.fields
        if view.state is State.SOURCED and is_rate_key(view.field) and _is_special(view.field, prices)
    ]
    if special:
        yield f"billed at the plain price, though there are others: {', '.join(special)}"


def _is_special(field: str, prices: Mapping[str, FieldView]) -> bool:
    """Say whether a price is for some of the tokens of a row that its usage does not tell apart."""
    key = RateKey.parse(field)
    labels = dict(key.labels)
    if not labels.keys() & {"prompt_gt", "window", "mode"}:
        return False
    plain = key.with_labels(prompt_gt=None, window=None, mode=None, scope=None)
    return str(plain) in prices

"""Events from what a reading changed and what of it was held, with all that is needed to tell of them.

An event's id is made of what happened alone (see `scraper.events`): amounts as numbers, offers by what tells them
apart, the capture that shows it. So a history that is read again gives the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, or_, select

from scraper.diff import Kind
from scraper.events import (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    Event,
    EventEvidence,
    EventKind,
    Severity,
    Side,
    TypicalRequest,
    event_id,
    percent_of,
)
from scraper.identity import resolve
from scraper.meters import is_rate_key, unit_of
from scraper.records import Fact, State, plain
from scraper.store.opening import Store
from scraper.store.sourcing import captures_by_id
from scraper.store.tables import captures, observations, offers, sources
from scraper.store.views import CaptureInfo, ChangeView, HoldView, Proof, Statement

_o = observations.c

_PLAIN_FIELDS: Final = ("input", "output")
_MILLION: Final = Decimal(1_000_000)
_WARNING_PERCENT: Final = 20
_CRITICAL_PERCENT: Final = 100
_URGENT_SPECS: Final = frozenset({"status", "retires"})


@dataclass(frozen=True, slots=True)
class _Offer:
    """What tells an offer apart, and which model it sells."""

    shared_id: bool
    model: str


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Decimal
    currency: str


def events_of(connection: Connection, changed: Sequence[ChangeView]) -> list[Event]:
    """Return an event for each change of one reading, in their order, on the connection that wrote them."""
    if not changed:
        return []
    ids = {change.offer_id for change in changed}
    known = _offers(connection, ids)
    requests = _typical_requests(connection, changed)
    shown = _shown_offers(connection, [one for one in changed if one.kind in (Kind.OFFER_ADDED, Kind.OFFER_WITHDRAWN)])
    return [_event(one, known[one.offer_id], requests.get((one.source, one.offer_id)), shown) for one in changed]


def event_of_hold(hold: HoldView) -> Event:
    """Return the event of a hold that was opened."""
    kind = EventKind.HOLD_NEEDS_REVIEW
    named = "" if hold.model_id and not hold.shared_id else hold.name
    old, new = hold.old, hold.new
    before = _side_of_fact(old, hold.old_capture) if old is not None else None
    after = _side_of_fact(new, hold.last) if new is not None else None
    parts = (hold.provider, hold.source, hold.model_id, named, hold.field, _time(hold.valid_from), hold.check)
    said = (*_claim(old), *_claim(new), hold.first.sha256, _time(hold.first.captured_at))
    return Event(
        id=event_id(kind, *parts, *said),
        kind=kind,
        at=hold.first.captured_at,
        provider=hold.provider,
        source=hold.source,
        model_id=hold.model_id,
        name=hold.name,
        model=_model(hold.provider, hold.model_id, hold.name),
        shared_id=hold.shared_id,
        field=hold.field,
        before=before,
        after=after,
        percent=_moved(old, new),
        severity=Severity.WARNING,
        note=hold.message,
        links=tuple(dict.fromkeys((hold.last.url, *links_of(before, after)))),
    )


def loose_key(event: Event) -> str:
    """Return what happened apart from when it was seen: the same for a change that older copies date earlier."""
    sides = [(side.state, _number(event.field, side.value), side.currency) if side else None for side in _sides(event)]
    named = event.model_id or event.name
    return repr((event.kind.value, event.provider, event.source, named, event.field, sides))


def _sides(event: Event) -> tuple[Side | None, Side | None]:
    return event.before, event.after


def _event(
    change: ChangeView,
    offer: _Offer,
    request: TypicalRequest | None,
    shown: Mapping[tuple[str, int], EventEvidence],
) -> Event:
    before = _side(change.before, change.before.last) if change.before else None
    after = _side(change.after, change.after.first) if change.after else None
    evidence = shown.get((change.source, change.offer_id))
    if change.kind is Kind.OFFER_ADDED:
        after = Side(evidence=evidence)
    elif change.kind is Kind.OFFER_WITHDRAWN:
        before = Side(evidence=evidence)
    kind = _kind(change)
    percent = _moved(change.before, change.after)
    named = "" if change.model_id and not offer.shared_id else change.name
    begins = _time(change.after.valid_from if change.after else change.before.valid_from if change.before else None)
    capture = change.after.first.capture.sha256 if change.after else ""
    parts = (change.provider, change.source, change.model_id, named, change.field, begins)
    said = (*_claim(change.before), *_claim(change.after), capture, _time(change.at))
    return Event(
        id=event_id(kind, *parts, *said),
        kind=kind,
        at=change.at,
        provider=change.provider,
        source=change.source,
        model_id=change.model_id,
        name=change.name,
        model=offer.model,
        shared_id=offer.shared_id,
        field=change.field,
        before=before,
        after=after,
        percent=percent,
        typical_request=request if kind in _PRICE_MOVES and change.field in _PLAIN_FIELDS else None,
        severity=_severity(kind, change.field, percent),
        links=links_of(before, after),
    )


_PRICE_MOVES: Final = (EventKind.PRICE_UP, EventKind.PRICE_DOWN)


def _kind(change: ChangeView) -> EventKind:
    before, after = change.before, change.after
    if change.kind is Kind.OFFER_ADDED:
        return EventKind.NEW_OFFER
    if change.kind is Kind.OFFER_WITHDRAWN:
        return EventKind.WITHDRAWN
    if change.kind is Kind.TERMS:
        return EventKind.TERMS_CHANGED
    if after is None:
        gone = before is not None and before.valid_from is not None and before.valid_from > change.at
        return EventKind.ANNOUNCEMENT_GONE if gone else EventKind.NO_LONGER_SOURCED
    if after.valid_from is not None and after.valid_from > change.at:
        return EventKind.ANNOUNCED_PRICE
    if before is None:
        return _KIND_OF_ADDED[after.state]
    if before.state is not State.SOURCED or after.state is not State.SOURCED:
        return _KIND_OF_STATE[after.state]
    if not is_rate_key(change.field):
        return EventKind.SPEC_CHANGED
    if before.currency != after.currency:
        return EventKind.TERMS_CHANGED
    up = Decimal(after.value or 0) > Decimal(before.value or 0)
    return EventKind.PRICE_UP if up else EventKind.PRICE_DOWN


_KIND_OF_ADDED: Final = {
    State.SOURCED: EventKind.NEWLY_SOURCED,
    State.NOT_OFFERED: EventKind.NOT_OFFERED,
    State.NOT_SOURCED: EventKind.TERMS_CHANGED,  # a price on request, of a field of which nothing was said
}
_KIND_OF_STATE: Final = {
    State.SOURCED: EventKind.NEWLY_SOURCED,
    State.NOT_OFFERED: EventKind.NOT_OFFERED_ANY_MORE,
    State.NOT_SOURCED: EventKind.NO_LONGER_SOURCED,
}
_SEVERITY: Final = {
    EventKind.PRICE_UP: Severity.NOTICE,
    EventKind.PRICE_DOWN: Severity.NOTICE,
    EventKind.NEW_OFFER: Severity.INFO,
    EventKind.WITHDRAWN: Severity.WARNING,
    EventKind.NEWLY_SOURCED: Severity.INFO,
    EventKind.NO_LONGER_SOURCED: Severity.NOTICE,
    EventKind.NOT_OFFERED_ANY_MORE: Severity.WARNING,
    EventKind.NOT_OFFERED: Severity.INFO,
    EventKind.SPEC_CHANGED: Severity.NOTICE,
    EventKind.TERMS_CHANGED: Severity.NOTICE,
    EventKind.ANNOUNCED_PRICE: Severity.WARNING,
    EventKind.ANNOUNCEMENT_GONE: Severity.NOTICE,
}


def _severity(kind: EventKind, field: str, percent: Decimal | None) -> Severity:
    if kind is EventKind.PRICE_UP:
        # From free to any price is as much as can be.
        if percent is None or percent >= _CRITICAL_PERCENT:
            return Severity.CRITICAL
        return Severity.WARNING if percent >= _WARNING_PERCENT else Severity.NOTICE
    if kind is EventKind.SPEC_CHANGED and field in _URGENT_SPECS:
        return Severity.WARNING
    if kind is EventKind.NO_LONGER_SOURCED and field in _PLAIN_FIELDS:
        return Severity.WARNING
    return _SEVERITY[kind]


def _moved(before: Statement | Fact | None, after: Statement | Fact | None) -> Decimal | None:
    """Return by how many per cent an amount moved, None where that cannot be said."""
    if before is None or after is None or not is_rate_key(after.field) or before.currency != after.currency:
        return None
    if before.value is None or after.value is None:
        return None
    return percent_of(Decimal(before.value), Decimal(after.value)) or None


# What an event shows.


def _side(said: Statement, proof: Proof) -> Side:
    return Side(
        state=said.state.value,
        value=said.value,
        currency=said.currency,
        unit=said.unit,
        promotional=said.promotional,
        valid_from=said.valid_from,
        valid_until=said.valid_until,
        evidence=_evidence(proof.capture, proof.locator, proof.quote),
    )


def _side_of_fact(fact: Fact, capture: CaptureInfo | None) -> Side:
    return Side(
        state=fact.state.value,
        value=fact.value,
        currency=fact.currency,
        unit=unit_of(fact.field),
        promotional=fact.promotional,
        valid_from=fact.valid_from,
        valid_until=fact.valid_until,
        evidence=_evidence(capture, fact.evidence.locator, fact.evidence.quote) if capture else None,
    )


def side_of_row(row: Any, capture: CaptureInfo) -> Side:
    """Return what a row of observations says, with its newest evidence, which is in this capture."""
    return Side(
        state=row.state,
        value=row.value,
        currency=row.currency,
        unit=unit_of(row.field),
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        evidence=_evidence(capture, row.last_locator, row.last_quote),
    )


def _evidence(capture: CaptureInfo, locator: str, quote: str) -> EventEvidence:
    return EventEvidence(
        address=capture.url, captured_at=capture.captured_at, capture=capture.sha256, locator=locator, quote=quote
    )


def links_of(*sides: Side | None) -> tuple[str, ...]:
    """Return the addresses of the evidence, the newest first."""
    found = [side.evidence.address for side in reversed(sides) if side is not None and side.evidence is not None]
    return tuple(dict.fromkeys(found))


def claim_of_side(field: str, side: Side | None) -> tuple[str, ...]:
    """Return what a side says, apart from where, as parts of an id."""
    if side is None:
        return ("",)
    ends = (str(side.promotional), _time(side.valid_from), _time(side.valid_until))
    return (side.state, _number(field, side.value), side.currency or "", *ends)


def _claim(said: Statement | Fact | None) -> tuple[str, ...]:
    """Return what is said of a field, apart from where, as parts of an id."""
    if said is None:
        return ("",)
    terms = (said.derived, str(said.promotional), _time(said.valid_until))
    return (said.state.value, _number(said.field, said.value), said.currency or "", said.reason or "", *terms)


def _number(field: str, value: str | None) -> str:
    if value is None or not is_rate_key(field):
        return value or ""
    return plain(Decimal(value).normalize())


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


# What is known of the offers.


def _offers(connection: Connection, ids: Iterable[int]) -> dict[int, _Offer]:
    wanted = list(ids)
    stated = connection.execute(
        select(_o.offer_id, _o.value)
        .where(_o.offer_id.in_(wanted), _o.field == "hugging_face_id", _o.closed_at.is_(None))
        .order_by(_o.id.desc())
    )
    repositories = {row.offer_id: row.value for row in stated}
    rows = connection.execute(select(offers).where(offers.c.id.in_(wanted))).all()
    return {
        row.id: _Offer(
            row.shared_id, row.model or _model(row.provider, row.model_id, row.name, repositories.get(row.id) or "")
        )
        for row in rows
    }


def _model(provider: str, model_id: str, name: str, repository: str = "") -> str:
    found = resolve(provider, model_id, name, repository)
    return "" if found is None else found.model


def _typical_requests(
    connection: Connection, changed: Sequence[ChangeView]
) -> dict[tuple[str, int], TypicalRequest | None]:
    """Return what a typical request cost before and after, by source and offer, where that source says so."""
    moved = [one for one in changed if one.field in _PLAIN_FIELDS and one.kind is Kind.CHANGED]
    if not moved:
        return {}
    now = _standing(connection, {one.offer_id for one in moved}, max(one.at for one in moved))
    found: dict[tuple[str, int], TypicalRequest | None] = {}
    for source, offer_id in {(one.source, one.offer_id) for one in moved}:
        after = now.get((source, offer_id), {})
        before = dict(after)
        for one in changed:
            if (one.source, one.offer_id) == (source, offer_id) and one.field in _PLAIN_FIELDS:
                before[one.field] = _amount_of(one.before)
        found[source, offer_id] = _request(before, after)
    return found


def _request(before: Mapping[str, _Amount | None], after: Mapping[str, _Amount | None]) -> TypicalRequest | None:
    sides = [side.get(name) for side in (before, after) for name in _PLAIN_FIELDS]
    amounts = [one for one in sides if one is not None]
    if len(amounts) < len(sides) or len({one.currency for one in amounts}) != 1:
        return None
    was_input, was_output, is_input, is_output = amounts
    return TypicalRequest(
        before=_cost(was_input, was_output), after=_cost(is_input, is_output), currency=is_input.currency
    )


def _cost(read: _Amount, written: _Amount) -> Decimal:
    return (read.value * INPUT_TOKENS + written.value * OUTPUT_TOKENS) / _MILLION


def _amount_of(said: Statement | None) -> _Amount | None:
    if said is None or said.value is None or said.currency is None:
        return None
    return _Amount(Decimal(said.value), said.currency)


def _standing(
    connection: Connection, ids: Iterable[int], at: datetime
) -> dict[tuple[str, int], dict[str, _Amount | None]]:
    """Return what each source says now of the plain prices of offers; of several, what began last."""
    begun = or_(_o.valid_from.is_(None), and_(_o.valid_from <= at, _o.last_seen >= _o.valid_from))
    rows = connection.execute(
        select(sources.c.name, _o.offer_id, _o.field, _o.value, _o.currency)
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .where(_o.offer_id.in_(list(ids)), _o.field.in_(_PLAIN_FIELDS), _o.closed_at.is_(None), begun)
        .order_by(_o.valid_from.is_not(None), _o.valid_from, _o.id)
    )
    found: dict[tuple[str, int], dict[str, _Amount | None]] = {}
    for row in rows:
        said = None if row.value is None or row.currency is None else _Amount(Decimal(row.value), row.currency)
        found.setdefault((row.name, row.offer_id), {})[row.field] = said
    return found


def _shown_offers(connection: Connection, changed: Sequence[ChangeView]) -> dict[tuple[str, int], EventEvidence]:
    """Return where offers that came or went are, or were last, in their source: the evidence of one of their fields."""
    came = [one.offer_id for one in changed if one.kind is Kind.OFFER_ADDED]
    went = [one.offer_id for one in changed if one.kind is Kind.OFFER_WITHDRAWN]
    found: dict[tuple[str, int], EventEvidence] = {}
    if came:
        standing = _proofs().where(_o.offer_id.in_(came), _o.closed_at.is_(None))
        found |= _first_proofs(connection, standing.order_by(_o.id))
    if went:
        found |= _first_proofs(connection, _proofs().where(_o.offer_id.in_(went)).order_by(_o.last_seen.desc(), _o.id))
    return found


def _proofs() -> Select[Any]:
    return select(sources.c.name, _o.offer_id, _o.last_capture_id, _o.last_locator, _o.last_quote, _o.field).join_from(
        observations, sources, _o.source_id == sources.c.id
    )


def _first_proofs(connection: Connection, query: Select[Any]) -> dict[tuple[str, int], EventEvidence]:
    first: dict[tuple[str, int], Any] = {}
    for row in connection.execute(query):
        first.setdefault((row.name, row.offer_id), row)
    kept = captures_by_id(connection, captures.c.id.in_({row.last_capture_id for row in first.values()}))
    return {key: _evidence(kept[row.last_capture_id], row.last_locator, row.last_quote) for key, row in first.items()}


# What ends soon.


def promotions_ending(store: Store, at: datetime, until: datetime) -> list[Event]:
    """Return an event for each price whose end is stated and comes between two times, one of each claim."""
    query = (
        select(observations, sources.c.name.label("source"), offers)
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .join(offers, _o.offer_id == offers.c.id)
        .where(_o.closed_at.is_(None), _o.valid_until >= at, _o.valid_until <= until, _o.value.is_not(None))
        .order_by(_o.valid_until, _o.id)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
        kept = captures_by_id(connection, captures.c.id.in_({row.last_capture_id for row in rows})) if rows else {}
    return [_promotion_ends(row, kept[row.last_capture_id], at) for row in rows]


def _promotion_ends(row: Any, capture: CaptureInfo, at: datetime) -> Event:
    kind = EventKind.PROMOTION_ENDS
    named = "" if row.model_id and not row.shared_id else row.name
    ends = _time(row.valid_until)
    said = (row.provider, row.source, row.model_id, named, row.field, _number(row.field, row.value), row.currency, ends)
    side = side_of_row(row, capture)
    return Event(
        id=event_id(kind, *said),
        kind=kind,
        at=at,
        provider=row.provider,
        source=row.source,
        model_id=row.model_id,
        name=row.name,
        model=row.model or _model(row.provider, row.model_id, row.name),
        shared_id=row.shared_id,
        field=row.field,
        before=side,
        severity=Severity.NOTICE,
        links=links_of(side),
    )

"""Writing: one transaction a source, kept as a whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from scraper.diff import Before, Captured, Known, Naming, Plan, Standing, diff, gather, name_offers
from scraper.errors import Contradiction, OlderCapture
from scraper.failpoints import failpoint
from scraper.holds import Held
from scraper.records import Note, Reading, Reason, State, iso
from scraper.settling import Hold, OffersByName, Settlement, settle
from scraper.store.holding import keep_settlement, open_holds, remembered_holds
from scraper.store.identities import IDENTIFYING, identify_new
from scraper.store.opening import Store
from scraper.store.outbox import keep_happened, retract_settled
from scraper.store.reading import changes_by_id
from scraper.store.restating import (
    NOT_RESTATED,
    confirm_restated,
    find_restated,
    remember_restated,
    seen_at,
)
from scraper.store.rows import Row, by_id, each, insert_rows
from scraper.store.tables import (
    UtcTime,
    captures,
    changes,
    notes,
    observations,
    offers,
    reading_pages,
    runs,
    source_captures,
    source_fields,
    sources,
)
from scraper.store.views import CaptureInfo, CaptureOutcome, Recorded, SourceInfo, Status

_o = observations.c
_STANDING: Final = (
    _o.id, _o.offer_id, _o.field, _o.state, _o.value, _o.currency, _o.reason, _o.derived, _o.promotional,
    _o.valid_from, _o.valid_until, _o.last_seen, _o.misses,
)  # fmt: skip

# The statements of every reading.
_SOURCE: Final = (
    select(
        sources.c.id,
        sources.c.url,
        sources.c.rank,
        sources.c.fresh_days,
        sources.c.sells,
        sources.c.last_at,
        captures.c.sha256,
        sources.c.last_success_at,
        sources.c.last_pages,
        sources.c.identified_by,
    )
    .join_from(sources, captures, sources.c.last_capture_id == captures.c.id, isouter=True)
    .where(sources.c.provider == bindparam("provider"), sources.c.name == bindparam("name"))
)
_RULES: Final = select(sources.c.identified_by).where(sources.c.provider == bindparam("of_provider")).limit(1)
_PUBLISHED: Final = select(source_fields.c.field).where(source_fields.c.source_id == bindparam("source"))
_CAPTURE: Final = select(captures.c.id).where(
    captures.c.sha256 == bindparam("sha256"),
    captures.c.url == bindparam("url"),
    captures.c.captured_at == bindparam("captured_at"),
)
_OUTCOME: Final = select(source_captures.c.outcome).where(
    source_captures.c.source_id == bindparam("source"),
    source_captures.c.capture_id == bindparam("capture"),
    source_captures.c.pages == bindparam("list"),
)
_MISSED: Final = by_id(observations).values(
    misses=_o.misses + 1, missed_at=func.coalesce(_o.missed_at, bindparam("at", type_=UtcTime))
)
_NO_NOTES: Final = delete(notes).where(notes.c.source_id == bindparam("source"))
_KNOWN: Final = (
    select(offers.c.id, offers.c.model_id, offers.c.name, offers.c.shared_id, offers.c.withdrawn_at)
    .where(offers.c.provider == bindparam("provider"))
    .order_by(offers.c.id)
)
_OWN: Final = (
    select(*_STANDING)
    .where(
        _o.source_id == bindparam("source"),
        _o.closed_at.is_(None),
        _o.offer_id.in_(NOT_RESTATED),
    )
    .order_by(_o.id)
)
_OTHERS: Final = (
    sources.c.provider == bindparam("provider"),
    sources.c.id != bindparam("source"),
    _o.closed_at.is_(None),
)
_ELSEWHERE: Final = select(_o.offer_id).join_from(observations, sources).where(*_OTHERS).distinct()
# An announced price outranks nothing before its day has come and its source has said so again.
_BETTER: Final = (
    select(*_STANDING)
    .join_from(observations, sources)
    .where(
        *_OTHERS,
        sources.c.rank < bindparam("rank"),
        or_(_o.valid_from.is_(None), and_(_o.valid_from <= bindparam("at"), _o.last_seen >= _o.valid_from)),
    )
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The row of a source as it is before a reading."""

    id: int
    last_at: datetime | None
    last_read: Captured | None
    identified_by: str = ""


def begin_run(store: Store, *, started_at: datetime, at: datetime, replay: bool) -> int:
    """Write down a run (`at` is the time it is made for) and return its number."""
    with store.writing() as connection:
        return begin_run_on(connection, started_at, at, replay=replay)


def record_reading(
    store: Store,
    run: int,
    source: SourceInfo,
    capture: CaptureInfo,
    reading: Reading,
    held: Sequence[Held] = (),
    *,
    release: bool = True,
) -> Recorded:
    """Record what one source stated in one capture, in one transaction; return what it did.

    What is `held` of the reading does not touch what stands, unless a person has approved exactly that or, with
    `release`, as many captures have said so as its guard asks for.
    The capture that was read last changes nothing, so that running twice is as good as once. Raises `OlderCapture`
    where the capture is older than the one read last, `Contradiction` where the reading contradicts itself or its
    capture; nothing is written then.
    """
    with store.writing(source.provider) as connection:
        recorded = record_on(connection, run, source, capture, reading, held, release=release)
        failpoint("before_commit")
    failpoint("after_commit")
    return recorded


def preview_reading(
    store: Store,
    source: SourceInfo,
    capture: CaptureInfo,
    reading: Reading,
    held: Sequence[Held] = (),
    *,
    release: bool = True,
) -> Recorded:
    """Return what `record_reading` would do, and write nothing; the ids in its changes name nothing afterwards."""
    with store.writing(source.provider, keep=False) as connection:
        run = begin_run_on(connection, capture.newest_at, capture.newest_at, replay=True)
        return record_on(connection, run, source, capture, reading, held, release=release)


def record_failure(
    store: Store, source: SourceInfo, at: datetime, error: str, capture: CaptureInfo | None = None
) -> None:
    """Write down that a source could not be read at a time, and why; what it stated before stays as it is.

    `capture` is what could not be read, where there was something.
    """
    with store.writing(source.provider) as connection:
        record_failure_on(connection, source, at, error, capture)


def record_not_captured(store: Store, source: SourceInfo, why: str = "") -> None:
    """Write down that a source could not be asked, and why where that is known; what it stated stays as it is."""
    with store.writing(source.provider) as connection:
        stored = source_row(connection, source)
        each(connection, by_id(sources), [{"row": stored.id, "status": Status.NOT_CAPTURED, "error": why}])


# The same on the connection of a transaction that does more.


def begin_run_on(connection: Connection, started_at: datetime, at: datetime, *, replay: bool) -> int:
    """Write down a run and return its number."""
    row = {"started_at": started_at, "at": at, "replay": replay}
    return insert_rows(connection, runs, [row])[0]


def record_failure_on(
    connection: Connection, source: SourceInfo, at: datetime, error: str, capture: CaptureInfo | None
) -> None:
    """Do what `record_failure` does."""
    stored = source_row(connection, source)
    last_at = at if stored.last_at is None else max(at, stored.last_at)
    values = {"status": Status.FAILED, "error": error, "last_at": last_at}
    each(connection, by_id(sources), [{"row": stored.id, **values}])
    if capture is not None:
        keep_capture(connection, stored.id, capture, CaptureOutcome.FAILED, error, but=CaptureOutcome.OK)


def record_on(
    connection: Connection,
    run: int,
    source: SourceInfo,
    capture: CaptureInfo,
    reading: Reading,
    held: Sequence[Held],
    *,
    release: bool,
    tell: bool = True,
) -> Recorded:
    """Do what `record_reading` does; without `tell`, nobody is told of it yet."""
    stored = source_row(connection, source)
    captured = Captured(capture.sha256, capture.newest_at, capture.pages_sha256)
    _check_pages(reading, capture)
    facts = sum(len(offer.facts) for offer in reading.offers)
    if stored.last_read == captured:
        values: Row = {"status": Status.OK, "error": ""}
        each(connection, by_id(sources), [{"row": stored.id, **values}])
        identify_new(connection, source.provider, stored.identified_by, ())
        waiting = open_holds(connection, source.provider, source.name)
        return Recorded(offers=len(reading.offers), observations=facts, repeated=True, held=waiting)
    if stored.last_read is not None and captured.captured_at < stored.last_read.captured_at:
        raise OlderCapture(
            f"The capture of {source.provider}/{source.name} from {iso(captured.captured_at)} is older than the one "
            f"read last ({iso(stored.last_read.captured_at)}); older captures come in by backfill."
        )
    pages = keep_capture(connection, stored.id, capture, CaptureOutcome.OK)
    known = known_offers(connection, source.provider)
    naming = name_offers(known, reading.offers)
    remembered = remembered_holds(connection, source.provider, source.name)
    apart = _held_offers(known, reading, naming, [*held, *remembered])
    again = find_restated(connection, stored.id, reading.offers, naming, known, apart)
    before = before_of(connection, source, stored, captured, known)
    settlement = Settlement()
    if held or remembered:
        stated = gather(*naming.but(reading.offers, again.offers))
        settlement = settle(held, remembered, before, reading.offers, naming, stated, captured, release=release)
    before = miss_earlier(connection, before, settlement.missed)
    plan = diff(before, reading.offers, captured, settlement.frozen, naming=naming, restated=again.offers)
    confirm_restated(connection, stored.id, again, pages, captured.captured_at)
    applied = apply_plan(connection, plan, run, source, stored.id, pages, captured.captured_at)
    words = {applied.created.get(ref, ref): again.others[ref] for ref in plan.whole if ref in again.others}
    remember_restated(connection, stored.id, words)
    opened = keep_settlement(connection, source, settlement, pages, captured.captured_at)
    _replace_notes(connection, stored.id, pages, reading.notes)
    identify_new(connection, source.provider, stored.identified_by, _touched(plan, before, applied))
    values = {
        "status": Status.OK,
        "error": "",
        "last_at": captured.captured_at if stored.last_at is None else max(captured.captured_at, stored.last_at),
        "last_success_at": captured.captured_at,
        "last_capture_id": pages[0],
        "last_pages": captured.pages,
    }
    each(connection, by_id(sources), [{"row": stored.id, **values}])
    changed = changes_by_id(connection, applied.changes)
    waiting = open_holds(connection, source.provider, source.name) if held or remembered else ()
    keep_happened(connection, run, changed, [hold for hold in waiting if hold.id in opened], tell=tell)
    if settlement.released or settlement.lapsed:
        retract_settled(connection, source.provider)
    return Recorded(
        offers=len(plan.seen) + len(plan.create) + len(again.offers),
        observations=len(plan.open) + len(plan.confirm) + again.facts,
        opened=len(plan.open),
        confirmed=len(plan.confirm) + again.facts,
        missed=len(plan.miss),
        closed=len(plan.close),
        changes=changed,
        held=waiting,
    )


_page = attrgetter("evidence.page")


def _check_pages(reading: Reading, capture: CaptureInfo) -> None:
    """Refuse a reading that has something from a page that was not captured."""
    stated = max(map(_page, chain.from_iterable(offer.facts for offer in reading.offers)), default=0)
    last = max([stated, *(note.page for note in reading.notes)])
    if last >= len(capture.pages):
        raise Contradiction(
            f"The reading has something from page {last + 1} of {len(capture.pages)}; its parser counts pages wrong."
        )


def _held_offers(
    known: Sequence[Known], reading: Reading, naming: Naming, holds: Sequence[Held | Hold]
) -> frozenset[int]:
    """Return the offers of which something is held, or was."""
    if not holds:
        return frozenset()
    called = OffersByName.of(known, reading.offers, naming)
    found = {called.find(hold.model_id, hold.name) for hold in holds}
    return frozenset(ref for ref in found if ref is not None)


def _touched(plan: Plan, before: Before, applied: Applied) -> set[int]:
    """Return the offers of which something changed that says which model they sell."""
    opened = {applied.created.get(one.offer, one.offer) for one in plan.open if one.fact.field == IDENTIFYING}
    stood = {stood.offer for stood in before.standing if stood.field == IDENTIFYING}
    return {*applied.created.values(), *plan.identify, *plan.rename} | opened | stood


# The source, its contract and its capture.


def source_row(connection: Connection, source: SourceInfo) -> Stored:
    """Return the row of a source, made or brought to what its module now declares."""
    declared = {
        "url": source.url,
        "rank": source.rank,
        "fresh_days": source.fresh_days,
        "sells": source.sells,
    }
    found = connection.execute(_SOURCE, {"provider": source.provider, "name": source.name}).first()
    if found is None:
        # All offers of a provider are identified together: a source that is new to it asks for nothing of that.
        rules = connection.execute(_RULES, {"of_provider": source.provider}).scalar() or ""
        row = {"provider": source.provider, "name": source.name, "status": Status.OK, "error": "", **declared}
        stored = Stored(insert_rows(connection, sources, [{**row, "identified_by": rules}])[0], None, None, rules)
    else:
        if (found.url, found.rank, found.fresh_days, found.sells) != tuple(declared.values()):
            each(connection, by_id(sources), [{"row": found.id, **declared}])
        last_read = None
        if found.sha256 is not None:
            last_read = Captured(found.sha256, found.last_success_at, found.last_pages)
        stored = Stored(found.id, found.last_at, last_read, found.identified_by)
    published = set(connection.scalars(_PUBLISHED, {"source": stored.id}).all())
    if published != source.fields:
        connection.execute(delete(source_fields).where(source_fields.c.source_id == stored.id))
        insert_rows(connection, source_fields, [{"source_id": stored.id, "field": f} for f in sorted(source.fields)])
    return stored


def capture_row(connection: Connection, capture: CaptureInfo) -> int:
    """Return the row of a capture, made where it is new."""
    key = {"sha256": capture.sha256, "url": capture.url, "captured_at": capture.captured_at}
    found = connection.execute(_CAPTURE, key).scalar()
    if found is not None:
        return int(found)
    row = {**key, "content_type": capture.content_type, "size": capture.size}
    return insert_rows(connection, captures, [row])[0]


def keep_capture(
    connection: Connection,
    source_id: int,
    capture: CaptureInfo,
    outcome: CaptureOutcome,
    error: str = "",
    *,
    but: CaptureOutcome | None = None,
) -> list[int]:
    """Remember that a capture with its pages belongs to a source, and how reading it went; return the row of each page.

    One that went as `but` says stays so.
    """
    ids = [capture_row(connection, page) for page in capture.pages]
    key = {"source_id": source_id, "capture_id": ids[0], "pages": capture.pages_sha256}
    values = {"outcome": outcome, "error": error}
    known = connection.execute(
        _OUTCOME, {"source": source_id, "capture": ids[0], "list": capture.pages_sha256}
    ).scalar()
    if known is None:
        insert_rows(connection, source_captures, [{**key, **values}])
        further = enumerate(ids[1:], start=1)
        insert_rows(connection, reading_pages, [{**key, "page": page, "page_capture_id": row} for page, row in further])
    elif known != but:
        mine = [source_captures.c[name] == value for name, value in key.items()]
        connection.execute(update(source_captures).where(*mine).values(values))
    return ids


def _replace_notes(connection: Connection, source_id: int, pages: Sequence[int], made: Sequence[Note]) -> None:
    connection.execute(_NO_NOTES, {"source": source_id})
    rows = [
        {"source_id": source_id, "capture_id": pages[n.page], "kind": n.kind, "text": n.text, "locator": n.locator}
        for n in made
    ]
    insert_rows(connection, notes, rows)


# What stands before a reading.


def known_offers(connection: Connection, provider: str) -> list[Known]:
    """Return the offers of a provider, withdrawn ones too, in the order in which they came."""
    rows = connection.execute(_KNOWN, {"provider": provider}).all()
    return [Known(number, model_id, name, shared, gone is not None) for number, model_id, name, shared, gone in rows]


def before_of(
    connection: Connection, source: SourceInfo, stored: Stored, captured: Captured, known: Sequence[Known]
) -> Before:
    """Return what stands before a reading of a source, but for what it is known to restate; `known` are all offers."""
    standing = connection.execute(_OWN, {"source": stored.id}).all()
    others = {"provider": source.provider, "source": stored.id}
    elsewhere = connection.scalars(_ELSEWHERE, others)
    upper = connection.execute(_BETTER, {**others, "rank": source.rank, "at": captured.captured_at}).all()
    better: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    for row in upper:
        better[row.offer_id, row.field].append(_standing(row))
    return Before(
        known=known,
        standing=[_standing(row) for row in standing],
        last_read=stored.last_read,
        elsewhere=frozenset(elsewhere),
        outranked=frozenset(better),
        better=better,
    )


def _standing(row: Any) -> Standing:
    return Standing(
        id=row.id,
        offer=row.offer_id,
        field=row.field,
        state=State(row.state),
        value=row.value,
        currency=row.currency,
        reason=Reason(row.reason) if row.reason else None,
        derived=row.derived,
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        last_seen=row.last_seen,
        misses=row.misses,
    )


def miss_earlier(connection: Connection, before: Before, missed: Mapping[int, datetime]) -> Before:
    """Let what stands count as missed once, at the times given for it, because an earlier capture did not show it."""
    rows = [{"row": number, "misses": 1, "missed_at": since} for number, since in missed.items()]
    each(connection, by_id(observations), rows)
    standing = [replace(stood, misses=1) if stood.id in missed else stood for stood in before.standing]
    return replace(before, standing=standing)


# Applying a plan.


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan became: the ids of its changes, and those of the offers it created, by their numbers in it."""

    changes: list[int]
    created: Mapping[int, int]


def apply_plan(
    connection: Connection,
    plan: Plan,
    run: int,
    source: SourceInfo,
    source_id: int,
    pages: Sequence[int],
    at: datetime,
) -> Applied:
    """Write a plan down; `pages` are the captures of the pages that were read."""
    created = _apply_to_offers(connection, plan, source.provider, at)
    _apply_to_standing(connection, plan, pages, at)
    failpoint("inside_commit")
    opened = insert_rows(
        connection,
        observations,
        [
            {
                "offer_id": created.get(opening.offer, opening.offer),
                "source_id": source_id,
                "field": opening.fact.field,
                "state": opening.fact.state,
                "value": opening.fact.value,
                "currency": opening.fact.currency,
                "reason": opening.fact.reason,
                "derived": opening.fact.derived,
                "promotional": opening.fact.promotional,
                "valid_from": opening.fact.valid_from,
                "valid_until": opening.fact.valid_until,
                "capture_id": pages[opening.fact.evidence.page],
                "locator": opening.fact.evidence.locator,
                "quote": opening.fact.evidence.quote,
                "last_capture_id": pages[opening.fact.evidence.page],
                "last_locator": opening.fact.evidence.locator,
                "last_quote": opening.fact.evidence.quote,
                "first_seen": at,
                "last_seen": at,
                "misses": 0,
            }
            for opening in plan.open
        ],
    )
    changed = insert_rows(
        connection,
        changes,
        [
            {
                "run_id": run,
                "at": at,
                "provider": source.provider,
                "source_id": source_id,
                "offer_id": created.get(change.offer, change.offer),
                "field": change.field,
                "kind": change.kind,
                "before_observation_id": change.before,
                "after_observation_id": (
                    change.after_standing if change.after_opened is None else opened[change.after_opened]
                ),
            }
            for change in plan.changes
        ],
    )
    return Applied(changed, created)


def _apply_to_offers(connection: Connection, plan: Plan, provider: str, at: datetime) -> dict[int, int]:
    """Write the offers of a plan; return the id of each that was created by its number in the plan."""
    rows = [
        {
            "provider": provider,
            "model_id": new.model_id,
            "name": new.name,
            "shared_id": new.shared_id,
            "first_seen": at,
            "last_seen": at,
        }
        for new in plan.create
    ]
    ids = insert_rows(connection, offers, rows)
    seen_at(connection, plan.seen, at)
    each(connection, by_id(offers), [{"row": offer, "withdrawn_at": None} for offer in plan.returned])
    each(connection, by_id(offers), [{"row": offer, "withdrawn_at": at} for offer in plan.withdraw])
    each(connection, by_id(offers), [{"row": offer, "model_id": given} for offer, given in plan.identify.items()])
    each(connection, by_id(offers), [{"row": offer, "name": given} for offer, given in plan.rename.items()])
    return {new.offer: made for new, made in zip(plan.create, ids, strict=True)}


def _apply_to_standing(connection: Connection, plan: Plan, pages: Sequence[int], at: datetime) -> None:
    """Confirm, miss and close what stood, before anything new is opened in its place."""
    confirmed: list[Row] = [
        {
            "row": number,
            "last_seen": at,
            "last_capture_id": pages[evidence.page],
            "last_locator": evidence.locator,
            "last_quote": evidence.quote,
            "misses": 0,
            "missed_at": None,
        }
        for number, evidence in plan.confirm.items()
    ]
    each(connection, by_id(observations), confirmed)
    each(connection, _MISSED, [{"row": number, "at": at} for number in plan.miss])
    each(connection, by_id(observations), [{"row": number, "closed_at": at} for number in plan.close])

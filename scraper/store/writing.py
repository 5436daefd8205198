"""Writing: one transaction a source, kept as a whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

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
    confirm_restated,
    find_restated,
    not_restated_by,
    remember_restated,
    seen_at,
)
from scraper.store.rows import Row, by_id, each, insert_rows
from scraper.store.tables import (
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
        values = {"status": Status.NOT_CAPTURED, "error": why}
        connection.execute(update(sources).where(sources.c.id == stored.id).values(values))


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
    connection.execute(update(sources).where(sources.c.id == stored.id).values(values))
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
        connection.execute(update(sources).where(sources.c.id == stored.id).values(values))
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
    connection.execute(update(sources).where(sources.c.id == stored.id).values(values))
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
    found = connection.execute(
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
        .where(sources.c.provider == source.provider, sources.c.name == source.name)
    ).first()
    if found is None:
        row = {"provider": source.provider, "name": source.name, "status": Status.OK, "error": "", **declared}
        stored = Stored(insert_rows(connection, sources, [row])[0], None, None)
    else:
        if (found.url, found.rank, found.fresh_days, found.sells) != tuple(declared.values()):
            connection.execute(update(sources).where(sources.c.id == found.id).values(declared))
        last_read = None
        if found.sha256 is not None:
            last_read = Captured(found.sha256, found.last_success_at, found.last_pages)
        stored = Stored(found.id, found.last_at, last_read, found.identified_by)
    published = set(
        connection.scalars(select(source_fields.c.field).where(source_fields.c.source_id == stored.id)).all()
    )
    if published != source.fields:
        connection.execute(delete(source_fields).where(source_fields.c.source_id == stored.id))
        insert_rows(connection, source_fields, [{"source_id": stored.id, "field": f} for f in sorted(source.fields)])
    return stored


def capture_row(connection: Connection, capture: CaptureInfo) -> int:
    """Return the row of a capture, made where it is new."""
    found = connection.execute(
        select(captures.c.id).where(
            captures.c.sha256 == capture.sha256,
            captures.c.url == capture.url,
            captures.c.captured_at == capture.captured_at,
        )
    ).scalar()
    if found is not None:
        return int(found)
    row = {
        "sha256": capture.sha256,
        "url": capture.url,
        "captured_at": capture.captured_at,
        "content_type": capture.content_type,
        "size": capture.size,
    }
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
    c = source_captures.c
    key = {"source_id": source_id, "capture_id": ids[0], "pages": capture.pages_sha256}
    values = {"outcome": outcome, "error": error}
    mine = [c[name] == value for name, value in key.items()]
    known = connection.execute(select(c.outcome).where(*mine)).scalar()
    if known is None:
        connection.execute(insert(source_captures), {**key, **values})
        further = enumerate(ids[1:], start=1)
        insert_rows(connection, reading_pages, [{**key, "page": page, "page_capture_id": row} for page, row in further])
    elif known != but:
        connection.execute(update(source_captures).where(*mine).values(values))
    return ids


def _replace_notes(connection: Connection, source_id: int, pages: Sequence[int], made: Sequence[Note]) -> None:
    connection.execute(delete(notes).where(notes.c.source_id == source_id))
    rows = [
        {"source_id": source_id, "capture_id": pages[n.page], "kind": n.kind, "text": n.text, "locator": n.locator}
        for n in made
    ]
    insert_rows(connection, notes, rows)


# What stands before a reading.


def known_offers(connection: Connection, provider: str) -> list[Known]:
    """Return the offers of a provider, withdrawn ones too, in the order in which they came."""
    rows = connection.execute(
        select(offers.c.id, offers.c.model_id, offers.c.name, offers.c.shared_id, offers.c.withdrawn_at)
        .where(offers.c.provider == provider)
        .order_by(offers.c.id)
    ).all()
    return [Known(number, model_id, name, shared, gone is not None) for number, model_id, name, shared, gone in rows]


def before_of(
    connection: Connection, source: SourceInfo, stored: Stored, captured: Captured, known: Sequence[Known]
) -> Before:
    """Return what stands before a reading of a source, but for what it is known to restate; `known` are all offers."""
    o = observations.c
    columns = (
        o.id, o.offer_id, o.field, o.state, o.value, o.currency, o.reason, o.derived, o.promotional, o.valid_from,
        o.valid_until, o.last_seen, o.misses,
    )  # fmt: skip
    standing = connection.execute(
        select(*columns)
        .where(o.source_id == stored.id, o.closed_at.is_(None), o.offer_id.in_(not_restated_by(stored.id)))
        .order_by(o.id)
    ).all()
    # An announced price outranks nothing before its day has come and its source has said so again.
    begun = or_(o.valid_from.is_(None), and_(o.valid_from <= captured.captured_at, o.last_seen >= o.valid_from))
    others = and_(sources.c.provider == source.provider, sources.c.id != stored.id, o.closed_at.is_(None))
    of_others = (observations, sources, o.source_id == sources.c.id)
    elsewhere = connection.scalars(select(o.offer_id).join_from(*of_others).where(others).distinct())
    upper = connection.execute(
        select(*columns).join_from(*of_others).where(others, sources.c.rank < source.rank, begun)
    ).all()
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
    once = by_id(observations).values(misses=1, missed_at=bindparam("since"))
    each(connection, once, [{"row": number, "since": since} for number, since in missed.items()])
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
    seen = seen_at(connection, at).where(offers.c.id == bindparam("row"))
    each(connection, seen, [{"row": offer} for offer in plan.seen])
    each(connection, by_id(offers).values(withdrawn_at=None), [{"row": offer} for offer in plan.returned])
    each(connection, by_id(offers).values(withdrawn_at=at), [{"row": offer} for offer in plan.withdraw])
    for column, given in (("model_id", plan.identify), ("name", plan.rename)):
        named = by_id(offers).values({column: bindparam("given")})
        each(connection, named, [{"row": offer, "given": value} for offer, value in given.items()])
    return {new.offer: made for new, made in zip(plan.create, ids, strict=True)}


def _apply_to_standing(connection: Connection, plan: Plan, pages: Sequence[int], at: datetime) -> None:
    """Confirm, miss and close what stood, before anything new is opened in its place."""
    o = observations.c
    confirmed = by_id(observations).values(
        last_seen=at,
        last_capture_id=bindparam("new_capture"),
        last_locator=bindparam("new_locator"),
        last_quote=bindparam("new_quote"),
        misses=0,
        missed_at=None,
    )
    rows: list[Row] = [
        {"row": i, "new_capture": pages[e.page], "new_locator": e.locator, "new_quote": e.quote}
        for i, e in plan.confirm.items()
    ]
    each(connection, confirmed, rows)
    missed = by_id(observations).values(misses=o.misses + 1, missed_at=func.coalesce(o.missed_at, at))
    each(connection, missed, [{"row": i} for i in plan.miss])
    each(connection, by_id(observations).values(closed_at=at), [{"row": i} for i in plan.close])

"""Writing: one transaction a source, kept as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, bindparam, delete

from scraper.diff import Before, Captured, Known, Naming, Plan, diff, gather, name_offers
from scraper.errors import Contradiction, OlderCapture
from scraper.failpoints import failpoint
from scraper.holds import Held
from scraper.records import Note, Reading, iso
from scraper.settling import Hold, OffersByName, Settlement, settle
from scraper.store.applying import Applied, apply_plan, miss_earlier
from scraper.store.holding import keep_settlement, open_holds, remembered_holds
from scraper.store.identities import IDENTIFYING, identify_new
from scraper.store.keeping import Stored, keep_capture, source_row
from scraper.store.opening import Store
from scraper.store.outbox import keep_happened, retract_settled
from scraper.store.past import changes_by_id
from scraper.store.restating import confirm_restated, find_restated, remember_restated
from scraper.store.rows import Row, by_id, each, insert_rows
from scraper.store.standing import before_of, known_offers
from scraper.store.tables import notes, runs, sources
from scraper.store.views import CaptureInfo, CaptureOutcome, Recorded, SourceInfo, Status

# A statement of every reading.
_NO_NOTES: Final = delete(notes).where(notes.c.source_id == bindparam("source"))


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
    if stored.last_read == captured:
        return _record_again(connection, source, stored, reading)
    _check_time(source, stored, captured)
    pages = keep_capture(connection, stored.id, capture, CaptureOutcome.OK)
    known = known_offers(connection, source.provider)
    naming = name_offers(known, reading.offers)
    remembered = remembered_holds(connection, source.provider, source.name)
    apart = _held_offers(known, reading, naming, [*held, *remembered])
    # Most of a reading says what stands, word for word: that is confirmed at once, and only the rest is compared.
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
    _mark_read(connection, stored, captured, pages[0])
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


def _record_again(connection: Connection, source: SourceInfo, stored: Stored, reading: Reading) -> Recorded:
    """Say that a source is well whose last capture was read again, and touch nothing that it stated."""
    each(connection, by_id(sources), [{"row": stored.id, "status": Status.OK, "error": ""}])
    identify_new(connection, source.provider, stored.identified_by, ())
    return Recorded(
        offers=len(reading.offers),
        observations=sum(len(offer.facts) for offer in reading.offers),
        repeated=True,
        held=open_holds(connection, source.provider, source.name),
    )


def _check_time(source: SourceInfo, stored: Stored, captured: Captured) -> None:
    if stored.last_read is not None and captured.captured_at < stored.last_read.captured_at:
        raise OlderCapture(
            f"The capture of {source.provider}/{source.name} from {iso(captured.captured_at)} is older than the one "
            f"read last ({iso(stored.last_read.captured_at)}); older captures come in by backfill."
        )


def _mark_read(connection: Connection, stored: Stored, captured: Captured, capture_id: int) -> None:
    at = captured.captured_at
    values: Row = {
        "status": Status.OK,
        "error": "",
        "last_at": at if stored.last_at is None else max(at, stored.last_at),
        "last_success_at": at,
        "last_capture_id": capture_id,
        "last_pages": captured.pages,
    }
    each(connection, by_id(sources), [{"row": stored.id, **values}])


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


def _replace_notes(connection: Connection, source_id: int, pages: Sequence[int], made: Sequence[Note]) -> None:
    connection.execute(_NO_NOTES, {"source": source_id})
    rows = [
        {"source_id": source_id, "capture_id": pages[n.page], "kind": n.kind, "text": n.text, "locator": n.locator}
        for n in made
    ]
    insert_rows(connection, notes, rows)

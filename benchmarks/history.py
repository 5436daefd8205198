"""520 weekly refreshes of 5,000 offers: what is current and what was, beside the same in the first week; and the file.

20 sources state 250 offers each, with 8 fields, once a week for ten years. Every week, one offer of a hundred has one
other price, each offer in its turn, and then another of its first six fields. The first `REAL` weeks are recorded as a
refresh records them. The others are written by SQL that leaves the same rows: `same_rows` compares the two ways over
`REAL` weeks before anything is measured, row by row.

What is measured are the doors of the command and the API: `find_offers` (show) for 40 offers picked at random,
`list_offers` for a provider, `page_offers` for a page of 100 of all offers; each for now and as of a time, in a
database of 520 weeks beside one of the first week. The file is compared with that of one week, times 520.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Row, alone, beside, in_turn
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.store import (
    CaptureInfo,
    SourceInfo,
    Store,
    begin_run,
    find_offers,
    list_offers,
    open_store,
    record_reading,
)
from scraper.store.browsing import Wanted, page_offers

NEXT: Final = "Keep what has been closed for long in a table of its own, which only a question about the past reads."

SOURCES: Final = 20
OFFERS: Final = 250
FIELDS: Final = (
    "input", "output", "cache_read", "cache_write", "input{tier=batch}", "output{tier=batch}", "context_window",
    "max_output_tokens",
)  # fmt: skip
PRICES: Final = 6
WEEKS: Final = 520
REAL: Final = 10
BEGIN: Final = datetime(2016, 12, 6, 12, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
ROUNDS: Final = 9
ASKED: Final = 40
GOAL: Final = 2.0
SHARE: Final = 0.02


def at_of(week: int) -> datetime:
    return BEGIN + week * WEEK


def value_of(offer: int, column: int, week: int) -> str:
    """Return what is stated of a field in a week: a price moves by a cent each time that it is its turn."""
    if column >= PRICES:
        return str(64_000 * (1 + offer % 16))
    # The offer has its turn every 100 weeks, and another field of it each time.
    turns = sum(1 for turn, when in enumerate(range(1 + offer % 100, week + 1, 100)) if turn % PRICES == column)
    return f"{(10 + offer % 97 + 7 * column + turns) / 100:.2f}"


def changed_in(week: int, source: int) -> dict[int, int]:
    """Return which field of which offers of a source changes in a week."""
    ours = range(source * OFFERS, (source + 1) * OFFERS)
    return {
        offer: (week - 1 - offer % 100) // 100 % PRICES
        for offer in ours
        if week > offer % 100 and (week - 1 - offer % 100) % 100 == 0
    }


def _locator(offer: int, column: int) -> str:
    return f"table[3]/row[{offer % OFFERS + 1}]/cell[{column + 2}]"


def _quote(value: str, column: int) -> str:
    return f"${value} / 1M tokens" if column < PRICES else f"{value} tokens"


def info_of(source: int) -> SourceInfo:
    provider = f"seller-{source:02}"
    url = f"https://{provider}.example/prices"
    return SourceInfo(provider=provider, name="prices", url=url, fields=frozenset(FIELDS))


def capture_of(source: int, week: int) -> CaptureInfo:
    mark = sha256(f"{source} {week}".encode()).hexdigest()
    return CaptureInfo(sha256=mark, url=info_of(source).url, captured_at=at_of(week), content_type="text/html", size=1)


def reading_of(source: int, week: int) -> Reading:
    offers = []
    for offer in range(source * OFFERS, (source + 1) * OFFERS):
        facts = []
        for column, field in enumerate(FIELDS):
            value = value_of(offer, column, week)
            evidence = Evidence(locator=_locator(offer, column), quote=_quote(value, column))
            currency = "USD" if column < PRICES else None
            facts.append(Fact(field=field, state=State.SOURCED, value=value, currency=currency, evidence=evidence))
        offers.append(Offer(model_id=f"openai/model-{offer}", name=f"Model {offer}", facts=tuple(facts)))
    return Reading(offers=tuple(offers))


def record_weeks(file: Path, first: int, end: int) -> None:
    """Record some weeks as a refresh does."""
    with open_store(f"sqlite:///{file}") as store:
        for week in range(first, end):
            run = begin_run(store, started_at=at_of(week), at=at_of(week), replay=False)
            for source in range(SOURCES):
                record_reading(store, run, info_of(source), capture_of(source, week), reading_of(source, week))


# The faster way.


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def write_weeks(file: Path, first: int, end: int) -> None:
    """Write some weeks by SQL, after weeks that were recorded; what only digests tell is left out."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        sources = dict(connection.execute("SELECT provider, id FROM sources"))
        offers = dict(connection.execute("SELECT model_id, id FROM offers"))
        pattern = json.loads(connection.execute("SELECT body FROM events LIMIT 1").fetchone()[0])
        for week in range(first, end):
            connection.execute("BEGIN IMMEDIATE")
            now = _text(at_of(week))
            run = connection.execute("INSERT INTO runs (started_at, at, replay) VALUES (?, ?, 0)", (now, now)).lastrowid
            for source in range(SOURCES):
                source_id = sources[info_of(source).provider]
                _write(connection, run or 0, source_id, source, week, offers, pattern, confirm=week == end - 1)
            connection.execute("COMMIT")


def _write(
    connection: sqlite3.Connection,
    run: int,
    source_id: int,
    source: int,
    week: int,
    offers: dict[str, int],
    pattern: dict[str, Any],
    *,
    confirm: bool,
) -> None:
    """Write a week of a source; what is only confirmed is so in the end, and when it gives way."""
    info, capture, now = info_of(source), capture_of(source, week), _text(at_of(week))
    capture_id = connection.execute(
        "INSERT INTO captures (sha256, url, captured_at, content_type, size) VALUES (?, ?, ?, ?, ?)",
        (capture.sha256, capture.url, now, capture.content_type, capture.size),
    ).lastrowid
    connection.execute("INSERT INTO source_captures VALUES (?, ?, '', 'ok', '')", (source_id, capture_id))
    (before,) = connection.execute("SELECT last_capture_id FROM sources WHERE id = ?", (source_id,)).fetchone()
    moved = []
    for offer, column in changed_in(week, source).items():
        number, field = offers[f"openai/model-{offer}"], FIELDS[column]
        (stood,) = connection.execute(
            "SELECT id FROM observations WHERE offer_id = ? AND field = ? AND closed_at IS NULL", (number, field)
        ).fetchone()
        connection.execute(
            "UPDATE observations SET closed_at = ?, last_seen = ?, last_capture_id = ? WHERE id = ?",
            (now, _text(at_of(week - 1)), before, stood),
        )
        moved.append((offer, number, column, stood))
    if confirm:
        connection.execute(
            "UPDATE observations SET last_seen = ?, last_capture_id = ? WHERE source_id = ? AND closed_at IS NULL",
            (now, capture_id, source_id),
        )
        connection.execute("UPDATE offers SET last_seen = ? WHERE provider = ?", (now, info.provider))
    for offer, number, column, stood in moved:
        value = value_of(offer, column, week)
        evidence = (capture_id, _locator(offer, column), _quote(value, column))
        opened = connection.execute(
            "INSERT INTO observations (offer_id, source_id, field, state, value, currency, derived, promotional, "
            "capture_id, locator, quote, last_capture_id, last_locator, last_quote, first_seen, last_seen, misses) "
            "VALUES (?, ?, ?, 'sourced', ?, 'USD', '', 0, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (number, source_id, FIELDS[column], value, *evidence, *evidence, now, now),
        ).lastrowid
        connection.execute(
            "INSERT INTO changes (run_id, at, provider, source_id, offer_id, field, kind, before_observation_id, "
            "after_observation_id) VALUES (?, ?, ?, ?, ?, ?, 'changed', ?, ?)",
            (run, now, info.provider, source_id, number, FIELDS[column], stood, opened),
        )
        # As long as a real one: nothing here reads what it says.
        mark = sha256(f"{offer} {column} {week}".encode()).hexdigest()
        body = {**pattern, "id": mark, "provider": info.provider, "model_id": f"openai/model-{offer}"}
        connection.execute(
            "INSERT INTO events (event, at, recorded_at, provider, source, kind, body, routed, retracted) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)",
            (mark, now, now, info.provider, info.name, pattern["kind"], json.dumps(body, ensure_ascii=False)),
        )
    connection.execute(
        "UPDATE sources SET last_at = ?, last_success_at = ?, last_capture_id = ? WHERE id = ?",
        (now, now, capture_id, source_id),
    )


_SAME: Final = {
    "runs": "id, at, replay",
    "captures": "id, sha256, url, captured_at, content_type, size",
    "source_captures": "*",
    "sources": "*",
    "offers": "*",
    "observations": "*",
    "changes": "*",
    "events": "id, at, recorded_at, provider, source, kind, routed, retracted",
}
"""The tables and columns in which both ways must leave the same rows; events differ in what they say."""


def same_rows(one: Path, other: Path) -> bool:
    """Say whether two databases have the same rows."""
    with closing(sqlite3.connect(one)) as connection:
        connection.execute("ATTACH ? AS other", (str(other),))
        return not any(
            connection.execute(f"SELECT {columns} FROM {a}.{table} EXCEPT SELECT {columns} FROM {b}.{table}").fetchall()  # noqa: S608
            for table, columns in _SAME.items()
            for a, b in (("main", "other"), ("other", "main"))
        )


# What is measured.


def timed(ask: Callable[[], object]) -> float:
    """Return the milliseconds of the processor that a question takes."""
    began = time.process_time()
    ask()
    return 1000 * (time.process_time() - began)


def shows(store: Store, at: datetime, as_of: datetime | None) -> Callable[[], None]:
    """Return a question: some offers, one after the other."""
    picked = random.Random(20261124).sample(range(SOURCES * OFFERS), ASKED)  # noqa: S311

    def ask() -> None:
        for offer in picked:
            (found,) = find_offers(store, info_of(offer // OFFERS).provider, f"openai/model-{offer}", at, as_of)
            assert sum(view.value is not None for view in found.fields) == len(FIELDS)

    return ask


def lists(store: Store, at: datetime, as_of: datetime | None) -> Callable[[], None]:
    """Return a question: all offers of one provider."""

    def ask() -> None:
        assert len(list_offers(store, at, info_of(7).provider, as_of)) == OFFERS

    return ask


def pages(store: Store, at: datetime, as_of: datetime | None) -> Callable[[], None]:
    """Return a question: a page of the list of all offers."""

    def ask() -> None:
        found, _ = page_offers(store, at, Wanted(), after=None, limit=100, as_of=as_of)
        assert len(found) == 100

    return ask


def bench() -> list[Row]:
    """Make both databases and ask them in turn."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        first, whole = folder / "first.db", folder / "whole.db"
        record_weeks(first, 0, 1)
        whole_week = first.stat().st_size
        shutil.copyfile(first, whole)
        record_weeks(whole, 1, 2)
        by_sql = folder / "by_sql.db"
        shutil.copyfile(whole, by_sql)
        record_weeks(whole, 2, REAL)
        write_weeks(by_sql, 2, REAL)
        assert same_rows(whole, by_sql), "the faster way leaves the same rows"
        write_weeks(whole, REAL, WEEKS)
        rows = []
        with open_store(f"sqlite:///{first}") as early, open_store(f"sqlite:///{whole}") as late:
            last = at_of(WEEKS - 1)
            for what, asks in (
                (f"{ASKED} offers", shows),
                ("the offers of a provider", lists),
                ("a page of all offers", pages),
            ):
                then = asks(early, at_of(0), None), asks(early, at_of(0), at_of(0))
                rows += [
                    _row(f"{what}, current, after {WEEKS} weeks", asks(late, last, None), then[0]),
                    _row(f"{what}, as of the last week", asks(late, last, last), then[1]),
                    _row(f"{what}, as of the middle", asks(late, last, at_of(WEEKS // 2)), then[1]),
                    _row(f"{what}, as of the first week", asks(late, last, at_of(0)), then[1]),
                ]
        share = 100 * whole.stat().st_size / (WEEKS * whole_week)
        return [*rows, alone("the file, of as many full snapshots", [share], "%", at_most=100 * SHARE)]


def _row(what: str, late: Callable[[], None], early: Callable[[], None]) -> Row:
    late(), early()  # what is made once is made before
    return beside(what, *in_turn(ROUNDS, lambda: timed(late), lambda: timed(early)), "ms", at_most=GOAL)

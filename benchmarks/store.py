"""100,000 offers of which 1 % changed: load, compare and write, beside raw sqlite3 doing the same by hand.

40 sources state 2,500 offers each, with 8 fields. All of it is recorded once; what is measured is the refresh after
that, in which one field of every 100th offer has another value. Readings are there before the clock starts, and the
guards are left out on both sides: they are no part of a store. Each side begins with its own copy of one database, made
by `open_store`, so that tables, constraints, indexes and pragmas are the same; there is one transaction a source.

- Ours is `record_reading`, as a refresh calls it, from the types that a parser makes.
- Raw is what one would write by hand for exactly this: readings are tuples already; what stands is read as tuples into
  a dict and compared with what is read; what is another value is closed and opened, with a change and an event for it;
  what is missing is counted as missed; what is stated in another place or other words gets its new evidence row by row;
  all else that stands is confirmed (last seen, in which capture) by one statement, as offers are.

Raw knows no announced prices, no ranks of sources, no holds, no offers that change their id, and no float noise. In the
end both databases must have the same rows.
"""

from __future__ import annotations

import cProfile
import gc
import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Row, alone, beside, in_turn, process, top_of
from scraper.meters import is_rate_key
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.store import CaptureInfo, SourceInfo, begin_run, open_store, record_reading

NEXT: Final = (
    "Let what stands refer to the last reading that confirmed it, so that confirming writes a row for each offer that "
    "is confirmed, not for each field of it."
)

SOURCES: Final = 40
OFFERS: Final = 2500
FIELDS: Final = (
    "input", "output", "cache_read", "cache_write", "input{tier=batch}", "output{tier=batch}", "context_window",
    "max_output_tokens",
)  # fmt: skip
WEEKS: Final = (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 8, 12, tzinfo=UTC))
ROUNDS: Final = 3
GOAL: Final = 1.2
MEMORY: Final = 300.0

Said = tuple[str, str, str, str, str, str | None, str | None, str, int, str | None, str | None, str, str]
"""A row of a reading, for those who read by hand: model id, name, field, state, value, currency, reason, derived,
promotional, valid from, valid until, locator, quote."""


@dataclass(frozen=True, slots=True)
class Took:
    """What one side took for its refresh: seconds by the clock, of the processor, and its memory at most, in MB."""

    wall: float
    cpu: float
    memory: float


def said_by(source: int, week: int) -> list[Said]:
    """Return what a source states in a week: in the second, every 100th offer costs five cents more."""
    rows = []
    for number in range(source * OFFERS, (source + 1) * OFFERS):
        model_id, name = f"openai/model-{number}", f"Model {number}"
        for column, field in enumerate(FIELDS):
            priced = is_rate_key(field)
            cents = 10 + number % 97 + 7 * column + (5 if week and number % 100 == 0 and not column else 0)
            value = f"{cents / 100:.2f}" if priced else str(64_000 * (1 + number % 16))
            locator = f"table[3]/row[{number % OFFERS + 1}]/cell[{column + 2}]"
            quote = f"${value} / 1M tokens" if priced else f"{value} tokens"
            terms = ("USD" if priced else None, None, "", 0, None, None)
            rows.append((model_id, name, field, "sourced", value, *terms, locator, quote))
    return rows


def reading_of(rows: list[Said]) -> Reading:
    """Return the same as a reading."""
    offers = []
    for start in range(0, len(rows), len(FIELDS)):
        # What these types check is checked when a page is read, which is no part of this.
        facts = [
            Fact.model_construct(
                field=field,
                state=State.SOURCED,
                value=value,
                currency=currency,
                evidence=Evidence.model_construct(locator=locator, quote=quote),
            )
            for _, _, field, _, value, currency, *_, locator, quote in rows[start : start + len(FIELDS)]
        ]
        model_id, name, *_ = rows[start]
        offers.append(Offer.model_construct(model_id=model_id, name=name, facts=tuple(facts)))
    return Reading.model_construct(offers=tuple(offers))


def info_of(source: int) -> SourceInfo:
    return SourceInfo(
        provider=f"seller-{source:02}",
        name="prices",
        url=f"https://seller-{source:02}.example/prices",
        fields=frozenset(FIELDS),
    )


def capture_of(source: int, week: int) -> CaptureInfo:
    info = info_of(source)
    return CaptureInfo(
        sha256=sha256(f"{source} {week}".encode()).hexdigest(),
        url=info.url,
        captured_at=WEEKS[week],
        content_type="text/html",
        size=1,
    )


def ours(file: Path, week: int) -> Took:
    """Record the readings of a week, and say what that took beside making them."""
    wall = cpu = 0.0
    with open_store(f"sqlite:///{file}") as store:
        run = begin_run(store, started_at=WEEKS[week], at=WEEKS[week], replay=False)
        for source in range(SOURCES):
            info, capture, reading = info_of(source), capture_of(source, week), reading_of(said_by(source, week))
            gc.collect()  # of what making the reading left
            began, spent = time.perf_counter(), time.process_time()
            recorded = record_reading(store, run, info, capture, reading)
            wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - spent
            assert (recorded.offers, len(recorded.changes)) == (OFFERS, OFFERS // 100 if week else 0)
    return Took(wall, cpu, most_memory())


def raw(file: Path) -> Took:
    """Do by hand what recording the second week does."""
    wall = cpu = 0.0
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        now = _text(WEEKS[1])
        run = connection.execute("INSERT INTO runs (started_at, at, replay) VALUES (?, ?, 0)", (now, now)).lastrowid
        for source in range(SOURCES):
            info, capture, rows = info_of(source), capture_of(source, 1), said_by(source, 1)
            gc.collect()
            began, spent = time.perf_counter(), time.process_time()
            changed = refresh_by_hand(connection, run or 0, info, capture, rows)
            wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - spent
            assert changed == OFFERS // 100
    return Took(wall, cpu, most_memory())


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def refresh_by_hand(
    connection: sqlite3.Connection, run: int, info: SourceInfo, capture: CaptureInfo, rows: list[Said]
) -> int:
    """Record one reading in one transaction; return how many values changed."""
    at = _text(capture.captured_at)
    connection.execute("BEGIN IMMEDIATE")
    (source_id,) = connection.execute(
        "SELECT id FROM sources WHERE provider = ? AND name = ?", (info.provider, info.name)
    ).fetchone()
    capture_id = connection.execute(
        "INSERT INTO captures (sha256, url, captured_at, content_type, size) VALUES (?, ?, ?, ?, ?)",
        (capture.sha256, capture.url, at, capture.content_type, capture.size),
    ).lastrowid
    connection.execute("INSERT INTO source_captures VALUES (?, ?, '', 'ok', '')", (source_id, capture_id))
    offers = dict(connection.execute("SELECT model_id, id FROM offers WHERE provider = ?", (info.provider,)))
    standing = {
        row[1:3]: row
        for row in connection.execute(
            "SELECT id, offer_id, field, state, value, currency, reason, derived, promotional, valid_from, "
            "valid_until, last_locator, last_quote FROM observations WHERE source_id = ? AND closed_at IS NULL",
            (source_id,),
        )
    }
    closed, moved, opened = [], [], []
    for said in rows:
        model_id, name, field = said[:3]
        offer = offers.get(model_id)
        if offer is None:
            offer = offers[model_id] = connection.execute(
                "INSERT INTO offers (provider, model_id, name, shared_id, first_seen, last_seen) "
                "VALUES (?, ?, ?, 0, ?, ?)",
                (info.provider, model_id, name, at, at),
            ).lastrowid
        stood = standing.pop((offer, field), None)
        if stood is None or stood[3:11] != said[3:11]:
            if stood is not None:
                closed.append((at, stood[0]))
            opened.append((offer, stood, said))
        elif stood[11:] != said[11:]:
            moved.append((*said[11:], stood[0]))
    connection.executemany("UPDATE observations SET closed_at = ? WHERE id = ?", closed)
    missed = [(at, stood[0]) for stood in standing.values()]
    connection.execute(
        "UPDATE observations SET last_seen = ?, last_capture_id = ? "
        "WHERE source_id = ? AND closed_at IS NULL AND id NOT IN (SELECT value FROM json_each(?))",
        (at, capture_id, source_id, json.dumps([number for _, number in missed])),
    )
    connection.executemany("UPDATE observations SET misses = misses + 1, missed_at = ? WHERE id = ?", missed)
    connection.executemany("UPDATE observations SET last_locator = ?, last_quote = ? WHERE id = ?", moved)
    for offer, stood, said in opened:
        model_id, name, field, _, value, currency, *_, locator, quote = said
        number = connection.execute(
            "INSERT INTO observations (offer_id, source_id, field, state, value, currency, reason, derived, "
            "promotional, valid_from, valid_until, capture_id, locator, quote, last_capture_id, last_locator, "
            "last_quote, first_seen, last_seen, misses) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (offer, source_id, *said[2:11], capture_id, locator, quote, capture_id, locator, quote, at, at),
        ).lastrowid
        if stood is None:
            continue
        connection.execute(
            "INSERT INTO changes (run_id, at, provider, source_id, offer_id, field, kind, before_observation_id, "
            "after_observation_id) VALUES (?, ?, ?, ?, ?, ?, 'changed', ?, ?)",
            (run, at, info.provider, source_id, offer, field, stood[0], number),
        )
        before = {"value": stood[4], "currency": stood[5], "locator": stood[11], "quote": stood[12]}
        after = {"value": value, "currency": currency, "locator": locator, "quote": quote}
        body = {"provider": info.provider, "model_id": model_id, "name": name, "field": field, "url": info.url}
        told = json.dumps({**body, "at": at, "before": before, "after": after, "capture": capture.sha256})
        connection.execute(
            "INSERT INTO events (event, at, recorded_at, provider, source, kind, body, routed, retracted) "
            "VALUES (?, ?, ?, ?, ?, 'price_changed', ?, 0, 0)",
            (sha256(told.encode()).hexdigest(), at, at, info.provider, info.name, told),
        )
    connection.execute(
        "UPDATE offers SET last_seen = ? WHERE provider = ? AND id IN "
        "(SELECT offer_id FROM observations WHERE source_id = ? AND last_capture_id = ?)"
        if missed
        else "UPDATE offers SET last_seen = ? WHERE provider = ?",
        (at, info.provider, source_id, capture_id) if missed else (at, info.provider),
    )
    connection.execute(
        "UPDATE sources SET status = 'ok', error = '', last_at = ?, last_success_at = ?, last_capture_id = ? "
        "WHERE id = ?",
        (at, at, capture_id, source_id),
    )
    connection.execute("COMMIT")
    return len(opened)


def most_memory() -> float:
    """Return what this process had in memory at most, in MB; `ru_maxrss` counts the one that started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def differing(one: Path, other: Path) -> int:
    """Count the rows of observations, offers and changes that only one of two databases has."""
    tables = {
        "observations": "id, offer_id, source_id, field, state, value, currency, capture_id, locator, quote, "
        "last_capture_id, last_locator, last_quote, first_seen, last_seen, closed_at, misses",
        "offers": "id, provider, model_id, name, first_seen, last_seen, withdrawn_at",
        "changes": "run_id, at, provider, source_id, offer_id, field, kind, before_observation_id, "
        "after_observation_id",
    }
    count = 0
    with closing(sqlite3.connect(one)) as connection:
        connection.execute("ATTACH ? AS other", (str(other),))
        for table, columns in tables.items():
            for a, b in (("main", "other"), ("other", "main")):
                query = f"SELECT {columns} FROM {a}.{table} EXCEPT SELECT {columns} FROM {b}.{table}"  # noqa: S608
                count += len(connection.execute(query).fetchall())
    return count


def _turn(folder: Path, side: str) -> Took:
    copy = folder / f"{side}.db"
    shutil.copyfile(folder / "recorded.db", copy)
    return Took(**process("store", side, str(copy)).said)


def _recorded(folder: Path) -> None:
    process("store", "first", str(folder / "recorded.db"))


def bench() -> list[Row]:
    """Measure both in turn."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _recorded(folder)
        mine, by_hand = in_turn(ROUNDS, lambda: _turn(folder, "ours"), lambda: _turn(folder, "raw"))
        assert differing(folder / "ours.db", folder / "raw.db") == 0, "both have done the same"
    what = f"{SOURCES * OFFERS:,} offers, 1 % changed: load, compare, write"
    return [
        beside(what, [took.wall for took in mine], [took.wall for took in by_hand], "s", at_most=GOAL),
        beside(f"{what}, processor", [t.cpu for t in mine], [t.cpu for t in by_hand], "s", at_most=GOAL),
        alone("memory at most", [took.memory for took in mine], "MB", at_most=MEMORY),
    ]


def profile() -> list[str]:
    """Profile our side."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _recorded(folder)
        process("store", "profile", str(folder / "recorded.db"), str(folder / "profile"))
        return top_of(str(folder / "profile"), 20)


def _profiled(file: Path, to: str) -> Took:
    """Profile only what is measured: making the readings is not."""
    watch = cProfile.Profile()
    with open_store(f"sqlite:///{file}") as store:
        run = begin_run(store, started_at=WEEKS[1], at=WEEKS[1], replay=False)
        for source in range(SOURCES):
            arguments = info_of(source), capture_of(source, 1), reading_of(said_by(source, 1))
            watch.enable()
            record_reading(store, run, *arguments)
            watch.disable()
    watch.dump_stats(to)
    return Took(0, 0, 0)


def main(side: str, file: str, *more: str) -> Iterator[Any]:
    """Be one side, in a process of its own."""
    path = Path(file)
    if side == "first":
        yield ours(path, 0)
    elif side == "ours":
        yield ours(path, 1)
    elif side == "profile":
        yield _profiled(path, *more)
    else:
        yield raw(path)


if __name__ == "__main__":
    for done in main(*sys.argv[1:]):
        print(json.dumps({"wall": done.wall, "cpu": done.cpu, "memory": done.memory}))

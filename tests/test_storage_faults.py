"""Disks that are full, broken, read-only or somebody else's, and databases in use: one sentence, nothing lost."""

from __future__ import annotations

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scraper import providers
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.outcomes import Outcome, Report, SourceReport
from scraper.publish.exports import FORMATS
from scraper.records import iso
from scraper.refresh import Refresh
from scraper.store import Store, begin_run, list_changes, list_offers, open_store
from scraper.store.migrating import downgrade
from scraper.store.tables import captures, metadata, runs
from tests.captures import Command, Folder, price_page
from tests.processes import ROOT, finished, start, start_afresh
from tests.readings import FIXTURES

WEEKS = (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 8, 12, tzinfo=UTC))
SOME = ("anthropic", "perplexity")
NOBODY = 65534
IS_ROOT = os.geteuid() == 0


def refresh(
    store: Store, archive: Path, at: datetime, names: Sequence[str] = SOME, captured: Path = FIXTURES
) -> Report:
    """Refresh in this process."""
    flow = Refresh(store, Archive(archive), Replay([captured], at), at)
    return flow.run(names, started_at=at, replay=True)


def refresh_at(db: str, archive: Path, at: datetime, names: Sequence[str] = SOME) -> None:
    with open_store(db) as store:
        assert not refresh(store, archive, at, names).failed


def exported(db: str) -> str:
    """What is published, with all evidence."""
    with open_store(db) as store:
        return FORMATS["rates-csv"](list_offers(store, WEEKS[-1]))


def rows(db: str) -> dict[str, int]:
    with open_store(db) as store, store.reading() as connection:
        tables = [table for table in metadata.sorted_tables if table is not runs]
        return {t.name: connection.execute(select(func.count()).select_from(t)).scalar() or 0 for t in tables}


def one_line(ran: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said that could not do its work."""
    assert ran.returncode == 2, ran
    told = [line for line in ran.stderr.splitlines() if line.startswith("ratecard: ")]
    assert len(told) == 1, ran.stderr
    assert ran.stderr.endswith(f"{told[0]}\n")
    assert "Traceback" not in ran.stderr
    assert "defect" not in ran.stderr
    return told[0]


def week_2(db: str, archive: Path, *, max_file: int | None = None) -> subprocess.CompletedProcess[str]:
    """Refresh the second week in a process of its own."""
    arguments = ("refresh", *SOME, "--replay", FIXTURES, "--at", "2026-09-08T12:00:00Z")
    return finished(start(*arguments, db=db, settings={"RATECARD_ARCHIVE": str(archive)}, max_file=max_file))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is published before, between and after the sources of the second week."""
    folder = tmp_path_factory.mktemp("undisturbed")
    db = f"sqlite:///{folder}/ratecard.db"
    refresh_at(db, folder / "archive", WEEKS[0])
    states = [exported(db)]
    with open_store(db) as store:
        flow = Refresh(store, Archive(folder / "archive"), Replay([FIXTURES], WEEKS[1]), WEEKS[1])
        flow.run(SOME, started_at=WEEKS[1], replay=True, progress=lambda _: states.append(exported(db)))
    assert states[0] != states[-1]
    return states


# The same again.


def test_f29_a_run_that_is_made_twice_changes_nothing(database_url: str, tmp_path: Path) -> None:
    for week in WEEKS:
        refresh_at(database_url, tmp_path, week)
        published, kept = exported(database_url), rows(database_url)
        with open_store(database_url) as store:
            again = refresh(store, tmp_path, week)
        assert {source.status for source in again.sources} <= {Outcome.UNCHANGED, Outcome.NOT_CAPTURED}
        assert again.changes == ()
        assert (exported(database_url), rows(database_url)) == (published, kept)


@pytest.mark.parametrize("provider", providers.every())
def test_f29_the_archive_read_again_in_order_reproduces_the_table(provider: str, tmp_path: Path) -> None:
    with (FIXTURES / provider / "MANIFEST.csv").open(newline="", encoding="utf-8") as manifest:
        days = sorted({row["captured_on"] for row in csv.DictReader(manifest)})
    moments = [datetime.fromisoformat(f"{day[:10]}T23:59:59Z") for day in days]
    told = []
    captured = FIXTURES
    for name in ("first", "again"):
        db = f"sqlite:///{tmp_path}/{name}.db"
        with open_store(db) as store:
            for at in moments:
                refresh(store, tmp_path / name, at, [provider], captured)
            changes = [(c.at, c.kind, c.model_id, c.name, c.field) for c in list_changes(store)]
            captured = _folder_of_archive(store, Archive(tmp_path / name), tmp_path / "captures")
        kept = rows(db)
        told.append((exported(db), changes, kept))
    assert kept["observations"] > 0
    assert told[0] == told[1]


def _folder_of_archive(store: Store, archive: Archive, folder: Path) -> Path:
    """Write what the archive holds as a folder of captures."""
    c = captures.c
    with store.reading() as connection:
        rows = connection.execute(select(c.sha256, c.url, c.captured_at, c.content_type).order_by(c.id)).all()
    for row in rows:
        Folder(folder).add(archive.get(row.sha256), iso(row.captured_at), url=row.url, kind=row.content_type)
    return folder


# No space.


@pytest.mark.parametrize("max_file", [8_000, 40_000, 120_000])
def test_f30_a_database_that_cannot_grow_keeps_what_it_has(
    tmp_path: Path, undisturbed: list[str], max_file: int
) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"
    refresh_at(db, tmp_path / "archive", WEEKS[0])
    said = one_line(week_2(db, tmp_path / "archive", max_file=max_file))
    assert "ratecard.db" in said
    assert exported(db) in undisturbed[:-1]
    assert not list(tmp_path.rglob("*.tmp"))
    refresh_at(db, tmp_path / "archive", WEEKS[1])
    assert exported(db) == undisturbed[-1]


def test_f30_an_archive_that_cannot_grow_leaves_the_source_as_it_was(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"
    page = price_page([("Claude Opus 4.7", "5", "25")])
    folder = Folder(tmp_path / "captures").add(page, "2026-05-01")
    folder.add(f"{page}\n{os.urandom(300_000).hex()}\n", "2026-05-08")
    ran = []
    for day, max_file in (("01", None), ("08", 130_000), ("08", None)):
        arguments = ("refresh", "anthropic", "--replay", folder.path, "--at", f"2026-05-{day}")
        ran.append((finished(start(*arguments, db=db, max_file=max_file)), exported(db)))
    (first, before), (full, between), (later, after) = ran
    assert (first.returncode, later.returncode) == (0, 0)
    assert "cannot write to the archive" in one_line(full)
    assert "free space" in full.stderr
    assert before == between != after
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 4 MB."""
    place = Path(tempfile.mkdtemp(prefix="disk-"))
    place.chmod(0o755)
    mounted = IS_ROOT and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=False, capture_output=True
    ).returncode  # fmt: skip
    if not mounted:
        place.rmdir()
        pytest.skip("needs to be root, and allowed to mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)
    place.rmdir()


def fill(disk: Path, free: int) -> Path:
    """Fill a disk but for so many bytes."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        size = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - free
        file.write(bytes(max(0, size)))
    return filler


@pytest.mark.parametrize(("on_disk", "free"), [("archive", 0), ("database", 0), ("database", 64 * 1024)])
def test_f30_a_full_disk_is_told_of_and_the_next_run_recovers(
    small_disk: Path, tmp_path: Path, undisturbed: list[str], on_disk: str, free: int
) -> None:
    db = f"sqlite:///{small_disk if on_disk == 'database' else tmp_path}/ratecard.db"
    archive = (small_disk if on_disk == "archive" else tmp_path) / "archive"
    refresh_at(db, archive, WEEKS[0])
    filler = fill(small_disk, free)
    assert "space" in one_line(week_2(db, archive))
    filler.unlink()
    assert exported(db) in undisturbed[:-1]
    assert list(Archive(archive).check()) == []
    assert week_2(db, archive).returncode == 0
    assert exported(db) == undisturbed[-1]


# A database in use.


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that can write to the first week's database."""
    refresh_at(f"sqlite:///{tmp_path}/ratecard.db", tmp_path / "archive", WEEKS[0])
    other = sqlite3.connect(tmp_path / "ratecard.db", isolation_level=None)
    yield other
    other.close()


def test_f31_a_refresh_waits_for_another_writer(
    locked: sqlite3.Connection, tmp_path: Path, undisturbed: list[str]
) -> None:
    locked.execute("BEGIN IMMEDIATE")
    locked.execute("UPDATE sources SET error = 'noted by another program' WHERE name = 'marketing-pricing'")
    arguments = ("refresh", "perplexity", "--replay", FIXTURES, "--at", iso(WEEKS[1]))
    waiting = start(*arguments, db=f"sqlite:///{tmp_path}/ratecard.db")
    time.sleep(4)
    assert waiting.poll() is None
    locked.execute("COMMIT")
    ran = finished(waiting)
    assert ran.returncode == 0, ran.stderr
    kept = dict(locked.execute("SELECT name, error FROM sources").fetchall())
    assert kept["marketing-pricing"] == "noted by another program"
    refresh_at(f"sqlite:///{tmp_path}/ratecard.db", tmp_path / "ratecard.archive", WEEKS[1])
    assert exported(f"sqlite:///{tmp_path}/ratecard.db") == undisturbed[-1]


def test_f31_a_writer_that_takes_too_long_is_said_and_nothing_is_lost(
    locked: sqlite3.Connection, tmp_path: Path, undisturbed: list[str]
) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"
    locked.execute("BEGIN IMMEDIATE")
    said = one_line(week_2(f"{db}?timeout=0.2", tmp_path / "archive"))
    assert "in use by another program (database is locked); try again when it is done." in said
    locked.execute("ROLLBACK")
    assert exported(db) == undisturbed[0]
    assert week_2(f"{db}?timeout=0.2", tmp_path / "archive").returncode == 0
    assert exported(db) == undisturbed[-1]


def test_f31_a_writer_that_comes_between_two_sources_stops_the_run_there(
    locked: sqlite3.Connection, tmp_path: Path, undisturbed: list[str]
) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"

    def lock(_: SourceReport) -> None:
        locked.execute("BEGIN IMMEDIATE")

    with open_store(f"{db}?timeout=0.2") as store:
        flow = Refresh(store, Archive(tmp_path / "archive"), Replay([FIXTURES], WEEKS[1]), WEEKS[1])
        with pytest.raises(RatecardError, match=r"in use by another program \(database is locked\)"):
            flow.run(SOME, started_at=WEEKS[1], replay=True, progress=lock)
        locked.execute("ROLLBACK")
        assert exported(db) == undisturbed[1]
        flow.run(SOME, started_at=WEEKS[1], replay=True)
    assert exported(db) == undisturbed[-1]


def test_f31_a_write_after_another_ones_commit_does_not_fail(tmp_path: Path) -> None:
    # A transaction that has read and then writes would fail at once with BUSY_SNAPSHOT here.
    db = f"sqlite:///{tmp_path}/ratecard.db"
    with open_store(db) as one, open_store(db) as other:
        for number in range(1, 20, 2):
            with one.reading() as connection:
                connection.execute(select(func.count()).select_from(runs)).scalar()
                assert begin_run(other, started_at=WEEKS[0], at=WEEKS[0], replay=True) == number
                assert begin_run(one, started_at=WEEKS[0], at=WEEKS[0], replay=True) == number + 1


def test_f31_runs_that_go_on_together_lose_and_double_nothing(
    database_url: str, tmp_path: Path, undisturbed: list[str]
) -> None:
    archive = tmp_path / "archive"
    refresh_at(database_url, archive, WEEKS[0])
    settings = {"RATECARD_ARCHIVE": str(archive)}
    together = [
        start("refresh", *names, "--replay", FIXTURES, "--at", iso(WEEKS[1]), db=database_url, settings=settings)
        for names in (SOME, ("perplexity",), ("anthropic",))
    ]
    ran = [finished(process) for process in together]
    assert [one.returncode for one in ran] == [0, 0, 0], [one.stderr for one in ran]
    assert exported(database_url) == undisturbed[-1]
    alone = f"sqlite:///{tmp_path}/alone.db"
    for week in WEEKS:
        refresh_at(alone, archive, week)
    assert rows(database_url) == rows(alone)


# A broken archive.


def test_f32_broken_captures_are_listed_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    week = ("refresh", "anthropic", "perplexity", "--replay", FIXTURES, "--at")
    assert ratecard(*week, "2026-09-01").code == 0
    whole = ratecard("verify", "--json").json
    flipped, emptied, missing = sorted((tmp_path / "ratecard.archive").rglob("*.zst"))[:3]
    packed = bytearray(flipped.read_bytes())
    packed[len(packed) // 2] ^= 1
    flipped.write_bytes(packed)
    emptied.write_bytes(b"")
    missing.unlink()

    listed = ratecard("doctor")
    assert listed.code == 1
    assert f"{flipped.stem} is corrupted" in listed.out
    assert f"{emptied.stem} is lost" in listed.out
    assert f"capture {missing.stem} of https://" in listed.out
    verified = ratecard("verify")
    assert verified.code == 1
    for broken in (flipped, emptied, missing):
        assert broken.stem in verified.out
    assert not verified.out.startswith("0 of")

    # The same bytes come again with the next run, and mend what they can.
    again = ratecard(*week, "2026-09-01", "--json")
    assert again.code == 0
    assert again.json["changes"] == []
    assert ratecard("verify", "--json").json == whole
    assert "all whole" in ratecard("doctor").out
    flipped.write_bytes(packed)
    assert ratecard(*week, "2026-09-08").code == 0


# A migration that is interrupted.


def test_f33_a_migration_that_is_killed_keeps_the_facts(database_url: str, tmp_path: Path) -> None:
    refresh_at(database_url, tmp_path, WEEKS[0])
    published = exported(database_url)
    with open_store(database_url) as store:
        downgrade(store, "0001")
    program = """
        import os, signal, sys
        from sqlalchemy import Engine, event
        from scraper.store import open_store

        @event.listens_for(Engine, "after_cursor_execute")
        def kill(connection, cursor, statement, *rest):
            if statement.startswith("UPDATE alembic_version"):
                os.kill(os.getpid(), signal.SIGKILL)

        open_store(sys.argv[1])
    """
    command = [sys.executable, "-c", textwrap.dedent(program), database_url]
    for _ in range(2):
        killed = subprocess.run(command, check=False, cwd=ROOT)
        assert killed.returncode == -signal.SIGKILL
    assert exported(database_url) == published
    refresh_at(database_url, tmp_path, WEEKS[1])


# Places that cannot be written.


def refused(db: str, archive: Path, *command: str | Path) -> str:
    arguments = command or ("refresh", "perplexity", "--replay", FIXTURES, "--at", iso(WEEKS[1]))
    return one_line(finished(start_afresh(*arguments, db=db, settings={"RATECARD_ARCHIVE": str(archive)}, plain=True)))


@pytest.mark.skipif(sys.platform != "linux", reason="needs root to be a user like others")
def test_f34_a_folder_or_file_of_somebody_else_is_told_of(tmp_path: Path) -> None:
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    db = f"sqlite:///{theirs}/ratecard.db"
    refresh_at(db, theirs / "archive", WEEKS[0])
    before = exported(db)
    everything = [theirs, *theirs.rglob("*")]
    for one in everything:
        one.chmod(0o555 if one.is_dir() else 0o444)
        if IS_ROOT:
            os.chown(one, NOBODY, NOBODY)

    assert f"The database {db} cannot be used" in refused(db, mine / "archive")
    assert f"The database {db} cannot be used" in refused(db, mine / "archive", "gaps")
    said = refused(f"sqlite:///{theirs}/new/ratecard.db", mine / "archive")
    assert f"The folder {theirs}/new for the database cannot be made (Permission denied)" in said
    said = refused(f"sqlite:///{mine}/ratecard.db", theirs / "archive")
    assert f"cannot write to the archive {theirs}/archive: Permission denied; free space or grant" in said

    for one in everything:
        one.chmod(0o755)
    assert exported(db) == before


def test_f34_a_file_system_that_is_read_only_is_told_of(small_disk: Path, tmp_path: Path) -> None:
    db = f"sqlite:///{small_disk}/ratecard.db"
    refresh_at(db, small_disk / "archive", WEEKS[0])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert f"The database {db} cannot be used" in refused(db, tmp_path / "archive")
    assert f"The database {db} cannot be used" in refused(db, tmp_path / "archive", "gaps")
    mine = f"sqlite:///{tmp_path}/ratecard.db"
    assert "cannot write to the archive" in refused(mine, small_disk / "archive")
    assert "Read-only file system" in refused(f"sqlite:///{small_disk}/new/ratecard.db", tmp_path / "archive")


def test_f34_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/not/yet/there/ratecard.db"
    arguments = ("refresh", "perplexity", "--replay", FIXTURES, "--at", iso(WEEKS[0]))
    ran = finished(start(*arguments, db=db, settings={"RATECARD_ARCHIVE": str(tmp_path / "nor" / "this")}))
    assert ran.returncode == 0, ran.stderr
    assert len(list(Archive(tmp_path / "nor" / "this").hashes())) == 2

"""kill -9 at every seam of the flow: afterwards no source is half written, and a plain rerun gives what was due."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.outcomes import Outcome, SourceReport
from scraper.publish.exports import FORMATS
from scraper.publish.objects import change_object
from scraper.refresh import Refresh
from scraper.store import list_changes, list_offers, list_sources, open_store
from scraper.store.tables import metadata
from scraper.verify import verify_store
from tests.processes import finished, start
from tests.readings import FIXTURES

PROVIDERS = ("anthropic", "deepseek", "perplexity")
WEEKS = (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 8, 12, tzinfo=UTC))
# Not the runs: a killed one stays written down as one that was begun.
TABLES = [table for table in metadata.sorted_tables if table.name != "runs"]


@dataclass(frozen=True)
class State:
    """All that a database says, in a form that is the same whichever database it is."""

    exported: str
    changes: str
    sources: str
    rows: str


def state(db: str) -> State:
    with open_store(db) as store:
        with store.reading() as connection:
            rows = {t.name: connection.execute(select(func.count()).select_from(t)).scalar() for t in TABLES}
        return State(
            exported=FORMATS["rates-csv"](list_offers(store, WEEKS[-1])),
            changes=json.dumps([change_object(change) for change in list_changes(store)]),
            sources=repr([(s.provider, s.name, s.status, s.last_at, s.last_success_at) for s in list_sources(store)]),
            rows=repr(rows),
        )


def refresh(db: str, archive: Path, week: datetime, progress: Callable[[SourceReport], None] = lambda _: None) -> None:
    """Refresh in this process, undisturbed."""
    with open_store(db) as store:
        flow = Refresh(store, Archive(archive), Replay([FIXTURES], week), week)
        report = flow.run(PROVIDERS, started_at=week, replay=True, progress=progress)
        assert not report.failed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[datetime, list[State]]:
    """The states that an undisturbed refresh of each week goes through: before it, and after each source."""
    folder = tmp_path_factory.mktemp("undisturbed")
    db = f"sqlite:///{folder}/ratecard.db"
    states = {}
    for week in WEEKS:
        seen = [state(db)]

        def look(_: SourceReport, seen: list[State] = seen) -> None:
            seen.append(state(db))

        refresh(db, folder / "archive", week, look)
        states[week] = seen
    assert json.loads(states[WEEKS[1]][-1].changes)
    return states


# A seam, and which time it is reached: in the first week, and twice in a row in the second one.
SEAMS = {
    "after_archive_write": (2, 1, 2),
    "after_archive_rename": (5, 2, 1),
    "after_read": (1, 4, 2),
    "after_check": (6, 3, 1),
    "inside_commit": (3, 1, 3),
    "before_commit": (4, 1, 6),
    "after_commit": (2, 1, 4),
}


@pytest.mark.parametrize("seam", SEAMS)
def test_f28_kill_9_at_a_seam_and_a_plain_rerun_converge(
    seam: str, database_url: str, tmp_path: Path, undisturbed: dict[datetime, list[State]]
) -> None:
    archive = tmp_path / "archive"
    first, *second = SEAMS[seam]
    for week, times in zip(WEEKS, ([first], second), strict=True):
        for time in times:
            arguments = ("refresh", *PROVIDERS, "--replay", FIXTURES, "--at", week.isoformat())
            killed = finished(
                start(
                    *arguments, db=database_url, failpoint=f"{seam}:{time}", settings={"RATECARD_ARCHIVE": str(archive)}
                )
            )
            assert killed.returncode == -signal.SIGKILL, killed
            # Every source is as it was before, or as it is afterwards.
            assert state(database_url) in undisturbed[week]
        refresh(database_url, archive, week)
        assert state(database_url) == undisturbed[week][-1]
    refresh(database_url, archive, WEEKS[1], _unchanged)
    assert state(database_url) == undisturbed[WEEKS[1]][-1]
    with open_store(database_url) as store:
        assert verify_store(store, Archive(archive), WEEKS[1]).problems == ()
    # What was not moved to its place is no capture, and is told of.
    left = list(Archive(archive).check())
    assert len(left) == (3 if seam == "after_archive_write" else 0)
    assert all("left unfinished by an interrupted run" in problem for problem in left)


def _unchanged(report: SourceReport) -> None:
    assert report.status is Outcome.UNCHANGED


def test_without_the_variable_nothing_is_killed(tmp_path: Path) -> None:
    arguments = ("refresh", "perplexity", "--replay", FIXTURES, "--at", "2026-09-01")
    ran = finished(start(*arguments, db=f"sqlite:///{tmp_path}/ratecard.db", failpoint="elsewhere"))
    assert ran.returncode == 0, ran.stderr

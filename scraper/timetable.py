"""What `ratecard schedule` and `ratecard refresh --due` say, to people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from scraper.dispatch import Tick
from scraper.due import Key, State, Verdict
from scraper.outcomes import Outcome
from scraper.records import iso
from scraper.schedules import cadence
from scraper.stopping import CUT_SHORT
from scraper.store.leases import DueView

_SHOWN_FAILURES = 5


def schedule_text(verdicts: Sequence[Verdict], runs: Mapping[Key, DueView], now: datetime) -> Table:
    """Show each source with its cadence, last and next run, and what it does now."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("source", "every", "last run", "last success", "next run", "state"):
        table.add_column(heading, no_wrap=heading != "state")
    for verdict in verdicts:
        run = runs.get(verdict.key)
        row = verdict.row
        style = "red" if verdict.escalated else "yellow" if row.failures else ""
        table.add_row(
            str(verdict.key),
            cadence(verdict.plan),
            _time(row.last_start_at) or "never",
            _time(row.last_success_at) or "never",
            "now" if verdict.due else _time(verdict.next_at) or "-",
            Text(_said(verdict, run, now), style=style),
        )
    return table


def schedule_object(verdicts: Sequence[Verdict], runs: Mapping[Key, DueView]) -> list[dict[str, Any]]:
    """Return the same as JSON has it; times are UTC, `age_seconds` is that of the last success."""
    return [
        {
            "provider": verdict.key.provider,
            "source": verdict.key.source,
            "cadence": cadence(verdict.plan),
            "last_run": _time(verdict.row.last_start_at),
            "last_success": _time(verdict.row.last_success_at),
            "next_run": _time(verdict.next_at),
            "state": verdict.state.value,
            "escalated": verdict.escalated,
            "age_seconds": None if verdict.age is None else int(verdict.age.total_seconds()),
            "failures": verdict.row.failures,
            "error": (runs[verdict.key].error or None) if verdict.key in runs else None,
            "lease_holder": verdict.row.lease_holder,
            "lease_until": _time(verdict.row.lease_until),
        }
        for verdict in verdicts
    ]


def due_line(tick: Tick) -> str:
    """Say in one line what `refresh --due` did and when something is due next."""
    sources = tick.report.sources
    following = _following(tick)
    if not sources and not tick.left:
        return f"Nothing is due. {following}"
    counts = Counter(source.status for source in sources)
    said = [f"{counts[Outcome.OK] + counts[Outcome.UNCHANGED]} read"]
    said += [f"{counts[Outcome.NOT_CAPTURED]} not captured"] if counts[Outcome.NOT_CAPTURED] else []
    said += [f"{counts[Outcome.NEEDS_KEY]} in want of a key"] if counts[Outcome.NEEDS_KEY] else []
    if failed := [source.name for source in tick.report.failed]:
        more = f" and {len(failed) - _SHOWN_FAILURES} more" if len(failed) > _SHOWN_FAILURES else ""
        said.append(f"{len(failed)} failed ({', '.join(failed[:_SHOWN_FAILURES])}{more})")
    said += [f"{tick.left} not begun, since it was stopped"] if tick.left else []
    held = f", {len(tick.report.held):,} held" if tick.report.held else ""
    run = f"Run {tick.report.run}: " if tick.report.run is not None else ""
    return (
        f"{run}{len(sources) + tick.left} sources were due: {', '.join(said)}. "
        f"{len(tick.report.changes):,} changes{held}. {following}"
    )


def due_exit_code(tick: Tick) -> int:
    """0 where all that was due was refreshed, 1 where a source failed or something is held, 3 after a stop."""
    return CUT_SHORT if tick.left else tick.report.exit_code


def _following(tick: Tick) -> str:
    verdict = tick.following
    if verdict is None or verdict.next_at is None:
        return "Nothing is scheduled."
    return f"Next: {verdict.key} {'now' if verdict.due else f'at {iso(verdict.next_at)}'}."


def _said(verdict: Verdict, run: DueView | None, now: datetime) -> str:
    state = verdict.state.value
    if verdict.state is State.RUNNING and verdict.row.lease_until is not None:
        state = f"running (until {_time(verdict.row.lease_until)} at the latest)"
    parts = [state]
    if verdict.row.failures:
        error = f": {run.error}" if run is not None and run.error else ""
        parts.append(f"failed {verdict.row.failures} times in a row{error}")
    if verdict.escalated:
        since = verdict.age if verdict.age is not None else now - (verdict.row.known_at or now)
        parts.append(f"OVERDUE: no success for {since // timedelta(days=1)} days")
    return "; ".join(reversed(parts))


def _time(time: datetime | None) -> str | None:
    return None if time is None else iso(time)

"""Commands that read sources: now, as of older copies, and again from the archive."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scraper import providers
from scraper.backfill import Backfill
from scraper.cli.archive import archive_of
from scraper.cli.flows import due_runner, live_client, reader_of
from scraper.cli.scheduling import plans_of
from scraper.cli.shared import Db, Json, chosen, clock, moment_of, opening, print_json, say, say_nothing, start_of
from scraper.cli.telling import secrets_of
from scraper.dispatch import Tick, noting
from scraper.errors import RatecardError
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay
from scraper.logs import set_up_logs
from scraper.outcomes import SourceReport
from scraper.publish import text
from scraper.refresh import Refresh
from scraper.reports import report_object, report_text, reread_text
from scraper.reread import reread
from scraper.settings import load_settings
from scraper.stopping import run_until_stopped
from scraper.store import StoreMemory
from scraper.times import parse_at
from scraper.timetable import due_exit_code, due_line

app = typer.Typer(rich_markup_mode=None)


@app.command()
def refresh(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[PROVIDER]...", help="Providers; all where none is named.")
    ] = None,
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Answer every fetch from this folder of captures.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="T", help="The time of the refresh; goes with --replay.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    due: Annotated[bool, typer.Option("--due", help="Only what is due by the schedule; prints one line.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Fetch, archive, read, check, compare, store: once, for all sources; say what changed and what failed."""
    names = chosen(wanted)
    if due:
        if at or dry_run:
            raise RatecardError("--due is of now and writes down what it did; leave out --at and --dry-run.")
        raise typer.Exit(_refresh_due(names, replay, db, as_json=as_json))
    if at and not replay:
        raise RatecardError("--at goes with --replay: a live fetch is always of now; name a folder of captures.")
    started_at = clock()
    moment = parse_at(at) if at else started_at
    with opening(db) as opened, reader_of(opened) as reader:
        archive = archive_of(opened)
        fetcher = Replay(replay, moment) if replay else live_client(opened, archive, dry_run=dry_run)
        flow = Refresh(
            opened.store,
            archive,
            fetcher,
            moment,
            dry_run=dry_run,
            reader=reader,
            pager=reader.next_page,
            release=opened.settings.hold_release,
        )
        sources = [source for name in names for source in providers.sources(name)]
        ahead = fetcher.ahead([source.addresses for source in sources if not source.browser])
        with _progress(len(sources), quiet=as_json) as advance, ahead:
            # A live refresh by hand serves the schedule as well.
            progress = advance if replay or dry_run else noting(opened.store, clock, advance)
            report = flow.run(names, started_at=started_at, replay=bool(replay), progress=progress)
    if as_json:
        print_json(report_object(report))
    else:
        text.show(report_text(report))
    raise typer.Exit(report.exit_code)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[SourceReport], None]]:
    """Give what is called after each source: a bar on a terminal, a line each elsewhere, only failures beside JSON."""
    if quiet:
        yield lambda done: typer.echo(f"{done.name}: {done.summary}", err=True) if done.failed else None
    elif sys.stderr.isatty():
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("refresh", total=total)
            yield lambda done: bar.update(task, advance=1, description=done.name)
    else:
        yield lambda done: typer.echo(f"{done.name}: {done.summary}", err=True)


def _refresh_due(wanted: Sequence[str], replay: list[Path] | None, db: str | None, *, as_json: bool) -> int:
    settings = load_settings(db)
    plans = {key: plan for key, plan in plans_of(settings).items() if key.provider in wanted}
    set_up_logs(settings.log_format, level="warning", secrets=secrets_of(settings))
    with opening(db) as opened, due_runner(opened, plans, replay) as runner:
        ticks: list[Tick] = []

        def work(stop: Event) -> int:
            ticks.append(runner.tick(stop.is_set))
            return due_exit_code(ticks[0])

        code = run_until_stopped(work, grace=settings.grace_seconds, give_back=runner.give_back)
    if as_json:
        print_json({**report_object(ticks[0].report), "left": ticks[0].left})
    else:
        typer.echo(due_line(ticks[0]))
    return code


@app.command()
def backfill(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER")],
    since: Annotated[str, typer.Option(metavar="DATE", help="Copies from this day on.")],
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Copies up to this day; without it, up to our own first capture.")
    ] = None,
    wanted: Annotated[
        list[str] | None, typer.Option("--source", metavar="NAME", help="Only this source; may be given again.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be fetched; write nothing.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Fetch older copies of a provider's sources from a web archive, and read them into the history."""
    providers.check(provider)
    start, end = start_of(since), moment_of(until)
    if end is not None and end < start:
        raise RatecardError(f"--until {until} lies before --since {since}; no copy can be of both.")
    with opening(db) as opened, reader_of(opened) as reader:
        run = Backfill(
            store=opened.store,
            archive=archive_of(opened),
            # Without the archive: a copy is asked for once, and the index whenever it is of use.
            fetcher=Client(opened.settings, clock, StoreMemory(opened.store, writes=not dry_run)),
            reader=reader,
            cdx_url=opened.settings.cdx_url,
            copy_url=opened.settings.copy_url,
            at=clock(),
            since=start,
            until=end,
            dry_run=dry_run,
            release=opened.settings.hold_release,
            progress=say_nothing if as_json else say,
        )
        report = run.run(provider, wanted or ())
    if as_json:
        print_json(report.to_object())
    else:
        for line in report.lines():
            typer.echo(line)
    raise typer.Exit(report.exit_code)


@app.command(name="reread")
def reread_again(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Read a provider's history again from the archive, as after its parser was mended."""
    providers.check(provider)
    with opening(db) as opened, reader_of(opened) as reader:
        progress = say_nothing if as_json else say
        result = reread(
            opened.store,
            archive_of(opened),
            provider,
            reader,
            at=clock(),
            dry_run=dry_run,
            release=opened.settings.hold_release,
            progress=progress,
        )
    if as_json:
        print_json(result.to_object())
    else:
        text.show(reread_text(result))

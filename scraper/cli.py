"""The command `ratecard`: a thin layer that opens the store, calls one function, and prints. Nothing imports it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scraper import __version__, providers
from scraper.demo import run_demo
from scraper.doctor import examine
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay, parse_at
from scraper.publish import objects, text
from scraper.publish.exports import FORMATS, offer_object
from scraper.refresh import Refresh, SourceReport
from scraper.reports import report_object, report_text
from scraper.settings import Settings, load_settings
from scraper.store import (
    OfferView,
    Store,
    evidence,
    find_offers,
    history,
    list_changes,
    list_offers,
    open_store,
)
from scraper.verify import verify_store

app = typer.Typer(
    name="ratecard",
    help="LLM prices and specs, read from the providers' own pages, with evidence for every value.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
db_app = typer.Typer(help="The database: bring it up to date.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(db_app, name="db")

Db = Annotated[
    str | None, typer.Option("--db", metavar="URL", help="Database: sqlite:///FILE or postgresql://HOST/NAME.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Ref = Annotated[str, typer.Argument(metavar="PROVIDER/MODEL_ID", help="An offer; its name where it has no id.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="As it was published at a date or date-time.")]


@dataclass(frozen=True)
class _Opened:
    settings: Settings
    store: Store
    archive: Archive


@contextmanager
def _opened(db: str | None) -> Iterator[_Opened]:
    settings = load_settings(db)
    with open_store(settings.db) as store:
        yield _Opened(settings, store, Archive(settings.archive_for(settings.db)))


def _now() -> datetime:
    return datetime.now(UTC)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ratecard {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """LLM prices and specs, read from the providers' own pages, with evidence for every value."""


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
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Fetch, archive, read, check, compare, store: once, for all sources; say what changed and what failed."""
    names = _providers(wanted)
    if at and not replay:
        raise RatecardError("--at goes with --replay: a live fetch is always of now; name a folder of captures.")
    started_at = _now()
    moment = parse_at(at) if at else started_at
    with _opened(db) as opened:
        fetcher = Replay(replay, moment) if replay else Client(opened.settings, _now)
        flow = Refresh(opened.store, opened.archive, fetcher, moment, dry_run=dry_run)
        total = sum(len(providers.sources(name)) for name in names)
        with _progress(total, quiet=as_json) as advance:
            report = flow.run(names, started_at=started_at, replay=bool(replay), progress=advance)
    if as_json:
        _print_json(report_object(report))
    else:
        text.show(report_text(report))
    raise typer.Exit(report.exit_code)


def _providers(wanted: Sequence[str] | None) -> Sequence[str]:
    for name in wanted or ():
        providers.sources(name)
    return list(dict.fromkeys(wanted)) if wanted else providers.names()


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


@app.command()
def diff(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only changes from this day on.")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """List the changes, newest first."""
    start = parse_at(since).replace(hour=0, minute=0, second=0) if since and len(since) == 10 else None
    with _opened(db) as opened:
        changes = list_changes(opened.store, since=start or (parse_at(since) if since else None))
    if as_json:
        _print_json([objects.change_object(change) for change in changes])
    elif changes:
        text.show(text.changes_text(changes))
    else:
        typer.echo("No changes" + (f" since {since}." if since else "."))


@app.command()
def show(
    ref: Ref,
    as_of: AsOf = None,
    setup: Annotated[bool, typer.Option("--setup", help="Also show how to call it: install line, key, call.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show an offer: its fields, what is said of each, and by which source."""
    with _opened(db) as opened:
        offers = _find(opened.store, ref, as_of)
    if as_json:
        _print_json([offer_object(offer) for offer in offers] if len(offers) > 1 else offer_object(offers[0]))
        return
    for offer in offers:
        text.show(text.offer_text(offer))
        if setup and offer.model_id:
            facts = providers.facts(offer.provider)
            text.show(text.setup_text(facts, providers.call(offer.provider, offer.model_id)))


@app.command()
def explain(
    ref: Ref,
    field: Annotated[
        str, typer.Argument(metavar="FIELD", help="A rate key or a spec, such as input or context_window.")
    ],
    as_of: AsOf = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show where a value comes from: address, time, capture, place and quote; other sources; what was before."""
    with _opened(db) as opened:
        shown = []
        for offer in _find(opened.store, ref, as_of):
            view = next((view for view in offer.fields if view.field == field), None)
            if view is None:
                have = ", ".join(view.field for view in offer.fields)
                raise RatecardError(f"{ref} has no field {field!r}; it has {have}.")
            shown.append((offer, view, evidence(opened.store, offer.id, field), history(opened.store, offer.id, field)))
    if as_json:
        found = [
            {
                "provider": offer.provider,
                "model_id": offer.model_id or None,
                "name": offer.name,
                **objects.field_object(view),
                "statements": [objects.statement_object(one) for one in said],
                "history": [objects.statement_object(one) for one in past],
            }
            for offer, view, said, past in shown
        ]
        _print_json(found if len(found) > 1 else found[0])
        return
    for parts in shown:
        text.show(text.evidence_text(*parts))


@app.command()
def gaps(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None,
    sums: Annotated[bool, typer.Option("--sums", help="Only the sums by provider and field.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """List every reference field that is not sourced, with the reason, and sum up by provider and field."""
    if provider:
        providers.sources(provider)
    with _opened(db) as opened:
        offers = list_offers(opened.store, _now(), provider)
    if as_json:
        _print_json(objects.gaps_object(offers))
    elif offers:
        text.show(text.gaps_text(offers, each=not sums))
    else:
        typer.echo("There are no offers yet; run `ratecard refresh` first.")


@app.command()
def verify(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None, db: Db = None, as_json: Json = False
) -> None:
    """Open the archive and check every published value against its quote at its place."""
    if provider:
        providers.sources(provider)
    with _opened(db) as opened:
        result = verify_store(opened.store, opened.archive, _now(), provider)
    if as_json:
        _print_json(result.to_object())
    else:
        for problem in result.problems:
            typer.echo(problem)
        typer.echo(result.summary)
    raise typer.Exit(1 if result.problems else 0)


@app.command(name="history")
def history_of(
    ref: Ref,
    field: Annotated[str | None, typer.Argument(metavar="[FIELD]")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show what was published of an offer, and when."""
    with _opened(db) as opened:
        said = [one for offer in _find(opened.store, ref, None) for one in history(opened.store, offer.id, field)]
    if not said:
        raise RatecardError(
            f"Nothing was ever stated of {ref}{f' {field}' if field else ''}; see `ratecard show {ref}`."
        )
    if as_json:
        _print_json([objects.statement_object(one) for one in said])
    else:
        text.show(text.history_text(said))


@app.command()
def export(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(sorted(FORMATS))}.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of printing.")
    ] = None,
    provider: Annotated[str | None, typer.Option(metavar="PROVIDER", help="Only this provider.")] = None,
    as_of: AsOf = None,
    db: Db = None,
) -> None:
    """Write all offers in a format for other programs."""
    if form not in FORMATS:
        raise RatecardError(f"There is no export format {form!r}; the formats are {', '.join(sorted(FORMATS))}.")
    if provider:
        providers.sources(provider)
    with _opened(db) as opened:
        written = FORMATS[form](list_offers(opened.store, _now(), provider, as_of=_moment(as_of)))
    if output is None:
        sys.stdout.write(written)
    else:
        _write_whole(output, written)


@app.command()
def demo() -> None:
    """Run the whole flow on the bundled pages with a database of its own, and show what it can tell."""
    run_demo(text.show, typer.echo)


@app.command()
def doctor(db: Db = None, as_json: Json = False) -> None:
    """Examine the database, the archive and the sources, and say what needs attention."""
    with _opened(db) as opened:
        findings = examine(opened.settings, opened.store, opened.archive)
    if as_json:
        _print_json([finding.to_object() for finding in findings])
    else:
        for finding in findings:
            typer.echo(str(finding))
    raise typer.Exit(1 if any(not finding.ok for finding in findings) else 0)


@db_app.command()
def upgrade(db: Db = None) -> None:
    """Bring the database to the newest schema (every command does so by itself)."""
    with _opened(db) as opened:
        typer.echo(f"{opened.store.shown} is up to date.")


def _write_whole(file: Path, written: str) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads a half of it."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_text(written, encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise RatecardError(f"{file} cannot be written ({error.strerror or error}); name another file.") from error


def _moment(at: str | None) -> datetime | None:
    return parse_at(at) if at else None


def _find(store: Store, ref: str, as_of: str | None) -> list[OfferView]:
    provider, slash, model = ref.partition("/")
    if not slash or not model:
        raise RatecardError(f"{ref!r} names no offer; write PROVIDER/MODEL_ID, such as replicate/openai/gpt-4.1-nano.")
    providers.sources(provider)
    offers = find_offers(store, provider, model, _now(), as_of=_moment(as_of))
    if not offers:
        wanted = model.casefold()
        known = ((offer.model_id or offer.name, offer.name) for offer in list_offers(store, _now(), provider))
        near = sorted(shown for shown, name in known if wanted in f"{shown} {name}".casefold())
        hint = f"; there are {', '.join(near[:5])}" if near else "; see `ratecard export rates-csv` for all offers"
        raise RatecardError(f"{provider} has no offer {model!r}{hint}.")
    return offers


def main() -> None:
    """Run the command: errors are one sentence on stderr and exit code 2, never a traceback."""
    try:
        app()
    except RatecardError as error:
        sentence = str(error)
        typer.echo(f"ratecard: {sentence}", err=True)
        sys.exit(2)
    except Exception as error:
        if isinstance(error, BrokenPipeError):
            # Whoever read our output has enough of it; what Python flushes at exit must not fail either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if os.environ.get("RATECARD_DEBUG"):
            raise
        said = " ".join(str(error).split())[:300]
        typer.echo(
            f"ratecard: unexpected {type(error).__name__}: {said}; this is a defect of ratecard, please report it "
            "with what RATECARD_DEBUG=1 prints.",
            err=True,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()

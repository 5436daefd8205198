"""The command `ratecard`: a thin layer that opens the store, calls one function, and prints. Nothing imports it."""

from __future__ import annotations

import getpass
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scraper import __version__, providers
from scraper.alerts.courier import Courier
from scraper.alerts.feeds import Feed, feed_text
from scraper.alerts.rules import Alerts, load_alerts, read_duration
from scraper.alerts.sending import Sender
from scraper.alerts.showing import made_up, message_object, preview, preview_text, standing_lines, standing_object
from scraper.authoring import check_slug, document_in, keep_capture, new_provider
from scraper.backfill import Backfill
from scraper.crosscheck.compare import compare
from scraper.crosscheck.patch import litellm_patch
from scraper.crosscheck.report import crosscheck_object, crosscheck_text
from scraper.daemon import Daemon
from scraper.demo import run_demo
from scraper.dispatch import Runner, Tick, noting
from scraper.doctor import examine
from scraper.due import Key, Plan, judge
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive, open_archive
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay, parse_at
from scraper.holds import HoldStatus
from scraper.impact.bill import impact_of_run, impact_since
from scraper.impact.report import impact_object, impact_text
from scraper.impact.usage import read_usage
from scraper.logs import Form, adopt, passwords_of, set_up_logs
from scraper.logs import log as logger
from scraper.metrics import collect, exposition, write_textfile
from scraper.models import model_view
from scraper.mutating.showing import mutate
from scraper.opinions import litellm
from scraper.opinions.lists import open_lists
from scraper.publish import objects, text
from scraper.publish.exports import offer_object
from scraper.publish.formats import BINARY, FORMATS, Report, exchange, write
from scraper.publish.model import model_object, model_text
from scraper.publish.review import (
    concerns,
    decided_object,
    decided_text,
    held_text,
    hold_object,
    holds_text,
    ids_meant,
    nothing_but_held,
)
from scraper.publish.site import publish_site
from scraper.records import clean, iso
from scraper.refresh import Refresh, SourceReport
from scraper.reports import report_object, report_text, reread_text
from scraper.reread import reread
from scraper.resources import folder
from scraper.sandbox import Sandbox
from scraper.schedules import load_schedule
from scraper.settings import Settings, load_settings
from scraper.status import ready, serving
from scraper.stopping import run_until_stopped
from scraper.store import (
    DECISION_DAYS,
    Decide,
    OfferView,
    Store,
    StoreMemory,
    approve_holds,
    evidence,
    find_offers,
    history,
    list_changes,
    list_holds,
    list_offers,
    list_told,
    open_store,
    reject_holds,
)
from scraper.store.leases import read_due, read_moments
from scraper.store.outbox import list_events
from scraper.store.telling import add_silence, end_silence, list_lines, list_silences, retry_lines
from scraper.timetable import due_exit_code, due_line, schedule_object, schedule_text
from scraper.trying.showing import trial_text
from scraper.trying.trial import try_provider
from scraper.verify import verify_store

if TYPE_CHECKING:
    # An extra: it is imported where it is used.
    from scraper.worker import Queue, Worker

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
review_app = typer.Typer(
    help="What is held: list it with the evidence of both sides, approve it or reject it.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(review_app, name="review")
alerts_app = typer.Typer(
    help="Who is told of changes: try it out, see how it stands, send what waits.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(alerts_app, name="alerts")
dev_app = typer.Typer(help="For working on ratecard itself.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dev_app, name="dev")

Db = Annotated[
    str | None, typer.Option("--db", metavar="URL", help="Database: sqlite:///FILE or postgresql://HOST/NAME.")
]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Numbers of holds: 12, or 12-57 for all that wait.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; you, by your login name.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept with the decision.")]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, max=3650, help="How long the decision counts.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Ref = Annotated[str, typer.Argument(metavar="PROVIDER/MODEL_ID", help="An offer; its name where it has no id.")]
LogForm = Annotated[Form | None, typer.Option("--log", metavar="FORM", help="How to log: auto, json or console.")]
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
        yield _Opened(settings, store, open_archive(settings.archive_for(settings.db), settings.s3_endpoint))


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
    due: Annotated[bool, typer.Option("--due", help="Only what is due by the schedule; prints one line.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Fetch, archive, read, check, compare, store: once, for all sources; say what changed and what failed."""
    names = _providers(wanted)
    if due:
        if at or dry_run:
            raise RatecardError("--due is of now and writes down what it did; leave out --at and --dry-run.")
        raise typer.Exit(_refresh_due(names, replay, db, as_json=as_json))
    if at and not replay:
        raise RatecardError("--at goes with --replay: a live fetch is always of now; name a folder of captures.")
    started_at = _now()
    moment = parse_at(at) if at else started_at
    with _opened(db) as opened, _reader(opened) as reader:
        fetcher = Replay(replay, moment) if replay else _client(opened, dry_run=dry_run)
        flow = Refresh(
            opened.store,
            opened.archive,
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
            progress = advance if replay or dry_run else noting(opened.store, _now, advance)
            report = flow.run(names, started_at=started_at, replay=bool(replay), progress=progress)
    if as_json:
        _print_json(report_object(report))
    else:
        text.show(report_text(report))
    raise typer.Exit(report.exit_code)


def _client(opened: _Opened, *, dry_run: bool) -> Client:
    return Client(
        opened.settings.with_keys(providers.keys()), _now, StoreMemory(opened.store, writes=not dry_run), opened.archive
    )


def _providers(wanted: Sequence[str] | None) -> Sequence[str]:
    for name in wanted or ():
        providers.sources(name)
    return list(dict.fromkeys(wanted)) if wanted else providers.every()


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
    with _opened(db) as opened:
        changes = list_changes(opened.store, since=_start_of(since) if since else None, told=True)
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
def model(
    name: Annotated[str, typer.Argument(metavar="CREATOR/NAME", help="A model, such as openai/gpt-4.1-nano.")],
    as_of: AsOf = None,
    proofs: Annotated[
        bool, typer.Option("--evidence", help="Also show where each value stands, and its quote.")
    ] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Show a model across all providers: who sells it, at which prices, and what is stated of it by whom."""
    with _opened(db) as opened:
        offers = list_offers(opened.store, _now(), as_of=_moment(as_of))
        told = list_told(opened.store, _now(), [name.casefold()], as_of=_moment(as_of))
    selling = [offer for offer in offers if offer.model == name.casefold()]
    if not selling:
        raise RatecardError(f"No offer sells a model {name!r}; `ratecard show PROVIDER/MODEL_ID` says what one sells.")
    view = model_view(name.casefold(), selling, told)
    if as_json:
        _print_json(model_object(view))
    else:
        text.show(model_text(view, evidence=proofs))


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
        offers = _find(opened.store, ref, as_of)
        waiting = list_holds(opened.store, offers[0].provider)
        for offer in offers:
            view = next((view for view in offer.fields if view.field == field), None)
            if view is None and any(hold.field == field and concerns(hold, offer, field) for hold in waiting):
                view = nothing_but_held(field)
            if view is None:
                have = ", ".join(view.field for view in offer.fields)
                raise RatecardError(f"{ref} has no field {field!r}; it has {have}.")
            said, past = evidence(opened.store, offer.id, field), history(opened.store, offer.id, field)
            shown.append((offer, view, said, past, [hold for hold in waiting if concerns(hold, offer, field)]))
    if as_json:
        found = [
            {
                "provider": offer.provider,
                "model_id": offer.model_id or None,
                "name": offer.name,
                **objects.field_object(view),
                "statements": [objects.statement_object(one) for one in said],
                "history": [objects.statement_object(one) for one in past],
                "held": [hold_object(hold) for hold in held],
            }
            for offer, view, said, past, held in shown
        ]
        _print_json(found if len(found) > 1 else found[0])
        return
    for offer, view, said, past, held in shown:
        text.show(text.evidence_text(offer, view, said, past))
        if held:
            text.show(held_text(held))


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
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Convert prices, at --rate: EUR.")] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RATE", help="0.92@2026-11-20, CNY=0.13@2026-11-20, or a CSV file (from, to, rate, date)."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what the format could not hold here, as JSON.")
    ] = None,
    db: Db = None,
) -> None:
    """Write all offers in a format for other programs; say on stderr what the format could not hold."""
    if form not in FORMATS:
        raise RatecardError(f"There is no export format {form!r}; the formats are {', '.join(sorted(FORMATS))}.")
    if rate and not currency:
        raise RatecardError("--rate goes with --currency, which says into what prices are converted.")
    if form in BINARY and output is None and sys.stdout.isatty():
        raise RatecardError(f"{form} is not text; name a file for it with -o.")
    if provider:
        providers.sources(provider)
    at, moment = _now(), _moment(as_of)
    money = exchange(currency, rate or (), moment or at) if currency else None
    with _opened(db) as opened:
        written = write(opened.store, form, at=at, provider=provider, as_of=moment, money=money)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(written.body)
        sys.stdout.buffer.flush()
    else:
        _write_whole(output, written.body)
    _tell(written.report, report)


def _tell(report: Report, file: Path | None) -> None:
    if file is not None:
        _write_whole(file, (json.dumps(report.to_object(), indent=1, ensure_ascii=False) + "\n").encode())
    elif report.left:
        typer.echo(report.to_text(), err=True)


@app.command()
def feed(
    form: Annotated[Literal["atom", "rss", "json"], typer.Argument(metavar="FORMAT", help="atom, rss or json.")],
    provider: Annotated[str | None, typer.Option(metavar="PROVIDER", help="Only this provider.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Only this model: an offer's id, its name, or creator/name.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of printing.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only what happened from this day on.")] = None,
    db: Db = None,
) -> None:
    """Write a feed of what changed, the newest first, with the evidence of both sides."""
    if provider:
        providers.sources(provider)
    with _opened(db) as opened:
        site_url = opened.settings.site_url
        if site_url is None:
            raise RatecardError("A feed says where it is published; set RATECARD_SITE_URL to the address of the site.")
        events = list_events(opened.store, since=_start_of(since) if since else None, provider=provider)
        written = feed_text(form, Feed(site_url=site_url, provider=provider or "", model=model or ""), events, _now())
    if output is None:
        sys.stdout.write(written)
    else:
        _write_whole(output, written.encode())


@app.command()
def publish(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The site's folder; made if missing.")],
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Write the reference site: pages to read from a folder or any static host; only what changed is written."""
    settings = load_settings(db)
    now = _now()
    with _opened(db) as opened:
        published = publish_site(
            opened.store, output, now, site_url=settings.site_url or "", upcoming=_upcoming(opened, now)
        )
    if as_json:
        _print_json({**asdict(published), "open": str(output / "index.html")})
    else:
        typer.echo(f"{published.summary} Open {output / 'index.html'}")


def _upcoming(opened: _Opened, now: datetime) -> dict[tuple[str, str], datetime]:
    """Return when each source that is scheduled is refreshed next."""
    rows = {key: view.row for key, view in read_due(opened.store).items()}
    verdicts = judge(now, _plans(opened.settings), rows, read_moments(opened.store))
    return {(one.key.provider, one.key.source): one.next_at for one in verdicts if one.next_at is not None}


@app.command()
def capture(
    url: Annotated[str, typer.Argument(metavar="URL")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="A folder of captures; its MANIFEST.csv gets a row.")
    ] = Path("captures"),
    name: Annotated[str, typer.Option(metavar="NAME", help="What the file is called before its date.")] = "page",
    browser: Annotated[bool, typer.Option("--browser", help="Let a browser show the page first.")] = False,
    db: Db = None,
) -> None:
    """Fetch one page as a refresh would, and keep it in a folder that --replay reads."""
    answer = _fetched(url, db, browser=browser)
    file = keep_capture(output, name, answer, document_in(answer).kind)
    typer.echo(f"{file}: {answer.capture.size:,} bytes, {answer.capture.content_type}, SHA-256 {answer.capture.sha256}")


@app.command(name="new-provider")
def new_provider_of(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its slug: lower-case letters, digits, dashes.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The page or feed that has its prices.")],
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Take the page from this folder of captures.")
    ] = None,
    db: Db = None,
) -> None:
    """Write the three places that a provider has, around a first capture of its page."""
    check_slug(name)
    typer.echo(new_provider(name, _fetched(url, db, replay=replay)).summary)


@app.command(name="try")
def try_out(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER")],
    wanted: Annotated[
        list[str] | None, typer.Option("--source", metavar="NAME", help="Only this source; may be given again.")
    ] = None,
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Take the pages from here, not from the fixtures.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="T", help="The newest captures up to this time.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Fetch the pages as they are now.")] = False,
    db: Db = None,
) -> None:
    """Read a provider's pages and show offers, guards, unknown headings and changes; nothing is written."""
    known = {source.name for source in providers.sources(provider)}
    if unknown := sorted(set(wanted or ()) - known):
        raise RatecardError(f"{provider} has no source {unknown[0]!r}; its sources are {', '.join(sorted(known))}.")
    if live and (replay or at):
        raise RatecardError("--live is of now; leave out --replay and --at.")
    moment = parse_at(at) if at else _now()
    with _opened(db) as opened:
        fetcher = _client(opened, dry_run=True) if live else Replay(replay or [folder("fixtures")], moment)
        tried = try_provider(opened.store, fetcher, provider, wanted or ())
    for one in tried:
        text.show(trial_text(one))
    raise typer.Exit(1 if any(one.error for one in tried) else 0)


def _fetched(url: str, db: str | None, *, replay: list[Path] | None = None, browser: bool = False) -> Fetched:
    fetcher = Replay(replay, _now()) if replay else Client(load_settings(db).with_keys(providers.keys()), _now)
    answer = fetcher.fetch([url], browser=browser)
    if isinstance(answer, NotFetched):
        raise RatecardError(answer.message)
    return answer


@app.command()
def crosscheck(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[PROVIDER]...", help="Providers; all where none is named.")
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--list", metavar="LIST", help="litellm, genai-prices, or a file; all that are installed without it."
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="As it was published at a date or date-time, and their prices then.")
    ] = None,
    form: Annotated[
        Literal["text", "patch"],
        typer.Option("--format", metavar="FORM", help="text, or patch: corrections for LiteLLM's JSON."),
    ] = "text",
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Compare what is published with public price lists; a report: differences leave the exit code at 0."""
    if form == "patch" and at:
        raise RatecardError("A patch corrects a list by what is published now; leave out --at.")
    names = _providers(wanted)
    now = _now()
    moment = _moment(at)
    with _opened(db) as opened:
        offers = [offer for name in names for offer in list_offers(opened.store, now, name, as_of=moment)]
    comparisons = [compare(offers, one, names) for one in open_lists(lists or (), moment or now)]
    if form == "patch":
        corrected = [one for one in comparisons if one.list.name == litellm.NAME]
        if len(corrected) != 1:
            raise RatecardError("A patch is for LiteLLM's JSON; name one with --list litellm or --list FILE.")
        sys.stdout.write(litellm_patch(corrected[0]))
    elif as_json:
        _print_json(crosscheck_object(comparisons))
    else:
        text.show(crosscheck_text(comparisons))


@app.command()
def impact(
    usage: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="CSV: provider, model, input, output tokens; also cached tokens, batch share."
        ),
    ],
    since: Annotated[str | None, typer.Option(metavar="DATE", help="All changes from this day on.")] = None,
    run: Annotated[
        int | None, typer.Option(metavar="N", help="The changes of this run; of the last one that had some without it.")
    ] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Say what changes of prices do to a bill; ends with 1 where a row is left out because a price is lacking."""
    if since and run is not None:
        raise RatecardError("--since and --run are two ways to say which changes are meant; give one of them.")
    rows = read_usage(usage)
    with _opened(db) as opened:
        found = (
            impact_since(opened.store, rows, _start_of(since), _now())
            if since
            else impact_of_run(opened.store, rows, run, _now())
        )
    if as_json:
        _print_json(impact_object(found))
    else:
        text.show(impact_text(found))
    raise typer.Exit(1 if found.left_out else 0)


@app.command()
def demo(
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the site goes; a new folder for temporary files without.")
    ] = None,
) -> None:
    """Run the whole flow on the bundled pages with a database of its own, and show what it can tell."""
    run_demo(text.show, typer.echo, site or Path(tempfile.mkdtemp(prefix="ratecard-site-")) / "site")


@app.command()
def doctor(db: Db = None, as_json: Json = False) -> None:
    """Examine the database, the archive and the sources, and say what needs attention."""
    with _opened(db) as opened:
        findings = examine(opened.settings, opened.store, opened.archive, _now())
    if as_json:
        _print_json([finding.to_object() for finding in findings])
    else:
        for finding in findings:
            typer.echo(str(finding))
    raise typer.Exit(1 if any(not finding.ok for finding in findings) else 0)


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
    providers.sources(provider)
    start, end = _start_of(since), _moment(until)
    if end is not None and end < start:
        raise RatecardError(f"--until {until} lies before --since {since}; no copy can be of both.")
    with _opened(db) as opened, _reader(opened) as reader:
        run = Backfill(
            store=opened.store,
            archive=opened.archive,
            # Without the archive: a copy is asked for once, and the index whenever it is of use.
            fetcher=Client(opened.settings, _now, StoreMemory(opened.store, writes=not dry_run)),
            reader=reader,
            cdx_url=opened.settings.cdx_url,
            copy_url=opened.settings.copy_url,
            at=_now(),
            since=start,
            until=end,
            dry_run=dry_run,
            release=opened.settings.hold_release,
            progress=_say_nothing if as_json else _say,
        )
        report = run.run(provider, wanted or ())
    if as_json:
        _print_json(report.to_object())
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
    providers.sources(provider)
    with _opened(db) as opened, _reader(opened) as reader:
        progress = _say_nothing if as_json else _say
        result = reread(
            opened.store,
            opened.archive,
            provider,
            reader,
            at=_now(),
            dry_run=dry_run,
            release=opened.settings.hold_release,
            progress=progress,
        )
    if as_json:
        _print_json(result.to_object())
    else:
        text.show(reread_text(result))


@review_app.callback()
def review(
    context: typer.Context,
    provider: Annotated[str | None, typer.Option(metavar="PROVIDER", help="Only this provider.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what was decided, released or has lapsed.")] = False,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """List what is held: what stands, what was read instead, why it waits, and the evidence of both."""
    if context.invoked_subcommand is not None:
        return
    if provider:
        providers.sources(provider)
    statuses = tuple(HoldStatus) if everything else (HoldStatus.OPEN,)
    with _opened(db) as opened:
        holds = list_holds(opened.store, provider, statuses=statuses)
    if as_json:
        _print_json([hold_object(hold) for hold in holds])
    elif holds:
        text.show(holds_text(holds))
    else:
        typer.echo("Nothing is held.")


@review_app.command()
def approve(
    ids: Ids, by: By = None, note: Note = "", days: Days = DECISION_DAYS, db: Db = None, as_json: Json = False
) -> None:
    """Publish what is held, now; the same value is let through again for as long as the decision counts."""
    _decide(approve_holds, ids, by, note, days, db, as_json=as_json)


@review_app.command()
def reject(
    ids: Ids, by: By = None, note: Note = "", days: Days = DECISION_DAYS, db: Db = None, as_json: Json = False
) -> None:
    """Keep what stands; the same value is not asked about again for as long as the decision counts."""
    _decide(reject_holds, ids, by, note, days, db, as_json=as_json)


def _decide(
    decide: Decide, ids: Sequence[str], by: str | None, note: str, days: int, db: str | None, *, as_json: bool
) -> None:
    with _opened(db) as opened:
        waiting = {hold.id for hold in list_holds(opened.store)}
        who = clean(by if by is not None else getpass.getuser())
        if not who:
            raise RatecardError("a decision needs to say who made it; name yourself with --by.")
        decided = decide(opened.store, ids_meant(ids, waiting), by=who, at=_now(), note=clean(note), days=days)
    if as_json:
        _print_json(decided_object(decided))
    else:
        text.show(decided_text(decided))


def _say(what: str) -> None:
    typer.echo(what, err=True)


def _say_nothing(what: str) -> None:
    pass


def _start_of(since: str) -> datetime:
    """Read a time from which on something counts: a day counts from its beginning."""
    start = parse_at(since)
    return start.replace(hour=0, minute=0, second=0) if len(since.strip()) == len("2026-04-27") else start


@alerts_app.command(name="deliver")
def alerts_deliver(db: Db = None, as_json: Json = False) -> None:
    """Send what waits and whose time has come, once; for cron, where no daemon does it."""
    with _sender(db) as sender:
        tally = sender.deliver()
    if as_json:
        counts = ("events", "sent", "failed", "dead", "disabled")
        _print_json({count: getattr(tally, count) for count in counts})
    else:
        typer.echo(tally.summary, err=True)
    raise typer.Exit(tally.exit_code)


@alerts_app.command(name="list")
def alerts_list(db: Db = None, as_json: Json = False) -> None:
    """Show subscribers and their channels: what was sent, what waits, what was given up or disabled; and silences."""
    with _sender(db) as sender:
        shown = (sender.alerts, list_lines(sender.store), list_silences(sender.store, _now()))
    if as_json:
        _print_json(standing_object(*shown))
    else:
        for line in standing_lines(*shown):
            typer.echo(line)


@alerts_app.command(name="preview")
def alerts_preview(
    since: Annotated[str, typer.Option(metavar="DATE", help="Of what happened from this day on.")],
    subscriber: Annotated[str | None, typer.Option(metavar="NAME", help="Only for this subscriber.")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Print what the rules would have sent; nothing is sent."""
    with _sender(db) as sender:
        happened = list_events(sender.store, since=_start_of(since))[::-1]
        silenced = list_silences(sender.store, _now())
        site = sender.settings.site_url
        messages = preview(sender.alerts, happened, silenced, only=subscriber, site_url=site)
    if as_json:
        _print_json([message_object(message) for message in messages])
    else:
        typer.echo(preview_text(messages))


@alerts_app.command(name="test")
def alerts_test(
    subscriber: Annotated[str | None, typer.Argument(metavar="[SUBSCRIBER]")] = None, db: Db = None
) -> None:
    """Send a test message through every channel of a subscriber, or of all."""
    code = 0
    with _sender(db) as sender:
        if subscriber:
            sender.alerts.subscriber(subscriber)
        newest = list_events(sender.store, limit=1)
        for line in sender.lines():
            if subscriber in (None, line.subscriber):
                answer = sender.send_test(
                    line, newest or [made_up(_now())], "Test message of ratecard; nothing new happened"
                )
                error = getattr(answer, "error", None)
                typer.echo(f"{line}: {f'failed: {error}' if error is not None else 'sent'}", err=True)
                code = code if error is None else 1
    raise typer.Exit(code)


@alerts_app.command(name="retry")
def alerts_retry(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[SUBSCRIBER[/CHANNEL]]", help="All where none is named.")
    ] = None,
    db: Db = None,
) -> None:
    """Enable channels, and try again now what was given up or waits; then deliver."""
    with _sender(db) as sender:
        lines = [line for line in sender.lines() if wanted in (None, line.subscriber, str(line))]
        if not lines:
            known = ", ".join(map(str, sender.lines()))
            raise RatecardError(f"There is no subscriber or channel {wanted!r}; there are {known}.")
        count = 0
        for line in lines:
            give_up_at = _now() + sender.alerts.subscriber(line.subscriber).give_up_after
            count += retry_lines(sender.store, [line], at=_now(), give_up_at=give_up_at)
        tally = sender.deliver()
    typer.echo(f"{count:,} messages tried again; {tally.summary}", err=True)
    raise typer.Exit(tally.exit_code)


@alerts_app.command(name="silence")
def alerts_silence(
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="openai, openai/gpt-5*, meta/*, 'openai/gpt-5 input', …")
    ],
    length: Annotated[str | None, typer.Option("--for", metavar="TIME", help="How long: 12h, 7d, 2w.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Until when.")] = None,
    by: By = None,
    db: Db = None,
) -> None:
    """Tell nobody of what a pattern means, until a time; it is kept who said so."""
    if (length is None) == (until is None):
        raise RatecardError("A silence ends: say when, by --for 7d or by --until DATE.")
    now = _now()
    try:
        end = now + read_duration(length) if length is not None else _start_of(until or "")
    except ValueError as error:
        raise RatecardError(f"--for {length}: {error}.") from error
    if end <= now:
        raise RatecardError(f"--until {until} is over already; a silence is for what is to come.")
    who = clean(by if by is not None else getpass.getuser())
    if not who or not clean(pattern):
        raise RatecardError("a silence needs a pattern and who made it; name yourself with --by.")
    with _opened(db) as opened:
        number = add_silence(opened.store, clean(pattern), by=who, at=now, until=end)
    typer.echo(f"Silence {number}: {clean(pattern)!r} until {iso(end)}, by {who}.")


@alerts_app.command(name="unsilence")
def alerts_unsilence(number: Annotated[int, typer.Argument(metavar="ID")], db: Db = None) -> None:
    """Take a silence away before it ends; `alerts list` has their numbers."""
    with _opened(db) as opened:
        if not end_silence(opened.store, number):
            raise RatecardError(f"There is no silence {number}; `ratecard alerts list` has them.")
    typer.echo(f"Silence {number} is over.")


@contextmanager
def _sender(db: str | None) -> Iterator[Sender]:
    with _opened(db) as opened:
        alerts = _alerts(opened.settings)
        if alerts is None:
            raise RatecardError("nobody is told of anything yet; name an alerts.toml by RATECARD_ALERTS")
        set_up_logs(opened.settings.log_format, level="warning", secrets=_secrets(opened.settings, alerts))
        yield _sender_of(opened, alerts)


def _sender_of(opened: _Opened, alerts: Alerts) -> Sender:
    return Sender(store=opened.store, alerts=alerts, settings=opened.settings, clock=_now, environ=os.environ)


def _alerts(settings: Settings) -> Alerts | None:
    return load_alerts(settings.alerts, os.environ) if settings.alerts is not None else None


@app.command()
def schedule(db: Db = None, as_json: Json = False) -> None:
    """Show of each source how often it is refreshed, its last and next run, and what it does now."""
    plans = _plans(load_settings(db))
    now = _now()
    with _opened(db) as opened:
        runs = read_due(opened.store)
        verdicts = judge(now, plans, {key: view.row for key, view in runs.items()}, read_moments(opened.store))
    if as_json:
        _print_json(schedule_object(verdicts, runs))
    else:
        text.show(schedule_text(verdicts, runs, now))


@app.command()
def metrics(
    textfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, for a text-file collector, instead of printing.")
    ] = None,
    db: Db = None,
) -> None:
    """Give metrics for Prometheus: ages, outcomes, gaps, durations, sizes."""
    plans = _plans(load_settings(db))
    with _opened(db) as opened:
        written = exposition(collect(opened.store, plans, _now()))
    if textfile is None:
        sys.stdout.write(written.decode())
    else:
        write_textfile(textfile, written)


@app.command()
def daemon(
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Answer /healthz, /readyz and /metrics here.")
    ] = None,
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Answer every fetch from this folder of captures.")
    ] = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Put what is due into the queue, for `ratecard worker`; refresh nothing.")
    ] = False,
    log: LogForm = None,
    db: Db = None,
) -> None:
    """Refresh what is due, for ever. SIGTERM ends it after the current source, a second one at once."""
    settings = load_settings(db)
    queue = queue or settings.queue
    if queue and replay:
        raise RatecardError("--replay goes with a daemon that refreshes by itself; leave it out, or the queue.")
    plans, alerts = _plans(settings), _alerts(settings)
    set_up_logs(log or settings.log_format, secrets=_secrets(settings, alerts))
    with _opened(db) as opened, _due_runner(opened, plans, replay) as runner, ExitStack() as stack:
        if queue:
            runner.hand_over = _queue(opened, alerts=alerts is not None).put
        elif alerts is not None:
            courier = Courier(sender=_sender_of(opened, alerts), tick_seconds=settings.tick_seconds)
            runner.recorded = courier.wake
            stack.enter_context(courier.working())
        keeper = Daemon(runner=runner, tick_seconds=settings.tick_seconds)
        pages = {"/healthz": keeper.healthz, "/readyz": keeper.readyz, "/metrics": keeper.metrics}
        with serving(listen or settings.listen, pages) as address:
            logger().info("daemon started", listen=address, db=opened.store.shown, sources=len(plans))
            code = run_until_stopped(keeper.loop, grace=settings.grace_seconds, give_back=runner.give_back)
            logger().info("daemon stopped", code=code)
    raise typer.Exit(code)


@app.command()
def worker(
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, max=16, help="So many sources at a time, never two of one host.")
    ] = 1,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer /healthz and /readyz here.")] = None,
    log: LogForm = None,
    db: Db = None,
) -> None:
    """Refresh what daemons put into the queue, for ever. SIGTERM ends it after the current sources."""
    settings = load_settings(db)
    plans, alerts = _plans(settings), _alerts(settings)
    set_up_logs(log or settings.log_format, secrets=_secrets(settings, alerts))
    with _opened(db) as opened, ExitStack() as stack:
        queue = _queue(opened, alerts=alerts is not None)
        from scraper.worker import health_of, work_side_by_side

        workers = [_worker(opened, plans, queue, stack.enter_context(_reader(opened)), alerts) for _ in range(jobs)]
        if listen is not None:
            pages = {
                "/healthz": partial(health_of, workers),
                "/readyz": partial(ready, partial(read_due, opened.store)),
            }
            listen = stack.enter_context(serving(listen, pages))

        def give_back() -> None:
            for one in workers:
                one.runner.give_back()

        for one in workers:
            logger().info("worker started", worker=one.runner.holder, db=opened.store.shown, listen=listen)
        work = partial(work_side_by_side, workers)
        code = run_until_stopped(work, grace=settings.grace_seconds, give_back=give_back)
        logger().info("worker stopped", code=code)
    raise typer.Exit(code)


@app.command()
def serve(
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer here (127.0.0.1:8080).")] = None,
    site: Annotated[Path | None, typer.Option(metavar="DIR", help="Also serve the pages in this folder.")] = None,
    log: LogForm = None,
    db: Db = None,
) -> None:
    """Answer the read API, and the pages of a site, until it is told to end. It writes nothing."""
    try:
        from scraper.server import Service, create_app, run
    except ImportError as error:
        raise RatecardError(
            f"the read API needs what is not installed ({error.name}); run pip install 'ratecard[serve]'"
        ) from error
    if site is not None and not site.is_dir():
        raise RatecardError(f"there is no folder {site}; write it with `ratecard publish -o {site}`.")
    settings = load_settings(db)
    plans = _plans(settings)
    set_up_logs(log or settings.log_format, secrets=_secrets(settings))
    adopt("uvicorn", "asyncio")
    with _opened(db) as opened:
        service = Service(
            store=opened.store,
            archive=opened.archive,
            clock=_now,
            metrics=lambda: exposition(collect(opened.store, plans, _now())),
            keys=settings.api_keys,
            rate=settings.api_rate,
            site=site,
        )
        run(
            create_app(service),
            listen or settings.serve,
            lambda address: logger().info("serving", listen=address, db=opened.store.shown),
        )
        logger().info("server stopped")


@app.command()
def mcp(db: Db = None) -> None:
    """Answer an assistant over standard input and output: find an offer, its price, evidence, changes, gaps."""
    try:
        from scraper.assistants import create_server
    except ImportError as error:
        raise RatecardError(
            f"this needs what is not installed ({error.name}); run pip install 'ratecard[mcp]'"
        ) from error
    with _opened(db) as opened:
        create_server(opened.store, _now).run("stdio")


def _worker(opened: _Opened, plans: Mapping[Key, Plan], queue: Queue, reader: Sandbox, alerts: Alerts | None) -> Worker:
    from scraper.worker import Worker

    settings = opened.settings.with_keys(providers.keys())
    client = Client(settings, _now, StoreMemory(opened.store, one_by_one=True), opened.archive)

    def flow(at: datetime, _run: int) -> Refresh:
        return Refresh(
            opened.store,
            opened.archive,
            client,
            at,
            reader=reader,
            pager=reader.next_page,
            release=settings.hold_release,
        )

    runner = _runner(opened, plans, flow)
    deliver = None
    if alerts is not None:
        runner.recorded = queue.put_delivery
        deliver = _sender_of(opened, alerts).deliver
    return Worker(queue=queue, runner=runner, let_go=client.let_go, deliver=deliver)


def _queue(opened: _Opened, *, alerts: bool = False) -> Queue:
    try:
        from scraper.worker import open_queue
    except ImportError as error:
        raise RatecardError(
            f"a queue needs what is not installed ({error.name}); run pip install 'ratecard[queue]'"
        ) from error
    adopt("procrastinate", "psycopg", "asyncio")
    return open_queue(opened.store, opened.settings.lease_seconds, alerts=alerts)


def _refresh_due(wanted: Sequence[str], replay: list[Path] | None, db: str | None, *, as_json: bool) -> int:
    settings = load_settings(db)
    plans = {key: plan for key, plan in _plans(settings).items() if key.provider in wanted}
    set_up_logs(settings.log_format, level="warning", secrets=_secrets(settings))
    with _opened(db) as opened, _due_runner(opened, plans, replay) as runner:
        ticks: list[Tick] = []

        def work(stop: Event) -> int:
            ticks.append(runner.tick(stop.is_set))
            return due_exit_code(ticks[0])

        code = run_until_stopped(work, grace=settings.grace_seconds, give_back=runner.give_back)
    if as_json:
        _print_json({**report_object(ticks[0].report), "left": ticks[0].left})
    else:
        typer.echo(due_line(ticks[0]))
    return code


def _secrets(settings: Settings, alerts: Alerts | None = None) -> Iterator[str]:
    """Yield what a log must not show, whatever it is called in the environment."""
    yield from passwords_of(settings.db)
    for channel in alerts.channels.values() if alerts else ():
        yield from (os.environ.get(variable, "") for variable in channel.variables)
    for places in settings.with_keys(providers.keys()).keys.values():
        yield from (os.environ.get(place.split()[-1], "") for place in places.values())


def _plans(settings: Settings) -> Mapping[Key, Plan]:
    return load_schedule(settings.schedules or folder("schedules")).plans


@contextmanager
def _due_runner(opened: _Opened, plans: Mapping[Key, Plan], replay: list[Path] | None) -> Iterator[Runner]:
    with _reader(opened) as reader:
        # What a host allows, and when it was asked last, is known for the whole of a run.
        @lru_cache(maxsize=1)
        def client(_run: int) -> Client:
            return _client(opened, dry_run=False)

        def flow(at: datetime, run: int) -> Refresh:
            fetcher = Replay(replay, at) if replay else client(run)
            release = opened.settings.hold_release
            return Refresh(
                opened.store, opened.archive, fetcher, at, reader=reader, pager=reader.next_page, release=release
            )

        runner = _runner(opened, plans, flow, replay=bool(replay))
        if not replay:
            runner.ahead = lambda run, many: client(run).ahead(many)
        yield runner


def _runner(
    opened: _Opened, plans: Mapping[Key, Plan], flow: Callable[[datetime, int], Refresh], *, replay: bool = False
) -> Runner:
    lease_seconds = opened.settings.lease_seconds
    return Runner(store=opened.store, plans=plans, flow=flow, clock=_now, lease_seconds=lease_seconds, replay=replay)


def _reader(opened: _Opened) -> Sandbox:
    return Sandbox(opened.settings.read_seconds, opened.settings.read_memory)


@db_app.command()
def upgrade(db: Db = None) -> None:
    """Bring the database to the newest schema (every command does so by itself)."""
    with _opened(db) as opened:
        if opened.settings.queue:
            _queue(opened)
        typer.echo(f"{opened.store.shown} is up to date.")


@dev_app.command(name="mutate")
def dev_mutate(
    wanted: Annotated[
        str, typer.Argument(metavar="PROVIDER|FILE", help="All bundled pages of a provider, or a captured page.")
    ],
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, other mutated pages.")] = 1,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this mutation; may be given again.")
    ] = None,
    shown: Annotated[bool, typer.Option("--show", help="Show what each mutation did to the page.")] = False,
) -> None:
    """Alter pages on purpose, and say what a refresh would make of them."""
    code = 0
    for line, ok in mutate(wanted, seed=seed, kinds=kind or (), shown=shown):
        typer.echo(line)
        code = code if ok else 1
    raise typer.Exit(code)


def _write_whole(file: Path, written: bytes) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads a half of it."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(written)
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

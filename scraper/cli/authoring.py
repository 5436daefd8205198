"""Commands for whoever adds a provider: capture a page, begin a module, try it out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scraper import providers
from scraper.authoring import check_slug, document_in, keep_capture, new_provider
from scraper.cli.archive import archive_of
from scraper.cli.flows import live_client
from scraper.cli.shared import Db, clock, opening
from scraper.errors import RatecardError
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay
from scraper.publish import text
from scraper.resources import folder
from scraper.settings import load_settings
from scraper.times import parse_at
from scraper.trying.showing import trial_text
from scraper.trying.trial import try_provider

app = typer.Typer(rich_markup_mode=None)


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
    whole: Annotated[bool, typer.Option("--all", help="Show all fields of all offers, with their quotes.")] = False,
    db: Db = None,
) -> None:
    """Read a provider's pages and show offers, guards, unknown headings and changes; nothing is written."""
    known = {source.name for source in providers.sources(provider)}
    if unknown := sorted(set(wanted or ()) - known):
        raise RatecardError(f"{provider} has no source {unknown[0]!r}; its sources are {', '.join(sorted(known))}.")
    providers.check_contracts(provider)
    if live and (replay or at):
        raise RatecardError("--live is of now; leave out --replay and --at.")
    moment = parse_at(at) if at else clock()
    with opening(db) as opened:
        fetcher = (
            live_client(opened, archive_of(opened), dry_run=True)
            if live
            else Replay(replay or [folder("fixtures")], moment)
        )
        tried = try_provider(opened.store, fetcher, provider, wanted or ())
    for one in tried:
        text.show(trial_text(one, whole=whole))
    raise typer.Exit(1 if any(one.error for one in tried) else 0)


def _fetched(url: str, db: str | None, *, replay: list[Path] | None = None, browser: bool = False) -> Fetched:
    fetcher = Replay(replay, clock()) if replay else Client(load_settings(db).with_keys(providers.keys()), clock)
    answer = fetcher.fetch([url], browser=browser)
    if isinstance(answer, NotFetched):
        raise RatecardError(answer.message)
    return answer

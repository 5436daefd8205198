"""Commands that write for others: exports, feeds, the reference site."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from scraper import providers
from scraper.alerts.feeds import Feed, feed_text
from scraper.cli.scheduling import plans_of
from scraper.cli.shared import AsOf, Db, Json, Opened, clock, moment_of, opening, print_json, start_of, write_whole
from scraper.due import judge
from scraper.errors import RatecardError
from scraper.publish.formats import BINARY, FORMATS, Report, exchange, write
from scraper.publish.site import publish_site
from scraper.settings import load_settings
from scraper.store.leases import read_due, read_moments
from scraper.store.outbox import list_events

app = typer.Typer(rich_markup_mode=None)


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
        providers.check(provider)
    at, moment = clock(), moment_of(as_of)
    money = exchange(currency, rate or (), moment or at) if currency else None
    with opening(db) as opened:
        written = write(opened.store, form, at=at, provider=provider, as_of=moment, money=money)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(written.body)
        sys.stdout.buffer.flush()
    else:
        write_whole(output, written.body)
    _tell(written.report, report)


def _tell(report: Report, file: Path | None) -> None:
    if file is not None:
        write_whole(file, (json.dumps(report.to_object(), indent=1, ensure_ascii=False) + "\n").encode())
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
        providers.check(provider)
    with opening(db) as opened:
        site_url = opened.settings.site_url
        if site_url is None:
            raise RatecardError("A feed says where it is published; set RATECARD_SITE_URL to the address of the site.")
        events = list_events(opened.store, since=start_of(since) if since else None, provider=provider)
        written = feed_text(form, Feed(site_url=site_url, provider=provider or "", model=model or ""), events, clock())
    if output is None:
        sys.stdout.write(written)
    else:
        write_whole(output, written.encode())


@app.command()
def publish(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The site's folder; made if missing.")],
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Write the reference site: pages to read from a folder or any static host; only what changed is written."""
    settings = load_settings(db)
    now = clock()
    with opening(db) as opened:
        published = publish_site(
            opened.store, output, now, site_url=settings.site_url or "", upcoming=_upcoming(opened, now)
        )
    if as_json:
        print_json({**asdict(published), "open": str(output / "index.html")})
    else:
        typer.echo(f"{published.summary} Open {output / 'index.html'}")


def _upcoming(opened: Opened, now: datetime) -> dict[tuple[str, str], datetime]:
    """Return when each source that is scheduled is refreshed next."""
    rows = {key: view.row for key, view in read_due(opened.store).items()}
    verdicts = judge(now, plans_of(opened.settings), rows, read_moments(opened.store))
    return {(one.key.provider, one.key.source): one.next_at for one in verdicts if one.next_at is not None}

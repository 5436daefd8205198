"""Commands about who is told of changes."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from scraper.alerts.rules import read_duration
from scraper.alerts.sending import Sender
from scraper.alerts.showing import made_up, message_object, preview, preview_text, standing_lines, standing_object
from scraper.cli.shared import By, Db, Json, clock, opening, print_json, start_of
from scraper.cli.telling import alerts_of, secrets_of, sender_of
from scraper.errors import RatecardError
from scraper.logs import set_up_logs
from scraper.records import clean, iso
from scraper.store.outbox import list_events
from scraper.store.telling import add_silence, end_silence, list_lines, list_silences, retry_lines

app = typer.Typer(
    name="alerts",
    help="Who is told of changes: try it out, see how it stands, send what waits.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(name="deliver")
def alerts_deliver(db: Db = None, as_json: Json = False) -> None:
    """Send what waits and whose time has come, once; for cron, where no daemon does it."""
    with _sender(db) as sender:
        tally = sender.deliver()
    if as_json:
        counts = ("events", "sent", "failed", "dead", "disabled")
        print_json({count: getattr(tally, count) for count in counts})
    else:
        typer.echo(tally.summary, err=True)
    raise typer.Exit(tally.exit_code)


@app.command(name="list")
def alerts_list(db: Db = None, as_json: Json = False) -> None:
    """Show subscribers and their channels: what was sent, what waits, what was given up or disabled; and silences."""
    with _sender(db) as sender:
        shown = (sender.alerts, list_lines(sender.store), list_silences(sender.store, clock()))
    if as_json:
        print_json(standing_object(*shown))
    else:
        for line in standing_lines(*shown):
            typer.echo(line)


@app.command(name="preview")
def alerts_preview(
    since: Annotated[str, typer.Option(metavar="DATE", help="Of what happened from this day on.")],
    subscriber: Annotated[str | None, typer.Option(metavar="NAME", help="Only for this subscriber.")] = None,
    db: Db = None,
    as_json: Json = False,
) -> None:
    """Print what the rules would have sent; nothing is sent."""
    with _sender(db) as sender:
        happened = list_events(sender.store, since=start_of(since))[::-1]
        silenced = list_silences(sender.store, clock())
        site = sender.settings.site_url
        messages = preview(sender.alerts, happened, silenced, only=subscriber, site_url=site)
    if as_json:
        print_json([message_object(message) for message in messages])
    else:
        typer.echo(preview_text(messages))


@app.command(name="test")
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
                    line, newest or [made_up(clock())], "Test message of ratecard; nothing new happened"
                )
                error = getattr(answer, "error", None)
                typer.echo(f"{line}: {f'failed: {error}' if error is not None else 'sent'}", err=True)
                code = code if error is None else 1
    raise typer.Exit(code)


@app.command(name="retry")
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
            give_up_at = clock() + sender.alerts.subscriber(line.subscriber).give_up_after
            count += retry_lines(sender.store, [line], at=clock(), give_up_at=give_up_at)
        tally = sender.deliver()
    typer.echo(f"{count:,} messages tried again; {tally.summary}", err=True)
    raise typer.Exit(tally.exit_code)


@app.command(name="silence")
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
    now = clock()
    try:
        end = now + read_duration(length) if length is not None else start_of(until or "")
    except ValueError as error:
        raise RatecardError(f"--for {length}: {error}.") from error
    if end <= now:
        raise RatecardError(f"--until {until} is over already; a silence is for what is to come.")
    who = clean(by if by is not None else getpass.getuser())
    if not who or not clean(pattern):
        raise RatecardError("a silence needs a pattern and who made it; name yourself with --by.")
    with opening(db) as opened:
        number = add_silence(opened.store, clean(pattern), by=who, at=now, until=end)
    typer.echo(f"Silence {number}: {clean(pattern)!r} until {iso(end)}, by {who}.")


@app.command(name="unsilence")
def alerts_unsilence(number: Annotated[int, typer.Argument(metavar="ID")], db: Db = None) -> None:
    """Take a silence away before it ends; `alerts list` has their numbers."""
    with opening(db) as opened:
        if not end_silence(opened.store, number):
            raise RatecardError(f"There is no silence {number}; `ratecard alerts list` has them.")
    typer.echo(f"Silence {number} is over.")


@contextmanager
def _sender(db: str | None) -> Iterator[Sender]:
    with opening(db) as opened:
        alerts = alerts_of(opened.settings)
        if alerts is None:
            raise RatecardError("nobody is told of anything yet; name an alerts.toml by RATECARD_ALERTS")
        set_up_logs(opened.settings.log_format, level="warning", secrets=secrets_of(opened.settings, alerts))
        yield sender_of(opened, alerts)

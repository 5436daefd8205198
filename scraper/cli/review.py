"""Commands for what is held: list it, approve it, reject it."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Annotated

import typer

from scraper import providers
from scraper.cli.shared import By, Db, Json, clock, opening, print_json
from scraper.errors import RatecardError
from scraper.holds import HoldStatus
from scraper.publish import text
from scraper.publish.review import decided_object, decided_text, hold_object, holds_text, ids_meant
from scraper.records import clean
from scraper.store import DECISION_DAYS, Decide, approve_holds, list_holds, reject_holds

app = typer.Typer(
    name="review",
    help="What is held: list it with the evidence of both sides, approve it or reject it.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Numbers of holds: 12, or 12-57 for all that wait.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept with the decision.")]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, max=3650, help="How long the decision counts.")]


@app.callback()
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
        providers.check(provider)
    statuses = tuple(HoldStatus) if everything else (HoldStatus.OPEN,)
    with opening(db) as opened:
        holds = list_holds(opened.store, provider, statuses=statuses)
    if as_json:
        print_json([hold_object(hold) for hold in holds])
    elif holds:
        text.show(holds_text(holds))
    else:
        typer.echo("Nothing is held.")


@app.command()
def approve(
    ids: Ids, by: By = None, note: Note = "", days: Days = DECISION_DAYS, db: Db = None, as_json: Json = False
) -> None:
    """Publish what is held, now; the same value is let through again for as long as the decision counts."""
    _decide(approve_holds, ids, by, note, days, db, as_json=as_json)


@app.command()
def reject(
    ids: Ids, by: By = None, note: Note = "", days: Days = DECISION_DAYS, db: Db = None, as_json: Json = False
) -> None:
    """Keep what stands; the same value is not asked about again for as long as the decision counts."""
    _decide(reject_holds, ids, by, note, days, db, as_json=as_json)


def _decide(
    decide: Decide, ids: Sequence[str], by: str | None, note: str, days: int, db: str | None, *, as_json: bool
) -> None:
    with opening(db) as opened:
        waiting = {hold.id for hold in list_holds(opened.store)}
        who = clean(by if by is not None else getpass.getuser())
        if not who:
            raise RatecardError("a decision needs to say who made it; name yourself with --by.")
        decided = decide(opened.store, ids_meant(ids, waiting), by=who, at=clock(), note=clean(note), days=days)
    if as_json:
        print_json(decided_object(decided))
    else:
        text.show(decided_text(decided))

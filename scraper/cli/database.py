"""Commands about the database."""

from __future__ import annotations

import typer

from scraper.cli.flows import queue_of
from scraper.cli.shared import Db, opening

app = typer.Typer(
    name="db",
    help="The database: bring it up to date.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def upgrade(db: Db = None) -> None:
    """Bring the database to the newest schema (every command does so by itself)."""
    with opening(db) as opened:
        if opened.settings.queue:
            queue_of(opened)
        typer.echo(f"{opened.store.shown} is up to date.")

"""Commands that examine what is kept: every published value against its quote, and what needs attention."""

from __future__ import annotations

from typing import Annotated

import typer

from scraper import providers
from scraper.cli.archive import archive_of
from scraper.cli.shared import Db, Json, clock, opening, print_json
from scraper.doctor import examine
from scraper.verify import verify_store

app = typer.Typer(rich_markup_mode=None)


@app.command()
def verify(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None, db: Db = None, as_json: Json = False
) -> None:
    """Open the archive and check every published value against its quote at its place."""
    if provider:
        providers.check(provider)
    with opening(db) as opened:
        result = verify_store(opened.store, archive_of(opened), clock(), provider)
    if as_json:
        print_json(result.to_object())
    else:
        for problem in result.problems:
            typer.echo(problem)
        typer.echo(result.summary)
    raise typer.Exit(1 if result.problems else 0)


@app.command()
def doctor(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None, db: Db = None, as_json: Json = False
) -> None:
    """Examine the database, the archive and the sources, or only those of a provider; say what needs attention."""
    if provider:
        providers.check(provider)
    with opening(db) as opened:
        findings = examine(opened.settings, opened.store, archive_of(opened), clock(), provider)
    if as_json:
        print_json([finding.to_object() for finding in findings])
    else:
        for finding in findings:
            typer.echo(str(finding))
    raise typer.Exit(1 if any(not finding.ok for finding in findings) else 0)

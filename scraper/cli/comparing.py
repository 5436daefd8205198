"""Commands that set what is published beside something else: public price lists, a bill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from scraper.cli.shared import Db, Json, chosen, clock, moment_of, opening, print_json, start_of
from scraper.crosscheck.compare import compare
from scraper.crosscheck.patch import litellm_patch
from scraper.crosscheck.report import crosscheck_object, crosscheck_text
from scraper.errors import RatecardError
from scraper.impact.bill import impact_of_run, impact_since
from scraper.impact.report import impact_object, impact_text
from scraper.impact.usage import read_usage
from scraper.opinions import litellm
from scraper.opinions.lists import open_lists
from scraper.publish import text
from scraper.store import list_offers

app = typer.Typer(rich_markup_mode=None)


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
    names = chosen(wanted)
    now = clock()
    moment = moment_of(at)
    with opening(db) as opened:
        offers = [offer for name in names for offer in list_offers(opened.store, now, name, as_of=moment)]
    comparisons = [compare(offers, one, names) for one in open_lists(lists or (), moment or now)]
    if form == "patch":
        corrected = [one for one in comparisons if one.list.name == litellm.NAME]
        if len(corrected) != 1:
            raise RatecardError("A patch is for LiteLLM's JSON; name one with --list litellm or --list FILE.")
        sys.stdout.write(litellm_patch(corrected[0]))
    elif as_json:
        print_json(crosscheck_object(comparisons))
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
    with opening(db) as opened:
        found = (
            impact_since(opened.store, rows, start_of(since), clock())
            if since
            else impact_of_run(opened.store, rows, run, clock())
        )
    if as_json:
        print_json(impact_object(found))
    else:
        text.show(impact_text(found))
    raise typer.Exit(1 if found.left_out else 0)

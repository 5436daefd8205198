"""The command as a whole: every command by name, help line and module; errors as one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from scraper import __version__
from scraper.cli.lazy import LazyGroup, later
from scraper.errors import RatecardError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "refresh": (
        "reading",
        "Fetch, archive, read, check, compare, store: once, for all sources; say what changed and what failed.",
    ),
    "diff": ("looking", "List the changes, newest first."),
    "show": ("looking", "Show an offer: its fields, what is said of each, and by which source."),
    "model": (
        "looking",
        "Show a model across all providers: who sells it, at which prices, and what is stated of it by whom.",
    ),
    "explain": (
        "looking",
        "Show where a value comes from: address, time, capture, place and quote; other sources; what was before.",
    ),
    "gaps": (
        "looking",
        "List every reference field that is not sourced, with the reason, and sum up by provider and field.",
    ),
    "verify": ("examining", "Open the archive and check every published value against its quote at its place."),
    "history": ("looking", "Show what was published of an offer, and when."),
    "export": (
        "publishing",
        "Write all offers in a format for other programs; say on stderr what the format could not hold.",
    ),
    "feed": ("publishing", "Write a feed of what changed, the newest first, with the evidence of both sides."),
    "publish": (
        "publishing",
        "Write the reference site: pages to read from a folder or any static host; only what changed is written.",
    ),
    "capture": ("authoring", "Fetch one page as a refresh would, and keep it in a folder that --replay reads."),
    "new-provider": ("authoring", "Write the three places that a provider has, around a first capture of its page."),
    "try": (
        "authoring",
        "Read a provider's pages and show offers, guards, unknown headings and changes; nothing is written.",
    ),
    "crosscheck": (
        "comparing",
        "Compare what is published with public price lists; a report: differences leave the exit code at 0.",
    ),
    "impact": (
        "comparing",
        "Say what changes of prices do to a bill; ends with 1 where a row is left out because a price is lacking.",
    ),
    "demo": ("demo", "Run the whole flow on the bundled pages with a database of its own, and show what it can tell."),
    "doctor": (
        "examining",
        "Examine the database, the archive and the sources, or only those of a provider; say what needs attention.",
    ),
    "backfill": (
        "reading",
        "Fetch older copies of a provider's sources from a web archive, and read them into the history.",
    ),
    "reread": ("reading", "Read a provider's history again from the archive, as after its parser was mended."),
    "schedule": (
        "scheduling",
        "Show of each source how often it is refreshed, its last and next run, and what it does now.",
    ),
    "metrics": ("scheduling", "Give metrics for Prometheus: ages, outcomes, gaps, durations, sizes."),
    "daemon": (
        "running",
        "Refresh what is due, for ever. SIGTERM ends it after the current source, a second one at once.",
    ),
    "worker": (
        "running",
        "Refresh what daemons put into the queue, for ever. SIGTERM ends it after the current sources.",
    ),
    "serve": ("serving", "Answer the read API, and the pages of a site, until it is told to end. It writes nothing."),
    "mcp": (
        "serving",
        "Answer an assistant over standard input and output: find an offer, its price, evidence, changes, gaps.",
    ),
    "db": ("database", "The database: bring it up to date."),
    "review": ("review", "What is held: list it with the evidence of both sides, approve it or reject it."),
    "alerts": ("alerts", "Who is told of changes: try it out, see how it stands, send what waits."),
    "dev": ("dev", "For working on ratecard itself."),
}
"""Every command, in the order of the help: the module that has it, and its help line (a group's own one)."""


class _Commands(LazyGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands.update(later(__package__, COMMANDS))


app = typer.Typer(
    name="ratecard",
    cls=_Commands,
    help="LLM prices and specs, read from the providers' own pages, with evidence for every value.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


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

"""The command that shows what all of this can do."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scraper.demo import run_demo
from scraper.publish import text

app = typer.Typer(rich_markup_mode=None)


@app.command()
def demo(
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the site goes; a new folder for temporary files without.")
    ] = None,
) -> None:
    """Run the whole flow on the bundled pages with a database of its own, and show what it can tell."""
    run_demo(text.show, typer.echo, site or Path(tempfile.mkdtemp(prefix="ratecard-site-")) / "site")

"""Commands that answer others: the read API, and assistants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scraper.cli.archive import archive_of
from scraper.cli.scheduling import plans_of
from scraper.cli.shared import Db, clock, opening
from scraper.cli.telling import LogForm, secrets_of
from scraper.errors import RatecardError
from scraper.logs import adopt, set_up_logs
from scraper.logs import log as logger
from scraper.metrics import collect, exposition
from scraper.settings import load_settings

app = typer.Typer(rich_markup_mode=None)


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
    plans = plans_of(settings)
    set_up_logs(log or settings.log_format, secrets=secrets_of(settings))
    adopt("uvicorn", "asyncio")
    with opening(db) as opened:
        service = Service(
            store=opened.store,
            archive=archive_of(opened),
            clock=clock,
            metrics=lambda: exposition(collect(opened.store, plans, clock())),
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
    with opening(db) as opened:
        create_server(opened.store, clock).run("stdio")

"""Commands that run for ever: the daemon, and workers for what it puts into a queue."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scraper import providers
from scraper.alerts.courier import Courier
from scraper.alerts.rules import Alerts
from scraper.cli.archive import archive_of
from scraper.cli.flows import due_runner, queue_of, reader_of, runner_of
from scraper.cli.scheduling import plans_of
from scraper.cli.shared import Db, Opened, clock, opening
from scraper.cli.telling import LogForm, alerts_of, secrets_of, sender_of
from scraper.daemon import Daemon
from scraper.due import Key, Plan
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.logs import log as logger
from scraper.logs import set_up_logs
from scraper.refresh import Refresh
from scraper.sandbox import Sandbox
from scraper.settings import load_settings
from scraper.status import ready, serving
from scraper.stopping import run_until_stopped
from scraper.store import StoreMemory
from scraper.store.leases import read_due

if TYPE_CHECKING:
    # An extra: it is imported where it is used.
    from scraper.worker import Queue, Worker

app = typer.Typer(rich_markup_mode=None)


@app.command()
def daemon(
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Answer /healthz, /readyz and /metrics here.")
    ] = None,
    replay: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Answer every fetch from this folder of captures.")
    ] = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Put what is due into the queue, for `ratecard worker`; refresh nothing.")
    ] = False,
    log: LogForm = None,
    db: Db = None,
) -> None:
    """Refresh what is due, for ever. SIGTERM ends it after the current source, a second one at once."""
    settings = load_settings(db)
    queue = queue or settings.queue
    if queue and replay:
        raise RatecardError("--replay goes with a daemon that refreshes by itself; leave it out, or the queue.")
    plans, alerts = plans_of(settings), alerts_of(settings)
    set_up_logs(log or settings.log_format, secrets=secrets_of(settings, alerts))
    with opening(db) as opened, due_runner(opened, plans, replay) as runner, ExitStack() as stack:
        if queue:
            runner.hand_over = queue_of(opened, alerts=alerts is not None).put
        elif alerts is not None:
            courier = Courier(sender=sender_of(opened, alerts), tick_seconds=settings.tick_seconds)
            runner.recorded = courier.wake
            stack.enter_context(courier.working())
        keeper = Daemon(runner=runner, tick_seconds=settings.tick_seconds)
        pages = {"/healthz": keeper.healthz, "/readyz": keeper.readyz, "/metrics": keeper.metrics}
        with serving(listen or settings.listen, pages) as address:
            logger().info("daemon started", listen=address, db=opened.store.shown, sources=len(plans))
            code = run_until_stopped(keeper.loop, grace=settings.grace_seconds, give_back=runner.give_back)
            logger().info("daemon stopped", code=code)
    raise typer.Exit(code)


@app.command()
def worker(
    jobs: Annotated[
        int, typer.Option(metavar="N", min=1, max=16, help="So many sources at a time, never two of one host.")
    ] = 1,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Answer /healthz and /readyz here.")] = None,
    log: LogForm = None,
    db: Db = None,
) -> None:
    """Refresh what daemons put into the queue, for ever. SIGTERM ends it after the current sources."""
    settings = load_settings(db)
    plans, alerts = plans_of(settings), alerts_of(settings)
    set_up_logs(log or settings.log_format, secrets=secrets_of(settings, alerts))
    with opening(db) as opened, ExitStack() as stack:
        queue = queue_of(opened, alerts=alerts is not None)
        from scraper.worker import health_of, work_side_by_side

        archive = archive_of(opened)
        readers = [stack.enter_context(reader_of(opened)) for _ in range(jobs)]
        workers = [_worker(opened, archive, plans, queue, reader, alerts) for reader in readers]
        if listen is not None:
            pages = {
                "/healthz": partial(health_of, workers),
                "/readyz": partial(ready, partial(read_due, opened.store)),
            }
            listen = stack.enter_context(serving(listen, pages))

        def give_back() -> None:
            for one in workers:
                one.runner.give_back()

        for one in workers:
            logger().info("worker started", worker=one.runner.holder, db=opened.store.shown, listen=listen)
        work = partial(work_side_by_side, workers)
        code = run_until_stopped(work, grace=settings.grace_seconds, give_back=give_back)
        logger().info("worker stopped", code=code)
    raise typer.Exit(code)


def _worker(
    opened: Opened,
    archive: Archive,
    plans: Mapping[Key, Plan],
    queue: Queue,
    reader: Sandbox,
    alerts: Alerts | None,
) -> Worker:
    from scraper.worker import Worker

    settings = opened.settings.with_keys(providers.keys())
    client = Client(settings, clock, StoreMemory(opened.store, one_by_one=True), archive)

    def flow(at: datetime, _run: int) -> Refresh:
        return Refresh(
            opened.store,
            archive,
            client,
            at,
            reader=reader,
            pager=reader.next_page,
            release=settings.hold_release,
        )

    runner = runner_of(opened, plans, flow)
    deliver = None
    if alerts is not None:
        runner.recorded = queue.put_delivery
        deliver = sender_of(opened, alerts).deliver
    return Worker(queue=queue, runner=runner, let_go=client.let_go, deliver=deliver)

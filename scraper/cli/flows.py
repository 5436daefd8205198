"""How commands fetch and read: the live client, the process that reads, what runs what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scraper import providers
from scraper.cli.archive import archive_of
from scraper.cli.shared import Opened, clock
from scraper.dispatch import Runner
from scraper.due import Key, Plan
from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.fetch.replay import Replay
from scraper.logs import adopt
from scraper.refresh import Refresh
from scraper.sandbox import Sandbox
from scraper.store import StoreMemory

if TYPE_CHECKING:
    # An extra: it is imported where it is used.
    from scraper.worker import Queue


def live_client(opened: Opened, archive: Archive, *, dry_run: bool) -> Client:
    """Return a client that fetches for a store, and remembers in it what hosts said unless it is a dry run."""
    return Client(
        opened.settings.with_keys(providers.keys()),
        clock,
        StoreMemory(opened.store, writes=not dry_run),
        archive,
    )


def reader_of(opened: Opened) -> Sandbox:
    """Return the process that reads documents, within the limits of the settings."""
    return Sandbox(opened.settings.read_seconds, opened.settings.read_memory)


@contextmanager
def due_runner(opened: Opened, plans: Mapping[Key, Plan], replay: list[Path] | None) -> Iterator[Runner]:
    """Give what refreshes what is due, live or from folders of captures."""
    archive = archive_of(opened)
    with reader_of(opened) as reader:
        # What a host allows, and when it was asked last, is known for the whole of a run.
        @lru_cache(maxsize=1)
        def client(_run: int) -> Client:
            return live_client(opened, archive, dry_run=False)

        def flow(at: datetime, run: int) -> Refresh:
            fetcher = Replay(replay, at) if replay else client(run)
            release = opened.settings.hold_release
            return Refresh(opened.store, archive, fetcher, at, reader=reader, pager=reader.next_page, release=release)

        runner = runner_of(opened, plans, flow, replay=bool(replay))
        if not replay:
            runner.ahead = lambda run, many: client(run).ahead(many)
        yield runner


def runner_of(
    opened: Opened, plans: Mapping[Key, Plan], flow: Callable[[datetime, int], Refresh], *, replay: bool = False
) -> Runner:
    """Return what runs what is due, each source by the flow that `flow` gives for a time and a run."""
    lease_seconds = opened.settings.lease_seconds
    return Runner(store=opened.store, plans=plans, flow=flow, clock=clock, lease_seconds=lease_seconds, replay=replay)


def queue_of(opened: Opened, *, alerts: bool = False) -> Queue:
    """Open the queue in the store's database; raise `RatecardError` where what it needs is not installed."""
    try:
        from scraper.worker import open_queue
    except ImportError as error:
        raise RatecardError(
            f"a queue needs what is not installed ({error.name}); run pip install 'ratecard[queue]'"
        ) from error
    adopt("procrastinate", "psycopg", "asyncio")
    return open_queue(opened.store, opened.settings.lease_seconds, alerts=alerts)

"""More than one machine: daemons put what is due into a queue in the database, and workers refresh it from there.

The queue hands work out, one job for a source; the lease decides (see `scraper.store.leases`). So whatever happens to a
job, a source is refreshed once: a job whose source is not due any more, or is held by another process, does nothing,
and what is due and in no queue is put there by the next tick. A job holds the lock of its host from before its first
request until the host's pace has passed after the last one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker as Engine

from scraper import providers
from scraper.dispatch import Runner
from scraper.due import Key
from scraper.errors import RatecardError
from scraper.logs import log
from scraper.status import Page, alive
from scraper.store import Store

_QUEUE: Final = "ratecard"
_TASK: Final = "refresh"
_ALERTS: Final = "ratecard-alerts"
_DELIVER: Final = "deliver"
_FIRST: Final = 10
"""Telling of a change goes before reading the next source."""

_TURN: Final = "queue"
"""Whoever changes the queue as a whole waits for the others who do."""

_HEARTBEAT: Final = 10.0
_POLL: Final = 1.0
_LOOK: Final = 0.2
# What a job meets that no source is to blame for: the database was away for a moment.
_RETRY: Final = RetryStrategy(max_attempts=5, exponential_wait=2)
_LONGEST_PAUSE: Final = 60.0
_HUNG: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue in a store's database, whose jobs take leases of `lease_seconds`.

    With `alerts`, workers look for what is to be told whenever sources are put there.
    """

    store: Store
    lease_seconds: float
    alerts: bool = False

    @property
    def beat(self) -> float:
        """How many seconds lie between two signs of life of a worker."""
        return min(_HEARTBEAT, self.lease_seconds / 3)

    @property
    def stalled_seconds(self) -> float:
        """After how many seconds without a sign of life a worker is taken for dead: when its lease has run out."""
        return self.lease_seconds + self.beat

    def put(self, keys: Sequence[Key], begin: Callable[[], int]) -> None:
        """Put sources into the queue that are not in it, in this order; what dead workers left is put back there.

        `begin` begins the run that they belong to. Raises `RatecardError` where the database cannot be used.
        """
        # One daemon after the other: what is found missing is still missing when it is put there.
        with _told(self.store), self.store.writing(_TURN):
            asyncio.run(self._put(keys, begin))

    def put_delivery(self) -> None:
        """Let a worker look now for what is to be told; one such job in the queue is enough for all."""
        with _told(self.store):
            asyncio.run(self._put_delivery())

    async def _put_delivery(self) -> None:
        app = _app(self.store)
        async with app.open_async():
            await _defer_delivery(app)

    async def _put(self, keys: Sequence[Key], begin: Callable[[], int]) -> None:
        app = _app(self.store)
        async with app.open_async():
            jobs = app.job_manager
            for job in await jobs.get_stalled_jobs(queue=_QUEUE, seconds_since_heartbeat=self.stalled_seconds):
                # It may have ended just now: that worker was not dead after all.
                with suppress(ConnectorException):
                    await jobs.retry_job(job)
                    log().warning("job of a dead worker put back", job=job.id, source=job.queueing_lock)
            if self.alerts:
                # There is a new one at every tick; what a dead worker was at is done by that.
                for job in await jobs.get_stalled_jobs(queue=_ALERTS, seconds_since_heartbeat=self.stalled_seconds):
                    with suppress(ConnectorException):
                        await jobs.finish_job(job, status=Status.FAILED, delete_job=True)
                await _defer_delivery(app)
            known = {
                job.queueing_lock
                for status in (Status.TODO, Status.DOING)
                for job in await jobs.list_jobs_async(queue=_QUEUE, status=status.value)
            }
            new = [key for key in keys if str(key) not in known]
            if new:
                run, locks = begin(), host_locks()
                await jobs.batch_defer_jobs_async([_job(key, run, locks[key]) for key in new])
                log().info("enqueued", run=run, sources=len(new), in_queue=len(known))


@dataclass(slots=True, kw_only=True)
class Worker:
    """Refreshes what is in the queue, one source at a time.

    `let_go` is called after each, and returns for how many seconds its host should still be left alone. `deliver` tells
    of what happened, until what it is given says stop; without it, other workers do that.
    """

    queue: Queue
    runner: Runner
    let_go: Callable[[], float] = lambda: 0.0
    deliver: Callable[[Callable[[], bool]], object] | None = None
    _beat: float | None = None
    _busy: bool = False

    def loop(self, stop: threading.Event) -> int:
        """Take jobs until `stop` is set and the current one has ended; outlives the database."""
        failed = 0
        pause = 0.0
        while not stop.wait(pause):
            self._beat = began = self.runner.timer()
            try:
                with _told(self.queue.store):
                    asyncio.run(self._serve(stop))
            except Exception as error:  # noqa: BLE001  it is told
                # A worker outlives whatever happens to one connection or job; what went well for long is no failure.
                failed = 0 if self.runner.timer() - began > _LONGEST_PAUSE else failed
                pause = min(2.0**failed, _LONGEST_PAUSE)
                failed += 1
                if isinstance(error, RatecardError):
                    log().error("worker failed", error=str(error), retry_in=pause)
                else:
                    log().exception("worker failed", retry_in=pause)
        return 0

    def healthz(self) -> Page:
        """Say whether the loop is alive, and whether the source that it is at has not taken all too long."""
        return alive(None if self._beat is None else self.runner.timer() - self._beat, _HUNG)

    async def _serve(self, stop: threading.Event) -> None:
        app = _app(self.queue.store)

        @app.task(name=_TASK, queue=_QUEUE, retry=_RETRY)
        def refresh(provider: str, source: str, run: int) -> None:
            self._busy = True
            try:
                if self.runner.one(Key(provider, source), run) is None:
                    log().info("nothing to do", run=run, provider=provider, source=source)
            finally:
                # The job still has the lock of its host.
                stop.wait(self.let_go())
                self._busy = False

        if self.deliver is not None:
            app.task(name=_DELIVER, queue=_ALERTS)(partial(self.deliver, stop.is_set))

        async with app.open_async():
            engine = Engine(
                app,
                name=self.runner.holder,
                queues=[_QUEUE] if self.deliver is None else [_QUEUE, _ALERTS],
                concurrency=1,
                install_signal_handlers=False,
                # Nobody is told when a lock becomes free.
                fetch_job_polling_interval=_POLL,
                update_heartbeat_interval=self.queue.beat,
                stalled_worker_timeout=self.queue.stalled_seconds,
                # How each run ended is written down with its source.
                delete_jobs="always",
            )
            serving = asyncio.create_task(engine.run())  # type: ignore[no-untyped-call]
            try:
                await self._watch(stop, engine, serving)
            finally:
                # Lets the current job end.
                serving.cancel()
                await _ended(serving)

    async def _watch(self, stop: threading.Event, engine: Engine, serving: asyncio.Task[None]) -> None:
        """Give signs of life until `stop` is set or the engine has ended; raise where that cannot be done.

        The engine gives some itself, and for ever none after the first one that fails: it would go on with its jobs
        while they are taken for those of a dead worker.
        """
        loop = asyncio.get_running_loop()
        next_beat = loop.time() + self.queue.beat
        while not stop.is_set() and not serving.done():
            if not self._busy:
                self._beat = self.runner.timer()
            await asyncio.wait([serving], timeout=_LOOK)
            if loop.time() >= next_beat and engine.worker_id is not None:
                await engine.app.job_manager.update_heartbeat(engine.worker_id)
                next_beat = loop.time() + self.queue.beat


def work_side_by_side(workers: Sequence[Worker], stop: threading.Event) -> int:
    """Let workers take jobs until `stop` is set and their current ones have ended."""
    threads = [threading.Thread(target=worker.loop, args=(stop,), name="worker", daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def health_of(workers: Sequence[Worker]) -> Page:
    """Say whether all of them are alive."""
    pages = [worker.healthz() for worker in workers]
    return next((page for page in pages if page.status != 200), pages[0])


def open_queue(store: Store, lease_seconds: float, *, alerts: bool = False) -> Queue:
    """Return the queue of a store, its tables made or brought up to date; raise `RatecardError` on SQLite."""
    if store.engine.dialect.name != "postgresql":
        raise RatecardError(
            f"a queue needs PostgreSQL, and the database is {store.shown}; give one by --db postgresql://HOST/NAME, "
            "or run `ratecard daemon` without a queue"
        )
    with _told(store), store.writing(_TURN), psycopg.connect(**_arguments(store), autocommit=True) as connection:
        _upgrade(store, connection)
    return Queue(store, lease_seconds, alerts)


def host_locks() -> dict[Key, str]:
    """Return for every source the lock that its job holds, by the hosts of its addresses.

    Sources that share a host, be it by a former address, have one lock. So have those of a provider of which one only
    tells more of what the others list: they are read in their order.
    """
    parents: dict[str, str] = {}

    def top(name: str) -> str:
        while (parent := parents.setdefault(name, name)) != name:
            name = parent
        return name

    first: dict[Key, str] = {}
    for provider in providers.every():
        declared = providers.sources(provider)
        in_order = [] if all(source.lists for source in declared) else [f"{provider} in order"]
        for source in declared:
            names = [urlsplit(address).hostname or "" for address in source.addresses] + in_order
            first[Key(provider, source.name)] = names[0]
            for name in names:
                parents[top(name)] = top(names[0])
    return {key: top(name) for key, name in first.items()}


def _job(key: Key, run: int, lock: str) -> Job:
    return Job(
        id=None,
        queue=_QUEUE,
        task_name=_TASK,
        lock=lock,
        queueing_lock=str(key),
        task_kwargs={"provider": key.provider, "source": key.source, "run": run},
    )


async def _defer_delivery(app: App) -> None:
    with suppress(AlreadyEnqueued):
        await app.configure_task(_DELIVER, queue=_ALERTS, queueing_lock=_DELIVER, priority=_FIRST).defer_async()


def _app(store: Store) -> App:
    return App(connector=PsycopgConnector(kwargs=_arguments(store), min_size=1, max_size=4, timeout=10))


def _arguments(store: Store) -> dict[str, Any]:
    """Return how the store's database is connected to."""
    _, arguments = store.engine.dialect.create_connect_args(store.engine.url)
    return {"connect_timeout": 10, **arguments}


def _upgrade(store: Store, connection: psycopg.Connection) -> None:
    """Make the engine's tables, or run its migrations that are newer than them; each is kept as a whole.

    The name of the last one is the comment of a table. Tables without that were made by somebody else, who keeps them.
    """
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    (there,) = connection.execute("SELECT to_regclass('procrastinate_jobs')::oid").fetchone() or (None,)
    if there is None:
        _run(connection, SchemaManager.get_schema(), files[-1].stem)
        return
    (last,) = connection.execute("SELECT obj_description(%s, 'pg_class')", [there]).fetchone() or (None,)
    if last is None or last == files[-1].stem:
        return
    if last not in {file.stem for file in files}:
        raise RatecardError(
            f"The queue in {store.shown} was made by a newer procrastinate ({last}); update it: "
            "pip install --upgrade 'ratecard[queue]'."
        )
    for file in files:
        if file.stem > last:
            _run(connection, file.read_text(encoding="utf-8"), file.stem)


def _run(connection: psycopg.Connection, script: str, name: str) -> None:
    # Sent as one, a script is one transaction.
    connection.execute(f"{script};\nCOMMENT ON TABLE procrastinate_jobs IS '{name}'".encode())


async def _ended(task: asyncio.Task[None]) -> None:
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise


@contextmanager
def _told(store: Store) -> Iterator[None]:
    """Turn the failure of the queue's database into a `RatecardError`."""
    try:
        yield
    except (psycopg.OperationalError, ProcrastinateException) as error:
        cause = error.__cause__ or error
        said = " ".join(str(cause).split()) or type(cause).__name__
        raise RatecardError(f"The queue in {store.shown} cannot be used ({said}).") from error

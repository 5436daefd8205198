"""The live client: fetches one source after the other, or many ahead of whoever reads them."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from scraper.fetch.archive import Archive
from scraper.fetch.asking import Asker
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.crawl import Crawl, Found
from scraper.fetch.deadline import Loop
from scraper.fetch.hosts import Host
from scraper.fetch.memory import Memory, ShortMemory
from scraper.remembered import News, RememberedPage, RememberedRobots
from scraper.settings import Settings

_AT_ONCE: Final = 100
"""As many things are remembered in one transaction, where many sources are fetched ahead."""

_WINDOW: Final = 64
"""As many sources are fetched ahead of the one that is read, so that their bodies do not fill the memory."""


class Client:
    """A fetcher over HTTP(S): for one run. `clock` gives the time of a capture (aware); limits are settings.

    `memory` lasts from run to run; with an `archive`, too, pages are asked for only if they have changed, and one that
    has not is its archived body, seen again now. A client must not be used by several threads.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        memory: Memory | None = None,
        archive: Archive | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._memory = memory or ShortMemory()
        self._archive = archive
        self._asker = Asker(settings, environ)
        self._hosts: dict[str, Host] = {}
        self._found: queue.SimpleQueue[Found] = queue.SimpleQueue()
        self._urgent = threading.Event()
        self._ahead: _Ahead | None = None

    def fetch(self, addresses: Sequence[str], *, browser: bool = False) -> Fetched | NotFetched:
        """Return what the first address answers; the next one is asked only where an address is gone (404, 410).

        With `browser`, Chromium shows the page, and the answer is what it then is.
        An address that merely fails today is a failure: a mirror may lag behind it and would give old prices as new.
        The deadline is for each address, without the wait for its host's turn and robots.txt. Must not be called from
        a running event loop.
        """
        if not addresses:
            raise ValueError("a fetch needs at least one address")
        try:
            if self._ahead is not None:
                return self._ahead.fetch(addresses, browser=browser)
            with asyncio.Runner(loop_factory=Loop) as runner:
                return runner.run(self._fetch(addresses, browser=browser))
        finally:
            if self._ahead is None or self._urgent.is_set() or self._found.qsize() >= _AT_ONCE:
                self._write_down()

    def let_go(self) -> float:
        """Leave the hosts to other processes; return for how many seconds none of them should be asked again.

        What a host allows and wants is taken from the memory again when it is asked the next time.
        """
        now = time.monotonic()
        longest = max(self._settings.pace, self._settings.max_crawl_delay)
        seconds = max((host.next_at - now for host in self._hosts.values()), default=0.0)
        self._hosts.clear()
        return min(max(seconds, 0.0), longest)

    @contextmanager
    def ahead(self, many: Sequence[Sequence[str]]) -> Iterator[Callable[[Sequence[str]], None]]:
        """Fetch many sources at once in the background for the time of a `with` block.

        In the block, `fetch` hands their answers over; they come soonest in the order given here. What the block gets
        is to be called with the addresses of a source that will not be asked for after all.
        """
        self._ahead = _Ahead(self._crawl, many)
        try:
            yield self._ahead.drop
        finally:
            self._ahead.close()
            self._ahead = None
            self._write_down()

    async def _fetch(self, addresses: Sequence[str], *, browser: bool) -> Fetched | NotFetched:
        async with self._crawl() as crawl:
            return await crawl.fetch(addresses, browser=browser)

    def _crawl(self) -> Crawl:
        return Crawl(self._settings, self._clock, self._asker, self._hosts, self._memory, self._archive, self._note)

    def _note(self, found: Found) -> None:
        self._found.put(found)
        # That a host wants to be left alone must not be lost with a process; what else is, is found out again.
        if isinstance(found[1], datetime):
            self._urgent.set()

    def _write_down(self) -> None:
        """Write what is to be remembered, on the thread of the caller and not while others wait for the network."""
        self._urgent.clear()
        news = News()
        while not self._found.empty():
            name, found = self._found.get()
            if isinstance(found, RememberedPage):
                news.pages[name] = found
            elif isinstance(found, RememberedRobots):
                news.robots[name] = found
            else:
                news.not_before[name] = found
        if news != News():
            self._memory.keep(news)


class _Ahead:
    """A crawl on a thread of its own, a limited way ahead of whoever asks for its answers."""

    def __init__(self, crawl: Callable[[], Crawl], many: Sequence[Sequence[str]]) -> None:
        self._crawl = crawl
        self._started: Future[tuple[asyncio.AbstractEventLoop, Crawl]] = Future()
        self._stop = asyncio.Event()
        self._room = asyncio.Semaphore(_WINDOW)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="ratecard-fetch", daemon=True)
        self._thread.start()
        self._loop, self._fetches = self._started.result()
        self._inside: set[tuple[str, ...]] = set()
        self._answers = {key: self._begin(self._in_room(key)) for key in dict.fromkeys(map(tuple, many))}

    def fetch(self, addresses: Sequence[str], *, browser: bool) -> Fetched | NotFetched:
        """Return the answer that was fetched ahead, once; any other is fetched now, and so is what needs a browser."""
        key = tuple(addresses)
        answer = None if browser else self._answers.pop(key, None)
        if answer is None:
            return self._begin(self._fetches.fetch(addresses, browser=browser)).result()
        try:
            return answer.result()
        finally:
            self._loop.call_soon_threadsafe(self._leave, key)

    def drop(self, addresses: Sequence[str]) -> None:
        """Give up an answer that nobody will ask for, whether it is there or not."""
        key = tuple(addresses)
        answer = self._answers.pop(key, None)
        if answer is not None:
            answer.cancel()
            self._loop.call_soon_threadsafe(self._leave, key)

    def close(self) -> None:
        """Give up what nobody has asked for, and end."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _begin(self, fetch: Coroutine[Any, Any, Fetched | NotFetched]) -> Future[Fetched | NotFetched]:
        return asyncio.run_coroutine_threadsafe(self._known(fetch), self._loop)

    async def _known(self, fetch: Coroutine[Any, Any, Fetched | NotFetched]) -> Fetched | NotFetched:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a coroutine runs in a task")
        self._tasks.add(task)
        try:
            return await fetch
        finally:
            self._tasks.discard(task)

    async def _in_room(self, key: tuple[str, ...]) -> Fetched | NotFetched:
        await self._room.acquire()
        self._inside.add(key)
        return await self._fetches.fetch(key)

    def _leave(self, key: tuple[str, ...]) -> None:
        if key in self._inside:
            self._inside.remove(key)
            self._room.release()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=Loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise

    async def _serve(self) -> None:
        async with self._crawl() as crawl:
            self._started.set_result((asyncio.get_running_loop(), crawl))
            await self._stop.wait()
            # Not all tasks: those of the browser have to be there when it is closed.
            fetches = list(self._tasks)
            for fetch in fetches:
                fetch.cancel()
            await asyncio.gather(*fetches, return_exceptions=True)

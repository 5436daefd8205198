"""The live client: fetches one source after the other, or many ahead of whoever reads them."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from functools import partial
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

_TOGETHER: Final = 16
"""After as many answers as this were taken, others are fetched in their place."""

_Key = tuple[str, ...]
_Answer = Future[Fetched | NotFetched]


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
    """A crawl on a thread of its own, a limited way ahead of whoever asks for its answers.

    What another thread tells the crawl wakes it up, which costs as much as a small fetch: it is told of several answers
    that were taken at once, and sooner where somebody waits for it anyway.
    """

    def __init__(self, crawl: Callable[[], Crawl], many: Sequence[Sequence[str]]) -> None:
        self._crawl = crawl
        self._started: Future[tuple[asyncio.AbstractEventLoop, Crawl]] = Future()
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="ratecard-fetch", daemon=True)
        self._thread.start()
        self._loop, self._fetches = self._started.result()
        self._answers: dict[_Key, _Answer] = {key: Future() for key in dict.fromkeys(map(tuple, many))}
        self._taken: list[_Key] = []
        # These two are the crawl's: no other thread looks at them.
        self._waiting = dict(self._answers)
        self._inside: dict[_Key, asyncio.Task[Any]] = {}
        self._tell()

    def fetch(self, addresses: Sequence[str], *, browser: bool) -> Fetched | NotFetched:
        """Return the answer that was fetched ahead, once; any other is fetched now, and so is what needs a browser."""
        key = tuple(addresses)
        answer = None if browser else self._answers.pop(key, None)
        if answer is None:
            return asyncio.run_coroutine_threadsafe(self._now(addresses, browser=browser), self._loop).result()
        if not answer.done():
            self._tell(wanted=key)
        try:
            return answer.result()
        finally:
            self._taken.append(key)
            if len(self._taken) >= _TOGETHER:
                self._tell()

    def drop(self, addresses: Sequence[str]) -> None:
        """Give up an answer that nobody will ask for, whether it is there or not."""
        key = tuple(addresses)
        answer = self._answers.pop(key, None)
        if answer is not None:
            answer.cancel()
            self._taken.append(key)
            self._tell()

    def close(self) -> None:
        """Give up what nobody has asked for, and end."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _tell(self, *, wanted: _Key | None = None) -> None:
        taken, self._taken = self._taken, []
        self._loop.call_soon_threadsafe(self._go_on, taken, wanted)

    # On the thread of the crawl.

    def _go_on(self, taken: Sequence[_Key], wanted: _Key | None) -> None:
        """Let others in where answers were taken or given up; one that is waited for comes in at once."""
        for key in taken:
            self._waiting.pop(key, None)
            if (fetch := self._inside.pop(key, None)) is not None:
                fetch.cancel()
        if wanted in self._waiting:
            self._begin(wanted)
        while self._waiting and len(self._inside) < _WINDOW:
            self._begin(next(iter(self._waiting)))

    def _begin(self, key: _Key) -> None:
        answer = self._waiting.pop(key)
        fetch = self._inside[key] = self._loop.create_task(self._fetches.fetch(key))
        self._known(fetch)
        fetch.add_done_callback(partial(_hand_over, answer))

    async def _now(self, addresses: Sequence[str], *, browser: bool) -> Fetched | NotFetched:
        fetch = self._loop.create_task(self._fetches.fetch(addresses, browser=browser))
        self._known(fetch)
        return await fetch

    def _known(self, fetch: asyncio.Task[Any]) -> None:
        self._tasks.add(fetch)
        fetch.add_done_callback(self._tasks.discard)

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


def _hand_over(answer: _Answer, fetch: asyncio.Task[Fetched | NotFetched]) -> None:
    """Give what a fetch came to, to whoever waits for it on another thread."""
    if fetch.cancelled():
        answer.cancel()
        return
    error = fetch.exception()
    # It may have been given up at this very moment.
    if not answer.set_running_or_notify_cancel():
        return
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(fetch.result())

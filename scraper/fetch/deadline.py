"""One deadline for all that belongs to a fetch, which stops for as long as nothing is done but waiting for a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self


class Deadline:
    """Raises `TimeoutError` from its `async with` block after so many seconds, without those in which it was paused.

    Where several requests belong to one fetch, each says that it is `working`; the deadline stops only when all of them
    wait, since one that waits must not give another one more time.
    """

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._working = 0
        self._waiting = 0
        self._rest: float | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, trace)

    def left(self) -> float:
        """Return the seconds that are left."""
        end = self._timeout.when()
        if self._rest is not None or end is None:
            return self._rest or 0.0
        return max(0.0, end - asyncio.get_running_loop().time())

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count what is done in a block as one of several requests of the fetch."""
        self._working += 1
        self._settle()
        try:
            yield
        finally:
            self._working -= 1
            self._settle()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Wait in a block: whoever waits for a turn is not the slower for it."""
        self._waiting += 1
        self._settle()
        try:
            yield
        finally:
            self._waiting -= 1
            self._settle()

    def _settle(self) -> None:
        stop = 0 < self._waiting >= self._working
        if stop is (self._rest is not None) or self._timeout.expired():
            return
        if stop:
            self._rest = self.left()
            self._timeout.reschedule(None)
        else:
            self._timeout.reschedule(asyncio.get_running_loop().time() + (self._rest or 0.0))
            self._rest = None


class Loop(asyncio.SelectorEventLoop):
    """An event loop that leaves a hanging name lookup behind; waiting for its thread would outlast the deadline."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for nothing; closing the loop lets its threads end by themselves."""

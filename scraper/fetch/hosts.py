"""Hosts: how they are named, and their turns: one request at a time, with the pace that they ask for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx2 as httpx

from scraper.fetch.deadline import Deadline
from scraper.fetch.failure import Failed
from scraper.fetch.robots import Rules
from scraper.records import iso
from scraper.settings import Settings

_CLOCKS_DIFFER: Final = 3600.0
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class Host:
    """What a client knows of a host: when the next request may begin (on the monotonic clock), its pace in seconds,
    until when it wants to be left alone, and the decisions on its robots.txt files by origin.
    """

    name: str
    pace: float
    next_at: float = 0.0
    not_before: datetime | None = None
    rules: dict[str, Rules] = field(default_factory=dict)

    def put_off(self, seconds: float) -> None:
        """Let the next request begin no earlier than that many seconds from now."""
        self.next_at = max(self.next_at, time.monotonic() + seconds)


def parsed(address: str, base: httpx.URL | None = None) -> httpx.URL:
    """Read an address, relative to another where that is given; refuse what is none."""
    try:
        return httpx.URL(address) if base is None else base.join(address)
    except (httpx.InvalidURL, ValueError) as error:
        raise Failed("refused", f"is or leads to what is not an address: {error}") from error


def check(url: httpx.URL) -> None:
    """Refuse an address that nobody is asked for: another scheme, no host, a password in it."""
    if url.scheme not in _PORTS or not url.host:
        raise Failed("refused", "is not an http or https address")
    if url.port is not None and not 0 < url.port < 65536:
        raise Failed("refused", f"names the port {url.port}, which there is not")
    if url.userinfo:
        raise Failed("refused", "has a user or a password in it; keys belong into the setting keys")


def bare_name(url: httpx.URL) -> str:
    """Return the host alone, as it is looked up and as a certificate names it."""
    return url.raw_host.decode("ascii").lower()


def port_of(url: httpx.URL) -> int:
    """Return the port of an address, also where it does not name it."""
    return url.port or _PORTS[url.scheme]


def host_name(url: httpx.URL) -> str:
    """Return the name that pace, waits and keys go by: the host, with its port unless that is the scheme's own."""
    name = bare_name(url)
    name = f"[{name}]" if ":" in name else name
    return name if port_of(url) == _PORTS[url.scheme] else f"{name}:{url.port}"


def origin_of(url: httpx.URL) -> str:
    """Return the site of an address, to which one robots.txt belongs."""
    return f"{url.scheme}://{host_name(url)}"


class Turns:
    """Hands out the turns of one host on one event loop; `everywhere` limits the requests to all hosts together."""

    def __init__(
        self, host: Host, settings: Settings, clock: Callable[[], datetime], everywhere: asyncio.Semaphore
    ) -> None:
        self._host = host
        self._longest_wait = settings.retry_wait
        self._longest_rest = settings.retry_later
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.host_concurrency)
        self._everywhere = everywhere

    @asynccontextmanager
    async def turn(self, deadline: Deadline) -> AsyncIterator[None]:
        """Wait for the host's turn and then for a place among all hosts; the pace counts from the end of a request.

        Raises `Failed` where the host wants to be left alone for longer than we wait.
        """
        async with AsyncExitStack() as stack:
            with nullcontext() if self._free() else deadline.paused():
                await stack.enter_async_context(self._slots)
                self._check_wait()
                await self._pause()
                await stack.enter_async_context(self._everywhere)
            try:
                yield
            finally:
                self._host.put_off(self._host.pace)

    def _free(self) -> bool:
        """Say whether nothing is to be waited for."""
        rests = self._host.not_before is not None or self._host.next_at > time.monotonic()
        return not (rests or self._slots.locked() or self._everywhere.locked())

    def _check_wait(self) -> None:
        until = self._host.not_before
        seconds = (until - self._clock()).total_seconds() if until is not None else 0.0
        if seconds > self._longest_rest + _CLOCKS_DIFFER:
            # Nobody may ask for so much: the clock was ahead when this was remembered.
            self._host.not_before = None
            return
        if until is not None and seconds > self._longest_wait:
            raise Failed("later", f"was not asked: its host wants to be left alone until {iso(until)}")
        self._host.put_off(seconds)

    async def _pause(self) -> None:
        # Where several may ask at once, each takes the next moment for itself before it waits for it.
        now = time.monotonic()
        begins = max(now, self._host.next_at)
        self._host.next_at = begins + self._host.pace
        if begins > now:
            await asyncio.sleep(begins - now)

"""A crawl: all fetches of one run on one event loop, polite to each host and independent of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx2 as httpx
import stamina
from stamina.instrumentation import set_on_retry_hooks

from scraper.fetch import robots
from scraper.fetch.archive import Archive, ArchiveError
from scraper.fetch.asking import Asker
from scraper.fetch.body import Body, check_length
from scraper.fetch.browser import Browser, Part
from scraper.fetch.capture import Capture, Fetched, NotFetched, fetched, kept_headers
from scraper.fetch.deadline import Deadline
from scraper.fetch.failure import Failed
from scraper.fetch.hosts import Host, Turns, check, host_name, origin_of, parsed
from scraper.fetch.later import retry_after
from scraper.fetch.memory import Memory
from scraper.fetch.robots import Rules
from scraper.records import iso
from scraper.remembered import RememberedPage, RememberedRobots
from scraper.settings import Settings

T = TypeVar("T")
Found = tuple[str, RememberedPage | RememberedRobots | datetime]
"""Something to be remembered: of an address, of an origin, of a host."""
Ask = Callable[[httpx.URL, Deadline], Awaitable[T | httpx.URL]]
"""Asks an address and returns what is made of its answer, or the address it leads to."""
Read = Callable[[httpx.URL, httpx.Response], Awaitable[T]]
"""Makes something of an answer, while its body is still to come."""

_GONE: Final = (404, 410)
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_NOT_MODIFIED: Final = 304
_BACKOFF_SECONDS: Final = 0.5
_UNCHANGED_AT_MOST: Final = 3
"""As many "not modified" in a row are believed: every fourth run asks for the whole page, whatever its marks say."""
_NOTHING: Final = nullcontext()
_LONGEST_MARK: Final = 1000
_LONGEST_ADDRESS: Final = 2000

# Its own hooks would print each retry, on stdout where structlog is not set up; what comes of it is in the answer.
set_on_retry_hooks(())


class Crawl:
    """Fetches on the running event loop; use it in an `async with` block, which closes all connections.

    `hosts` outlives it, as the pace of a host does. `memory` is read here; what is to be written there is handed to
    `keep`, since a database may be slow.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime],
        asker: Asker,
        hosts: dict[str, Host],
        memory: Memory,
        archive: Archive | None,
        keep: Callable[[Found], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._asker = asker
        self._hosts = hosts
        self._memory = memory
        self._archive = archive
        self._keep = keep
        self._agent = robots.agent_of(settings.user_agent)
        self._everywhere = asyncio.Semaphore(settings.concurrency)
        self._turns: dict[str, Turns] = {}
        self._sessions: dict[str, httpx.AsyncClient] = {}
        self._deciding: dict[str, asyncio.Lock] = {}
        self._browser = Browser(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._browser.close()
        for session in self._sessions.values():
            await session.aclose()

    async def fetch(self, addresses: Sequence[str], *, browser: bool = False) -> Fetched | NotFetched:
        """Return what the first address answers; the next one is asked only where an address is gone (404, 410).

        With `browser`, an answer is what a browser makes of it; only one such fetch may be under way.
        """
        answers = []
        for address in addresses:
            answer = await self._fetch_one(address, self._rendered if browser else self._page)
            if isinstance(answer, Fetched) or answer.status not in _GONE:
                return answer
            answers.append(answer)
        return answers[0]

    async def _fetch_one(self, address: str, ask: Ask[Fetched]) -> Fetched | NotFetched:
        seconds = self._settings.deadline
        hops = [address]
        try:
            # The library's own limits are for each read, and a body that drips keeps every read short.
            async with Deadline(seconds) as deadline:
                return await self._follow(hops, deadline, ask)
        except Failed as failure:
            kind, message, status = failure.kind, str(failure), failure.status
        except TimeoutError:
            kind, message, status = "timeout", f"gave no whole answer within {seconds:g} seconds", None
        sentence = self._asker.mask(f"{' -> '.join(hops)} {message}")
        return NotFetched(kind, sentence, self._asker.mask(address), status)

    async def _follow(self, hops: list[str], deadline: Deadline, ask: Ask[T]) -> T:
        """Follow redirects, noting every hop, and return what is made of the answer at the end of them."""
        url = parsed(hops[0])
        while True:
            check(url)
            answer = await ask(url, deadline)
            if not isinstance(answer, httpx.URL):
                return answer
            hops.append(str(answer))
            if url.scheme == "https" and answer.scheme == "http":
                raise Failed("refused", "leads from https to http, which is not followed")
            if len(hops) > self._settings.max_redirects + 1:
                raise Failed("refused", f"redirects more than {self._settings.max_redirects} times")
            url = answer

    # A page.

    async def _page(self, url: httpx.URL, deadline: Deadline) -> Fetched | httpx.URL:
        self._asker.keys_for(url)  # without its key nothing is asked of a host, not even what robots may do
        await self._permission(url, deadline.paused())
        known = self._known(url)
        marks = _conditions(known) if known else {}
        answer = await self._ask(url, deadline, partial(self._read_page, known), marks, keyed=True)
        if answer is None:
            answer = await self._ask(url, deadline, partial(self._read_page, None), {}, keyed=True)
        if answer is None:
            raise AssertionError("only an answer to a condition can be without a body")
        return answer

    async def _read_page(
        self, known: RememberedPage | None, url: httpx.URL, response: httpx.Response
    ) -> Fetched | None:
        if response.status_code == _NOT_MODIFIED and known is not None:
            return await self._unchanged(known, url, response)
        _check_status(response, self._clock())
        check_length(response, self._settings.max_body)
        body = await Body.of(response, self._settings.max_body).read(response)
        self._check_secrets(body, response.headers)
        got = fetched(
            body,
            url=str(url),
            captured_at=self._clock(),
            content_type=response.headers.get("content-type", ""),
            headers=response.headers,
        )
        self._remember(
            url,
            RememberedPage(
                _mark(response, "etag"), _mark(response, "last-modified"), got.capture.sha256, got.capture.content_type
            ),
        )
        return got

    def _check_secrets(self, body: bytes, headers: Mapping[str, str]) -> None:
        for secret in self._asker.secrets():
            if secret.encode() in body or any(secret in value for value in headers.values()):
                raise Failed("refused", "sent a key back, so that nothing of its answer is kept")

    async def _unchanged(self, known: RememberedPage, url: httpx.URL, response: httpx.Response) -> Fetched | None:
        """Return the archived body that still stands, seen again now; None where the archive has lost it."""
        if self._archive is None:
            return None
        try:
            # An archive may be far away; what else is fetched does not wait for it.
            body = await asyncio.to_thread(self._archive.get, known.sha256)
        except ArchiveError:
            return None
        self._remember(
            url,
            RememberedPage(
                known.etag, known.last_modified, known.sha256, known.content_type, since_full=known.since_full + 1
            ),
        )
        return Fetched(
            Capture(
                sha256=known.sha256,
                url=str(url),
                captured_at=self._clock(),
                content_type=known.content_type,
                size=len(body),
                status=response.status_code,
                headers=kept_headers(response.headers),
            ),
            body,
        )

    def _known(self, url: httpx.URL) -> RememberedPage | None:
        """Return the last whole answer of an address, where it is of use now."""
        if self._archive is None:
            return None
        known = self._memory.page(str(url))
        if known is None or not (known.etag or known.last_modified) or known.since_full >= _UNCHANGED_AT_MOST:
            return None
        return known

    def _remember(self, url: httpx.URL, page: RememberedPage) -> None:
        # Without an archive it would never be of use, and an archive of others has an address for each copy.
        if self._archive is not None and len(str(url)) <= _LONGEST_ADDRESS:
            self._keep((str(url), page))

    # A page as a browser shows it, and what it asks for itself.

    async def _rendered(self, url: httpx.URL, deadline: Deadline) -> Fetched | httpx.URL:
        self._browser.check()
        self._asker.keys_for(url)
        await self._permission(url, deadline.paused())
        # Whether the page has changed does not say whether what it asks for has: no conditions.
        page = await self._ask(url, deadline, partial(self._read_part, self._settings.max_body), {}, keyed=True)
        if isinstance(page, httpx.URL):
            return page
        if page.status != 200:
            raise Failed("status", f"answered {page.status}", page.status)
        shown = await self._browser.show(url, page, partial(self._part, deadline), deadline)
        if isinstance(shown, httpx.URL):
            return shown
        self._check_secrets(shown.body, {})
        return fetched(shown.body, url=str(url), captured_at=self._clock(), content_type=shown.content_type)

    async def _part(self, deadline: Deadline, address: str, headers: Mapping[str, str], limit: int) -> Part:
        """Get something for a page that is shown, by the same rules as a page; keys are not a page's to use."""

        async def ask(url: httpx.URL, deadline: Deadline) -> Part | httpx.URL:
            await self._permission(url)
            return await self._ask(url, deadline, partial(self._read_part, limit), dict(headers), keyed=False)

        return await self._follow([address], deadline, ask)

    async def _read_part(self, limit: int, url: httpx.URL, response: httpx.Response) -> Part:  # noqa: ARG002
        status = response.status_code
        if status == 429 or not (200 <= status < 300 or 400 <= status < 500):
            _check_status(response, self._clock())
        check_length(response, limit)
        body = b"" if status == 204 else await Body.of(response, limit).read(response)
        self._check_secrets(body, response.headers)
        return Part(status, response.headers, body)

    # robots.txt.

    async def _permission(self, url: httpx.URL, waiting: AbstractContextManager[None] = _NOTHING) -> None:
        """Refuse an address that the robots.txt of its site keeps from us; one that is to be had is waited for."""
        origin = origin_of(url)
        host = self._host(url)
        rules = host.rules.get(origin)
        if rules is None or not rules.fresh(self._clock()):
            with waiting:
                async with self._deciding.setdefault(origin, asyncio.Lock()):
                    rules = await self._rules(host, origin)
        host.pace = self._pace_by(rules)
        if rules.allows(str(url), self._agent):
            return
        decided = rules.remembered
        if decided.decision == "rules":
            said = f"is disallowed for {self._agent} by {origin}/robots.txt as of {iso(decided.fetched_at)}"
            raise Failed("refused", said)
        said = f"is not fetched in this run, because {origin}/robots.txt {decided.reason}"
        raise Failed(rules.kind, said)

    async def _rules(self, host: Host, origin: str) -> Rules:
        """Return what counts of a site's robots.txt: what is known of it while that is fresh, else what it answers."""
        rules = host.rules.get(origin)
        if rules is None:
            remembered = self._memory.robots(origin)
            if remembered is not None and remembered.decision != "disallow":
                rules = Rules.of(remembered)
        if rules is None or not rules.fresh(self._clock()):
            rules = await self._fetch_rules(origin)
            self._keep((origin, rules.remembered))
            host.put_off(self._pace_by(rules))
        host.rules[origin] = rules
        return rules

    def _pace_by(self, rules: Rules) -> float:
        return max(self._settings.pace, min(rules.delay(self._agent), self._settings.max_crawl_delay))

    async def _fetch_rules(self, origin: str) -> Rules:
        seconds = self._settings.deadline
        try:
            async with Deadline(seconds) as deadline:
                body = await self._follow([f"{origin}/robots.txt"], deadline, self._robots)
            return Rules.of(robots.of_text(body, self._clock()))
        except TimeoutError:
            reason = f"gave no whole answer within {seconds:g} seconds"
            return Rules.of(robots.of_failure(reason, self._clock()), "timeout")
        except Failed as failure:
            if failure.kind == "later":
                raise
            if failure.status is not None:
                return Rules.of(robots.of_status(failure.status, self._clock()))
            return Rules.of(robots.of_failure(str(failure), self._clock()), failure.kind)

    async def _robots(self, url: httpx.URL, deadline: Deadline) -> bytes | httpx.URL:
        return await self._ask(url, deadline, self._read_robots, {}, keyed=False)

    async def _read_robots(self, url: httpx.URL, response: httpx.Response) -> bytes:  # noqa: ARG002
        _check_status(response, self._clock())
        body = Body.of(response, robots.LIMIT)
        try:
            return await body.read(response)
        except Failed as failure:
            if failure.kind != "too_large":
                raise
        # The line at the limit may be a half of one.
        return body.start().rpartition(b"\n")[0]

    # Asking: with patience, in turn.

    async def _ask(
        self, url: httpx.URL, deadline: Deadline, read: Read[T], headers: dict[str, str], *, keyed: bool
    ) -> T | httpx.URL:
        """Ask until there is an answer or no hope of one; return what is made of it, or the address it leads to."""
        host = self._host(url)

        async def once() -> T | httpx.URL:
            async with self._turns_of(host).turn(deadline):
                return await self._ask_once(host, url, deadline, read, headers, keyed=keyed)

        try:
            try:
                return await once()
            except Failed as failure:
                if not failure.again:
                    raise
                return await self._again(failure, once, deadline)
        except Failed as failure:
            if failure.after is not None:
                self._leave_alone(host, failure.after)
            raise

    async def _again(self, failure: Failed, once: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """Try again after a first failure, as long as that may help."""

        def worth_it(error: Exception) -> bool | float:
            if not isinstance(error, Failed) or not error.again:
                return False
            wait = min(_BACKOFF_SECONDS, self._settings.retry_wait) if error.after is None else error.after
            if wait > min(self._settings.retry_wait, deadline.left()):
                return False
            return True if error.after is None else error.after

        async for attempt in stamina.retry_context(
            on=worth_it,
            attempts=self._settings.retries + 1,
            timeout=None,
            wait_initial=min(_BACKOFF_SECONDS, self._settings.retry_wait),
            wait_max=self._settings.retry_wait,
            wait_jitter=min(_BACKOFF_SECONDS, self._settings.retry_wait),
        ):
            with attempt:
                if attempt.num == 1:
                    raise failure
                return await once()
        raise AssertionError("there is at least one attempt")

    async def _ask_once(
        self,
        host: Host,
        url: httpx.URL,
        deadline: Deadline,
        read: Read[T],
        headers: dict[str, str],
        *,
        keyed: bool,
    ) -> T | httpx.URL:
        session = self._session(host)
        response = await self._asker.open(session, url, headers, keyed=keyed, seconds=deadline.left())
        try:
            target = response.headers.get("location")
            if response.status_code in _REDIRECTS and target:
                return parsed(target, url)
            return await read(url, response)
        except Failed as failure:
            if failure.after is not None:
                # Whoever else waits for this host waits as long as we do.
                host.put_off(min(failure.after, self._settings.retry_wait))
            raise
        except httpx.RemoteProtocolError as error:
            raise Failed("broken", f"broke off or is not HTTP: {error}") from error
        except httpx.TransportError as error:
            raise Failed("network", f"broke off: {error or type(error).__name__}") from error
        finally:
            await response.aclose()

    def _leave_alone(self, host: Host, seconds: float) -> None:
        until = self._clock() + timedelta(seconds=min(seconds, self._settings.retry_later))
        host.not_before = until
        self._keep((host.name, until))

    def _host(self, url: httpx.URL) -> Host:
        name = host_name(url)
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._settings.pace, not_before=self._memory.not_before(name))
        return self._hosts[name]

    def _turns_of(self, host: Host) -> Turns:
        if host.name not in self._turns:
            self._turns[host.name] = Turns(host, self._settings, self._clock, self._everywhere)
        return self._turns[host.name]

    def _session(self, host: Host) -> httpx.AsyncClient:
        # One for each host costs half of what one for all does.
        if host.name not in self._sessions:
            self._sessions[host.name] = self._asker.session()
        return self._sessions[host.name]


def _check_status(response: httpx.Response, now: datetime) -> None:
    status = response.status_code
    if status == 200:
        return
    busy = status in (429, 503)
    raise Failed(
        "status",
        f"answered {status} {response.reason_phrase}".rstrip(),
        status,
        again=status == 429 or status >= 500,
        after=retry_after(response.headers.get("retry-after"), now) if busy else None,
    )


def _conditions(known: RememberedPage) -> dict[str, str]:
    marks = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in marks.items() if value}


def _mark(response: httpx.Response, name: str) -> str:
    """Return a header that is sent back next time, or nothing where it would not do as one."""
    value: str = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= _LONGEST_MARK else ""

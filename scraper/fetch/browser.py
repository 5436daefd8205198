"""Pages that only a browser can read: Chromium shows them, and everything that they ask for is fetched by us.

Chromium has no network. Each of its requests is handed to us and answered with what our own client got, by the rules of
our own client: robots.txt, pace, limits, checked addresses. What would not come to us comes to nothing.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx2 as httpx

from scraper.fetch.deadline import Deadline
from scraper.fetch.failure import Failed
from scraper.fetch.hosts import origin_of, parsed
from scraper.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, CDPSession, Page, Playwright, Request, Route

RENDERED: Final = "text/html; charset=utf-8; rendered=chromium"
"""The content type of a capture that a browser made."""

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_NEEDED: Final = ("document", "script", "stylesheet", "xhr", "fetch")
"""What a page may ask for: what can change its text. Scripts wait for stylesheets."""
_PAGES: Final = ("text/html", "application/xhtml+xml")
_MOST_PARTS: Final = 300
_QUIET_SECONDS: Final = 0.5
_START_SECONDS: Final = 30.0
_CLOSE_SECONDS: Final = 5.0
_PASSED_ON: Final = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
"""What Chromium may know of the environment; keys are in it, too."""

_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name leads anywhere, and neither does the proxy that everything else would have to go through.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://nowhere.invalid:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--js-flags=--max-old-space-size=512",
)

_OURS: Final = ("cookie", "host", "range", "te", "user-agent", "accept-encoding", "connection", "content-length")
_HANDED_OVER: Final = ("content-type", "content-security-policy", "x-content-type-options")

_SNAPSHOT: Final = """(limit => {
    const root = document.documentElement;
    if (!root) return {html: "", text: ""};
    const doctype = document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\\n" : "";
    const html = doctype + root.outerHTML;
    return html.length > limit ? {html: null, text: ""} : {html: html, text: root.textContent};
})"""


@dataclass(frozen=True, slots=True)
class Part:
    """An answer that is handed to a page; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What a browser made of a page: its document as it was once all was there and nothing moved any more."""

    body: bytes
    content_type: str = RENDERED


AskFor = Callable[[str, Mapping[str, str], int], Awaitable[Part]]
"""Gets something that a page asks for: its address, the request's headers, as many bytes as it may have."""


class Browser:
    """Chromium for the pages of one crawl, started when the first one needs it; each page has a profile of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._driver: Playwright | None = None
        self._chromium: Chromium | None = None

    def check(self) -> str:
        """Return where Chromium is; raise `Failed` where it or the library that drives it is not installed."""
        found = str(self._settings.chromium) if self._settings.chromium else ""
        path = shutil.which(found) if found else next(filter(None, map(shutil.which, _NAMES)), None)
        if path is None or importlib.util.find_spec("playwright") is None:
            raise Failed("refused", "needs a browser: install ratecard[browser] and Chromium")
        return path

    async def show(self, url: httpx.URL, page: Part, ask_for: AskFor, deadline: Deadline) -> Shown | httpx.URL:
        """Show a page whose answer is there already; return the document, or the address that the page leads to."""
        if page.headers.get("content-type", "").partition(";")[0].strip().casefold() not in _PAGES:
            raise Failed("broken", f"is no page for a browser: its type is {page.headers.get('content-type', '')!r}")
        from playwright.async_api import Error

        try:
            # A machine that is slow to start it does not make the page slower.
            with deadline.paused():
                chromium = await self._running()
            async with self._context(chromium) as context:
                visit = _Visit(await context.new_page(), url, page, ask_for, deadline, self._settings.max_body)
                return await visit.shown()
        except (Error, OSError) as error:
            raise Failed("broken", f"could not be shown by the browser: {_first_line(error)}") from error

    async def close(self) -> None:
        """End Chromium and what drives it, also where they do not answer any more."""
        chromium, self._chromium = self._chromium, None
        driver, self._driver = self._driver, None
        if chromium is not None:
            await _within_reason(chromium.close())
        if driver is not None:
            # Without its driver, Chromium ends by itself.
            await _within_reason(driver.stop())

    @asynccontextmanager
    async def _context(self, chromium: Chromium) -> AsyncIterator[BrowserContext]:
        context = await chromium.new_context(
            user_agent=self._settings.user_agent, accept_downloads=False, service_workers="block"
        )
        try:
            yield context
        finally:
            # A page that never lets go does not keep Chromium.
            if not await _within_reason(context.close()):
                await self.close()

    async def _running(self) -> Chromium:
        from playwright.async_api import async_playwright

        if self._chromium is not None and self._chromium.is_connected():
            return self._chromium
        await self.close()
        self._driver = await async_playwright().start()
        self._chromium = await self._driver.chromium.launch(
            executable_path=self.check(),
            args=_ARGUMENTS,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            timeout=_START_SECONDS * 1000,
            # Who is told to stop is this process.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        return self._chromium


class _Visit:
    """One page being shown."""

    def __init__(
        self, page: Page, url: httpx.URL, document: Part, ask_for: AskFor, deadline: Deadline, limit: int
    ) -> None:
        self._page = page
        self._url = url
        self._document: Part | None = document
        self._ask_for = ask_for
        self._deadline = deadline
        self._limit = limit
        self._room = limit - len(document.body)
        self._asked = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[httpx.URL] = asyncio.get_running_loop().create_future()

    async def shown(self) -> Shown | httpx.URL:
        """Return the document once nothing is under way and its text stays as it is, or where the page leads to."""
        self._page.on("crash", lambda _: self._fail(Failed("broken", "crashed the browser that shows it")))
        await self._page.context.route("**/*", self._answer)
        showing = asyncio.create_task(self._settled())
        ends: set[asyncio.Future[Any]] = {showing, self._over}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            over: asyncio.Future[Shown] | asyncio.Future[httpx.URL] = self._over if self._over.done() else showing
            return over.result()
        finally:
            rest: list[asyncio.Future[Any]] = [showing, self._over, *self._under_way]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    async def _settled(self) -> Shown:
        await self._page.goto(str(self._url), wait_until="load", timeout=0)
        session = await self._page.context.new_cdp_session(self._page)
        before = None
        while True:
            await self._quiet()
            html, text = await _snapshot(session, self._limit)
            # Numbers that run up to their value are not there yet.
            if text == before:
                body = html.encode("utf-8", errors="replace")
                if len(body) > self._limit:
                    raise _too_large(self._limit)
                return Shown(body)
            before = text

    async def _quiet(self) -> None:
        while True:
            asked = self._asked
            await asyncio.sleep(_QUIET_SECONDS)
            if asked == self._asked and not self._under_way:
                return

    # What the page asks for.

    async def _answer(self, route: Route) -> None:
        from playwright.async_api import Error

        task = asyncio.current_task()
        if task is None:
            raise AssertionError("requests are answered in tasks")
        self._asked += 1
        self._under_way.add(task)
        try:
            part = await self._answer_to(route.request)
            # A page that is closed meanwhile wants no answer.
            with suppress(Error):
                if part is None:
                    await route.abort("blockedbyclient")
                else:
                    await route.fulfill(status=part.status, headers=_handed_over(part.headers), body=part.body)
        finally:
            self._under_way.discard(task)

    async def _answer_to(self, request: Request) -> Part | None:
        """Return what a request of the page gets; None where it is not to be asked."""
        if self._over.done() or not self._is_ours(request) or request.method != "GET":
            return None
        if self._asked > _MOST_PARTS:
            self._fail(Failed("too_large", f"asks for more than {_MOST_PARTS} things in the browser"))
            return None
        if request.is_navigation_request():
            document, self._document = self._document, None
            if document is None:
                self._lead_to(request.url)
            return document
        if request.resource_type not in _NEEDED:
            return None
        return await self._fetched(request)

    def _is_ours(self, request: Request) -> bool:
        """Say whether a request is of the page itself, not of a frame in it or of another window."""
        from playwright.async_api import Error

        try:
            return request.frame == self._page.main_frame
        except Error:
            return False

    async def _fetched(self, request: Request) -> Part | None:
        try:
            with self._deadline.working():
                part = await self._ask_for(request.url, self._headers(request), self._room)
            self._room -= len(part.body)
            if self._room < 0:
                raise _too_large(self._limit)
        except Failed as failure:
            # What is never given out is not in any day's page. What fails today would make this day's another one.
            if failure.kind == "too_large":
                self._fail(_too_large(self._limit))
            elif failure.kind != "refused":
                self._fail(Failed(failure.kind, f"asks for {request.url}, which {failure}"))
            return None
        return part

    def _headers(self, request: Request) -> dict[str, str]:
        sent = {name.lower(): value for name, value in request.headers.items()}
        own = {
            name: value for name, value in sent.items() if name not in _OURS and not name.startswith(("sec-", "if-"))
        }
        origin = origin_of(self._url)
        if request.resource_type in ("xhr", "fetch") and origin_of(parsed(request.url)) != origin:
            own["origin"] = origin
        return own

    def _lead_to(self, address: str) -> None:
        try:
            url = parsed(address)
        except Failed as failure:
            self._fail(failure)
        else:
            self._over.set_result(url)

    def _fail(self, failure: Failed) -> None:
        if not self._over.done():
            self._over.set_exception(failure)


async def _snapshot(session: CDPSession, limit: int) -> tuple[str, str]:
    """Return the document and its text, out of the reach of the page's own scripts."""
    tree = await session.send("Page.getFrameTree")
    world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
    answer = await session.send(
        "Runtime.evaluate",
        {
            "expression": f"{_SNAPSHOT}({limit})",
            "contextId": world["executionContextId"],
            "returnByValue": True,
        },
    )
    seen = answer["result"].get("value") or {"html": "", "text": ""}
    if seen["html"] is None:
        raise _too_large(limit)
    return seen["html"], seen["text"]


def _handed_over(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of an answer that mean something to a page; cookies and caches are not among them."""
    return {
        name: value
        for name, value in headers.items()
        if name in _HANDED_OVER or name.startswith(("access-control-", "cross-origin-"))
    }


def _too_large(limit: int) -> Failed:
    return Failed("too_large", f"comes to more than {limit:,} bytes in the browser, the limit max_body")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


async def _within_reason(closing: Awaitable[None]) -> bool:
    """Wait for something to close, but not for long; say whether it did."""
    from playwright.async_api import Error

    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await closing
    except (TimeoutError, Error):
        return False
    return True

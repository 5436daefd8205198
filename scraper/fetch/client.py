"""The live client: one honest identity, one deadline, one size limit, and no answer that may be half of one."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime

import httpx2 as httpx

from scraper.fetch.capture import FailureKind, Fetched, NotFetched, fetched
from scraper.settings import Settings

_GONE = (404, 410)
_REDIRECTS = (301, 302, 303, 307, 308)


class Client:
    """A fetcher over HTTP(S). `clock` gives the time of a capture (aware); limits and identity are settings."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def fetch(self, addresses: Sequence[str]) -> Fetched | NotFetched:
        """Return what the first address answers; the next one is asked only where an address is gone (404, 410).

        An address that merely fails today is a failure: a mirror may lag behind it and would give old prices as new.
        The deadline is for each address. Must not be called from a running event loop.
        """
        if not addresses:
            raise ValueError("a fetch needs at least one address")
        answers = []
        for address in addresses:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                answer = runner.run(self._get(address))
            if isinstance(answer, Fetched) or answer.status not in _GONE:
                return answer
            answers.append(answer)
        return answers[0]

    async def _get(self, address: str) -> Fetched | NotFetched:
        seconds = self._settings.deadline
        hops = [address]
        try:
            # The library's own limits are for each read, and a body that drips keeps every read short.
            async with asyncio.timeout(seconds), self._session() as session:
                return await self._follow(session, hops)
        except _Failed as failure:
            kind, message, status = failure.kind, str(failure), failure.status
        except (TimeoutError, httpx.TimeoutException):
            kind, message, status = "timeout", f"gave no whole answer within {seconds:g} seconds", None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            kind, message, status = "refused", f"is not an address that can be fetched: {error}", None
        except httpx.RemoteProtocolError as error:
            kind, message, status = "broken", f"broke off or is not HTTP: {error}", None
        except httpx.HTTPError as error:
            kind, message, status = "network", f"could not be reached: {error or type(error).__name__}", None
        return NotFetched(kind, f"{' -> '.join(hops)} {message}", address, status)

    def _session(self) -> httpx.AsyncClient:
        # gzip alone is asked for, and unpacked here: the library's decoders take a cut-off gzip stream for a whole one.
        headers = {"User-Agent": self._settings.user_agent, "Accept-Encoding": "gzip"}
        return httpx.AsyncClient(headers=headers, timeout=self._settings.deadline, follow_redirects=False)

    async def _follow(self, session: httpx.AsyncClient, hops: list[str]) -> Fetched:
        """Follow redirects, noting every hop, and return the answer at the end of them."""
        url = httpx.URL(hops[0])
        while True:
            _check_scheme(url)
            async with session.stream("GET", url) as response:
                target = response.headers.get("location")
                if response.status_code not in _REDIRECTS or not target:
                    return await self._answer(response)
            following = url.join(target)
            hops.append(str(following))
            if url.scheme == "https" and following.scheme == "http":
                raise _Failed("refused", "leads from https to http, which is not followed")
            if len(hops) > self._settings.max_redirects + 1:
                raise _Failed("refused", f"redirects more than {self._settings.max_redirects} times")
            url = following

    async def _answer(self, response: httpx.Response) -> Fetched:
        if response.status_code != 200:
            what = f"{response.status_code} {response.reason_phrase}".strip()
            raise _Failed("status", f"answered {what}", response.status_code)
        encoding = response.headers.get("content-encoding", "identity").strip().casefold()
        if encoding not in ("gzip", "x-gzip", "identity", ""):
            raise _Failed("broken", f"answered with the encoding {encoding!r}, which was not asked for")
        packed = encoding in ("gzip", "x-gzip")
        framed = "content-length" in response.headers or "transfer-encoding" in response.headers
        if not framed and not packed and response.http_version.startswith("HTTP/1"):
            raise _Failed(
                "broken", "sent a body without its length, so that a half of it cannot be told from the whole"
            )
        body = _Body(self._settings.max_body, packed=packed)
        async for piece in response.aiter_raw():
            body.add(piece)
        return fetched(
            body.whole(),
            url=str(response.url),
            captured_at=self._clock(),
            content_type=response.headers.get("content-type", ""),
            status=response.status_code,
            headers=response.headers,
        )


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that leaves a hanging name lookup behind; waiting for its thread would outlast the deadline."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for nothing; closing the loop lets its threads end by themselves."""


class _Failed(Exception):
    """Ends a fetch; the message continues the sentence that begins with the address."""

    def __init__(self, kind: FailureKind, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status


class _Body:
    """A body as it arrives, unpacked no further than the limit allows."""

    def __init__(self, limit: int, *, packed: bool) -> None:
        self._limit = limit
        self._body = bytearray()
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None

    def add(self, piece: bytes) -> None:
        if self._unpacker is None:
            self._body += piece
        elif self._unpacker.eof:
            raise _Failed("broken", "sent more bytes after the end of the gzip stream")
        else:
            try:
                # One byte more than there is room for tells a body at the limit from one above it.
                self._body += self._unpacker.decompress(piece, self._limit - len(self._body) + 1)
            except zlib.error as error:
                raise _Failed("broken", f"sent a corrupted gzip stream: {error}") from error
        if len(self._body) > self._limit:
            raise _Failed("too_large", f"sent more than {self._limit:,} bytes, the limit max_body")

    def whole(self) -> bytes:
        if self._unpacker is not None and (not self._unpacker.eof or self._unpacker.unused_data):
            raise _Failed("broken", "sent a gzip stream that is cut off or has more bytes after its end")
        return bytes(self._body)


def _check_scheme(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise _Failed("refused", "is not an http or https address")
    if url.port is not None and not 0 < url.port < 65536:
        raise _Failed("refused", f"names the port {url.port}, which there is not")

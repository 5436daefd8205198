"""Who is answered, and with which headers: keys, rates, limits of a body, and what browsers may do with an answer."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 64 * 1024
_OPEN: Final = frozenset({"/healthz", "/readyz"})
_CLIENTS: Final = 10_000
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
_DATA: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PAGES: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


@dataclass(slots=True)
class Rates:
    """How many requests a minute each client may make: a bucket that fills evenly. `clock` is in seconds."""

    a_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def wait(self, client: str) -> float:
        """Take one request of a client; return 0, or after how many seconds there is one again."""
        if not self.a_minute:
            return 0.0
        now = self.clock()
        left, since = self._left.pop(client, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - since) * self.a_minute / 60)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) * 60 / self.a_minute


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before an application: answers who may not ask, and puts the headers on every answer."""

    app: ASGIApp
    keys: Collection[str]
    rates: Rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        data = path.startswith("/v1/") or path in (*_OPEN, "/metrics", "/openapi.json")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _DATA if data else _PAGES)
            await send(message)

        refusal = self._refusal(scope, path) or await _too_long(Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, guarded)
        else:
            await self.app(scope, _measured(receive), guarded)

    def _refusal(self, scope: Scope, path: str) -> JSONResponse | None:
        if path in _OPEN:
            return None
        headers = Headers(scope=scope)
        client = scope["client"][0] if scope.get("client") else ""
        if self.keys:
            given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ").strip()
            client = hashlib.sha256(given.encode()).hexdigest()
            # Hashes are compared, whose time tells nothing of the key.
            if client not in self.keys:
                return _said(401, "this API wants a key: Authorization: Bearer KEY", {"www-authenticate": "Bearer"})
        if wait := self.rates.wait(client):
            return _said(429, "too many requests; ask again later", {"retry-after": str(int(wait) + 1)})
        return None


def _said(status: int, error: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": error}, status, headers)


async def _too_long(headers: Headers) -> JSONResponse | None:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return _said(413, f"a body has {MOST_BYTES} bytes at most")
    return None


def _measured(receive: Receive) -> Receive:
    """A body without a length is cut off where it is too long: what is left of it is no JSON, and is refused."""
    left = MOST_BYTES

    async def measured() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            if len(body) > left:
                return {"type": "http.request", "body": body[:left], "more_body": False}
            left -= len(body)
        return message

    return measured

"""A hostile server: real sockets on loopback, and every bad way of speaking HTTP that fetching must live through."""

from __future__ import annotations

import contextlib
import functools
import gzip
import itertools
import socketserver
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

MIB = 1 << 20


@dataclass(frozen=True)
class Asked:
    """A request: `at` is the loopback address that it came to, `count` how often its path was asked before."""

    path: str
    headers: Mapping[str, str]
    at: str
    count: int
    when: float


Answerer = Callable[[Asked], Iterable[bytes]]
"""Gives the pieces of one whole answer to a request, status line included; may sleep between them."""


@dataclass
class Hostile:
    """A running server, which keeps what it was asked."""

    scheme: str
    port: int
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def paths(self, *, robots: bool = False) -> list[str]:
        """The paths that were asked for, without robots.txt where not wanted."""
        return [asked.path for asked in self.asked if robots or asked.path != "/robots.txt"]


@contextlib.contextmanager
def hostile(
    routes: Mapping[str, Answerer], *, everywhere: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[Hostile]:
    """Run a server for the time of a `with` block: at 127.0.0.1, or `everywhere` at all of 127.x.

    One answer a connection; a path that is not there is 404, so that its robots.txt allows everything.
    """
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode("latin-1")
            if not line:
                return  # connected and closed again
            path = line.split(" ")[1]
            headers = dict(_headers(self.rfile))
            with lock:
                asked = Asked(path, headers, self.connection.getsockname()[0], counts[path], time.monotonic())
                counts[path] += 1
                server.asked.append(asked)
            with contextlib.suppress(OSError):
                for piece in routes.get(path, page(b"", 404))(asked):
                    self.wfile.write(piece)

    with _Listener(("0.0.0.0" if everywhere else "127.0.0.1", 0), Handler) as listener:  # noqa: S104
        listener.tls = tls
        server = Hostile("https" if tls else "http", listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake is made here, in the thread of the connection, so that one that fails keeps nobody waiting.
        try:
            spoken = request if self.tls is None else self.tls.wrap_socket(request, server_side=True)
        except OSError:
            return
        with contextlib.suppress(OSError):
            super().finish_request(spoken, client_address)
        if spoken is not request:
            spoken.close()


def _headers(lines: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line in (b"\r\n", b""):
            return
        name, _, value = line.decode("latin-1").partition(":")
        yield name.strip().lower(), value.strip()


# Good answers.


def head(status: int = 200, **headers: object) -> bytes:
    """A status line and headers, whose names are given with underscores for hyphens."""
    lines = {"Content_Type": "text/html; charset=utf-8", "Connection": "close", **headers}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{text}\r\n".encode("latin-1")


def page(body: bytes = b"<p>$2.50</p>", status: int = 200, **headers: object) -> Answerer:
    return lambda _: (head(status, **{"Content_Length": len(body), **headers}), body)


def redirect(to: str, status: int = 302) -> Answerer:
    return page(b"", status, Location=to)


def in_turn(*answerers: Answerer) -> Answerer:
    """The first one to the first request and so on; the last one to all after it."""
    return lambda asked: answerers[min(asked.count, len(answerers) - 1)](asked)


# Slow ones.


def drip(start: bytes, piece: bytes, seconds: float = 0.05, times: int = 400) -> Answerer:
    def pieces(_: Asked) -> Iterator[bytes]:
        yield start
        for _time in range(times):
            time.sleep(seconds)
            yield piece

    return pieces


drip_body = drip(head(Content_Length=100_000), b"x")
drip_headers = drip(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n")
silence = drip(b"", b"")


def busy(retry_after: str | None = None, status: int = 429) -> Answerer:
    return page(b"later", status, **({} if retry_after is None else {"Retry_After": retry_after}))


# Too big ones.


@functools.cache
def _zeros_packed(size: int) -> bytes:
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


def gzip_bomb(size: int) -> Answerer:
    return page(_zeros_packed(size), Content_Encoding="gzip")


def double_gzip_bomb(size: int) -> Answerer:
    return page(gzip.compress(_zeros_packed(size)), Content_Encoding="gzip, gzip")


def zstd_bomb(size: int, compress: Callable[[bytes], bytes]) -> Answerer:
    return page(compress(bytes(size)), Content_Encoding="zstd")


def zeros(size: int, *, declared: bool) -> Answerer:
    """Plain zeros: with their length said first, or in chunks without an end in sight."""
    if declared:
        return lambda _: itertools.chain([head(Content_Length=size)], itertools.repeat(bytes(MIB), size // MIB))
    chunk = f"{MIB:x}\r\n".encode() + bytes(MIB) + b"\r\n"
    return lambda _: itertools.chain([head(Transfer_Encoding="chunked")], itertools.repeat(chunk, size // MIB))


def many_headers(size: int) -> Answerer:
    return lambda _: itertools.chain(
        [b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-Pad: " + b"x" * 1000 + b"\r\n", size // 1000)
    )

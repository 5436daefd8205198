"""A real HTTP server on loopback that sends exactly the bytes a test scripts, well formed or not."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any

Script = Callable[[], Iterable[bytes]]
"""Gives the pieces of one whole HTTP response, status line included; may sleep between them."""


@dataclass(frozen=True)
class Request:
    """A request as the server got it."""

    method: str
    path: str
    headers: Message


def answer(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None, *, length: bool = True
) -> Script:
    """Script a response; `length=False` leaves out Content-Length, so that only closing ends the body."""
    lines = {"Content-Type": "text/html; charset=utf-8", **({"Content-Length": str(len(body))} if length else {})}
    lines |= headers or {}
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return lambda: (head.encode() + b"Connection: close\r\n\r\n", body)


@dataclass
class Server:
    """A running server: it keeps the requests it gets."""

    base: str
    requests: list[Request] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return self.base + path


@contextlib.contextmanager
def serve(routes: Mapping[str, Script], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server for the time of a `with` block; one answer a connection, and 404 for a path without a script."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode("latin-1")
            if not line:
                return  # connected and closed again, as a client does that does not trust the certificate
            method, path, _ = line.split(" ", 2)
            server.requests.append(Request(method, path, BytesParser().parsebytes(_head(self.rfile))))
            # A client that gives up closes the connection; that is what some tests are about.
            with contextlib.suppress(ConnectionError):
                for piece in routes.get(path, answer(status=404))():
                    self.wfile.write(piece)

    with _Listener(("127.0.0.1", 0), Handler) as listener:
        listener.tls = tls
        server = Server(f"http{'s' if tls else ''}://127.0.0.1:{listener.server_address[1]}")
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
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        # The handshake is made here, in the thread of the connection, so that one that fails keeps nobody waiting.
        if self.tls is not None and isinstance(request, socket.socket):
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        with contextlib.suppress(ConnectionError):
            super().finish_request(request, client_address)
        if isinstance(request, ssl.SSLSocket):
            request.close()


def _head(lines: Iterable[bytes]) -> bytes:
    head = b""
    for line in lines:
        if line in (b"\r\n", b""):
            break
        head += line
    return head

"""A small server that tells how a process is: whether it lives, whether it can work, what it has done."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from scraper.errors import RatecardError
from scraper.logs import log


@dataclass(frozen=True, slots=True)
class Page:
    """An answer."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


def alive(silent: float | None, patience: float) -> Page:
    """Say whether a loop is alive that has given no sign of life for so many seconds (None: it has not begun)."""
    if silent is None or silent <= patience:
        return Page(200, b"ok\n")
    return Page(503, f"the loop has not moved for {silent:.0f} seconds\n".encode())


def ready(use: Callable[[], object]) -> Page:
    """Say whether what is needed can be used, by using it; `use` raises `RatecardError` where it cannot."""
    try:
        use()
    except RatecardError as error:
        return Page(503, f"{error}\n".encode())
    return Page(200, b"ready\n")


def address_of(listen: str) -> tuple[str, int]:
    """Return host and port of an address to listen at; raise `RatecardError` where it is none."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise RatecardError(f"{listen!r} is no address to listen at; write HOST:PORT, such as 127.0.0.1:9464")
    return host, int(port)


@contextmanager
def serving(listen: str, pages: Mapping[str, Callable[[], Page]]) -> Iterator[str]:
    """Answer paths at `HOST:PORT` in the background; give the address that was bound (port 0 takes any free one)."""
    host, port = address_of(listen)

    class Handler(_Handler):
        answers = pages

    try:
        server = _Server((host.strip("[]"), port), Handler)
    except OSError as error:
        raise RatecardError(
            f"cannot listen at {listen} ({error.strerror or error}); give another address by --listen"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="status", daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


class _Handler(BaseHTTPRequestHandler):
    answers: ClassVar[Mapping[str, Callable[[], Page]]] = {}
    timeout = 10
    server_version = "ratecard"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one path."""
        answer = self.answers.get(self.path.partition("?")[0])
        try:
            page = answer() if answer else Page(404, f"there are {', '.join(self.answers)}\n".encode())
        except Exception:  # noqa: BLE001  it is told
            log().exception("unexpected error", path=self.path)
            page = Page(500, b"unexpected error; the log says more\n")
        with suppress(ConnectionError):
            self.send_response(page.status)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: a scrape every few seconds would drown what matters."""

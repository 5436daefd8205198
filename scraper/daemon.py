"""The daemon: it looks again and again for what is due, and answers how it is.

A loop with a clock that is passed in does the ticking. A scheduler's own timers would add nothing: what is due is
judged anew at every tick from the database (see `scraper.due`), and waiting is measured by a clock that nobody sets.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

from scraper.dispatch import Runner, Tick
from scraper.errors import RatecardError
from scraper.logs import log
from scraper.metrics import Gaps, collect, count_gaps, exposition
from scraper.records import iso
from scraper.store.leases import read_due

_LONGEST_PAUSE: Final = 60.0
_HUNG: Final = 1800.0


@dataclass(slots=True, kw_only=True)
class Daemon:
    """Ticks until it is stopped, and answers how it is. `tick_seconds` lie between two ticks."""

    runner: Runner
    tick_seconds: float = 30.0
    _beat: float | None = None
    _gaps: tuple[int, Gaps] | None = None

    def loop(self, stop: threading.Event) -> int:
        """Tick until `stop` is set; a tick that fails (the database is away) is tried again, ever more slowly."""
        failed = 0
        pause = 0.0

        def stopped() -> bool:
            # Asked before each source: a sign of life.
            self._beat = self.runner.timer()
            return stop.is_set()

        while not stop.wait(pause):
            try:
                tick = self.runner.tick(stopped)
            except Exception as error:  # noqa: BLE001  it is told
                # A daemon outlives whatever happens in one tick.
                pause = min(2.0**failed, _LONGEST_PAUSE)
                failed += 1
                if isinstance(error, RatecardError):
                    log().error("tick failed", error=str(error), retry_in=pause)
                else:
                    log().exception("tick failed", retry_in=pause)
                continue
            if failed:
                log().info("tick works again", failed=failed)
            failed = 0
            pause = self.tick_seconds
            if tick.report.sources:
                log().info("tick", run=tick.report.run, sources=len(tick.report.sources), next=_next_text(tick))
        return 0

    def healthz(self) -> Page:
        """Say whether the loop is alive."""
        since = None if self._beat is None else self.runner.timer() - self._beat
        if since is None or since <= max(_HUNG, 3 * self.tick_seconds):
            return Page(200, b"ok\n")
        return Page(503, f"the loop has not moved for {since:.0f} seconds\n".encode())

    def readyz(self) -> Page:
        """Say whether the database can be used."""
        try:
            read_due(self.runner.store)
        except RatecardError as error:
            return Page(503, f"{error}\n".encode())
        return Page(200, b"ready\n")

    def metrics(self) -> Page:
        """Return the metrics, also when the database is away."""
        try:
            facts = collect(self.runner.store, self.runner.plans, self.runner.clock(), self._counted())
        except RatecardError:
            facts = None
        return Page(200, exposition(facts), "text/plain; version=0.0.4; charset=utf-8")

    def _counted(self) -> Gaps:
        """Count gaps again only when something was refreshed, by whomever: it means to read every offer."""
        runs = sum(view.successes + view.failed for view in read_due(self.runner.store).values())
        if self._gaps is None or self._gaps[0] != runs:
            self._gaps = runs, count_gaps(self.runner.store, self.runner.clock())
        return self._gaps[1]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of the daemon's own server."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


@contextmanager
def serving(listen: str, pages: Mapping[str, Callable[[], Page]]) -> Iterator[str]:
    """Answer paths at `HOST:PORT` in the background; give the address that was bound (port 0 takes any free one)."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise RatecardError(f"{listen!r} is no address to listen at; write HOST:PORT, such as 127.0.0.1:9464")

    class Handler(_Handler):
        answers = pages

    try:
        server = _Server((host.strip("[]"), int(port)), Handler)
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


def _next_text(tick: Tick) -> str:
    following = tick.following
    return f"{following.key} at {iso(following.next_at)}" if following and following.next_at else "none"

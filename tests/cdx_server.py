"""A web archive on loopback: it speaks CDX, page by page, and serves dated copies."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class Copy:
    """A copy as an archive has it; `status` is what the copied site answered."""

    url: str
    at: datetime
    body: bytes
    mimetype: str = "text/html"
    status: int = 200

    @property
    def stamp(self) -> str:
        return self.at.strftime(STAMP)

    @property
    def digest(self) -> str:
        return base64.b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()


@dataclass
class WebArchive:
    """A running archive. `index` has the queries and `served` the copies that were asked for, in their order.

    The copy after the first `hold_after` ones is not answered before the archive is `released`; `held` tells that it
    was asked for. `answers` has the status for copies (by timestamp) that are not given out, `elsewhere` the timestamp
    of another copy that one leads to. `garbled` is an index that is not one.
    """

    base: str
    copies: list[Copy]
    index: list[dict[str, str]] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    hold_after: int | None = None
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    garbled: bytes | None = None
    max_limit: int = 1000

    @property
    def settings(self) -> dict[str, str]:
        """The variables with which the command uses this archive."""
        return {
            "RATECARD_CDX_URL": f"{self.base}/cdx",
            "RATECARD_COPY_URL": f"{self.base}/web/{{timestamp}}id_/{{url}}",
            "RATECARD_ALLOW_PRIVATE_HOSTS": '["127.0.0.1"]',
            "RATECARD_PACE": "0",
            "RATECARD_RETRIES": "0",
        }

    def query(self, asked: dict[str, str]) -> bytes:
        """Answer a query of the index."""
        self.index.append(asked)
        if self.garbled is not None:
            return self.garbled
        rows = [copy for copy in sorted(self.copies, key=lambda copy: copy.at) if _same(copy.url, asked["url"])]
        rows = [copy for copy in rows if asked["from"] <= copy.stamp <= asked["to"]]
        if asked.get("filter") == "statuscode:200":
            rows = [copy for copy in rows if copy.status == 200]
        start = int(asked.get("resumeKey", "row-0").removeprefix("row-"))
        limit = min(int(asked["limit"]), self.max_limit)
        page = rows[start : start + limit]
        if asked.get("collapse") == "digest":
            # As the real one does it: within what is sent at once.
            page = [copy for before, copy in zip([None, *page], page, strict=False) if not _equal(before, copy)]
        lines = [[copy.stamp, copy.url, copy.mimetype, str(copy.status), copy.digest] for copy in page]
        more = [[], [f"row-{start + limit}"]] if start + limit < len(rows) else []
        return json.dumps([list(FIELDS), *lines, *more] if lines else []).encode()

    def copy(self, stamp: str, url: str) -> Copy | None:
        return next((copy for copy in self.copies if (copy.stamp, copy.url) == (stamp, url)), None)


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").partition("://")[2] == other.rstrip("/").partition("://")[2]


def _equal(one: Copy | None, other: Copy) -> bool:
    return one is not None and one.digest == other.digest


@contextlib.contextmanager
def web_archive(copies: Sequence[Copy]) -> Iterator[WebArchive]:
    """Run an archive for the time of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/cdx":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self._send(200, archive.query(asked), "application/json")
            elif parts.path.startswith("/web/"):
                self._copy()
            else:
                self._send(404, b"", "text/plain")

        def _copy(self) -> None:
            stamp, _, url = self.path.removeprefix("/web/").partition("id_/")
            archive.served.append(f"{stamp} {url}")
            if archive.hold_after is not None and len(archive.served) > archive.hold_after:
                archive.held.set()
                archive.released.wait(timeout=60)
            if stamp in archive.elsewhere:
                self._send(302, b"", "text/html", {"Location": f"/web/{archive.elsewhere[stamp]}id_/{url}"})
                return
            found = archive.copy(stamp, url)
            status = archive.answers.get(stamp, 200 if found else 404)
            self._send(status, found.body if found and status == 200 else b"", found.mimetype if found else "text/html")

        def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
            # A client that was killed has closed its connection.
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        archive = WebArchive(f"http://127.0.0.1:{server.server_port}", list(copies))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield archive
        finally:
            archive.released.set()
            server.shutdown()
            thread.join()

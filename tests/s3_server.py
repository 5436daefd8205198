"""A server on loopback that speaks as much of S3 as an archive needs, and believes nobody without a right signature."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "captures"
KEY, SECRET, REGION = "AKIDEXAMPLE", "not/so+secret", "eu-central-1"


@dataclass
class Bucket:
    """What a server keeps: bodies by key. So many of the next requests are answered with 500."""

    port: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failing: int = 0
    page: int = 1000
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The usual variables of who may use it."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """Run a server with one bucket for the time of a `with` block."""
    bucket = Bucket()

    class Handler(_Handler):
        of = bucket

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        bucket.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield bucket
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    of: Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts, key = self._asked()
        if not self._may(b""):
            return
        if not key:
            self._list(dict(parse_qsl(parts.query)))
        elif key in self.of.kept:
            self._answer(200, self.of.kept[key])
        else:
            self._fail(404, "NoSuchKey", "The specified key does not exist.")

    def do_PUT(self) -> None:
        _, key = self._asked()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._may(body):
            with self.of.lock:
                self.of.kept[key] = body
            self._answer(200, b"")

    def _asked(self) -> tuple[SplitResult, str]:
        parts = urlsplit(self.path)
        self.of.asked.append(f"{self.command} {parts.path}")
        return parts, unquote(parts.path).removeprefix(f"/{BUCKET}").lstrip("/")

    def _may(self, body: bytes) -> bool:
        with self.of.lock:
            fails, self.of.failing = self.of.failing > 0, max(0, self.of.failing - 1)
        if fails:
            self._fail(500, "InternalError", "We encountered an internal error. Please try again.")
        elif not urlsplit(self.path).path.startswith(f"/{BUCKET}"):
            self._fail(404, "NoSuchBucket", "The specified bucket does not exist")
        elif not self._is_signed(body):
            self._fail(403, "SignatureDoesNotMatch", "The request signature does not match the key.")
        else:
            return True
        return False

    def _is_signed(self, body: bytes) -> bool:
        """Check a signature of version 4, of the body too."""
        said = self.headers.get("Authorization", "").removeprefix("AWS4-HMAC-SHA256 ")
        told = dict(part.strip().split("=", 1) for part in said.split(",") if "=" in part)
        digest = hashlib.sha256(body).hexdigest()
        day = self.headers.get("X-Amz-Date", "")[:8]
        scope = f"{day}/{REGION}/s3/aws4_request"
        if told.get("Credential") != f"{KEY}/{scope}" or self.headers.get("X-Amz-Content-Sha256") != digest:
            return False
        parts, names = urlsplit(self.path), told["SignedHeaders"]
        query = sorted(parse_qsl(parts.query, keep_blank_values=True))
        lines = [self.command, parts.path, "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in query)]
        lines += [f"{name}:{self.headers[name].strip()}" for name in names.split(";")] + ["", names, digest]
        asked = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        wanted = f"AWS4-HMAC-SHA256\n{self.headers['X-Amz-Date']}\n{scope}\n{asked}"
        key = f"AWS4{SECRET}".encode()
        for part in (day, REGION, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, wanted.encode(), "sha256").hex() == told["Signature"]

    def _list(self, query: dict[str, str]) -> None:
        with self.of.lock:
            keys = sorted(key for key in self.of.kept if key.startswith(query.get("prefix", "")))
        keys = [key for key in keys if key > query.get("continuation-token", "")]
        some, more = keys[: self.of.page], len(keys) > self.of.page
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-24T09:00:00.000Z</LastModified>"
            f"<ETag>x</ETag><Size>{len(self.of.kept[key])}</Size></Contents>"
            for key in some
        )
        token = f"<NextContinuationToken>{escape(some[-1])}</NextContinuationToken>" if more else ""
        self._answer(200, f"<ListBucketResult>{entries}{token}</ListBucketResult>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 09:00:00 GMT")
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, status: int, code: str, message: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())

    def log_message(self, *_arguments: object) -> None:
        pass

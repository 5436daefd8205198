"""The live client against a real server on loopback."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.client import Client
from scraper.settings import Settings
from tests.server import Script, answer, serve

NOW = datetime(2026, 11, 2, 5, tzinfo=UTC)
PAGE = "<html><body>Input $2.50 / 1M tokens – 输入</body></html>".encode()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def client(deadline: float = 10, max_body: int = 100_000, max_redirects: int = 3) -> Client:
    settings = Settings(
        deadline=deadline,
        max_body=max_body,
        max_redirects=max_redirects,
        contact="ops@example.org",
        pace=0,
        retry_wait=0.01,
        allow_private_hosts=frozenset({"127.0.0.1", "nowhere.invalid", "example.invalid"}),
    )
    return Client(settings, lambda: NOW)


def get(script: Script, fetcher: Client | None = None) -> Fetched | NotFetched:
    with serve({"/": script}) as server:
        return (fetcher or client()).fetch([server.url("/")])


def failed(answered: Fetched | NotFetched) -> NotFetched:
    assert isinstance(answered, NotFetched), answered
    return answered


def test_gives_the_bytes_with_what_is_known_of_them() -> None:
    with serve({"/pricing": answer(PAGE, headers={"ETag": '"7"', "Set-Cookie": "a=b"})}) as server:
        got = client().fetch([server.url("/pricing")])
        assert isinstance(got, Fetched)
        assert got.body == PAGE
        assert got.capture.sha256 == hashlib.sha256(PAGE).hexdigest()
        assert got.capture.url == server.url("/pricing")
        assert got.capture.captured_at == NOW
        assert got.capture.content_type == "text/html; charset=utf-8"
        assert (got.capture.size, got.capture.status) == (len(PAGE), 200)
        assert got.capture.headers == {"etag": '"7"'}


def test_says_who_it_is_and_whom_to_contact() -> None:
    with serve({"/": answer(PAGE)}) as server:
        client().fetch([server.url("/")])
        assert server.requests[0].headers["User-Agent"] == "ratecard/0.1.0 (+ops@example.org)"


def test_unpacks_gzip() -> None:
    got = get(answer(gzip.compress(PAGE), headers={"Content-Encoding": "gzip"}))
    assert isinstance(got, Fetched)
    assert (got.body, got.capture.size) == (PAGE, len(PAGE))


def test_reads_chunked_bodies() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    got = get(lambda: (head, b"5\r\nInput\r\n", b"6\r\n $2.50\r\n", b"0\r\n\r\n"))
    assert isinstance(got, Fetched)
    assert got.body == b"Input $2.50"


@pytest.mark.parametrize("status", [204, 206, 304, 403, 429, 500, 503])
def test_any_status_but_200_is_a_failure_that_names_it(status: int) -> None:
    got = failed(get(answer(b"" if status in (204, 304) else b"no", status, length=status not in (204, 304))))
    assert (got.kind, got.status) == ("status", status)
    assert f"answered {status} " in got.message


def test_no_connection_is_a_network_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        got = failed(client().fetch([url]))
    assert (got.kind, got.url) == ("network", url)


def test_follows_redirects_and_names_the_address_that_answered() -> None:
    with serve({"/old": answer(status=301, headers={"Location": "/new"}), "/new": answer(PAGE)}) as server:
        got = client().fetch([server.url("/old")])
        assert isinstance(got, Fetched)
        assert got.capture.url == server.url("/new")


def test_f06_redirect_loop_is_refused_with_its_chain() -> None:
    routes = {
        "/a": answer(status=302, headers={"Location": "/b"}),
        "/b": answer(status=302, headers={"Location": "/a"}),
    }
    with serve(routes) as server:
        got = failed(client().fetch([server.url("/a")]))
        assert got.kind == "refused"
        assert "/a -> " in got.message
        assert "more than 3 times" in got.message
        assert [request.path for request in server.requests] == ["/robots.txt", "/a", "/b", "/a", "/b"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "http://127.0.0.1:99999999/"]
)
def test_f06_redirect_to_another_scheme_is_refused(target: str) -> None:
    assert failed(get(answer(status=302, headers={"Location": target}))).kind == "refused"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "pricing", "", "http://", "javascript:1", "http://127.0.0.1:0/"]
)
def test_only_http_addresses_are_fetched(address: str) -> None:
    assert failed(client().fetch([address])).kind == "refused"


def test_the_next_address_is_asked_only_where_one_is_gone() -> None:
    with serve({"/new": answer(PAGE), "/down": answer(status=503)}) as server:
        got = client().fetch([server.url("/gone"), server.url("/new")])
        assert isinstance(got, Fetched)
        assert got.capture.url == server.url("/new")
        assert failed(client().fetch([server.url("/down"), server.url("/new")])).status == 503
        all_gone = failed(client().fetch([server.url("/gone"), server.url("/gone2")]))
        assert (all_gone.status, all_gone.url) == (404, server.url("/gone"))


def test_a_body_at_the_limit_is_read_and_one_above_it_is_not() -> None:
    for packed in (False, True):
        headers = {"Content-Encoding": "gzip"} if packed else {}
        bodies = [gzip.compress(b) if packed else b for b in (b"x" * 1000, b"x" * 1001)]
        assert isinstance(get(answer(bodies[0], headers=headers), client(max_body=1000)), Fetched)
        assert failed(get(answer(bodies[1], headers=headers), client(max_body=1000))).kind == "too_large"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "deflate"])
def test_f04_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    assert failed(get(answer(PAGE, headers={"Content-Encoding": encoding}))).kind == "broken"


def test_f05_truncated_bodies_are_never_taken_for_whole_ones() -> None:
    packed = gzip.compress(PAGE)
    gzipped = {"Content-Encoding": "gzip"}
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    scripts: dict[str, Script] = {
        "short of its length": answer(PAGE[:20], headers={"Content-Length": str(len(PAGE))}),
        "no last chunk": lambda: (chunked, b"5\r\nInput\r\n"),
        "gzip cut off": answer(packed[:-9], headers=gzipped),
        "gzip cut off, no length": answer(packed[:-9], headers=gzipped, length=False),
        "gzip without its end mark": answer(packed[:-1], headers=gzipped),
        "gzip with bytes after it": answer(packed + b"more", headers=gzipped),
        "gzip of nothing": answer(b"", headers=gzipped),
        "not gzip": answer(PAGE, headers=gzipped),
        "closed without length": answer(PAGE, length=False),
        "not HTTP": lambda: (b"hello\r\n\r\n",),
        "nothing": lambda: (),
    }
    assert {name: failed(get(script)).kind for name, script in scripts.items()} == dict.fromkeys(scripts, "broken")


def test_f05_a_whole_gzip_stream_is_its_own_mark_of_completeness() -> None:
    got = get(answer(gzip.compress(PAGE), headers={"Content-Encoding": "gzip"}, length=False))
    assert isinstance(got, Fetched)
    assert got.body == PAGE


def _drip(start: bytes, piece: bytes) -> Script:
    def pieces() -> Iterator[bytes]:
        yield start
        for _ in range(100):
            time.sleep(0.05)
            yield piece

    return pieces


@pytest.mark.parametrize(
    "script",
    [
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
        _drip(b"", b""),
    ],
    ids=["body", "headers", "silence"],
)
def test_f03_slow_drip_ends_at_the_deadline(script: Script) -> None:
    started = time.monotonic()
    got = failed(get(script, client(deadline=0.4)))
    assert got.kind == "timeout"
    assert "0.4 seconds" in got.message
    assert time.monotonic() - started < 1.4


def test_f03_a_name_lookup_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> NoReturn:
        time.sleep(2)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    assert failed(client(deadline=0.3).fetch(["http://example.invalid/"])).kind == "timeout"
    assert time.monotonic() - started < 1.3


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid", "a..invalid", "-.invalid", "*"])
def test_a_host_that_cannot_be_is_a_failure(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failed(client().fetch([f"http://{host}/"])).kind in ("network", "refused")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    cert.write_text(cert.read_text() + key.read_text())
    return cert


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_f06_https_is_never_downgraded_to_http(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve({"/": answer(PAGE)}) as plain:
        routes = {"/": answer(PAGE), "/down": answer(status=301, headers={"Location": plain.url("/")})}
        with serve(routes, _tls(certificate)) as secure:
            assert isinstance(client().fetch([secure.url("/")]), Fetched)
            got = failed(client().fetch([secure.url("/down")]))
            assert got.kind == "refused"
            assert "https to http" in got.message
            assert plain.requests == []


def test_f08_an_untrusted_certificate_is_a_failure(certificate: Path) -> None:
    with serve({"/": answer(PAGE)}, _tls(certificate)) as secure:
        assert failed(client().fetch([secure.url("/")])).kind == "network"
        assert secure.requests == []

"""TLS: a certificate that is not right is a failure, and never a reason to look the other way."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.fetching import client, failed, ok
from tests.hostile import hostile, page, redirect


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.file = folder / "ca.key", folder / "ca.pem"
        self._openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority", "-keyout", self.key, "-out", self.file
        )

    def context(self, host: str, days: int = 2, *, signed: bool = True) -> ssl.SSLContext:
        """Return what a server of this host needs, with a certificate that is good for some days from now."""
        key, request, file, names = (self.folder / f"{host}.{end}" for end in ("key", "csr", "pem", "ext"))
        names.write_text(f"subjectAltName=DNS:{host}")
        self._openssl(f"req -newkey rsa:2048 -nodes -subj /CN={host}", "-keyout", key, "-out", request)
        by = ("-CA", self.file, "-CAkey", self.key, "-CAcreateserial") if signed else ("-signkey", key)
        self._openssl(f"x509 -req -days {days}", "-in", request, "-extfile", names, *by, "-out", file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key)
        return context

    def _openssl(self, command: str, *arguments: str | Path) -> None:
        subprocess.run(["openssl", *command.split(), *arguments], check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make certificates")
    made = Authority(tmp_path)
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *arguments: object, **options: object) -> object:
        return real("127.0.0.1", port, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


PAGES = ["pages.test", "other.test"]


def test_a_certificate_of_the_name_is_good_though_the_connection_goes_to_an_address(authority: Authority) -> None:
    with hostile({"/": page()}, tls=authority.context("pages.test")) as server:
        url = server.url("/", "pages.test")
        assert ok(client(allow_private_hosts=PAGES).fetch([url])).capture.url == url
        assert server.asked[-1].headers["host"] == f"pages.test:{server.port}"


@pytest.mark.parametrize(
    ("host", "days", "signed", "reason"),
    [
        ("pages.test", -1, True, "certificate has expired"),
        ("other.test", 2, True, "Hostname mismatch"),
        ("pages.test", 2, False, "self-signed certificate"),
    ],
    ids=["expired", "wrong host", "self-signed"],
)
def test_f08_a_certificate_that_is_not_right_is_a_failure(
    authority: Authority, host: str, days: int, signed: bool, reason: str
) -> None:
    with hostile({"/": page()}, tls=authority.context(host, days, signed=signed)) as server:
        answer = failed(client(allow_private_hosts=PAGES).fetch([server.url("/", "pages.test")]))
        assert answer.kind == "network"
        assert "its certificate is not to be trusted" in answer.message
        assert reason in answer.message
        assert server.asked == []


def test_f08_what_speaks_no_tls_is_a_failure(authority: Authority) -> None:
    with hostile({"/": page()}) as server:
        url = server.url("/", "pages.test").replace("http:", "https:")
        answer = failed(client(allow_private_hosts=PAGES, deadline=0.5, retries=0).fetch([url]))
        # What the server makes of the first half of a handshake depends on the bytes in it.
        assert answer.kind in ("timeout", "network")
        assert server.paths() != ["/"]


def test_f06_https_is_never_left_for_http(authority: Authority) -> None:
    with hostile({"/": page()}) as plain:
        routes = {"/": redirect(plain.url("/", "pages.test"))}
        with hostile(routes, tls=authority.context("pages.test")) as server:
            answer = failed(client(allow_private_hosts=PAGES).fetch([server.url("/", "pages.test")]))
            assert (answer.kind, "https to http" in answer.message) == ("refused", True)
            assert plain.asked == []

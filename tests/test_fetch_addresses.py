"""Where an address may lead: redirects, and the network addresses behind names."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from scraper.fetch.addresses import is_public
from tests.fetching import client, failed, ok
from tests.hostile import hostile, page, redirect


@dataclass
class Watch:
    """Every network address that this process connects to while it is on; none but loopback is let through."""

    on: bool = False
    connected: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.on or event != "socket.connect":
            return
        address = arguments[1]
        if isinstance(address, tuple):
            self.connected.append(str(address[0]))
            if not ip_address(address[0]).is_loopback:
                raise ConnectionRefusedError("no test leaves this machine")


_watch = Watch()
sys.addaudithook(_watch)


@pytest.fixture
def connected() -> Iterator[list[str]]:
    """Yield the list of addresses that are connected to."""
    _watch.connected.clear()
    _watch.on = True
    yield _watch.connected
    _watch.on = False


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what gives a name its addresses: a list for each time that it is looked up."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *arguments: object, **options: object) -> object:
        if host not in known:
            return real(host, port, *arguments, **options)  # type: ignore[arg-type]
        found = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    def add(host: str, *answers: list[str]) -> None:
        known[host] = list(answers)

    return add


# F06: redirects.


def test_f06_as_many_redirects_as_allowed_are_followed_and_one_more_is_not() -> None:
    routes = {f"/{n}": redirect(f"/{n + 1}") for n in range(21)} | {"/21": page()}
    with hostile(routes) as server:
        ok(client(max_redirects=5).fetch([server.url("/16")]))
        answer = failed(client(max_redirects=5).fetch([server.url("/15")]))
        assert (answer.kind, answer.message.count(" -> ")) == ("refused", 6)
        assert failed(client().fetch([server.url("/0")])).kind == "refused"


# F07: addresses that are not of the open network.

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "::ffff:10.0.0.1",
    "::ffff:127.0.0.1", "::127.0.0.1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:a00:1::1", "2001:0:a00:1::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


def test_f07_what_is_public() -> None:
    assert [text for text in PRIVATE if is_public(ip_address(text))] == []
    assert [text for text in PUBLIC if not is_public(ip_address(text))] == []


@pytest.mark.parametrize("address", PRIVATE)
def test_f07_a_name_that_leads_to_a_private_address_is_not_connected_to(
    address: str, names: Callable[..., None], connected: list[str]
) -> None:
    names("pages.test", [address])
    answer = failed(client().fetch(["http://pages.test/"]))
    assert answer.kind == "refused"
    assert "not a public address" in answer.message
    assert connected == []


def test_f07_one_private_address_among_public_ones_is_enough(names: Callable[..., None], connected: list[str]) -> None:
    names("pages.test", ["93.184.216.34", "10.0.0.1"])
    assert failed(client().fetch(["http://pages.test/"])).kind == "refused"
    assert connected == []


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "localhost",
    ],
)
def test_f07_a_redirect_to_a_private_address_is_not_connected_to(host: str, connected: list[str]) -> None:
    with hostile({"/": redirect(f"http://{host}/latest/meta-data/")}) as server:
        answer = failed(client().fetch([server.url("/")]))
        assert (answer.kind, "not a public address" in answer.message) == ("refused", True)
        assert set(connected) == {"127.0.0.1"}


def test_f07_a_redirected_robots_file_leads_nowhere_private(connected: list[str]) -> None:
    with hostile({"/robots.txt": redirect("http://127.0.0.77:1/robots.txt"), "/": page()}) as server:
        assert failed(client().fetch([server.url("/")])).kind == "refused"
        assert set(connected) == {"127.0.0.1"}


def test_f07_a_name_that_turns_private_the_second_time_is_not_connected_to(
    names: Callable[..., None], connected: list[str]
) -> None:
    names("pages.test", ["93.184.216.34"], ["127.0.0.1"])
    # The look-up for robots.txt is good, and nothing answers there (no test leaves this machine).
    assert failed(client(retries=2).fetch(["http://pages.test/"])).kind == "refused"
    assert connected == ["93.184.216.34"]


def test_f07_the_address_that_was_checked_is_the_one_connected_to(
    names: Callable[..., None], connected: list[str]
) -> None:
    with hostile({"/": page()}, everywhere=True) as server:
        names("pages.test", ["127.0.0.5"], ["127.0.0.6"], ["127.0.0.7"])
        answer = ok(client(allow_private_hosts=["pages.test"]).fetch([server.url("/", "pages.test")]))
        assert [asked.at for asked in server.asked] == connected == ["127.0.0.5", "127.0.0.6"]
        assert [asked.headers["host"] for asked in server.asked] == [f"pages.test:{server.port}"] * 2
        assert answer.capture.url == server.url("/", "pages.test")


def test_f07_another_address_of_the_name_is_tried_where_one_does_not_answer(
    names: Callable[..., None], connected: list[str]
) -> None:
    with hostile({"/": page()}) as server:
        names("pages.test", ["127.0.0.9", "127.0.0.1"])
        ok(client(allow_private_hosts=["pages.test"]).fetch([server.url("/", "pages.test")]))
        assert connected == ["127.0.0.9", "127.0.0.1"] * 2


def test_f07_by_default_not_even_this_machine_is_connected_to(connected: list[str]) -> None:
    with hostile({"/": page()}) as server:
        assert failed(client(allow_private_hosts=[]).fetch([server.url("/")])).kind == "refused"
        assert (server.asked, connected) == ([], [])


def test_a_proxy_gets_the_name_but_no_private_address(connected: list[str]) -> None:
    everything = {"http://pages.test/robots.txt": page(b"", 404), "http://pages.test/": page()}
    with hostile(everything) as proxy:
        run = client(proxy=proxy.url(""), allow_private_hosts=[])
        ok(run.fetch(["http://pages.test/"]))
        assert failed(run.fetch(["http://10.0.0.1/"])).kind == "refused"
        assert proxy.paths(robots=True) == ["http://pages.test/robots.txt", "http://pages.test/"]
        assert set(connected) == {"127.0.0.1"}


def test_what_a_proxy_says_is_not_said_of_the_page() -> None:
    with hostile({}) as proxy:
        answer = failed(client(proxy=proxy.url(""), retries=0).fetch(["https://pages.test/"]))
        assert (answer.kind, "through the proxy" in answer.message) == ("network", True)

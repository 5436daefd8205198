"""Keys: sent to the host that they belong to and to no other; never said, never kept."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from scraper.errors import RatecardError
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.fetch.memory import ShortMemory
from scraper.settings import Settings, load_settings
from scraper.store import StoreMemory, open_store
from tests.fetching import client, failed, ok
from tests.hostile import Asked, Hostile, head, hostile, page, redirect

CANARY = "canary-5f1c9a"
ENVIRON = {"SOME_KEY": CANARY}


def keyed(server: Hostile, host: str = "127.0.0.1", environ: dict[str, str] = ENVIRON) -> Client:
    keys = {f"{host}:{server.port}": {"Authorization": "Bearer SOME_KEY", "X-Key": "SOME_KEY"}}
    return client(keys=keys, environ=environ)


def test_f42_a_key_goes_to_its_host_and_not_to_its_robots_file() -> None:
    with hostile({"/": page()}, everywhere=True) as server:
        run = keyed(server)
        ok(run.fetch([server.url("/")]))
        ok(run.fetch([server.url("/", "127.0.0.2")]))
        robots, own, _, other = server.asked
        assert (own.headers["authorization"], own.headers["x-key"]) == (f"Bearer {CANARY}", CANARY)
        assert (robots.path, own.path) == ("/robots.txt", "/")
        for asked in (robots, other):
            assert CANARY not in str(asked.headers)


def test_f42_a_key_is_dropped_on_a_redirect_to_another_host() -> None:
    routes = {"/": redirect("/same"), "/same": page(), "/away": redirect("http://127.0.0.2:PORT/same")}
    with hostile(routes, everywhere=True) as server:
        routes["/away"] = redirect(server.url("/same", "127.0.0.2"))
        run = keyed(server)
        ok(run.fetch([server.url("/")]))
        assert server.asked[-1].headers["x-key"] == CANARY
        ok(run.fetch([server.url("/away")]))
        assert (server.asked[-1].at, "x-key" in server.asked[-1].headers) == ("127.0.0.2", False)


def test_f42_a_key_is_never_sent_in_the_clear_over_a_network() -> None:
    run = client(keys={"pages.test": {"X-Key": "SOME_KEY"}}, environ=ENVIRON, allow_private_hosts=[])
    memory_of_robots = failed(run.fetch(["http://pages.test/"]))
    assert memory_of_robots.kind in ("network", "refused")
    with hostile({"http://pages.test/": page()}) as proxy:
        run = client(
            keys={"pages.test": {"X-Key": "SOME_KEY"}}, environ=ENVIRON, allow_private_hosts=[], proxy=proxy.url("")
        )
        answer = failed(run.fetch(["http://pages.test/"]))
        assert (answer.kind, "over plain http" in answer.message) == ("refused", True)
        assert all(CANARY not in str(asked.headers) for asked in proxy.asked)


def test_f42_a_key_that_is_not_set_is_said_by_the_name_of_its_variable() -> None:
    with hostile({"/": page()}) as server:
        answer = failed(keyed(server, environ={}).fetch([server.url("/")]))
        assert (answer.kind, "SOME_KEY, which is not set" in answer.message) == ("needs_key", True)
        assert server.asked == []
    # It is the key that is missing, whatever the host would have said of robots.
    with hostile({"/robots.txt": page(b"User-agent: *\nDisallow: /"), "/": page()}) as server:
        assert failed(keyed(server, environ={}).fetch([server.url("/")])).kind == "needs_key"


def _echo(asked: Asked) -> tuple[bytes, ...]:
    said = json.dumps(dict(asked.headers)).encode()
    return (head(Content_Length=len(said)), said)


def test_f42_a_key_is_nowhere_in_what_is_kept_or_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    archive = Archive(tmp_path / "archive")
    caplog.set_level(logging.DEBUG)
    routes = {
        "/": page(),
        "/echo": _echo,
        "/tag": page(ETag=f'"{CANARY}"'),
        "/away": redirect(f"/gone?key={CANARY}"),
        "/status": lambda _: (f"HTTP/1.1 400 {CANARY}\r\nContent-Length: 0\r\n\r\n".encode(),),
        "/broken": lambda _: (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", CANARY[:4].encode()),
    }
    with hostile(routes) as server, open_store(f"sqlite:///{tmp_path}/x.db") as store:
        keys = {f"127.0.0.1:{server.port}": {"Authorization": "Bearer SOME_KEY"}}
        run = client(StoreMemory(store), archive=archive, keys=keys, environ=ENVIRON)
        archive.put(ok(run.fetch([server.url("/")])).body)
        for path in ("/echo", "/tag"):
            answer = failed(run.fetch([server.url(path)]))
            assert (answer.kind, "sent a key back" in answer.message) == ("refused", True)
        said = [str(run.fetch([server.url(path)])) for path in ("/away", "/status", "/broken", f"/no?key={CANARY}")]
        assert all("NotFetched" in one for one in said)
        assert any("…" in one for one in said)
    assert CANARY not in "".join(said)
    assert CANARY not in caplog.text
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) >= 2
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []


def test_f42_settings_do_not_show_the_password_of_a_proxy() -> None:
    settings = Settings(proxy=f"http://me:{CANARY}@127.0.0.1:3128")
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings)


def test_an_address_with_a_password_in_it_is_refused() -> None:
    with hostile({"/": page()}) as server:
        answer = failed(client().fetch([server.url("/", "me:secret@127.0.0.1")]))
        assert answer.kind == "refused"
        assert "has a user or a password in it" in answer.message
        assert server.asked == []


def test_headers_of_the_settings_go_to_every_host() -> None:
    with hostile({"/": page()}) as server:
        ok(client(headers={"X-Team": "prices"}).fetch([server.url("/")]))
        assert [asked.headers["x-team"] for asked in server.asked] == ["prices", "prices"]


def test_nothing_is_carried_from_one_answer_to_the_next_request() -> None:
    with hostile({"/": page(Set_Cookie="id=1; Path=/")}) as server:
        run = client(ShortMemory())
        many = [[server.url("/")], [server.url("/")]]
        with run.ahead([[server.url("/")]]):
            for addresses in many:
                ok(run.fetch(addresses))
        assert all("cookie" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("KEYS", '{"a.test": {"X-Key": "not a variable"}}', "environment variable, such as API_KEY"),
        ("KEYS", '{"a.test": {"Host": "KEY"}}', "the header Host is ours to send"),
        ("HEADERS", '{"X Y": "1"}', "is not the name of a header"),
        ("HEADERS", '{"X-Y": "1\\r\\nX-Z: 2"}', "printable ASCII"),
        ("HEADERS", "X-Y: 1", "must be JSON"),
        ("PROXY", "127.0.0.1:3128", "must be an http or https address"),
        ("PACE", "-1", "greater than or equal to 0"),
    ],
)
def test_f43_a_bad_setting_is_named(variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"RATECARD_{variable}", value)
    with pytest.raises(RatecardError, match=f"RATECARD_{variable} is not usable.*{said}"):
        load_settings()

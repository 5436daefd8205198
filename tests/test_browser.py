"""Pages that only a browser can read: real Chromium on loopback pages, and nothing gets past our own rules."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.browser import RENDERED, Browser
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.failure import Failed
from scraper.outcomes import Outcome
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.refresh import Refresh
from scraper.settings import Settings
from scraper.store import begin_run, evidence, list_offers, open_store
from scraper.verify import verify_store
from tests.fetching import NOW, client, failed, ok
from tests.hostile import Answerer, hostile, page, redirect, silence


def _missing() -> str:
    try:
        Browser(Settings()).check()
    except Failed as failure:
        return str(failure)
    return ""


needs_browser = pytest.mark.skipif(bool(_missing()), reason=f"this test {_missing()}")
# Several at once would only wait for each other.
pytestmark = pytest.mark.xdist_group("browser")

SHELL = "<!doctype html><html><head><title>Pricing</title></head><body><p id=price>…</p>{}</body></html>"
PRICE = """fetch('/prices.json').then(answer => answer.json()).then(
    prices => { document.getElementById('price').textContent = prices.input })"""


def shell(script: str = "", more: str = "") -> Answerer:
    return page(SHELL.format(f"<script>{script}</script>{more}").encode())


def script(text: str) -> Answerer:
    return page(text.encode(), Content_Type="text/javascript")


def json_page(text: str, **headers: object) -> Answerer:
    return page(text.encode(), 200, Content_Type="application/json", **headers)


def shown(url: str, **limits: object) -> Fetched | NotFetched:
    return client(None, NOW, None, {}, **{"deadline": 20, **limits}).fetch([url], browser=True)


def read_price(document: Document) -> Reading:
    """Read the text that the script writes."""
    for text in document.texts:
        if text.passage.text.startswith("$"):
            found = Evidence(locator=text.passage.locator, quote=text.passage.quote)
            value = text.passage.text.removeprefix("$")
            fact = Fact(field="input", state=State.SOURCED, value=value, currency="USD", evidence=found)
            return Reading(offers=(Offer(model_id="one", name="One", facts=(fact,)),))
    raise Unreadable("it has no price")


@needs_browser
def test_prices_that_only_scripts_write_are_read_archived_and_verified(database_url: str, tmp_path: Path) -> None:
    routes = {
        "/": shell(more="<script src=/price.js></script>"),
        "/price.js": script(PRICE),
        "/prices.json": json_page('{"input": "$2.50"}'),
    }
    archive = Archive(tmp_path / "archive")
    with open_store(database_url) as store, hostile(routes) as server:

        def source(name: str, *, browser: bool) -> Source:
            publishes = frozenset({"input"})
            return Source(
                name=name, addresses=(server.url("/"),), read=read_price, publishes=publishes, browser=browser
            )

        fetcher = client(deadline=20, archive=archive)
        flow = Refresh(store, archive, fetcher, NOW)
        run = begin_run(store, started_at=NOW, at=NOW, replay=False)
        # The plain page of the same address is fetched ahead and is not taken for the other one.
        with fetcher.ahead([[server.url("/")]]):
            rendered = flow.source("openai", source("rendered", browser=True), run)
            plain = flow.source("openai", source("plain", browser=False), run)
        assert (rendered.status, rendered.error, rendered.observations) == (Outcome.OK, "", 1)
        assert (plain.status, plain.error) == (Outcome.FAILED, "cannot be read: it has no price")
        (offer,) = list_offers(store, NOW)
        (said,) = evidence(store, offer.id, "input")
        assert (said.value, said.last.capture.content_type) == ("2.50", RENDERED)
        assert b'<p id="price">$2.50</p>' in archive.get(said.last.capture.sha256)
        assert verify_store(store, archive, NOW).problems == ()
        agents = {asked.headers["user-agent"] for asked in server.asked}
        assert agents == {Settings().user_agent}


@needs_browser
def test_redirects_count_whoever_makes_them() -> None:
    routes = {
        "/": redirect("/moved"),
        "/moved": shell("location.href = '/here'"),
        "/here": shell(PRICE),
        "/prices.json": redirect("/data"),
        "/data": json_page('{"input": "$1"}'),
        "/loop": shell("location.href = '/loop?' + Math.random()"),
        **{f"/loop{n}": shell(f"location.href = '/loop{n + 1}'") for n in range(9)},
    }
    with hostile(routes) as server:
        answer = ok(shown(server.url("/")))
        assert (answer.capture.url, b"$1" in answer.body) == (server.url("/here"), True)
        lost = failed(shown(server.url("/loop0"), max_redirects=2))
        assert (lost.kind, lost.message.endswith("/loop3 redirects more than 2 times")) == ("refused", True)


@needs_browser
def test_what_a_page_asks_for_goes_by_the_same_rules() -> None:
    outside = "127.0.0.200"
    routes: dict[str, Answerer] = {
        "/": shell(),
        "/open.js": script("document.body.append('own ')"),
        "/shut/x.js": script("document.body.append('shut ')"),
        "/robots.txt": page(b"User-agent: *\nDisallow: /shut\n", Content_Type="text/plain"),
        "/cors": json_page('"other "', Access_Control_Allow_Origin="*"),
        "/gone": page(b"", 404, Access_Control_Allow_Origin="*"),
    }
    with hostile(routes, everywhere=True) as server:
        ask = "fetch('{}').then(a => a.ok ? a.json() : 'gone ').then(t => document.body.append(t));"
        asks = [server.url("/cors", "127.0.0.2"), server.url("/gone"), server.url("/cors", outside)]
        scripts = ["/open.js", "/shut/x.js", server.url("/open.js", outside), "http://169.254.169.254/x.js"]
        tags = "".join(f"<script src='{at}'></script>" for at in scripts)
        routes["/"] = shell("".join(ask.format(at) for at in asks), tags)
        text = re.sub("<script.*?</script>", "", ok(shown(server.url("/"))).body.decode())
        for said, there in (("own ", True), ("other ", True), ("gone ", True), ("shut ", False)):
            assert (said in text) is there, text
        assert outside not in {asked.at for asked in server.asked}
        assert "/shut/x.js" not in server.paths()
        (cors,) = [asked for asked in server.asked if asked.path == "/cors"]
        assert cors.headers["origin"] == server.url("")
        refused = failed(shown(server.url("/shut")))
        assert (refused.kind, "disallowed" in refused.message) == ("refused", True)


@needs_browser
def test_what_fails_today_fails_the_page() -> None:
    routes = {"/": shell(PRICE), "/prices.json": page(b"", 500)}
    with hostile(routes) as server:
        answer = failed(shown(server.url("/"), retries=0))
        assert answer.kind == "status"
        assert answer.message.startswith(f"{server.url('/')} asks for {server.url('/prices.json')}, which answered 500")


@needs_browser
@pytest.mark.parametrize(
    "does", ["for (;;) {}", "fetch('/silence')", "setInterval(() => document.body.append(Math.random()), 50)"]
)
def test_a_page_that_never_comes_to_an_end_meets_the_deadline(does: str) -> None:
    with hostile({"/": shell(does), "/silence": silence}) as server:
        started = time.monotonic()
        answer = failed(shown(server.url("/"), deadline=3))
        assert (answer.kind, answer.message) == ("timeout", f"{server.url('/')} gave no whole answer within 3 seconds")
        assert time.monotonic() - started < 12
    assert _chromiums() == []


@needs_browser
def test_waiting_for_turns_is_not_counted() -> None:
    tags = "".join(f"<script src=/{n}.js></script>" for n in range(5))
    routes = {"/": shell(more=tags), **{f"/{n}.js": script(f"document.body.append('{n}')") for n in range(5)}}
    with hostile(routes) as server:
        assert b"</script>4<" in ok(shown(server.url("/"), pace=1, deadline=5)).body
        times = [asked.when for asked in server.asked]
        assert all(later - earlier > 0.9 for earlier, later in itertools.pairwise(times))


@needs_browser
@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/grows", "comes to more than 100,000 bytes"),
        ("/script", "comes to more than 100,000 bytes"),
        ("/scripts", "comes to more than 100,000 bytes"),
        ("/many", "asks for more than 300 things"),
    ],
)
def test_limits_hold_for_all_of_a_page(path: str, limit: str) -> None:
    filler = "/" * 40_000
    routes = {
        "/grows": shell("document.getElementById('price').textContent = 'x'.repeat(200000)"),
        "/script": shell(more="<script src=/big.js></script>"),
        "/big.js": script(filler * 3),
        "/scripts": shell(more="<script src=/a.js async></script><script src=/b.js async></script>"),
        "/a.js": script(filler + "/" * 20_000),
        "/b.js": script(filler + "/" * 20_000),
        "/many": shell("for (let n = 0; n < 400; n++) fetch('/gone?' + n)"),
    }
    with hostile(routes) as server:
        answer = failed(shown(server.url(path), max_body=100_000, host_concurrency=4))
        assert (answer.kind, limit in answer.message) == ("too_large", True), answer.message


@needs_browser
def test_a_page_that_takes_all_memory_is_a_failure() -> None:
    with hostile({"/": shell("const all = []; for (;;) all.push(Array(1e6).fill({}))"), "/good": shell()}) as server:
        run = client(deadline=40)
        assert failed(run.fetch([server.url("/")], browser=True)).kind in ("broken", "timeout")
        ok(run.fetch([server.url("/good")], browser=True))


@needs_browser
def test_numbers_that_run_up_are_read_where_they_end() -> None:
    counts = """let n = 0; const step = () => { document.getElementById('price').textContent = '$' + n;
        if (n++ < 12) setTimeout(step, 150) }; step()"""
    with hostile({"/": shell(counts)}) as server:
        assert b"$12<" in ok(shown(server.url("/"))).body


@needs_browser
def test_nothing_goes_past_us() -> None:
    with _listening() as (tcp, udp, came):
        tries = f"""
            new WebSocket('ws://127.0.0.200:{tcp}/socket');
            new EventSource('/events');
            navigator.sendBeacon('/beacon', 'x');
            fetch('/posted', {{method: 'POST', body: 'x'}}).catch(() => 0);
            window.open('/window');
            navigator.serviceWorker && navigator.serviceWorker.register('/worker.js').catch(() => 0);
            new Image().src = '/image.png';
            new Image().src = 'http://127.0.0.200:{tcp}/image.png';
            try {{ new Worker('/work.js') }} catch (e) {{}}
            try {{ new WebTransport('https://127.0.0.200:{udp}/') }} catch (e) {{}}
            const call = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.200:{udp}'}}]}});
            call.createDataChannel('x'); call.createOffer().then(offer => call.setLocalDescription(offer));
            const link = document.createElement('a'); link.href = '/file'; link.download = 'file'; link.click();
            const form = document.createElement('form'); form.method = 'post'; form.action = '/form';
            form.target = 'other'; document.body.append(form); form.submit();
        """
        tags = (
            f"<link rel=preconnect href=http://127.0.0.200:{tcp}><link rel=dns-prefetch href=http://127.0.0.200:{tcp}>"
            "<link rel=prefetch href=/prefetch><link rel=icon href=/icon><link rel=manifest href=/manifest>"
            "<iframe src=/frame></iframe><object data=/object></object><video src=/video></video>"
            "<style>@font-face {font-family: f; src: url(/font)} p {font-family: f}</style>"
            f"<iframe src='http://127.0.0.200:{tcp}/'></iframe>"
            "<iframe srcdoc='<script src=/inner.js></script>'></iframe><img src=/image ping=/ping>"
            '<script type=speculationrules>{"prefetch": [{"urls": ["/speculated"], "eagerness": "immediate"}]}'
            "</script>"
        )
        worker = f"fetch('http://127.0.0.200:{tcp}/'); new WebSocket('ws://127.0.0.200:{tcp}/'); fetch('/own')"
        with hostile({"/": shell(tries, tags), "/work.js": script(worker), "/own": shell()}) as server:
            ok(shown(server.url("/")))
            assert server.paths() == ["/", "/work.js", "/own"]
        assert came == []


@needs_browser
def test_a_key_is_for_the_page_and_not_for_what_it_asks_for() -> None:
    secret = "canary-5f1c9a"  # noqa: S105
    routes = {"/": shell(PRICE), "/prices.json": json_page('{"input": "$1"}')}
    routes["/told"] = shell("document.body.append('canary-5f' + '1c9a')")
    with hostile(routes) as server:
        keys = {f"127.0.0.1:{server.port}": {"X-Key": "SOME_KEY"}}
        run = client(deadline=20, keys=keys, environ={"SOME_KEY": secret})
        ok(run.fetch([server.url("/")], browser=True))
        assert [asked.path for asked in server.asked if "x-key" in asked.headers] == ["/"]
        told = failed(run.fetch([server.url("/told")], browser=True))
        assert (told.kind, secret in told.message) == ("refused", False)


@needs_browser
def test_each_page_begins_with_an_empty_profile_and_nothing_is_left() -> None:
    counts = """localStorage.n = 1 + Number(localStorage.n || 0); document.cookie = 'n=' + localStorage.n;
        document.getElementById('price').textContent = '$' + localStorage.n + document.cookie"""
    with hostile({"/": shell(counts)}, everywhere=True) as server:
        run = client(deadline=20)
        with run.ahead([]):
            for _ in range(2):
                assert b"$1n=1<" in ok(run.fetch([server.url("/")], browser=True)).body
            assert _chromiums() != []
        assert _chromiums() == []
        assert all("cookie" not in asked.headers for asked in server.asked)


@needs_browser
def test_a_browser_can_be_used_from_any_thread_and_one_that_does_not_start_is_a_failure() -> None:
    with hostile({"/": shell()}) as server, ThreadPoolExecutor(1) as pool:
        ok(pool.submit(shown, server.url("/")).result())
        broken = failed(pool.submit(shown, server.url("/"), chromium="/bin/false").result())
        assert (broken.kind, "could not be shown by the browser" in broken.message) == ("broken", True)


@needs_browser
def test_only_a_page_is_shown() -> None:
    with hostile({"/": page(b"%PDF-1.7", Content_Type="application/pdf"), "/gone": page(b"", 410)}) as server:
        answer = failed(shown(server.url("/")))
        assert (answer.kind, "its type is 'application/pdf'" in answer.message) == ("broken", True)
        assert failed(shown(server.url("/gone"))).status == 410


@pytest.mark.parametrize("missing", ["chromium", "playwright"])
def test_without_a_browser_the_failure_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing == "playwright":
        monkeypatch.setitem(sys.modules, "playwright", None)
    with hostile({"/": shell()}) as server:
        run = client(chromium="/nowhere/chromium" if missing == "chromium" else None)
        answer = failed(run.fetch([server.url("/")], browser=True))
        needed = "needs a browser: install ratecard[browser] and Chromium"
        assert (answer.kind, answer.message) == ("refused", f"{server.url('/')} {needed}")
        assert server.asked == []
        ok(run.fetch([server.url("/")]))


@contextlib.contextmanager
def _listening() -> Iterator[tuple[int, int, list[str]]]:
    """Listen on a TCP and a UDP port of loopback, and note whatever comes there."""
    came: list[str] = []
    with socket.create_server(("127.0.0.200", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.200", 0))
        for one in (tcp, udp):
            one.settimeout(0.1)
        over = threading.Event()

        def listen(one: socket.socket, kind: str) -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    if kind == "tcp":
                        one.accept()[0].close()
                    else:
                        one.recv(2000)
                    came.append(kind)

        threads = [threading.Thread(target=listen, args=(one, kind)) for one, kind in ((tcp, "tcp"), (udp, "udp"))]
        for thread in threads:
            thread.start()
        try:
            yield tcp.getsockname()[1], udp.getsockname()[1], came
        finally:
            over.set()
            for thread in threads:
                thread.join()


def _chromiums() -> list[str]:
    """Return the commands of the browsers that this process and those it started have running, without the dead."""
    if not Path("/proc").is_dir():
        pytest.skip("there is no /proc to look for processes in")
    parents = {}
    names = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[folder.name] = parent
                names[folder.name] = (folder / "comm").read_text().strip()
    mine = {str(os.getpid())}
    while more := {process for process, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return [names[process] for process in mine if "chrom" in names[process]]

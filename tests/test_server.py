"""The read API, asked over HTTP: what is published with its evidence, pages, limits, keys; never half a version."""

from __future__ import annotations

import hashlib
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from scraper.fetch.archive import Archive
from scraper.publish.costs import cost, cost_object
from scraper.records import Reading
from scraper.server import Service, bound, create_app
from scraper.server.guarding import MOST_BYTES, Rates
from scraper.store import CaptureInfo, Store, begin_run, find_offers, list_changes, open_store, record_reading
from tests.processes import start_afresh
from tests.selling import DAY, START, capture, fact, offer, read, source

NOW = START + 30 * DAY
UNSAID = "no source states it"
EVIL = b"<script>alert(1)</script>"


def fill(store: Store) -> None:
    read(
        store,
        0,
        "openai",
        offer(
            "maker/one-1",
            fact("input{tier=batch}", "1.25"),
            fact("output{tier=batch}", "5"),
            fact("input{prompt_gt=200000}", "4"),
            fact("requests", "0.01"),
            input="2.50",
            output="10",
            name="Maker One",
        ),
        offer("free-1", input="0", output="0"),
        offer("yuan-1", fact("input", "1", currency="CNY"), output="2"),
        offer("steps-1", fact("input{prompt_gt=1000,scope=marginal}", "3"), input="2", output="4"),
        offer("", name="No Id", input="1"),
    )
    read(store, 0, "anthropic", *(offer(f"many-{number:02}", input=str(number)) for number in range(25)))
    read(store, 1, "openai", offer("maker/one-1", input="3", output="10", name="Maker One"), name="news", rank=1)
    read(store, 10, "anthropic", *(offer(f"many-{number:02}", input=str(number + 1)) for number in range(25)))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with open_store(database_url) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    archive = Archive(tmp_path / "archive")
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        fill(opened)
        yield Service(store=opened, archive=archive, clock=lambda: NOW, metrics=lambda: b"ratecard_up 1\n")


@contextmanager
def asking(service: Service, **headers: str) -> Iterator[httpx.Client]:
    config = uvicorn.Config(create_app(service), port=0, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    socket = bound(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{socket.getsockname()[1]}"
    with httpx.Client(base_url=base, headers=headers, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join(10)
    socket.close()


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with asking(service) as opened:
        yield opened


def get(client: httpx.Client, path: str, **asked: Any) -> Any:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


SOLD = [*(f"anthropic/many-{n:02}" for n in range(25)), "openai/free-1", "openai/steps-1", "openai/yuan-1"]


def everything(client: httpx.Client, path: str, **asked: Any) -> list[Any]:
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(client, path, **asked, **cursor)
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


# What is published.


def test_both_databases_answer_alike(store: Store, tmp_path: Path) -> None:
    service = Service(store=store, archive=Archive(tmp_path / "a"), clock=lambda: NOW, metrics=lambda: b"")
    with asking(service) as client:
        ids = [one["model_id"] or one["name"] for one in everything(client, "/v1/offers", limit=7)]
        assert len(ids) == len(set(ids)) == 30
        assert [one["model_id"] for one in everything(client, "/v1/offers", q="MAKER")] == ["maker/one-1"]
        assert everything(client, "/v1/offers", q="%") == []
        assert len(everything(client, "/v1/offers", sourced="output")) == 4
        changes = everything(client, "/v1/changes", limit=7)
        assert len(changes) == 25
        assert all(Decimal(one["after"]["value"]) == Decimal(one["before"]["value"]) + 1 for one in changes)
        assert get(client, "/v1/offer", provider="openai", id="maker/one-1")["offers"][0]["name"] == "Maker One"
        assert get(client, "/v1/offer", provider="openai", id="No Id")["offers"][0]["model_id"] == ""
        assert len(everything(client, "/v1/gaps", field="output", provider="anthropic")) == 25
        assert [one["model"] for one in everything(client, "/v1/models")] == SOLD
        assert client.get("/readyz").status_code == 200


def test_a_model_says_whose_word_its_facts_are(client: httpx.Client, service: Service) -> None:
    told = offer("openai/free-1", fact("open_weights", "yes", currency=None))
    read(service.store, 2, "models-dev", told, name="api", sells=False)
    found = get(client, "/v1/model", model="OpenAI/free-1")
    assert [(one["provider"], one["model_id"]) for one in found["offers"]] == [("openai", "free-1")]
    facts = {one["field"]: one for one in found["facts"]}
    assert facts["open_weights"]["published"]["provider"] == "models-dev"
    assert facts["open_weights"]["published"]["capture"] == capture(source("models-dev", "api"), 2).sha256
    assert facts["licence"]["published"] is None
    assert client.get("/v1/model", params={"model": "openai/nothing"}).status_code == 404
    assert len(everything(client, "/v1/offers", model="openai/free-1")) == 1


def test_an_offer_has_its_fields_with_state_and_evidence(client: httpx.Client) -> None:
    (one,) = get(client, "/v1/offer", provider="openai", id="maker/one-1")["offers"]
    price = one["fields"]["input"]
    assert (price["value"], price["state"], price["quote"]) == ("2.50", "sourced", "input 2.50")
    assert price["source_url"] == "https://openai.example/prices"
    assert one["fields"]["cache_read"] == {"state": "not_sourced", "reason": "not_on_page", "unit": "1M tokens"}
    missing = client.get("/v1/offer", params={"provider": "openai", "id": "gpt-0"})
    assert (missing.status_code, missing.json()) == (404, {"error": "openai has no offer 'gpt-0'"})


def test_an_earlier_day_is_answered_as_of_then(client: httpx.Client) -> None:
    early = get(client, "/v1/offer", provider="anthropic", id="many-03", as_of="2026-04-05")["offers"][0]
    now = get(client, "/v1/offer", provider="anthropic", id="many-03")["offers"][0]
    assert (early["fields"]["input"]["value"], now["fields"]["input"]["value"]) == ("3", "4")
    assert everything(client, "/v1/offers", as_of="2026-03-01") == []


def test_evidence_and_history_say_where_a_value_comes_from(client: httpx.Client) -> None:
    (proof,) = get(client, "/v1/evidence", provider="openai", id="maker/one-1", field="input")["evidence"]
    assert (proof["value"], proof["locator"]) == ("2.50", "row input")
    assert [one["value"] for one in proof["statements"]] == ["2.50", "3"]
    said = get(client, "/v1/history", provider="anthropic", id="many-03", field="input")["statements"]
    assert [one["value"] for one in said] == ["4", "3"]
    none = client.get("/v1/evidence", params={"provider": "openai", "id": "free-1", "field": "images"})
    assert none.status_code == 404


def test_providers_show_their_sources(client: httpx.Client) -> None:
    found = {one["provider"]: one for one in get(client, "/v1/providers")["items"]}
    assert (found["openai"]["name"], found["openai"]["offers"]) == ("OpenAI", 5)
    assert [one["source"] for one in found["openai"]["sources"]] == ["news", "prices"]


def test_changes_are_from_a_day_on(client: httpx.Client) -> None:
    assert len(everything(client, "/v1/changes", since="2026-04-11")) == 25
    assert everything(client, "/v1/changes", since="2026-04-12") == []
    assert len(everything(client, "/v1/changes", since="20260411")) == 25
    assert everything(client, "/v1/changes", since="2026-04-11T06:00:00Z") == []
    assert everything(client, "/v1/changes", provider="openai") == []


# Costs.


def costs(client: httpx.Client, **asked: Any) -> Any:
    (one,) = get(client, "/v1/cost", provider="openai", **asked)["costs"]
    return one


def test_a_cost_is_exact_and_names_its_fields(client: httpx.Client) -> None:
    one = costs(client, id="maker/one-1", input=123456, output=89)
    assert one["total"] == "0.30953"
    assert one["currency"] == "USD"
    assert [(part["field"], part["amount"]) for part in one["parts"]] == [("input", "0.30864"), ("output", "0.00089")]
    assert one["parts"][0]["price"]["quote"] == "input 2.50"
    assert one["also_priced"] == ["requests"]
    assert costs(client, id="maker/one-1", input=1000, tier="batch")["total"] == "0.00125"
    assert costs(client, id="free-1", input=1000, output=5)["total"] == "0"


def test_a_long_prompt_has_its_price(client: httpx.Client) -> None:
    assert costs(client, id="maker/one-1", input=200000)["total"] == "0.5"
    assert costs(client, id="maker/one-1", input=200001)["total"] == "0.800004"


@pytest.mark.parametrize(
    ("asked", "field", "why"),
    [
        ({"id": "maker/one-1", "input": 10, "cache_read": 10}, "cache_read", "not_on_page"),
        ({"id": "maker/one-1", "input": 200001, "tier": "batch"}, "input{prompt_gt=200000,tier=batch}", UNSAID),
        ({"id": "maker/one-1", "input": 1, "tier": "flex"}, "input{tier=flex}", UNSAID),
        ({"id": "steps-1", "input": 1001}, "input", "a long prompt has a price for a part of it only"),
    ],
)  # fmt: skip
def test_what_is_not_sourced_is_never_free(client: httpx.Client, asked: dict[str, Any], field: str, why: str) -> None:
    one = costs(client, **asked)
    assert (one["total"], one["currency"]) == (None, None)
    assert [(gap["field"], gap["why"]) for gap in one["unsourced"]] == [(field, why)]
    assert next(part for part in one["parts"] if part["field"] == field)["amount"] is None


def test_two_currencies_have_no_total(client: httpx.Client) -> None:
    one = costs(client, id="yuan-1", input=1000000, output=1000000)
    assert (one["total"], one["currency"], [part["amount"] for part in one["parts"]]) == (None, None, ["1", "2"])


def test_any_meter_can_be_counted(client: httpx.Client) -> None:
    body = {"provider": "openai", "id": "maker/one-1", "usage": {"input": 1000, "requests": "2", "images": 0}}
    (one,) = client.post("/v1/cost", json=body).json()["costs"]
    assert one["total"] == "0.0225"
    usages: list[dict[str, Any]] = [{}, {"input": -1}, {"input": "x"}, {"in put": 1}, {"input": True}]
    for usage in ({"tokenz": 1}, {"input{tier=batch}": 1}):
        (one,) = client.post("/v1/cost", json={**body, "usage": usage}).json()["costs"]
        assert one["total"] is None
        assert one["unsourced"][0]["why"] == "there is no such meter of a request"
    for usage in usages:
        assert client.post("/v1/cost", json={**body, "usage": usage}).status_code == 422


def test_a_cost_takes_no_price_that_is_not_asked_for(service: Service) -> None:
    (one,) = find_offers(service.store, "openai", "maker/one-1", NOW)
    lines = cost(one, {"input": Decimal(0), "output": Decimal("1.5")})
    assert [line.field for line in lines] == ["output"]
    assert cost_object(one, lines, "")["total"] == "0.000015"


# HTTP.


def test_an_etag_saves_an_answer(client: httpx.Client) -> None:
    first = client.get("/v1/offers", params={"limit": 5})
    again = client.get("/v1/offers", params={"limit": 5}, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/v1/offers", params={"limit": 6}, headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize("way", ["gzip", "zstd"])
def test_an_answer_is_compressed(client: httpx.Client, way: str) -> None:
    plain = client.get("/v1/offers", headers={"accept-encoding": "identity"})
    packed = client.get("/v1/offers", headers={"accept-encoding": way})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == way
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.json() == plain.json()
    assert int(packed.headers.get("content-length", 0)) < len(plain.content) / 2


def test_every_answer_has_safe_headers(client: httpx.Client) -> None:
    for path in ("/v1/offers", "/v1/nothing", "/healthz", "/openapi.json", "/v1/offers?limit=0"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in headers["content-security-policy"]
        assert ("'none'" in headers["content-security-policy"]) is True
        assert "server" not in headers


def test_a_capture_is_given_as_bytes_to_be_saved(service: Service) -> None:
    sha = service.archive.put(EVIL)
    of = source("xai")
    taken = CaptureInfo(sha256=sha, url=of.url, captured_at=START, content_type="text/html", size=len(EVIL))
    run = begin_run(service.store, started_at=START, at=START, replay=True)
    record_reading(service.store, run, of, taken, Reading(offers=(offer("x-1", input="1"),)))
    stray = service.archive.put(b"of nobody")
    with asking(service) as client:
        answer = client.get(f"/v1/captures/{sha}")
        assert (answer.status_code, answer.content) == (200, EVIL)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-disposition"] == f'attachment; filename="{sha}.txt"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert client.get(f"/v1/captures/{sha}", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        for other in (stray, "0" * 64, "..%2f..%2fetc%2fpasswd", sha.upper()):
            assert client.get(f"/v1/captures/{other}").status_code == 404


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/offers?as_of=2026-13-01", "as_of"),
        ("/v1/offers?limit=0", "limit"),
        ("/v1/offers?limit=201", "limit"),
        ("/v1/offers?colour=red", "colour"),
        ("/v1/offers?cursor=abc", "cursor"),
        ("/v1/offers?cursor=WzFd", "cursor"),
        ("/v1/offers?cursor=WyJcdWQ4MDAiLCJhIiwiYiIsMV0", "cursor"),  # half of a character
        ("/v1/changes?cursor=WyJ4IiwxXQ", "cursor"),
        ("/v1/changes?cursor=WyIyMDI2LTAxLTAxIiwxXQ", "cursor"),
        ("/v1/offers?as_of=soon", "as_of"),
        ("/v1/offers?q=%00", "q"),
        ("/v1/gaps?field=price", "field"),
    ],
)
def test_what_is_not_understood_is_said(client: httpx.Client, path: str, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == (404 if said == "cursor" else 422)
    assert said in answer.json()["error"]


def test_a_body_has_a_limit(client: httpx.Client) -> None:
    assert client.post("/v1/cost", content=b"x" * (MOST_BYTES + 1)).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield b'{"provider": "openai", "id": "free-1", "usage": {"input": 1'
        yield b" " * MOST_BYTES + b"}}"

    assert client.post("/v1/cost", content=pieces()).status_code == 422


def test_nothing_can_be_written(client: httpx.Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        answer = client.request(method, "/v1/offers")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


# Keys and rates.


def test_keys_are_asked_for_where_they_are_set(service: Service) -> None:
    key = "a key of somebody"
    guarded = replace(service, keys={hashlib.sha256(key.encode()).hexdigest()})
    with asking(guarded) as client:
        assert client.get("/v1/offers").status_code == 401
        assert client.get("/metrics").status_code == 401
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/offers", headers={"authorization": "Bearer no"}).status_code == 401
        assert client.get("/v1/offers", headers={"authorization": f"Bearer {key}"}).status_code == 200
        assert client.get("/v1/offers", headers={"x-api-key": key}).status_code == 200


def test_a_rate_is_kept_to(service: Service) -> None:
    with asking(replace(service, rate=3)) as client:
        said = [client.get("/v1/models").status_code for _ in range(5)]
        refused = client.get("/v1/models")
        assert client.get("/healthz").status_code == 200
    assert said == [200, 200, 200, 429, 429]
    assert 1 <= int(refused.headers["retry-after"]) <= 21


def test_a_bucket_fills_evenly_and_forgets_old_clients() -> None:
    now = 0.0
    rates = Rates(60, clock=lambda: now)
    assert [rates.wait("a") > 0 for _ in range(61)] == [False] * 60 + [True]
    now = 2.0
    assert [rates.wait("a") > 0 for _ in range(3)] == [False, False, True]
    for number in range(20_000):
        rates.wait(str(number))
    assert len(rates._left) <= 10_000


# Pages, health, the command.


def test_a_site_is_served_beside_the_api(service: Service, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "openai").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Prices</h1>")
    (site / "openai" / "index.html").write_text("<h1>OpenAI</h1>")
    (tmp_path / "secret.txt").write_text("secret")
    with asking(replace(service, site=site)) as client:
        front = client.get("/")
        assert "Prices" in front.text
        assert "default-src 'self'" in front.headers["content-security-policy"]
        assert "OpenAI" in client.get("/openai/").text
        assert [one["model"] for one in everything(client, "/v1/models")] == SOLD
        assert client.get("/..%2fsecret.txt").status_code == 404
        assert client.get("/nothing").status_code == 404


def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    db = f"sqlite:///{tmp_path}/ratecard.db"
    with open_store(db) as opened:
        fill(opened)
    process = start_afresh("serve", "--listen", "127.0.0.1:0", "--log", "json", db=db)
    assert process.stderr is not None
    line = json.loads(process.stderr.readline())
    assert line["event"] == "serving"
    base = f"http://{line['listen']}"
    assert httpx.get(f"{base}/readyz", trust_env=False).text == "ready\n"
    assert (
        'ratecard_source_offers{provider="anthropic",source="prices"} 25.0'
        in httpx.get(f"{base}/metrics", trust_env=False).text
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()
    assert process.stdout is not None
    process.stdout.close()


def test_a_database_that_is_away_is_told(service: Service, tmp_path: Path) -> None:
    with asking(service) as client:
        service.store.close()
        for file in tmp_path.glob("store.db*"):
            file.unlink()
        (tmp_path / "store.db").mkdir()
        answer = client.get("/v1/offers")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert str(tmp_path) not in answer.text
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


# While somebody else writes.


def test_f40_no_answer_is_of_half_a_refresh(store: Store, tmp_path: Path) -> None:
    """Each refresh sets all prices of a provider to one number: an answer that shows two of them is torn."""
    service = Service(store=store, archive=Archive(tmp_path / "a"), clock=lambda: NOW, metrics=lambda: b"")
    stop = threading.Event()
    torn: list[set[str]] = []
    seen: set[str] = set()

    def ask(base: str) -> None:
        with httpx.Client(base_url=base, trust_env=False) as mine:
            while not stop.is_set():
                page = mine.get("/v1/offers", params={"provider": "anthropic", "limit": 200}).json()
                values = {one["fields"]["input"]["value"] for one in page["items"]}
                seen.update(values)
                if len(values) != 1:
                    torn.append(values)

    read(store, 11, "anthropic", *(offer(f"many-{number:02}", input="100") for number in range(25)))
    with asking(service) as opened:
        readers = [threading.Thread(target=ask, args=(str(opened.base_url),)) for _ in range(2)]
        for one in readers:
            one.start()
        for turn in range(12):
            priced = (offer(f"many-{number:02}", input=str(101 + turn)) for number in range(25))
            read(store, 12 + turn, "anthropic", *priced)
        stop.set()
        for one in readers:
            one.join()
    assert not torn
    assert len(seen) > 1
    assert len(list_changes(store, provider="anthropic")) >= 25 * 13


# What a fuzzer finds.


MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}


@pytest.mark.parametrize("mode", MODES)
def test_a_fuzzer_finds_nothing(service: Service, mode: str) -> None:
    """Whatever is asked, the answer is one that the description says, and never an error of the server."""
    described = schemathesis.openapi.from_asgi("/openapi.json", create_app(service))
    operations = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 13
    for operation in operations:
        if mode == "bad" and not (operation.query or operation.body):
            continue

        @settings(
            max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(operation.as_strategy(generation_mode=MODES[mode]))
        def ask(case: Any) -> None:
            case.call_and_validate()

        ask()


def test_the_description_has_examples(client: httpx.Client) -> None:
    described = get(client, "/openapi.json")
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (path, method)
            if path.startswith("/v1/") and "captures" not in path:
                assert operation["responses"]["200"]["content"]["application/json"]["example"], path


def test_f42_no_key_is_in_what_is_logged_or_described(service: Service) -> None:
    key = "canary-key-of-a-client"
    guarded = replace(service, keys={hashlib.sha256(key.encode()).hexdigest()})
    with asking(guarded, **{"x-api-key": key}) as client:
        for path in ("/v1/offers", "/openapi.json", "/metrics", "/v1/nothing"):
            answer = client.get(path)
            assert key not in answer.text
            assert hashlib.sha256(key.encode()).hexdigest() not in answer.text

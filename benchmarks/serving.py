"""The read API with 100,000 offers: requests a second and the 99th percentile of looking an offer up, over HTTP."""

from __future__ import annotations

import multiprocessing
import tempfile
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import uvicorn

from benchmarks.measuring import Row, alone
from scraper.fetch.archive import Archive
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.server import Service, bound, create_app
from scraper.store import CaptureInfo, SourceInfo, Store, begin_run, open_store, record_reading

OFFERS = 100_000
PROVIDERS = 40
CLIENTS = 4
REQUESTS = 250
AT = datetime(2026, 9, 1, tzinfo=UTC)


def offer(number: int) -> Offer:
    facts = (
        Fact(
            field=name,
            state=State.SOURCED,
            value=f"{1 + number % 97}.25",
            currency="USD",
            evidence=Evidence(locator=f"row {number}", quote=f"${1 + number % 97}.25"),
        )
        for name in ("input", "output", "cache_read")
    )
    return Offer(model_id=f"maker/model-{number:06}", name=f"Model {number}", facts=tuple(facts))


def fill(store: Store) -> None:
    each = OFFERS // PROVIDERS
    run = begin_run(store, started_at=AT, at=AT, replay=True)
    for provider in range(PROVIDERS):
        url = f"https://seller-{provider}.example/prices"
        sha = f"{provider:064x}"
        of = SourceInfo(provider=f"seller-{provider}", name="prices", url=url, fields=frozenset({"input", "output"}))
        taken = CaptureInfo(sha256=sha, url=url, captured_at=AT, content_type="application/json", size=1)
        record_reading(store, run, of, taken, Reading(offers=tuple(offer(number) for number in range(each))))


def ask(base: str, paths: list[str], took: list[float]) -> None:
    with httpx.Client(base_url=base, trust_env=False) as client:
        for path in paths:
            began = time.perf_counter()
            assert client.get(path).status_code == 200
            took.append(time.perf_counter() - began)


def asked(base: str, paths: list[str]) -> tuple[list[float], float]:
    """Ask by several clients at once; return the seconds that each answer took, and all of them together."""
    took: list[float] = []
    share = len(paths) // CLIENTS
    threads = [
        threading.Thread(target=ask, args=(base, paths[one * share : (one + 1) * share], took))
        for one in range(CLIENTS)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took), time.perf_counter() - began


def measured(clients: Executor, base: str, name: str, paths: list[str], at_most: float | None = None) -> list[Row]:
    began = time.process_time()
    took, elapsed = clients.submit(asked, base, paths).result()
    spent = (time.process_time() - began) / len(took) * 1000
    p50, p99 = took[len(took) // 2] * 1000, took[int(len(took) * 0.99)] * 1000
    return [
        alone(f"{name}: requests a second", [len(took) / elapsed], ""),
        alone(f"{name}: median", [p50], "ms"),
        alone(f"{name}: 99th percentile", [p99], "ms", at_most=at_most),
        alone(f"{name}: CPU of the server", [spent], "ms"),
    ]


def bench() -> list[Row]:
    """Ask for offers, costs and lists: one process serves, clients in another ask."""
    spawned = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=spawned) as clients:
        return _rows(Path(folder), clients)


def _rows(folder: Path, clients: Executor) -> list[Row]:
    with open_store(f"sqlite:///{folder}/ratecard.db") as store:
        fill(store)
        app = create_app(Service(store=store, archive=Archive(folder / "a"), clock=lambda: AT, metrics=lambda: b""))
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        config.port = 0
        socket = bound(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        base = f"http://127.0.0.1:{socket.getsockname()[1]}"
        numbers = [number * 7919 % (OFFERS // PROVIDERS) for number in range(CLIENTS * REQUESTS)]
        sellers = [f"provider=seller-{number % PROVIDERS}" for number in numbers]
        by_id = [f"{one}&id=maker/model-{number:06}" for one, number in zip(sellers, numbers, strict=True)]
        measured(clients, base, "(to begin with)", [f"/v1/offer?{one}" for one in by_id[:100]])
        rows = measured(clients, base, "an offer", [f"/v1/offer?{one}" for one in by_id], at_most=50)
        rows += measured(clients, base, "a cost", [f"/v1/cost?{one}&input=5000&output=700" for one in by_id])
        rows += measured(clients, base, "50 offers of a provider", [f"/v1/offers?{one}" for one in sellers[:60]])
        rows += measured(
            clients, base, "50 offers by a part of their name", [f"/v1/offers?q=model-{n:06}" for n in numbers[:60]]
        )
        server.should_exit = True
        thread.join()
        socket.close()
    return rows

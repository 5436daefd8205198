"""Crawl and read 1,000 pages of 40 hosts: our whole flow (fetch, archive, read, check, store) beside Scrapy.

Scrapy fetches and extracts the same rows to dicts, once with its own selectors and once with selectolax, and stores
nothing. All obey robots.txt, at the same concurrency and without delays. The server and each of the crawls are
processes of their own; CPU and memory are those of a crawl with all that it starts. What is loaded and opened once is
not counted.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2 as httpx

from benchmarks.made_pages import HOSTS, PAGES, PROVIDERS, page, rows_of
from benchmarks.measuring import ROOT, Row, Spent, beside, in_turn, process, top_of
from scraper import providers
from scraper.fetch.archive import Archive
from scraper.fetch.client import Client
from scraper.refresh import Refresh
from scraper.sandbox import Sandbox
from scraper.settings import Settings
from scraper.store import StoreMemory, open_store

NEEDS: Final = ("scrapy",)
ROUNDS: Final = 3
NEXT: Final = (
    "sources are taken one after the other: while one is written down (and the disk is waited for, at each page and "
    "each commit), the process that reads could have the next. What is left of the CPU is mostly work that the others "
    "do not do: each of the 160 facts of a page is validated where it is read and again where it arrives, judged by "
    "the guards, compared with what stands, and written with its evidence under six indexes."
)
FACTS: Final = 4 * sum(map(rows_of, range(PAGES)))
HEAD: Final = (
    b'HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Encoding: gzip\r\nETag: "%d"\r\nContent-Length: %d\r\n\r\n'
)
MODULE: Final = """
from benchmarks.made_pages import FIELDS, read
from scraper.extract.source import Source

SOURCES = tuple(
    Source(name=f"p{{n}}", addresses=(f"http://127.0.0.{{1 + n % {hosts}}}:{port}/pricing/{{n}}",), read=read,
           publishes=FIELDS)
    for n in range({first}, {last})
)
"""


def bench() -> list[Row]:
    """Measure all three in turn."""
    with server() as port:
        ours, parsel, lexbor = in_turn(
            ROUNDS, lambda: ourselves(port), lambda: scrapy("parsel", port), lambda: scrapy("selectolax", port)
        )
    made = []
    for name, other in (("Scrapy", parsel), ("Scrapy with selectolax", lexbor)):
        first = other is parsel
        made += [
            beside(f"pages a second, beside {name}", _rates(ours), _rates(other), "", at_least=2 if first else 1),
            beside(f"CPU a page, beside {name}", _cpu(ours), _cpu(other), "ms", at_most=0.5 if first else None),
            beside(f"most memory, beside {name}", _memory(ours), _memory(other), "MB", at_most=0.8 if first else None),
        ]
    return made


def profile() -> list[str]:
    """Return the functions of our flow that take most time: of the process that fetches and stores."""
    with server() as port, tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/profile"
        ourselves(port, PROVIDERS // 5, profile=file)
        return top_of(file)


def _rates(spent: list[Spent]) -> list[float]:
    return [PAGES / one.said["seconds"] for one in spent]


def _cpu(spent: list[Spent]) -> list[float]:
    return [1000 * one.said["cpu"] / PAGES for one in spent]


def _memory(spent: list[Spent]) -> list[float]:
    return [one.memory for one in spent]


@contextmanager
def server() -> Iterator[int]:
    """Run the server and give its port."""
    command = [sys.executable, "-m", "benchmarks.crawl", "serve"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
    assert started.stdout is not None
    try:
        yield int(started.stdout.readline())
    finally:
        started.terminate()
        started.wait()
        started.stdout.close()


def ourselves(port: int, some: int = PROVIDERS, profile: str | None = None) -> Spent:
    """Crawl with our flow, into a new database; `some` of the providers."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        write_providers(made / "providers", port)
        # A new database is made once in its life; that loads more than a crawl needs.
        open_store(f"sqlite:///{made}/ratecard.db").close()
        spent = process("crawl", "flow", folder, str(some), profile=profile)
    pages = some * PAGES // PROVIDERS
    facts = 4 * sum(map(rows_of, range(pages)))
    assert (spent.said["pages"], spent.said["facts"], spent.said["held"]) == (pages, facts, 0), spent
    return spent


def scrapy(how: str, port: int) -> Spent:
    """Crawl with Scrapy."""
    addresses = [f"http://127.0.0.{1 + number % HOSTS}:{port}/pricing/{number}" for number in range(PAGES)]
    spent = process("spiders", how, *addresses)
    assert 4 * spent.said["rows"] == FACTS, spent
    return spent


def write_providers(folder: Path, port: int) -> None:
    """Write the modules of the providers."""
    folder.mkdir()
    each = PAGES // PROVIDERS
    for number in range(PROVIDERS):
        name = f"made_{number}"
        text = MODULE.format(hosts=HOSTS, port=port, first=number * each, last=(number + 1) * each)
        (folder / f"{name}.py").write_text(text)
        (folder / f"{name}.toml").write_text("")


def flow(folder: Path, some: int) -> dict[str, Any]:
    """Be the process of our flow, with everything as `ratecard refresh` has it."""
    providers.__path__.append(str(folder / "providers"))
    wanted = [f"made-{number}" for number in range(some)]
    hosts = frozenset(f"127.0.0.{1 + number}" for number in range(HOSTS))
    settings = Settings(pace=0, concurrency=HOSTS, allow_private_hosts=hosts)
    sources = [source for name in wanted for source in providers.sources(name)]

    def now() -> datetime:
        return datetime.now(UTC)

    with open_store(f"sqlite:///{folder}/ratecard.db") as store:
        # The library loads most of itself with its first session, and commands keep what is loaded from the collector.
        httpx.AsyncHTTPTransport()
        gc.freeze()
        began, cpu = time.monotonic(), _spent()
        archive = Archive(folder / "archive")
        client = Client(settings, now, StoreMemory(store), archive)
        with Sandbox(settings.read_seconds, settings.read_memory) as reader:
            run = Refresh(store, archive, client, now(), reader=reader, pager=reader.next_page)
            with client.ahead([source.addresses for source in sources]):
                report = run.run(wanted, started_at=now(), replay=False)
        took = time.monotonic() - began
    return {
        "seconds": took,
        "cpu": _spent() - cpu,
        "pages": len(report.sources) - len(report.failed),
        "facts": sum(source.observations for source in report.sources),
        "held": len(report.held),
    }


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# The server: prepared bytes, kept connections, packed as real servers do.


class Answers(asyncio.Protocol):
    """One connection."""

    def __init__(self, prepared: dict[bytes, bytes]) -> None:
        self._prepared = prepared
        self._transport: asyncio.Transport | None = None
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            asked, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._transport.write(self._prepared[asked.split(b" ", 2)[1]])


def _prepared() -> dict[bytes, bytes]:
    rules = gzip.compress(b"User-agent: *\nDisallow: /account\n")
    made = {b"/robots.txt": HEAD % (b"text/plain", 0, len(rules)) + rules}
    for number in range(PAGES):
        body = gzip.compress(page(number), 6, mtime=0)
        made[b"/pricing/%d" % number] = HEAD % (b"text/html; charset=utf-8", number, len(body)) + body
    return made


async def serve() -> None:
    """Be the server; print its port, which is the same on all of its addresses."""
    prepared = _prepared()
    loop = asyncio.get_running_loop()
    port = 0
    for number in range(HOSTS):
        one = await loop.create_server(lambda: Answers(prepared), f"127.0.0.{1 + number}", port)
        port = one.sockets[0].getsockname()[1]
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        print(json.dumps(flow(Path(sys.argv[2]), int(sys.argv[3]))))

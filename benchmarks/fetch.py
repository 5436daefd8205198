"""Fetching: 1,000 pages of 200 KB from 40 hosts through the whole layer, beside a bare loop of the library.

The server and each of the two clients are processes of their own, so that each is measured alone.
"""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx

from benchmarks.measuring import ROOT, Row, Spent, alone, beside, in_turn, process
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched
from scraper.fetch.client import Client
from scraper.settings import Settings
from scraper.store import Store, StoreMemory, open_store

HOSTS = 40
PAGES = 1000
SIZE = 200_000
ROUNDS = 3
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Encoding: gzip\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n'
CPU_MS = 4.0
MEGABYTES = 150


def bench() -> list[Row]:
    """Measure both in turn."""
    with server() as ports:
        bare, whole = in_turn(ROUNDS, lambda: measured("bare", ports), lambda: measured("whole", ports))
    ours, others = ([one.said["cpu"] for one in side] for side in (whole, bare))
    return [
        beside("CPU a page (robots, limits, archive; a bare httpx2 loop)", ours, others, "ms"),
        # The least: whatever else the machine does only ever adds.
        alone("CPU a page, the least of the rounds", [min(ours)], "ms", at_most=CPU_MS),
        alone("seconds for all", [one.said["seconds"] for one in whole], "s"),
        alone("most memory", [one.memory for one in whole], "MB", at_most=MEGABYTES),
    ]


@contextmanager
def server() -> Iterator[list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.fetch", "serve"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measured(how: str, ports: list[int]) -> Spent:
    with tempfile.TemporaryDirectory() as folder:
        return process("fetch", how, json.dumps(ports), folder)


def addresses(ports: list[int]) -> list[str]:
    return [f"http://127.0.0.1:{ports[number % HOSTS]}/{number}" for number in range(PAGES)]


# The clients: what is loaded and opened once is not counted.


async def bare(ports: list[int]) -> None:
    async with httpx.AsyncClient() as session:

        async def host(urls: list[str]) -> int:
            return sum([len((await session.get(url)).content) for url in urls])

        urls = addresses(ports)
        sizes = await asyncio.gather(*(host(urls[n::HOSTS]) for n in range(HOSTS)))
        assert sum(sizes) == PAGES * SIZE


def whole(ports: list[int], store: Store, archive: Archive) -> None:
    settings = Settings(pace=0, concurrency=HOSTS, allow_private_hosts=frozenset({"127.0.0.1"}))
    client = Client(settings, lambda: datetime.now(UTC), StoreMemory(store), archive)
    many = [[url] for url in addresses(ports)]
    with client.ahead(many):
        for one in many:
            answer = client.fetch(one)
            assert isinstance(answer, Fetched), answer
            assert archive.put(answer.body) == answer.capture.sha256


def measure(how: str, ports: list[int], folder: Path) -> None:
    with open_store(f"sqlite:///{folder}/ratecard.db") as store:
        # The library loads most of itself with its first session, and commands keep what is loaded from the collector.
        httpx.AsyncHTTPTransport()
        gc.freeze()
        started, cpu = time.monotonic(), time.process_time()
        if how == "bare":
            asyncio.run(bare(ports))
        else:
            whole(ports, store, Archive(folder / "archive"))
        used, took = time.process_time() - cpu, time.monotonic() - started
    print(json.dumps({"cpu": used * 1000 / PAGES, "seconds": took}))


# The server: keep-alive, packed as real ones do.


def pages() -> list[bytes]:
    dice = random.Random(7)  # noqa: S311 - the same pages every time
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 10))) for _ in range(4000)]
    made = []
    for number in range(PAGES):
        cells = (
            f"<tr><td>{dice.choice(words)}</td><td>${dice.randint(1, 9999) / 100}</td></tr>\n" for _ in range(6000)
        )
        made.append(gzip.compress(f"<p>{number}</p>{''.join(cells)}".ljust(SIZE)[:SIZE].encode(), 1))
    return made


async def serve() -> None:
    bodies = pages()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                while await reader.readline() not in (b"\r\n", b""):
                    pass
                path = line.split()[1].decode()
                robots = path == "/robots.txt"
                body = gzip.compress(b"User-agent: *\nDisallow: /no\n") if robots else bodies[int(path[1:])]
                kind = b"text/plain" if robots else b"text/html; charset=utf-8"
                writer.write(HEAD % (kind, len(body)) + body)
                await writer.drain()
        finally:
            writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(HOSTS)]
    print(json.dumps([one.sockets[0].getsockname()[1] for one in servers]), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        measure(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))

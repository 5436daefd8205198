"""What it costs to read where a hostile page can do no harm: each bundled page, here and in the process that reads."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from scraper import providers
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.sandbox import Reader, Sandbox, read_here
from tests.readings import fixtures

ROUNDS = 5
MEMORY = 2 * 1024**3


def test_reading_in_a_process_of_its_own_costs_little() -> None:
    work = [(source, page.document) for name in providers.names() for source, page in fixtures(name)]
    here = fastest(read_here, work)
    with Sandbox(seconds=60, memory=MEMORY) as reader:
        began = time.perf_counter()
        reader(work[0][0], fresh(work[0][1]))
        start = time.perf_counter() - began
        there = fastest(reader, work)
    more = statistics.median(b - a for a, b in zip(here, there, strict=True))
    print(
        f"\n{len(work)} readings: {1000 * sum(here):.0f} ms here, {1000 * sum(there):.0f} ms in the other; "
        f"{1000 * more:.2f} ms more for a page (median); the first one waited {1000 * start:.0f} ms for the process"
    )
    assert more < 0.02


def fastest(reader: Reader, work: list[tuple[Source, Document]]) -> list[float]:
    """Return the shortest time of each reading, in seconds."""
    return [min(timed(reader, *one) for _ in range(ROUNDS)) for one in work]


def timed(reader: Reader, source: Source, document: Document) -> float:
    document = fresh(document)
    began = time.perf_counter()
    reader(source, document)
    return time.perf_counter() - began


def fresh(document: Document) -> Document:
    """Return the document without what is already known of it."""
    return replace(document, further=tuple(map(fresh, document.further)))

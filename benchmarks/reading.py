"""Reading alone: every capture by its provider's parser, beside the library that parses the same bytes alone.

Captures are the real ones, where the folder with them is there, else the project's own pages. The library is selectolax
for HTML, the standard library's for JSON, and both markdown-it and selectolax for Markdown. Both sides decode the
bytes. A second measure is what it costs to read in the process that a hostile page cannot harm us from.
"""

from __future__ import annotations

import cProfile
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from benchmarks.measuring import Row, alone, beside, in_turn, top_of
from scraper import providers
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.replay import address_key
from scraper.sandbox import Defect, Sandbox, read_here
from tests.readings import CAPTURES, fixtures, pages

ROUNDS: Final = 3
MEMORY: Final = 2 * 1024**3
TIMES_BARE: Final = 3.0
SLOWEST_MS: Final = 250.0
NEXT: Final = (
    "each fact and its evidence are validated one by one as they are made, which alone takes as long as the libraries "
    "take for all the bytes: the facts of an offer could be validated in one call. To see how deep a page is nested "
    "before a library may choke on it takes half as long again: a cheaper scan would do."
)


@dataclass(frozen=True, slots=True)
class Work:
    """A document and its source."""

    name: str
    source: Source
    document: Document


def bench() -> list[Row]:
    """Measure all sources, then what the process costs."""
    work = list(captured())
    ours, bare = in_turn(ROUNDS, partial(total, work, read), partial(total, work, parse))
    totals = [[1000 * sum(one.values()) for one in side] for side in (ours, bare)]
    rows = [beside(f"all {len(work)} documents", *totals, "ms", at_most=TIMES_BARE)]
    by_source = defaultdict(list)
    for one in work:
        by_source[one.name].append(one)
    least = {
        name: [1000 * min(r[name] for r in side) / len(of) for side in (ours, bare)] for name, of in by_source.items()
    }
    slow = sorted(least, key=lambda name: least[name][0], reverse=True)
    rows.append(alone(f"the slowest source, {slow[0]}", [least[slow[0]][0]], "ms", at_most=SLOWEST_MS))
    rows += [beside(f"a document of {name}", [least[name][0]], [least[name][1]], "ms") for name in slow]
    return [*rows, sandboxed()]


def profile() -> list[str]:
    """Return the functions that take most time."""
    profiler = cProfile.Profile()
    work = list(captured())
    profiler.runcall(total, work, read)
    return top_of(profiler)


def captured() -> Iterator[Work]:
    """Yield what is read: real captures of a source where there are some, else its fixtures."""
    real: dict[str, list[Document]] = defaultdict(list)
    if (CAPTURES / "MANIFEST.csv").exists():
        for page in pages(CAPTURES):
            real[address_key(page.url)].append(page.document)
    for provider in providers.names():
        made = fixtures(provider)
        for source in providers.sources(provider):
            # Of a source with several pages the folder has single ones, which are no reading.
            keys = {address_key(address) for address in source.addresses} if source.next_page is None else set()
            found = [document for key in keys for document in real[key]]
            works = [Work(f"{provider}/{source.name}", source, one) for one in found if readable(source, one)]
            yield from works or [Work(f"{provider}/{source.name}", source, p.document) for s, p in made if s == source]


def readable(source: Source, document: Document) -> bool:
    """Say whether a document is one that its source's parser reads: some captures are excerpts or of other layouts."""
    try:
        read_here(source, fresh(document))
    except (Unreadable, Defect):
        return False
    return True


def total(work: list[Work], do: Callable[[Source, bytes, Document], object]) -> dict[str, float]:
    """Return the CPU seconds of each source's documents."""
    spent: dict[str, float] = defaultdict(float)
    for one in work:
        document = fresh(one.document)
        body = document.text.encode("utf-8", "surrogatepass")
        began = time.process_time()
        do(one.source, body, document)
        spent[one.name] += time.process_time() - began
    return spent


def read(source: Source, body: bytes, document: Document) -> object:
    """Read with our parser."""
    return read_here(source, replace(document, text=body.decode("utf-8", "surrogatepass")))


def parse(source: Source, body: bytes, document: Document) -> object:  # noqa: ARG001 - called like the other
    """Parse with the library alone."""
    parsed = [_parse(body.decode("utf-8", "surrogatepass"), document.kind)]
    parsed += [_parse(page.text, page.kind) for page in document.further]
    return parsed


def _parse(text: str, kind: str) -> object:
    if kind == "json":
        return json.loads(text)
    return LexborHTMLParser(_MARKDOWN.render(text) if kind == "markdown" else text)


_MARKDOWN: Final = MarkdownIt("commonmark").enable("table")


def fresh(document: Document) -> Document:
    """Return the document without what is already known of it."""
    return replace(document, further=tuple(map(fresh, document.further)))


def sandboxed() -> Row:
    """Measure what a reading takes longer in the other process, with the bundled pages."""
    work = [(source, page.document) for name in providers.names() for source, page in fixtures(name)]
    with Sandbox(seconds=60, memory=MEMORY) as reader:
        reader(work[0][0], fresh(work[0][1]))
        rounds = in_turn(ROUNDS, *(lambda w=one, r=r: timed(r, *w) for one in work for r in (read_here, reader)))
    fastest = [min(times) for times in rounds]
    more = [1000 * (there - here) for here, there in zip(fastest[::2], fastest[1::2], strict=True)]
    return alone("a reading in the other process, more than here (median)", [statistics.median(more)], "ms", at_most=20)


def timed(reader: Callable[[Source, Document], object], source: Source, document: Document) -> float:
    """Return the seconds of one reading."""
    document = fresh(document)
    began = time.perf_counter()
    reader(source, document)
    return time.perf_counter() - began

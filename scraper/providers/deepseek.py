"""DeepSeek: one page, whose tables have the models as columns (older ones, and announcements, as rows).

Prices by the time of day stand in rows of their own ("OFF-PEAK"): they are labelled `window`, and there is no base
price unless the page names a standard one. A second table of prices counts only with the day that is stated above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scraper.extract import Unreadable
from scraper.extract.crossing import crossings, is_corner, with_corner_first
from scraper.extract.document import Document
from scraper.extract.features import capabilities, supported
from scraper.extract.footnotes import Footnote, footnotes_of, marks_of, unmarked
from scraper.extract.hours import price_windows
from scraper.extract.markup import Table
from scraper.extract.moments import Term, term_above, until
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.prices import PER_MILLION, Scale, facts_of
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import listed
from scraper.extract.tables import price_tables, spec_facts
from scraper.extract.vocabulary import KNOWN, VOCABULARY, fold, key, labelled, spec
from scraper.records import Fact, Reading, State

_VOCABULARY = VOCABULARY.extended(
    {
        r"(?:1m tokens )?input(?: tokens)?(?: price)?(?: per 1m tokens)? \((?:cache hit|cached)\)": key("cache_read"),
        r"(?:1m tokens )?input(?: tokens)?(?: price)?(?: per 1m tokens)? \((?:cache miss|uncached)\)": key("input"),
        r"(?:1m tokens )?output(?: tokens)?(?: price)?": key("output"),
        r"pric(?:e|ing)": labelled(),
        r"standard price\b.*": labelled(),
        r"discount(?:ed)? price\b.*|off-?peak\b.*": labelled(window="off-peak"),
        r"peak\b.*": labelled(window="peak"),
        r"max output(?: tokens)?": spec("max_output_tokens"),
        r"base url.*|model version|thinking mode|concurrency limit|max cot tokens": KNOWN,
    }
)
_WINDOWS = ("", "{window=peak}", "{window=off-peak}")
_IGNORED = {"web search": "prices of a search API, not of a model"}

_ID = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)+")
_OTHER_NAME = re.compile(r"correspond|compatib|legacy|alias|still accepted", re.IGNORECASE)


@dataclass(slots=True)
class _Page:
    notes: dict[str, Footnote]
    ids: set[str]
    offers: Offers


def read_pricing(document: Document) -> Reading:
    """Read the tables with a heading "MODEL", prices and specs alike."""
    every = [with_corner_first(table) or table for table in document.tables]
    tables = [table for table in every if table.grid.width and is_corner(table.grid.rows[0][0])]
    if not tables:
        raise Unreadable("it has no table whose first row has the heading MODEL")
    ids = {unmarked(model).line for table in tables for model, *_ in crossings(table, _ID)}
    page = _Page(footnotes_of(document), ids, Offers())
    with_prices = list(price_tables(every, page.offers, ignored=_IGNORED))
    current = next((table for table in with_prices if table in tables), None)
    for table in tables:
        term = term_above(table.context)
        if table in with_prices and table != current and not term:
            page.offers.note("unreadable", "a further table of prices does not say from when it holds", table.locator)
        else:
            _read_table(page, table, term)
    for table in with_prices:
        if table not in tables:
            page.offers.note("unknown_heading", "a table with prices names no models", table.locator)
    return page.offers.reading()


def _read_table(page: _Page, table: Table, term: Term) -> None:
    features: dict[str, list[tuple[str, Passage]]] = {}
    for model, path, cell, row in crossings(table, _ID):
        if any(_is_price_heading(beside) for beside in row):
            page.offers.note("unreadable", "a row has a heading among its values: it is shifted", row[0].locator)
            continue
        try:
            model_id = unmarked(model).line
            named = Named(model_id, model_id, _aliases(page, model))
            if fold(path[0].line) == "features" and len(path) > 1:
                said = supported(path[-1].line, unmarked(cell).line)
                features.setdefault(model_id, []).append((said, cell))
            else:
                page.offers.add(named, [term.of(fact) for fact in _facts(page, model_id, path, cell)])
        except Unreadable as problem:
            page.offers.note("unreadable", f"{' / '.join(part.line for part in path)}: {problem}", cell.locator)
    for model_id, found in features.items():
        page.offers.add(Named(model_id, model_id), capabilities(found, table))


def _is_price_heading(cell: Passage) -> bool:
    meaning = _VOCABULARY.meaning(unmarked(cell).line)
    return meaning is not None and bool(meaning.key or meaning.labels)


def _facts(page: _Page, model_id: str, path: tuple[Passage, ...], cell: Passage) -> Iterator[Fact]:
    headings = [unmarked(part).line for part in path]
    meaning = _VOCABULARY.meaning_of_path(headings)
    if meaning is None or not (meaning.key or meaning.spec or meaning.role):
        page.offers.note("unknown_heading", f"the heading {' / '.join(headings)!r} is not known", path[-1].locator)
    elif meaning.spec:
        yield from spec_facts(unmarked(cell), meaning.spec)
    elif meaning.key:
        in_millions = re.search(r"\b1M\b.*\bTOKENS\b", " / ".join(headings), re.IGNORECASE)
        end = _promised_end(page, model_id, cell)
        for fact in facts_of(unmarked(cell), meaning.key, Scale(PER_MILLION if in_millions else None)):
            yield fact.model_copy(update={"valid_until": end, "promotional": True}) if end else fact
        if "window=" in str(meaning.key) and cell:
            yield from price_windows(path, page.notes.values())


def _promised_end(page: _Page, model_id: str, cell: Passage) -> datetime | None:
    """The end of an offer that a footnote of this cell states, unless it states it for other models."""
    for note in (page.notes[mark] for mark in marks_of(cell) if mark in page.notes):
        named = page.ids.intersection(_ID.findall(note.text))
        if not named or model_id in named:
            return until(note.text)
    return None


def _aliases(page: _Page, model: Passage) -> tuple[Fact, ...]:
    """Other names that a footnote of the model's heading gives it."""
    for note in (page.notes[mark] for mark in marks_of(model) if mark in page.notes):
        found = set(_ID.findall(note.text))
        others = {name for name in found - page.ids if name.startswith("deepseek-")}
        if others and unmarked(model).line in found and _OTHER_NAME.search(note.text):
            return (Fact(field="aliases", state=State.SOURCED, value=listed(others), evidence=note.evidence()),)
    return ()


SOURCES = (
    Source(
        name="pricing",
        kind=SourceKind.DOCS,
        addresses=tuple(
            f"https://api-docs.deepseek.com/quick_start/{page}"
            for page in ("pricing", "pricing/", "pricing.md", "pricing-details-usd")
        ),
        read=read_pricing,
        publishes=frozenset(
            {f"{price}{window}" for price in ("input", "output", "cache_read") for window in _WINDOWS}
            | {"context_window", "max_output_tokens", "capabilities", "aliases", "price_windows"}
        ),
    ),
)

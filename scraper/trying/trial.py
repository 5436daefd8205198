"""Trying a provider: what its sources would say of a page today, with nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from scraper import providers
from scraper.checks import Judgement, judge
from scraper.errors import Contradiction, OlderCapture
from scraper.extract.source import Source
from scraper.fetch.capture import Capture, Fetcher
from scraper.records import Reading
from scraper.sandbox import next_page_here, read_here
from scraper.steps import NotAsked, Refused, capture_info, fetch, further_pages, info_of, listed, read, read_document
from scraper.store import Recorded, Store, offers_of_source, preview_reading, stood_of_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one source; what is None was not reached, and `error` says why."""

    provider: str
    source: Source
    capture: Capture | None = None
    reading: Reading | None = None
    judgement: Judgement | None = None
    recorded: Recorded | None = None
    error: str = ""

    @property
    def stated(self) -> frozenset[str]:
        """The fields that the reading states of any offer."""
        offers = self.reading.offers if self.reading else ()
        return frozenset(fact.field for offer in offers for fact in offer.facts)

    @property
    def silent(self) -> tuple[str, ...]:
        """The fields of the source's contract that this page states of no offer."""
        return tuple(sorted(self.source.publishes - self.stated))


def try_provider(store: Store, fetcher: Fetcher, provider: str, wanted: Sequence[str]) -> tuple[Tried, ...]:
    """Try the sources of a provider, all where none is wanted by name."""
    sources = [source for source in providers.sources(provider) if not wanted or source.name in wanted]
    return tuple(_try(store, fetcher, provider, source) for source in sources)


def _try(store: Store, fetcher: Fetcher, provider: str, source: Source) -> Tried:
    tried = Tried(provider=provider, source=source)
    try:
        answer = fetch(fetcher, source)
        tried = replace(tried, capture=answer.capture)
        for page in further_pages(fetcher, next_page_here, source, answer):
            answer = replace(answer, further=(*answer.further, page))
        reading = read(read_here, source, read_document(answer))
        tried = replace(tried, reading=reading)
        stood = stood_of_source(store, provider, source.name)
        info, kept = info_of(provider, source), capture_info(answer)
        judgement = judge(reading, providers.contract_of(provider, source.name), stood, kept.newest_at)
        tried = replace(tried, judgement=judgement)
        if judgement.failures:
            return replace(tried, error="; ".join(judgement.failures))
        what = listed(reading, provider, source, partial(offers_of_source, store, provider))
        return replace(tried, recorded=preview_reading(store, info, kept, what, judgement.holds))
    except (Refused, NotAsked, Contradiction, OlderCapture) as problem:
        return replace(tried, error=str(problem))

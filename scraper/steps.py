"""The steps of the flow before the store: each gives what the next one takes, or refuses the source in one sentence.

`scraper.refresh` takes them one after the other; trying a page out, or reading a history again, takes some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from scraper import providers
from scraper.checks import judge
from scraper.checks.page import problem_with, problem_with_address, problem_with_bytes, problem_without_prices
from scraper.errors import RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.capture import Fetched, Fetcher
from scraper.fetch.decode import Undecodable
from scraper.holds import Held, Stood
from scraper.outcomes import Outcome
from scraper.pages import document_of
from scraper.paging import Astray, address_after, check_page
from scraper.records import Reading
from scraper.sandbox import Defect, Pager, Reader
from scraper.store import CaptureInfo, SourceInfo

_NO_FAILURE: Final = {"not_captured": Outcome.NOT_CAPTURED, "needs_key": Outcome.NEEDS_KEY}


class Refused(Exception):
    """A step refuses what it was given; the message says what it met. The source has failed."""


class NotAsked(Exception):
    """No replay folder has this source, or its key is not in the environment; that is no failure."""

    def __init__(self, message: str, status: Outcome) -> None:
        super().__init__(message)
        self.status = status


def fetch(fetcher: Fetcher, source: Source) -> Fetched:
    """Get the bytes of a source, of its first page where it has several.

    What a redirect brought from another host, or from the home page, is refused.
    """
    answer = _fetch(fetcher, source.addresses, browser=source.browser)
    if problem := problem_with_address(source.addresses, answer.capture.url):
        raise Refused(f"got {problem}")
    return answer


def further_pages(fetcher: Fetcher, pager: Pager, source: Source, first: Fetched) -> Iterator[Fetched]:
    """Get the pages after the first one, each by the address that the one before it names.

    Where one cannot be had or leads astray, the source is refused as a whole: without it, what stands there would be
    missing.
    """
    pages = [first]
    while source.next_page is not None:
        try:
            address = _address_after(pages, pager, source)
        except (Refused, Astray) as refusal:
            raise Refused(f"page {len(pages)}: {refusal}") from refusal
        if address is None:
            return
        try:
            page = _fetch(fetcher, [address], browser=source.browser)
            check_page(pages, page, source)
        except (Refused, Astray, NotAsked) as refusal:
            raise Refused(f"page {len(pages) + 1}: {refusal}") from refusal
        yield page
        pages.append(page)


def _address_after(pages: Sequence[Fetched], pager: Pager, source: Source) -> str | None:
    """Return the address of the page after some pages, None where they are all."""
    document = _document(pages[-1])
    with _refusing():
        named = pager(source, document)
    return None if named is None else address_after(pages, named, source)


def _fetch(fetcher: Fetcher, addresses: Sequence[str], *, browser: bool) -> Fetched:
    try:
        answer = fetcher.fetch(addresses, browser=browser)
    except RatecardError as error:
        raise Refused(str(error)) from error
    if isinstance(answer, Fetched):
        return answer
    if answer.kind in _NO_FAILURE:
        raise NotAsked(answer.message, _NO_FAILURE[answer.kind])
    raise Refused(answer.message)


def read_document(answer: Fetched) -> Document:
    """Decode an answer, all of its pages, and make sure that each is a page; refuse what is not, saying what it is."""
    return replace(_document(answer), further=tuple(_document(page) for page in answer.further))


def _document(answer: Fetched) -> Document:
    if problem := problem_with_bytes(answer.body):
        raise Refused(f"got {problem}")
    capture = answer.capture
    try:
        document = document_of(answer.body, capture.content_type, capture.url)
    except Undecodable as error:
        raise Refused(f"cannot be decoded: {error}") from error
    if problem := problem_with(answer.body, document.text, capture.content_type, document.kind):
        raise Refused(f"got {problem}")
    return document


def read(reader: Reader, source: Source, document: Document) -> Reading:
    """Read a document with its source's parser; refuse a price list that shows no price.

    Prices in data that a page carries are numbers without marks of money.
    """
    with _refusing():
        reading = reader(source, document)
    facts = (fact for offer in reading.offers for fact in offer.facts)
    by_data = any(fact.currency and fact.evidence.locator.startswith("payload[") for fact in facts)
    if (
        reading.offers
        and not by_data
        and (problem := problem_without_prices(document.text, document.kind, source.publishes))
    ):
        raise Refused(f"got {problem}")
    return reading


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a source's functions make of a document that they cannot read into `Refused`."""
    try:
        yield
    except Unreadable as error:
        raise Refused(f"cannot be read: {error}") from error
    except Defect as error:
        raise Refused(f"its parser failed with {error}; please report this") from error


def check(reading: Reading, provider: str, source: Source, stood: Sequence[Stood], at: datetime) -> tuple[Held, ...]:
    """Judge a reading against its contract and what stands, before it can touch a published value.

    `at` is the time of its capture, of the newest page where there are several. Returns what of it has to wait; refuses
    the reading where it is wrong as a whole.
    """
    judgement = judge(reading, providers.contract_of(provider, source.name), stood, at)
    if judgement.failures:
        raise Refused("; ".join(judgement.failures))
    return judgement.holds


def listed(
    reading: Reading, provider: str, source: Source, offers_of: Callable[[str], frozenset[tuple[str, str]]]
) -> Reading:
    """Leave out what only a source says that tells more of models without listing what is sold.

    `offers_of` gives the (id, name) of the offers that a source of the provider, by its name, lists at that time.
    """
    if source.lists:
        return reading
    listing = [other.name for other in providers.sources(provider) if other.lists]
    known = {offer for name in listing for offer in offers_of(name)}
    ids = {model_id for model_id, _ in known if model_id}
    names = {name for model_id, name in known if not model_id}
    # An offer that is listed by its name alone may get its id here.
    kept = (offer for offer in reading.offers if offer.model_id in ids or offer.name in names)
    return reading.model_copy(update={"offers": tuple(kept)})


def info_of(provider: str, source: Source) -> SourceInfo:
    """Return what the store keeps of a source."""
    return SourceInfo(
        provider=provider,
        name=source.name,
        url=source.addresses[0],
        fields=source.publishes,
        rank=source.precedence,
        fresh_days=source.fresh_days,
        sells=provider not in providers.references(),
    )


def capture_info(answer: Fetched) -> CaptureInfo:
    """Return what the store keeps of a capture, of all pages where it has several."""
    capture = answer.capture
    return CaptureInfo(
        sha256=capture.sha256,
        url=capture.url,
        captured_at=capture.captured_at,
        content_type=capture.content_type,
        size=capture.size,
        further=tuple(map(capture_info, answer.further)),
    )

"""The flow, once: for each source fetch ─▶ archive ─▶ read ─▶ check ─▶ diff ─▶ store, and an honest report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Final

from scraper import providers
from scraper.checks import judge
from scraper.checks.page import problem_with, problem_with_address, problem_with_bytes, problem_without_prices
from scraper.errors import Contradiction, OlderCapture, RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.failpoints import failpoint
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched, Fetcher
from scraper.fetch.decode import Undecodable
from scraper.holds import Held, Stood
from scraper.pages import document_of
from scraper.paging import Astray, address_after, check_page
from scraper.records import Note, Reading, iso
from scraper.sandbox import Defect, Pager, Reader, next_page_here, read_here
from scraper.store import (
    CaptureInfo,
    ChangeView,
    HoldView,
    Recorded,
    SourceInfo,
    Store,
    begin_run,
    last_time,
    offers_of_source,
    preview_reading,
    record_failure,
    record_not_captured,
    record_reading,
    stood_of_source,
)


class Outcome(StrEnum):
    """How a source fared in a run."""

    OK = "ok"
    UNCHANGED = "unchanged"
    NOT_CAPTURED = "not_captured"
    NEEDS_KEY = "needs_key"
    FAILED = "failed"


_NO_FAILURE: Final = {"not_captured": Outcome.NOT_CAPTURED, "needs_key": Outcome.NEEDS_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What a run did with one source; `url` is the address that answered, else the current one.

    `held` is all that waits for a review of what the source says, from this run or an earlier one. What one that sells
    nothing lists (`offers`) are entries about models.
    """

    provider: str
    source: str
    url: str
    status: Outcome
    offers: int = 0
    observations: int = 0
    error: str = ""
    changes: tuple[ChangeView, ...] = ()
    notes: tuple[Note, ...] = ()
    held: tuple[HoldView, ...] = ()
    sells: bool = True

    @property
    def name(self) -> str:
        """The provider and the source."""
        return f"{self.provider} {self.source}"

    @property
    def failed(self) -> bool:
        """Whether the source could not be read."""
        return self.status is Outcome.FAILED

    @property
    def summary(self) -> str:
        """What happened, in a few words."""
        if self.failed:
            return f"failed: {self.error}"
        if self.status is Outcome.NOT_CAPTURED:
            return "not captured"
        if self.status is Outcome.NEEDS_KEY:
            return f"left out: {self.error}"
        noted = f", {len(self.held):,} held" if self.held else ""
        noted += f", {len(self.notes)} noted" if self.notes else ""
        kinds = ("offer", "offers") if self.sells else ("entry about a model", "entries about models")
        listed = _count(self.offers, *kinds)
        if self.status is Outcome.UNCHANGED:
            return f"{listed}, the same capture as before{noted}"
        stated, changed = _count(self.observations, "value", "values"), _count(len(self.changes), "change", "changes")
        return f"{listed}, {stated}, {changed}{noted}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did. `run` is its number, None for a dry run."""

    run: int | None
    sources: tuple[SourceReport, ...] = field(default=())

    @property
    def changes(self) -> tuple[ChangeView, ...]:
        """The changes of all sources, in the order in which they were read."""
        return tuple(change for source in self.sources for change in source.changes)

    @property
    def held(self) -> tuple[HoldView, ...]:
        """What waits for a review, of all sources that were read."""
        return tuple(hold for source in self.sources for hold in source.held)

    @property
    def offers(self) -> int:
        """How many offers the sources list; what others only tell of models is none."""
        return sum(source.offers for source in self.sources if source.sells)

    @property
    def exit_code(self) -> int:
        """0 where all went well, 1 where some source failed or something is held for review."""
        return 1 if self.failed or self.held else 0

    @property
    def failed(self) -> tuple[SourceReport, ...]:
        """The sources that could not be read."""
        return tuple(source for source in self.sources if source.failed)


class Refused(Exception):
    """A step refuses what it was given; the message says what it met. The source has failed."""


class NotAsked(Exception):
    """No replay folder has this source, or its key is not in the environment; that is no failure."""

    def __init__(self, message: str, status: Outcome) -> None:
        super().__init__(message)
        self.status = status


class _TooEarly(Exception):
    """The run lies before what the source was last read from; the source itself is as well as it was."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """One run: where bytes come from and where they go. `at` is the time it is made for, aware UTC.

    `reader` reads documents, and `pager` finds the next page where there are several; give it a `Sandbox`, and the
    `next_page` of that, where they come from strangers. Without `release`, only a person lets through what is held,
    however many captures say so.
    """

    store: Store
    archive: Archive
    fetcher: Fetcher
    at: datetime
    dry_run: bool = False
    reader: Reader = read_here
    pager: Pager = next_page_here
    release: bool = True

    def run(
        self,
        wanted: Sequence[str],
        *,
        started_at: datetime,
        replay: bool,
        progress: Callable[[SourceReport], None] = lambda _: None,
    ) -> Report:
        """Refresh the sources of the wanted providers one after the other; one that fails leaves the others alone."""
        sources = [(provider, source) for provider in wanted for source in providers.sources(provider)]
        run = None if self.dry_run else begin_run(self.store, started_at=started_at, at=self.at, replay=replay)
        reports = []
        for provider, source in sources:
            reports.append(self.source(provider, source, run))
            progress(reports[-1])
        return Report(run=run, sources=tuple(reports))

    def source(self, provider: str, source: Source, run: int | None) -> SourceReport:
        """Refresh one source: this is the flow."""
        info = info_of(provider, source)
        report = SourceReport(
            provider=provider, source=source.name, url=info.url, status=Outcome.FAILED, sells=info.sells
        )
        answer: Fetched | None = None
        try:
            self._not_before(last_time(self.store, provider, source.name))
            answer = fetch(self.fetcher, source)
            report = replace(report, url=answer.capture.url)
            self._keep(answer)
            for page in further_pages(self.fetcher, self.pager, source, answer):
                self._keep(page)
                answer = replace(answer, further=(*answer.further, page))
            reading = read(self.reader, source, read_document(answer))
            failpoint("after_read")
            stood = stood_of_source(self.store, provider, source.name)
            held = check(reading, provider, source, stood, answer.capture.captured_at)
            failpoint("after_check")
            offers_of = partial(offers_of_source, self.store, provider)
            recorded = self._record(run, info, answer, listed(reading, provider, source, offers_of), held)
        except _TooEarly as refusal:
            return replace(report, error=str(refusal))
        except NotAsked as missing:
            if not self.dry_run:
                record_not_captured(self.store, info, str(missing) if missing.status is Outcome.NEEDS_KEY else "")
            return replace(report, status=missing.status, error=str(missing))
        except Refused as refusal:
            if not self.dry_run:
                # What could not be read is kept with its source: a better parser may read it one day.
                record_failure(self.store, info, self.at, str(refusal), capture_info(answer) if answer else None)
            return replace(report, error=str(refusal))
        return replace(
            report,
            status=Outcome.UNCHANGED if recorded.repeated else Outcome.OK,
            offers=recorded.offers,
            observations=recorded.observations,
            changes=recorded.changes,
            notes=reading.notes,
            held=recorded.held,
        )

    def _not_before(self, last: datetime | None) -> None:
        if last is not None and self.at < last:
            raise _TooEarly(
                f"it was last refreshed with what was there at {iso(last)}, which is later than this refresh, of "
                f"{iso(self.at)}; older captures come in by backfill, and if a clock was ahead then, nothing of the "
                "source is taken before that time"
            )

    def _keep(self, answer: Fetched) -> None:
        if not self.dry_run:
            self.archive.put(answer.body)

    def _record(
        self, run: int | None, info: SourceInfo, answer: Fetched, reading: Reading, held: Sequence[Held]
    ) -> Recorded:
        """Compare the reading with what stands and store it, but for what is held, in one transaction."""
        capture = capture_info(answer)
        try:
            if run is None:
                return preview_reading(self.store, info, capture, reading, held, release=self.release)
            return record_reading(self.store, run, info, capture, reading, held, release=self.release)
        except OlderCapture as error:
            raise _TooEarly(str(error)) from error
        except Contradiction as error:
            raise Refused(str(error)) from error


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

    `at` is the time of its capture. Returns what of it has to wait; refuses the reading where it is wrong as a whole.
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

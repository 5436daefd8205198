"""The flow, once: for each source fetch ─▶ archive ─▶ read ─▶ check ─▶ diff ─▶ store, and an honest report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from scraper import providers
from scraper.errors import Contradiction, OlderCapture
from scraper.extract.source import Source
from scraper.failpoints import failpoint
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched, Fetcher
from scraper.holds import Held
from scraper.outcomes import Outcome, Report, SourceReport
from scraper.records import Reading, iso
from scraper.sandbox import Pager, Reader, next_page_here, read_here
from scraper.steps import (
    NotAsked,
    Refused,
    capture_info,
    check,
    fetch,
    further_pages,
    info_of,
    listed,
    read,
    read_document,
)
from scraper.store import (
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
            held = check(reading, provider, source, stood, capture_info(answer).newest_at)
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

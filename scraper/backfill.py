"""Backfill: older copies of a provider's sources from a web archive, fetched, archived, and read into the history.

What is found is remembered before it is fetched, and each copy as it arrives: a run that is killed goes on where it
stopped, and nothing is fetched twice. The history is read again once all is there (see `scraper.reread`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from scraper import providers
from scraper.cdx import STAMP, IndexFailed, find_copies
from scraper.errors import RatecardError
from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched, Fetcher, NotFetched
from scraper.records import iso
from scraper.reread import Reread, reread
from scraper.sandbox import Reader
from scraper.steps import info_of
from scraper.store import (
    CaptureInfo,
    CaptureOutcome,
    CopyInfo,
    CopyState,
    CopyView,
    SourceInfo,
    Store,
    captures_of,
    first_own_capture,
    list_copies,
    record_copy,
    record_copy_failure,
    remember_copies,
)

GIVE_UP: Final = 3
"""After so many copies in a row that could not be had, their archive is left alone for this run."""

_BROWSER: Final = "only a browser can read it, and web archives have what a server sent, before any script has run"
_FOR_ALL: Final = ("refused", "later")
_NOT_NOW: Final = (408, 425, 429)


class _Stopped(Exception):
    """The archive does not give out its copies, or not to us; the message says what it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBackfill:
    """What was done for one source: copies that are known in the time asked for, and what came of them.

    `left` counts those that are still to be fetched, `gone` those that the archive lists and does not give out. Of a
    source with several pages (`paged`) none are taken.
    """

    source: str
    known: int = 0
    fetched: int = 0
    left: int = 0
    gone: int = 0
    paged: bool = False

    def __str__(self) -> str:
        if self.paged:
            return f"{self.source}: left alone, since it has several pages, and copies of them are not of one time"
        parts = [f"{self.known:,} copies", f"{self.fetched:,} fetched"]
        parts += [f"{self.left:,} to be fetched"] if self.left else []
        parts += [f"{self.gone:,} cannot be had"] if self.gone else []
        return f"{self.source}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What a backfill did. `error` says why it stopped early; `history` is None where no copy was new.

    `left_out` are the sources that no web archive has copies of.
    """

    provider: str
    sources: tuple[SourceBackfill, ...]
    dry_run: bool
    left_out: tuple[str, ...] = ()
    error: str = ""
    history: Reread | None = None

    @property
    def exit_code(self) -> int:
        """1 where something that was to be fetched is still to be fetched, else 0."""
        left = not self.dry_run and any(source.left for source in self.sources)
        return 1 if self.error or left else 0

    def lines(self) -> Iterator[str]:
        """Yield what people read."""
        for source in self.sources:
            yield f"{self.provider} {source}"
        for name in self.left_out:
            yield f"left out  {self.provider} {name}: {_BROWSER}"
        if self.error:
            yield f"STOPPED  {self.error}"
        if self.history is not None:
            yield from (f"left out  {self.provider} {skipped}" for skipped in self.history.skipped)
            yield self.history.summary
        elif self.dry_run:
            yield "Dry run, nothing fetched and nothing written."
        elif self.exit_code == 0:
            yield f"No copy was new; the history of {self.provider} is as it was."
        if self.exit_code and not self.dry_run:
            yield "Run the same command again later: it goes on where this one stopped."

    def to_object(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "provider": self.provider,
            "sources": [
                {
                    "source": source.source,
                    "copies": source.known,
                    "fetched": source.fetched,
                    "left": source.left,
                    "gone": source.gone,
                    "paged": source.paged,
                }
                for source in self.sources
            ],
            "left_out": list(self.left_out),
            "error": self.error or None,
            "history": self.history.to_object() if self.history else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """One backfill of one provider: where copies are found and fetched, where they go, and how they are read.

    `cdx_url` is the address of the archive's index, `copy_url` that of a copy with `{timestamp}` and `{url}` in it.
    Copies are taken from `since` to `until` (both included); without an end, to a source's first capture of our own.
    `at` is now.
    """

    store: Store
    archive: Archive
    fetcher: Fetcher
    reader: Reader
    cdx_url: str
    copy_url: str
    at: datetime
    since: datetime
    until: datetime | None = None
    dry_run: bool = False
    release: bool = True
    progress: Callable[[str], None] = lambda _: None

    def run(self, provider: str, wanted: Sequence[str] = ()) -> BackfillReport:
        """Find, fetch and archive the copies of the wanted sources (of all where none is named), then read the history.

        Raises `RatecardError` for a source that the provider does not have or that only a browser can read, or where
        the history cannot be read again.
        """
        done = []
        error = ""
        sources, left_out = _wanted(provider, wanted)
        for source in sources:
            if source.next_page is not None:
                done.append(SourceBackfill(source=source.name, paged=True))
                continue
            one = _Source(self, source, info_of(provider, source))
            error = one.work()
            done.append(one.counts())
            if error:
                break
        report = BackfillReport(
            provider=provider, sources=tuple(done), dry_run=self.dry_run, left_out=left_out, error=error
        )
        if self.dry_run or not self._unread(provider):
            return report
        history = reread(
            self.store, self.archive, provider, self.reader, at=self.at, release=self.release, progress=self.progress
        )
        return replace(report, history=history)

    def _unread(self, provider: str) -> bool:
        return any(kept.outcome is CaptureOutcome.UNREAD for kept in captures_of(self.store, provider))


def due(copies: Iterable[CopyView], addresses: Sequence[str]) -> list[CopyView]:
    """Return the copies that are to be fetched, those of the first address first.

    A refresh asks the addresses of a source in their order, so a copy counts only until a better address has one.
    """
    wanted: list[CopyView] = []
    first_of_better: datetime | None = None
    had = [view for view in copies if view.state is not CopyState.GONE]
    for address in addresses:
        mine = sorted((view for view in had if view.copy.address == address), key=lambda view: view.copy.captured_at)
        for view in mine:
            if first_of_better is not None and view.copy.captured_at >= first_of_better:
                break
            wanted += [view] if view.state is CopyState.FOUND else []
        first_of_better = min((view.copy.captured_at for view in mine[:1]), default=first_of_better)
    return wanted


class _Source:
    """The backfill of one source."""

    def __init__(self, run: Backfill, source: Source, info: SourceInfo) -> None:
        self._run = run
        self._source = source
        self._info = info
        self._until = self._end()
        self._copies = self._known()
        self._fetched = 0

    def work(self) -> str:
        """Find copies and fetch them; return why that stopped before its end, or nothing."""
        try:
            self._find()
            if not self._run.dry_run:
                self._fetch_all()
        except (IndexFailed, _Stopped) as stop:
            return str(stop)
        return ""

    def counts(self) -> SourceBackfill:
        """Return what there is and what was done."""
        known = [view for view in self._copies.values() if self._asked_for(view)]
        return SourceBackfill(
            source=self._source.name,
            known=len(known),
            fetched=self._fetched,
            left=len(self._due()),
            gone=sum(view.state is CopyState.GONE for view in known),
        )

    def _end(self) -> datetime:
        if self._run.until is not None:
            return min(self._run.until, self._run.at)
        own = first_own_capture(self._run.store, self._info.provider, self._info.name)
        return self._run.at if own is None else own - timedelta(seconds=1)

    def _known(self) -> dict[CopyKey, CopyView]:
        views = list_copies(self._run.store, self._info.provider, self._info.name)
        return {_key(view.copy): view for view in views}

    def _asked_for(self, view: CopyView) -> bool:
        return self._run.since <= view.copy.captured_at <= self._until

    def _due(self) -> list[CopyView]:
        return [view for view in due(self._copies.values(), self._source.addresses) if self._asked_for(view)]

    # Finding.

    def _find(self) -> None:
        """Look each address up in the index, and remember what is there."""
        run = self._run
        for address in self._source.addresses:
            if self._until < run.since:
                return
            found = find_copies(run.fetcher, run.cdx_url, address, run.since, self._until)
            if not run.dry_run:
                remember_copies(run.store, self._info, found)
                self._copies = self._known()
            for copy in found:
                self._copies.setdefault(_key(copy), CopyView(id=0, copy=copy, state=CopyState.FOUND, error=""))
        self._say(f"{len(self._due()):,} copies to be fetched")

    # Fetching.

    def _fetch_all(self) -> None:
        tried: set[int] = set()
        failed_in_a_row = 0
        while view := next((view for view in self._due() if view.id not in tried), None):
            tried.add(view.id)
            state, error = self._fetch(view)
            self._copies[_key(view.copy)] = replace(view, state=state, error=error)
            failed_in_a_row = failed_in_a_row + 1 if state is CopyState.FOUND else 0
            if failed_in_a_row >= GIVE_UP:
                raise _Stopped(error)

    def _fetch(self, view: CopyView) -> tuple[CopyState, str]:
        """Fetch and archive one copy; return what became of it."""
        run, copy = self._run, view.copy
        stamp = copy.captured_at.strftime(STAMP)
        answer = run.fetcher.fetch([run.copy_url.replace("{timestamp}", stamp).replace("{url}", copy.original)])
        if isinstance(answer, NotFetched):
            gone, error = _is_gone(answer), answer.message
        elif stamp not in answer.capture.url:
            # An archive that has lost a copy leads to the one that is next to it.
            gone, error = True, f"the archive answered with another copy, {answer.capture.url}"
        else:
            run.archive.put(answer.body)
            record_copy(run.store, self._info, view, _capture_of(answer, copy))
            self._fetched += 1
            self._say(f"fetched the copy of {iso(copy.captured_at)}")
            return CopyState.FETCHED, ""
        record_copy_failure(run.store, self._info, view, error, gone=gone)
        self._say(f"no copy of {iso(copy.captured_at)}: {error}")
        if isinstance(answer, NotFetched) and answer.kind in _FOR_ALL:
            raise _Stopped(error)
        return CopyState.GONE if gone else CopyState.FOUND, error

    def _say(self, what: str) -> None:
        self._run.progress(f"{self._info.provider} {self._info.name}: {what}")


CopyKey = tuple[str, datetime]


def _key(copy: CopyInfo) -> CopyKey:
    return copy.original, copy.captured_at


def _wanted(provider: str, names: Sequence[str]) -> tuple[list[Source], tuple[str, ...]]:
    """Return the sources that are wanted, and the names of those that are left out."""
    sources = {source.name: source for source in providers.sources(provider)}
    if unknown := [name for name in names if name not in sources]:
        raise RatecardError(f"{provider} has no source {unknown[0]!r}; its sources are {', '.join(sources)}.")
    wanted = [source for source in sources.values() if not names or source.name in names]
    left_out = tuple(source.name for source in wanted if source.browser)
    if left_out and (names or len(left_out) == len(wanted)):
        raise RatecardError(f"{provider} {left_out[0]} cannot be backfilled: {_BROWSER}.")
    return [source for source in wanted if not source.browser], left_out


def _is_gone(answer: NotFetched) -> bool:
    """Say whether asking for a copy again is of no use."""
    if answer.status is not None:
        return 400 <= answer.status < 500 and answer.status not in _NOT_NOW
    return answer.kind == "too_large"


def _capture_of(answer: Fetched, copy: CopyInfo) -> CaptureInfo:
    """Return a copy as a capture: of its own time, at the archive's address of it."""
    capture = answer.capture
    return CaptureInfo(
        sha256=capture.sha256,
        url=capture.url,
        captured_at=copy.captured_at,
        content_type=capture.content_type or copy.mimetype,
        size=capture.size,
    )

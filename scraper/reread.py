"""Reading a provider's history again from the archive: all captures of its sources, in the order of their times.

The result is what refreshing at each of those times gives. Older copies get into the history in this way, and so does
what a parser could not read before it was mended.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO, Any

from scraper import providers
from scraper.errors import Contradiction
from scraper.extract.source import Source
from scraper.fetch.archive import Archive, ArchiveError
from scraper.fetch.capture import Capture, Fetched
from scraper.publish.objects import change_object
from scraper.records import Reading, iso
from scraper.sandbox import Reader
from scraper.steps import Refused, check, info_of, listed, read, read_document
from scraper.store import (
    CaptureInfo,
    CaptureOutcome,
    ChangeView,
    KeptCapture,
    Rebuild,
    Statement,
    Store,
    captures_of,
    rebuilding,
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A capture that could not be read, and why."""

    source: str
    capture: CaptureInfo
    error: str

    def __str__(self) -> str:
        return f"{self.source} of {iso(self.capture.newest_at)} ({self.capture.url}): {self.error}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What reading again did. `came` and `went` are changes that the history has now and had before.

    `run` is the run to which all changes belong now, None for a dry run. `passed_over` counts the copies of addresses
    for which a better one had a copy by then.
    """

    provider: str
    run: int | None
    captures: int
    passed_over: int
    skipped: tuple[Skipped, ...]
    changes: int
    came: tuple[ChangeView, ...]
    went: tuple[ChangeView, ...]

    @property
    def summary(self) -> str:
        """What was done, in one line."""
        done = "Dry run, nothing written" if self.run is None else f"Run {self.run}"
        skipped = f", {len(self.skipped):,} of them could not be read and are left out" if self.skipped else ""
        return (
            f"{done}: the history of {self.provider} read again from {self.captures:,} captures{skipped}. "
            f"{self.changes:,} changes: {len(self.came):,} are new, {len(self.went):,} that it had are gone."
        )

    def to_object(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        return {
            "provider": self.provider,
            "run": self.run,
            "captures": self.captures,
            "passed_over": self.passed_over,
            "skipped": [
                {
                    "source": one.source,
                    "captured_at": iso(one.capture.newest_at),
                    "url": one.capture.url,
                    "error": one.error,
                }
                for one in self.skipped
            ],
            "changes": self.changes,
            "came": [change_object(change) for change in self.came],
            "went": [change_object(change) for change in self.went],
        }


def reread(
    store: Store,
    archive: Archive,
    provider: str,
    reader: Reader,
    *,
    at: datetime,
    dry_run: bool = False,
    release: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Reread:
    """Rebuild the history of a provider from its captures; `at` is now, `release` as refreshing has it.

    What people decided of what was held is kept, and applied to the history.

    Raises `RatecardError` and leaves the history as it is where a capture that was read before is not in the archive,
    or where a source that stated something is not declared any more.
    """
    declared = {source.name: source for source in providers.sources(provider)}
    with _readings() as readings:
        # Reading takes long, and writers are not kept waiting for it; what comes in meanwhile is read in another round.
        while True:
            for kept in _in_order(captures_of(store, provider), declared)[0]:
                if kept not in readings:
                    progress(f"{provider} {kept.source}: reading the capture of {iso(kept.capture.newest_at)}")
                    readings.add(kept, archive, reader, declared[kept.source])
            infos = [info_of(provider, source) for source in declared.values()]
            with rebuilding(store, provider, infos, keep=not dry_run) as rebuild:
                if all(kept in readings for kept in _in_order(rebuild.captures(), declared)[0]):
                    result = rebuild_provider(rebuild, provider, readings.get, at=at, release=release)
                    return replace(result, run=None) if dry_run else result


def rebuild_provider(
    rebuild: Rebuild, provider: str, reading_of: Callable[[KeptCapture], Reading], *, at: datetime, release: bool
) -> Reread:
    """Write a provider's history anew; `reading_of` gives what a capture was read as, or raises `Refused`."""
    declared = {source.name: source for source in providers.sources(provider)}
    captures = rebuild.captures()
    counting, others = _in_order(captures, declared)
    had = rebuild.changes()
    run = rebuild.begin(started_at=at, at=at)
    skipped = []
    for kept in counting:
        source = declared[kept.source]
        info = info_of(provider, source)
        try:
            reading = reading_of(kept)
            held = check(reading, provider, source, rebuild.stood_of(source.name), kept.capture.newest_at)
            meant = listed(reading, provider, source, rebuild.offers_of)
            rebuild.record(info, kept.capture, meant, held, release=release)
        except (Refused, Contradiction) as refusal:
            rebuild.fail(info, kept.capture, str(refusal))
            skipped.append(Skipped(kept.source, kept.capture, str(refusal)))
    for kept in others:
        rebuild.pass_over(info_of(provider, declared[kept.source]), kept.capture)
    rebuild.settle(captures)
    has = rebuild.changes()
    return Reread(
        provider=provider,
        run=run,
        captures=len(counting),
        passed_over=len(others),
        skipped=tuple(skipped),
        changes=len(has),
        came=_beyond(has, had),
        went=_beyond(had, has),
    )


# Which captures count, and in which order.


def _in_order(
    captures: Sequence[KeptCapture], declared: dict[str, Source]
) -> tuple[list[KeptCapture], list[KeptCapture]]:
    """Return the captures as they are to be read, and those that are passed over.

    A refresh asks the addresses of a source in their order, so a copy counts only until a better address has one. Our
    own captures all count. Where two sources have captures of one time, the one that is declared first is read first.
    """
    first: dict[tuple[str, int], datetime] = {}
    place = {}
    for kept in captures:
        if kept.source in declared and kept.address:
            addresses = declared[kept.source].addresses
            place[kept] = addresses.index(kept.address) if kept.address in addresses else len(addresses)
            first.setdefault((kept.source, place[kept]), kept.capture.newest_at)

    def counts(kept: KeptCapture) -> bool:
        better = (first.get((kept.source, number)) for number in range(place.get(kept, 0)))
        return not any(since is not None and since <= kept.capture.newest_at for since in better)

    order = {name: number for number, name in enumerate(declared)}
    mine = [kept for kept in captures if kept.source in declared]
    mine.sort(key=lambda kept: (kept.capture.newest_at, order[kept.source]))
    return [kept for kept in mine if counts(kept)], [kept for kept in mine if not counts(kept)]


# What captures were read as.


@dataclass(frozen=True, slots=True)
class _Readings:
    """Readings on disk, since those of years do not fit into memory."""

    _file: IO[bytes]
    _places: dict[tuple[str, CaptureInfo], int] = field(default_factory=dict)
    _errors: dict[tuple[str, CaptureInfo], str] = field(default_factory=dict)

    def __contains__(self, kept: KeptCapture) -> bool:
        return _key(kept) in self._places or _key(kept) in self._errors

    def add(self, kept: KeptCapture, archive: Archive, reader: Reader, source: Source) -> None:
        """Read a capture, or note why that cannot be done."""
        try:
            reading = read(reader, source, read_document(_from_archive(archive, kept)))
        except Refused as refusal:
            self._errors[_key(kept)] = str(refusal)
            return
        self._places[_key(kept)] = self._file.seek(0, 2)
        self._file.write(reading.model_dump_json().encode() + b"\n")

    def get(self, kept: KeptCapture) -> Reading:
        """Return what a capture was read as; raise `Refused` where it could not be read."""
        if error := self._errors.get(_key(kept)):
            raise Refused(error)
        self._file.seek(self._places[_key(kept)])
        return Reading.model_validate_json(self._file.readline())


@contextmanager
def _readings() -> Iterator[_Readings]:
    with tempfile.TemporaryFile(prefix="ratecard-reread-") as file:
        yield _Readings(file)


def _key(kept: KeptCapture) -> tuple[str, CaptureInfo]:
    return kept.source, kept.capture


def _from_archive(archive: Archive, kept: KeptCapture) -> Fetched:
    first, *further = (_page_from_archive(archive, kept, page) for page in kept.capture.pages)
    return replace(first, further=tuple(further))


def _page_from_archive(archive: Archive, kept: KeptCapture, info: CaptureInfo) -> Fetched:
    try:
        body = archive.get(info.sha256)
    except ArchiveError as error:
        # Without the bytes of what was read once, the history would lose what it has from them.
        if kept.outcome is CaptureOutcome.FAILED:
            raise Refused(str(error)) from error
        raise
    capture = Capture(
        sha256=info.sha256,
        url=info.url,
        captured_at=info.captured_at,
        content_type=info.content_type,
        size=info.size,
    )
    return Fetched(capture, body)


# How two histories differ.


def _beyond(changes: Sequence[ChangeView], others: Sequence[ChangeView]) -> tuple[ChangeView, ...]:
    """Return the changes that the others do not have, whatever their numbers are."""
    left = Counter(map(_meaning, others))
    beyond = []
    for change in changes:
        if left[_meaning(change)]:
            left[_meaning(change)] -= 1
        else:
            beyond.append(change)
    return tuple(beyond)


def _meaning(change: ChangeView) -> tuple[object, ...]:
    offer = (change.at, change.source, change.model_id or change.name, change.kind, change.field)
    return (*offer, _said(change.before), _said(change.after))


def _said(one: Statement | None) -> tuple[object, ...]:
    if one is None:
        return ()
    return (one.state, one.value, one.currency, one.promotional, one.valid_from, one.valid_until, one.derived)

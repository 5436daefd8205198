"""What a mutated page does to what is published: judged by refreshes, as they would be made.

The original page is refreshed once, the mutated one a week and two weeks later (with other bytes each time, as pages
have). Then what is published is compared with what it would be if the page had stayed as it was.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from scraper.extract.source import Source
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched, NotFetched, fetched
from scraper.meters import is_rate_key
from scraper.mutating import Mutation
from scraper.mutating.pages import Page
from scraper.records import Note, Reading, State
from scraper.refresh import Refresh
from scraper.sandbox import read_here
from scraper.states import FieldView
from scraper.steps import Refused, read, read_document
from scraper.store import Store, begin_run, list_offers, open_store

WEEK: Final = timedelta(days=7)

Key = tuple[str, str, datetime | None]
"""An offer by its id (or its name), a field, and the day from which a price holds."""
Values = dict[Key, str]
"""What is stated or published, written out with its currency."""


class Outcome(StrEnum):
    """What came of one mutated page."""

    SAME = "same"  # it reads as before
    LESS = "less"  # some of it is not read
    REFUSED = "refused"  # the source has failed
    KEPT = "kept"  # it reads otherwise, and nothing wrong was published
    WRONG = "wrong"  # something was published that the page did not state


@dataclass(frozen=True, slots=True)
class Trial:
    """One mutated page. `noted` says whether its reading noted more than before; `wrong` has what was wrong, in words.

    `changes` are the differences between the readings, in words.
    """

    page: str
    mutation: Mutation
    seed: int
    outcome: Outcome
    noted: bool = False
    error: str = ""
    wrong: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


class _Weekly:
    """A fetcher that answers everything with one page."""

    def __init__(self, answer: Fetched) -> None:
        self.answer = answer

    def fetch(self, addresses: Sequence[str], *, browser: bool = False) -> Fetched | NotFetched:  # noqa: ARG002
        return self.answer


class Bench:
    """A database to refresh in, which is set back before each use. Use it in a `with` statement."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ratecard-mutations-")
        place = Path(self._folder.name)
        self.archive = Archive(place / "archive")
        self.store = open_store(f"sqlite:///{place / 'bench.db'}")
        self.empty = self.kept()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self._folder.cleanup()

    def kept(self) -> sqlite3.Connection:
        """Return a copy of the database, in memory."""
        copy = sqlite3.connect(":memory:")
        with self._raw() as raw:
            raw.backup(copy)
        return copy

    def set_back(self, copy: sqlite3.Connection) -> Store:
        """Make the database what it was, and return it."""
        with self._raw() as raw:
            copy.backup(raw)
        return self.store

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        # The store's own connection, since SQLAlchemy keeps compiled statements with its engine.
        connection = self.store.engine.raw_connection()
        try:
            raw = connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - for the type checker: its address is a file's
            yield raw
        finally:
            connection.close()


class Judge:
    """Tries mutations on one page."""

    def __init__(self, page: Page, bench: Bench) -> None:
        self.page = page
        self.bench = bench
        # What only tells more of the offers of other sources would be left out for want of these sources.
        self._source: Source = replace(page.source, lists=True)
        self._reading = read(read_here, self._source, page.document)
        self._facts = facts_of(self._reading)

    def trial(self, mutation: Mutation, seed: int) -> Trial | None:
        """Return what comes of one mutation; None where it does not apply to the page."""
        kind = self.page.document.kind
        mutated = mutation.apply(self.page.document.text, kind, seed)
        if mutated is None:
            return None
        trial = Trial(self.page.name, mutation, seed, Outcome.SAME)
        try:
            reading = read(read_here, self._source, read_document(self._answer(mutated, 1)))
        except Refused as refusal:
            return replace(trial, outcome=Outcome.REFUSED, error=str(refusal))
        facts = facts_of(reading)
        notes = tuple(note for note in reading.notes if (note.kind, note.text) not in self._noted)
        trial = replace(trial, noted=bool(notes), notes=notes, changes=_differences(self._facts, facts))
        if facts == self._facts:
            return trial
        if facts.items() <= self._facts.items():
            # Nothing in it is new: whatever becomes of the rest, no wrong value can come of this reading.
            return replace(trial, outcome=Outcome.LESS if reading.offers else Outcome.REFUSED)
        return self._refreshed(trial, mutated, reading)

    def _refreshed(self, trial: Trial, mutated: str, reading: Reading) -> Trial:
        published, errors = self._published(mutated, reading)
        wrong = tuple(
            f"{' '.join(part for part in key[:2] if part)}: {self._control.get(key, 'nothing')} became {value}"
            for key, value in published.items()
            if self._control.get(key) != value and self._facts.get(key) != value
        )
        if wrong:
            return replace(trial, outcome=Outcome.WRONG, wrong=wrong)
        refused = len(errors) == 2
        return replace(trial, outcome=Outcome.REFUSED if refused else Outcome.KEPT, error="; ".join(errors[:1]))

    @cached_property
    def _noted(self) -> frozenset[tuple[str, str]]:
        return frozenset((note.kind, note.text) for note in self._reading.notes)

    @cached_property
    def _control(self) -> Values:
        """What is published two weeks on where the page stays as it was."""
        return self._published(self.page.document.text, self._reading)[0]

    @cached_property
    def _baseline(self) -> sqlite3.Connection:
        """A database in which the original page was read."""
        self._refresh(self.bench.set_back(self.bench.empty), self.page.document.text, self._reading, 0)
        return self.bench.kept()

    def _published(self, text: str, reading: Reading) -> tuple[Values, list[str]]:
        """Refresh with a page for two weeks after the baseline: what is published then, and what refreshes failed with.

        `reading` is what its source makes of it.
        """
        store = self.bench.set_back(self._baseline)
        errors = [error for week in (1, 2) if (error := self._refresh(store, text, reading, week))]
        values = {
            (_who(offer.model_id, offer.name, offer.shared_id), view.field, view.valid_from): _written(view)
            for offer in list_offers(store, self._at(2), self.page.provider)
            for view in (*offer.fields, *offer.announced)
            if view.state is not State.NOT_SOURCED
        }
        return values, errors

    def _at(self, week: int) -> datetime:
        return self.page.answer.capture.captured_at + week * WEEK

    def _refresh(self, store: Store, text: str, reading: Reading, week: int) -> str:
        at = self._at(week)
        fetcher = _Weekly(self._answer(text, week))
        # A page is read once: reading is pure, and takes time.
        flow = Refresh(store, self.bench.archive, fetcher, at, reader=lambda _source, _document: reading)
        run = begin_run(store, started_at=at, at=at, replay=True)
        return flow.source(self.page.provider, self._source, run).error

    def _answer(self, text: str, week: int) -> Fetched:
        capture = self.page.answer.capture
        # No page has the same bytes every week.
        body = (text + "\n" * week).encode("utf-8", "surrogatepass")
        content_type = capture.content_type.partition(";")[0] + "; charset=utf-8"
        return fetched(body, url=capture.url, captured_at=self._at(week), content_type=content_type)


def _who(model_id: str, name: str, shared_id: bool) -> str:
    return f"{model_id} {name}" if shared_id else model_id or name


def facts_of(reading: Reading) -> Values:
    """Return what a reading states."""
    return {
        (_who(offer.model_id, offer.name, offer.shared_id), fact.field, fact.valid_from): _said(
            fact.field, fact.state, fact.value, fact.currency
        )
        for offer in reading.offers
        for fact in offer.facts
    }


def _written(view: FieldView) -> str:
    return _said(view.field, view.state, view.value, view.currency)


def _said(field: str, state: State, value: str | None, currency: str | None) -> str:
    if state is State.NOT_SOURCED:
        return "on request"
    if state is State.NOT_OFFERED or value is None:
        return "not offered"
    amount = format(Decimal(value).normalize(), "f") if is_rate_key(field) else value
    return f"{amount} {currency}" if currency else amount


def _differences(before: Values, after: Values) -> tuple[str, ...]:
    """Return in words what differs between two readings."""
    return tuple(
        f"{key[0]} {key[1]}: {before.get(key, 'nothing')} became {after.get(key, 'nothing')}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    )

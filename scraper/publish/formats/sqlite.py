"""One SQLite file with everything, ready for Datasette: offers, prices, specs, sources, changes, evidence.

Amounts are text, digit for digit; `amount` beside them is a number for sorting and filtering, not for calculating.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scraper.meters import RateKey, is_rate_key
from scraper.publish.formats.material import Material
from scraper.records import iso
from scraper.states import FieldView
from scraper.store import ChangeView, Statement

_SCHEMA: Final = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL, status TEXT NOT NULL,
    error TEXT, last_at TEXT, last_success_at TEXT, offers INTEGER NOT NULL, fields TEXT NOT NULL,
    UNIQUE (provider, source)
);
CREATE TABLE offers (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, model_id TEXT, name TEXT NOT NULL, model TEXT,
    shared_id INTEGER NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL
);
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY, url TEXT NOT NULL, captured_at TEXT NOT NULL, capture TEXT NOT NULL, locator TEXT NOT NULL,
    quote TEXT NOT NULL
);
CREATE TABLE prices (
    id INTEGER PRIMARY KEY, offer INTEGER NOT NULL REFERENCES offers (id), field TEXT NOT NULL, meter TEXT NOT NULL,
    modality TEXT, tier TEXT, prompt_gt INTEGER, region TEXT, state TEXT NOT NULL, reason TEXT, value TEXT, amount REAL,
    currency TEXT, unit TEXT NOT NULL, derived TEXT, valid_from TEXT, valid_until TEXT, announced INTEGER NOT NULL,
    marks TEXT, first_seen TEXT, last_seen TEXT, source TEXT, evidence INTEGER REFERENCES evidence (id)
);
CREATE TABLE specs (
    id INTEGER PRIMARY KEY, offer INTEGER NOT NULL REFERENCES offers (id), field TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT, value TEXT, derived TEXT, marks TEXT, first_seen TEXT, last_seen TEXT, source TEXT,
    evidence INTEGER REFERENCES evidence (id)
);
CREATE TABLE changes (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, provider TEXT NOT NULL, source TEXT NOT NULL,
    offer INTEGER REFERENCES offers (id), model_id TEXT, name TEXT NOT NULL, field TEXT, before TEXT,
    before_currency TEXT, after TEXT, after_currency TEXT, before_evidence INTEGER REFERENCES evidence (id),
    after_evidence INTEGER REFERENCES evidence (id)
);
"""
_INDEXES: Final = """
CREATE INDEX ix_offers_model_id ON offers (provider, model_id);
CREATE INDEX ix_offers_model ON offers (model);
CREATE INDEX ix_prices_offer ON prices (offer, field);
CREATE INDEX ix_prices_field ON prices (field, amount);
CREATE INDEX ix_prices_evidence ON prices (evidence);
CREATE INDEX ix_specs_offer ON specs (offer, field);
CREATE INDEX ix_specs_field ON specs (field, value);
CREATE INDEX ix_changes_at ON changes (at);
CREATE INDEX ix_changes_offer ON changes (offer);
CREATE INDEX ix_evidence_capture ON evidence (capture);
"""
_ABOUT: Final = {
    "title": "LLM prices and specs with evidence",
    "format": "ratecard-sqlite 1",
    "states": "sourced: a source states it, 0 only where it says free; not_offered: a source says that it is not sold; "
    "not_sourced: no source states it, the reason says why",
    "amounts": "value is the exact decimal in the unit beside it; amount is a number for sorting and filtering only",
}


def sqlite(material: Material) -> bytes:
    """Write the file; the same offers give the same bytes."""
    with tempfile.TemporaryDirectory(prefix="ratecard-") as folder:
        file = Path(folder) / "ratecard.db"
        with closing(sqlite3.connect(file)) as database:
            database.executescript(_SCHEMA)
            with database:
                _Filling(database, material).fill()
            database.executescript(_INDEXES + "ANALYZE; PRAGMA optimize;")
        material.report.written = len(material.offers)
        return file.read_bytes()


class _Filling:
    """The rows of one file; every piece of evidence has one row, whoever refers to it."""

    def __init__(self, database: sqlite3.Connection, material: Material) -> None:
        self._database = database
        self._material = material
        self._evidence: dict[tuple[str, ...], int] = {}

    def fill(self) -> None:
        about = {**_ABOUT, "at": iso(self._material.at)}
        self._insert("metadata", sorted(about.items()))
        self._insert("sources", self._sources())
        offers = self._material.offers
        self._insert(
            "offers",
            (
                (offer.id, offer.provider, offer.model_id or None, offer.name, offer.model, int(offer.shared_id),
                 iso(offer.first_seen), iso(offer.last_seen))
                for offer in offers
            ),
        )  # fmt: skip
        views = [
            (offer.id, view, announced)
            for offer in offers
            for announced, of_offer in ((0, offer.fields), (1, offer.announced))
            for view in of_offer
        ]
        prices = [self._price(*one) for one in views if is_rate_key(one[1].field)]
        specs = [self._spec(number, view) for number, view, _ in views if not is_rate_key(view.field)]
        known = {offer.id for offer in offers}
        changes = [self._change(change, known) for change in self._material.changes()]
        self._insert("evidence", ((number, *parts) for parts, number in self._evidence.items()))
        self._insert("prices", prices)
        self._insert("specs", specs)
        self._insert("changes", changes)

    def _insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        if some := list(rows):
            marks = ", ".join("?" * len(some[0]))
            self._database.executemany(f"INSERT INTO {table} VALUES ({marks})", some)  # noqa: S608  a table of ours

    def _sources(self) -> Iterator[tuple[Any, ...]]:
        for number, view in enumerate(self._material.sources(), 1):
            yield (
                number, view.provider, view.name, view.url, view.status.value, view.error or None,
                _time(view.last_at), _time(view.last_success_at), view.offers, " ".join(sorted(view.fields)),
            )  # fmt: skip

    def _price(self, offer: int, view: FieldView, announced: int) -> tuple[Any, ...]:
        key = RateKey.parse(view.field)
        labels = dict(key.labels)
        above = labels.get("prompt_gt")
        return (
            None, offer, view.field, key.meter, key.modality or None, labels.get("tier"), int(above) if above else None,
            labels.get("region"), view.state.value, view.reason.value if view.reason else None, view.value,
            float(view.value) if view.value is not None else None, view.currency, view.unit, view.derived or None,
            _time(view.valid_from), _time(view.valid_until), announced, _marks(view), _time(view.first_seen),
            _time(view.last_seen), view.source or None, self._of_view(view),
        )  # fmt: skip

    def _spec(self, offer: int, view: FieldView) -> tuple[Any, ...]:
        return (
            None, offer, view.field, view.state.value, view.reason.value if view.reason else None, view.value,
            view.derived or None, _marks(view), _time(view.first_seen), _time(view.last_seen), view.source or None,
            self._of_view(view),
        )  # fmt: skip

    def _change(self, change: ChangeView, known: set[int]) -> tuple[Any, ...]:
        before, after = change.before, change.after
        return (
            change.id, iso(change.at), change.kind.value, change.provider, change.source,
            change.offer_id if change.offer_id in known else None, change.model_id or None, change.name,
            change.field or None, before.value if before else None, before.currency if before else None,
            after.value if after else None, after.currency if after else None, self._of_statement(before, newest=True),
            self._of_statement(after, newest=False),
        )  # fmt: skip

    def _of_view(self, view: FieldView) -> int | None:
        if view.captured_at is None:
            return None
        return self._number(view.source_url, iso(view.captured_at), view.capture, view.locator, view.quote)

    def _of_statement(self, one: Statement | None, *, newest: bool) -> int | None:
        if one is None:
            return None
        proof = one.last if newest else one.first
        capture = proof.capture
        return self._number(capture.url, iso(capture.captured_at), capture.sha256, proof.locator, proof.quote)

    def _number(self, *parts: str) -> int:
        return self._evidence.setdefault(parts, len(self._evidence) + 1)


def _marks(view: FieldView) -> str | None:
    return " ".join(mark.value for mark in view.marks) or None


def _time(at: datetime | None) -> str | None:
    return iso(at) if at else None

"""What is asked all the time: offers as they stand and what is stated of them, as plain SQL with named parameters.

The statements are the same for both databases and for every way to run them; here nothing knows how they are run. They
use indexes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from scraper.meters import unit_of
from scraper.states import Observed, Published, SourceState, published
from scraper.store.views import CaptureInfo, OfferView, Proof, Statement, Status
from scraper.words import Reason, State

HEAD: Final = "0013"
"""The newest migration: the schema that this code reads and writes."""

Ask = Callable[[str, Mapping[str, object]], Iterable[Any]]
"""Runs a statement with its parameters and gives rows, whose columns are attributes in the types of the tables."""

TIMES: Final = frozenset(
    (
        "captured_at", "closed_at", "first_seen", "last_seen", "last_success_at", "missed_at", "valid_from",
        "valid_until", "withdrawn_at",
    )
)  # fmt: skip
"""The columns of these statements that are times; SQLite has them as text."""

FLAGS: Final = frozenset(("promotional", "shared_id"))
"""The columns of these statements that are true or false; SQLite has them as numbers."""

_OFFERS: Final = """
    SELECT id, provider, model_id, name, shared_id, model, variant, first_seen, last_seen, withdrawn_at
    FROM offers
    WHERE provider = :provider"""

# The two conditions of the indexes, word for word: a database takes an index for part of a table only then.
CALLED: Final = f"""{_OFFERS} AND model_id = :called AND model_id <> '' AND NOT shared_id
    UNION ALL{_OFFERS} AND model_id = :called AND (model_id = '' OR shared_id)"""

NAMED: Final = f"{_OFFERS} AND name = :called"

SOURCES: Final = """
    SELECT id, name, rank, fresh_days, status, last_success_at
    FROM sources
    WHERE provider = :provider"""

FIELDS: Final = """
    SELECT source_fields.source_id, source_fields.field
    FROM source_fields JOIN sources ON source_fields.source_id = sources.id
    WHERE sources.provider = :provider"""

HELD: Final = """
    SELECT provider, source, model_id, name, shared_id, field
    FROM holds
    WHERE status = 'open' AND provider = :provider"""

OBSERVED: Final = """
    SELECT observations.offer_id, sources.name, observations.field, observations.state, observations.reason,
        observations.value, observations.currency, observations.derived, observations.promotional,
        observations.valid_from, observations.valid_until, observations.first_seen, observations.last_seen,
        observations.missed_at, captures.url, captures.captured_at, captures.sha256,
        observations.last_locator AS locator, observations.last_quote AS quote
    FROM observations
    JOIN sources ON observations.source_id = sources.id
    JOIN captures ON captures.id = observations.last_capture_id
    WHERE observations.closed_at IS NULL AND observations.offer_id = :offer"""

MISSED: Final = """
    SELECT observations.offer_id, min(observations.missed_at) AS missed_at
    FROM observations JOIN offers ON observations.offer_id = offers.id
    WHERE observations.missed_at > offers.last_seen AND observations.offer_id = :offer
    GROUP BY observations.offer_id"""

STATED: Final = """
    SELECT observations.id, observations.offer_id, observations.field, observations.state, observations.reason,
        observations.value, observations.currency, observations.derived, observations.promotional,
        observations.valid_from, observations.valid_until, observations.first_seen, observations.last_seen,
        observations.closed_at, observations.misses, observations.missed_at, observations.capture_id,
        observations.locator, observations.quote, observations.last_capture_id, observations.last_locator,
        observations.last_quote, sources.name, sources.rank
    FROM observations JOIN sources ON observations.source_id = sources.id
    WHERE observations.offer_id = :offer AND observations.field = :field"""

CAPTURES: Final = """
    SELECT id, sha256, url, captured_at, content_type, size
    FROM captures
    WHERE id IN (
        SELECT capture_id FROM observations WHERE offer_id = :offer AND field = :field
        UNION SELECT last_capture_id FROM observations WHERE offer_id = :offer AND field = :field
    )"""


def offers_called(ask: Ask, provider: str, id_or_name: str, at: datetime) -> list[OfferView]:
    """Return the offers of a provider with an id, else those with a name, as they stand; withdrawn ones too."""
    asked = {"provider": provider, "called": id_or_name}
    rows = list(ask(CALLED, asked)) or list(ask(NAMED, asked))
    if not rows:
        return []
    fields: dict[int, set[str]] = defaultdict(set)
    for of in ask(FIELDS, {"provider": provider}):
        fields[of.source_id].add(of.field)
    known = {row.name: source_state(row, frozenset(fields[row.id])) for row in ask(SOURCES, {"provider": provider})}
    held = held_by_offer(ask(HELD, {"provider": provider}))
    views = []
    for row in sorted(rows, key=lambda row: (row.model_id, row.name)):
        observed = observed_by_offer(ask(OBSERVED, {"offer": row.id}))
        missed = first_missed(ask(MISSED, {"offer": row.id}))
        said = published(observed.get(row.id, ()), known, row.first_seen, at, held.get(told_apart_by(row), ()))
        views.append(offer_view(row, missed.get(row.id), said))
    return views


def is_held(ask: Ask, provider: str) -> bool:
    """Say whether something of a provider waits for a review."""
    return any(True for _ in ask(HELD, {"provider": provider}))


def statements_of(ask: Ask, offer_id: int, field: str) -> list[Statement]:
    """Return all that any source ever stated of a field of an offer, the newest first."""
    asked = {"offer": offer_id, "field": field}
    kept = captures_of_rows(ask(CAPTURES, asked))
    return in_order([statement(row, kept) for row in ask(STATED, asked)])


# From rows to what they mean.


@lru_cache(maxsize=65536)
def utc_of(text: str | None) -> datetime | None:
    """Return a time that SQLite keeps as text, as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text is not None else None


def offer_view(row: Any, missed_at: datetime | None, said: Published) -> OfferView:
    """Return an offer with what is published of it."""
    return OfferView(
        id=row.id,
        provider=row.provider,
        model_id=row.model_id,
        name=row.name,
        shared_id=row.shared_id,
        model=row.model,
        variant=row.variant,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        missed_at=missed_at,
        withdrawn_at=row.withdrawn_at,
        fields=said.fields,
        announced=said.announced,
    )


def held_by_offer(rows: Iterable[Any]) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """Return what waits for a review, as (source, field) by offer: what waits now, and did at a time."""
    found: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        found[told_apart_by(row)].append((row.source, row.field))
    return found


def told_apart_by(row: Any) -> tuple[str, str, str]:
    """Return what tells an offer apart, whether or not it is one yet."""
    return (row.provider, row.model_id, "" if row.model_id and not row.shared_id else row.name)


def source_state(row: Any, publishes: frozenset[str]) -> SourceState:
    """Return how a source stands, with the fields that it publishes."""
    return SourceState(
        name=row.name,
        rank=row.rank,
        fresh_days=row.fresh_days,
        publishes=publishes,
        ok=row.status == Status.OK,
        last_success_at=row.last_success_at,
    )


def observed_by_offer(rows: Iterable[Any]) -> dict[int, list[Observed]]:
    """Return what stands now, or stood at a time, by offer, with the evidence that there was by then."""
    found: dict[int, list[Observed]] = defaultdict(list)
    for row in rows:
        found[row.offer_id].append(observed(row))
    return found


def observed(row: Any) -> Observed:
    """Return an observation as what is published is made of it."""
    return Observed(
        source=row.name,
        field=row.field,
        state=State(row.state),
        reason=_reason(row.reason),
        value=row.value,
        currency=row.currency,
        derived=row.derived,
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        missed_at=row.missed_at,
        source_url=row.url,
        captured_at=row.captured_at,
        capture=row.sha256,
        locator=row.locator,
        quote=row.quote,
    )


def first_missed(rows: Iterable[Any]) -> dict[int, datetime]:
    """Return when an offer was first missed after it was last seen, where it was."""
    return {row.offer_id: row.missed_at for row in rows}


def statement(row: Any, kept: Mapping[int, CaptureInfo]) -> Statement:
    """Return what a source stated, with its evidence in captures that are given by the number of their row."""
    return Statement(
        id=row.id,
        offer_id=row.offer_id,
        source=row.name,
        rank=row.rank,
        field=row.field,
        state=State(row.state),
        reason=_reason(row.reason),
        value=row.value,
        currency=row.currency,
        unit=unit_of(row.field),
        derived=row.derived,
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        closed_at=row.closed_at,
        misses=row.misses,
        missed_at=row.missed_at,
        first=Proof(capture=kept[row.capture_id], locator=row.locator, quote=row.quote),
        last=Proof(capture=kept[row.last_capture_id], locator=row.last_locator, quote=row.last_quote),
    )


def captures_of_rows(rows: Iterable[Any]) -> dict[int, CaptureInfo]:
    """Return captures by the number of their row."""
    return {
        row.id: CaptureInfo(
            sha256=row.sha256,
            url=row.url,
            captured_at=row.captured_at,
            content_type=row.content_type,
            size=row.size,
        )
        for row in rows
    }


def in_order(said: Iterable[Statement]) -> list[Statement]:
    """Return statements by field, the newest first, those of one time by the rank of their sources."""
    by_rank = sorted(said, key=lambda s: (s.rank, s.source, -s.id))
    newest_first = sorted(by_rank, key=lambda s: s.first_seen, reverse=True)
    return sorted(newest_first, key=lambda s: s.field)


def what_stands(said: Iterable[Statement]) -> list[Statement]:
    """Return what stands of statements, the best-ranked first, an announced price after the current one."""
    stands = [statement for statement in said if statement.closed_at is None]
    return sorted(stands, key=lambda s: (s.rank, s.source, s.valid_from is not None, s.valid_from or s.first_seen))


def _reason(text: str | None) -> Reason | None:
    return Reason(text) if text else None

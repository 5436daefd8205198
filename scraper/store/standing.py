"""What stands before a reading of a source: for the flow and the guards, and for the comparison with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, or_, select

from scraper.diff import Before, Captured, Known, Standing, same_value
from scraper.holds import Stood
from scraper.records import Reason, State
from scraper.store.keeping import Stored
from scraper.store.opening import Store
from scraper.store.restating import NOT_RESTATED
from scraper.store.tables import captures, observations, offers, source_captures, sources
from scraper.store.views import CaptureOutcome, SourceInfo

_o = observations.c
_EARLIER_READINGS: Final = 3

# The statements of every reading: SQLAlchemy takes longer to make one than to carry it out.
_SOURCE: Final = select(sources.c.id, sources.c.last_at).where(
    sources.c.provider == bindparam("provider"), sources.c.name == bindparam("name")
)
_LISTED: Final = (
    select(offers.c.model_id, offers.c.name)
    .distinct()
    .join_from(observations, offers)
    .where(_o.source_id == bindparam("source"), _o.closed_at.is_(None))
)
_STOOD: Final = (
    select(
        offers.c.model_id, offers.c.name, _o.offer_id, _o.field, _o.state, _o.value, _o.currency, _o.valid_from,
        _o.promotional, _o.last_seen,
    )
    .join_from(observations, offers)
    .where(_o.source_id == bindparam("source"), _o.closed_at.is_(None))
    .order_by(_o.id)
)  # fmt: skip
_TIMES: Final = (
    select(captures.c.captured_at)
    .join_from(source_captures, captures, source_captures.c.capture_id == captures.c.id)
    .where(source_captures.c.source_id == bindparam("source"), source_captures.c.outcome == CaptureOutcome.OK)
    .order_by(captures.c.captured_at.desc())
    .limit(1 + _EARLIER_READINGS)
)
_EARLIER: Final = (
    select(_o.offer_id, _o.field, _o.value)
    .where(
        _o.source_id == bindparam("source"),
        _o.closed_at.is_not(None),
        _o.last_seen >= bindparam("since"),
        _o.first_seen <= bindparam("until"),
        _o.value.is_not(None),
    )
    .order_by(_o.last_seen.desc(), _o.id.desc())
)
_STANDING: Final = (
    _o.id, _o.offer_id, _o.field, _o.state, _o.value, _o.currency, _o.reason, _o.derived, _o.promotional,
    _o.valid_from, _o.valid_until, _o.last_seen, _o.misses,
)  # fmt: skip
_KNOWN: Final = (
    select(offers.c.id, offers.c.model_id, offers.c.name, offers.c.shared_id, offers.c.withdrawn_at)
    .where(offers.c.provider == bindparam("provider"))
    .order_by(offers.c.id)
)
_OWN: Final = (
    select(*_STANDING)
    .where(
        _o.source_id == bindparam("source"),
        _o.closed_at.is_(None),
        _o.offer_id.in_(NOT_RESTATED),
    )
    .order_by(_o.id)
)
_OTHERS: Final = (
    sources.c.provider == bindparam("provider"),
    sources.c.id != bindparam("source"),
    _o.closed_at.is_(None),
)
_ELSEWHERE: Final = select(_o.offer_id).join_from(observations, sources).where(*_OTHERS).distinct()
# An announced price outranks nothing before its day has come and its source has said so again.
_BETTER: Final = (
    select(*_STANDING)
    .join_from(observations, sources)
    .where(
        *_OTHERS,
        sources.c.rank < bindparam("rank"),
        or_(_o.valid_from.is_(None), and_(_o.valid_from <= bindparam("at"), _o.last_seen >= _o.valid_from)),
    )
)


def last_time(store: Store, provider: str, source: str) -> datetime | None:
    """Return the time of the last capture of a source that was read or tried, None where there was none."""
    with store.reading() as connection:
        found = connection.execute(_SOURCE, {"provider": provider, "name": source}).first()
    return found.last_at if found is not None else None


def offers_of_source(store: Store, provider: str, source: str) -> frozenset[tuple[str, str]]:
    """Return (model_id, name) of the offers that a source lists now, for the checks of its next reading."""
    with store.reading() as connection:
        return offers_of_source_on(connection, provider, source)


def offers_of_source_on(connection: Connection, provider: str, source: str) -> frozenset[tuple[str, str]]:
    """Do what `offers_of_source` does, on the connection of a transaction."""
    found = connection.execute(_SOURCE, {"provider": provider, "name": source}).first()
    if found is None:
        return frozenset()
    rows = connection.execute(_LISTED, {"source": found.id})
    return frozenset((model_id, name) for model_id, name in rows)


def stood_of_source(store: Store, provider: str, source: str) -> list[Stood]:
    """Return what a source states now, field by field, for the guards of its next reading."""
    with store.reading() as connection:
        return stood_of_source_on(connection, provider, source)


def stood_of_source_on(connection: Connection, provider: str, source: str) -> list[Stood]:
    """Do what `stood_of_source` does, on the connection of a transaction."""
    found = connection.execute(_SOURCE, {"provider": provider, "name": source}).first()
    if found is None:
        return []
    rows = connection.execute(_STOOD, {"source": found.id}).all()
    earlier = _earlier_values(connection, found.id)
    return [
        Stood(
            model_id=model_id,
            name=name,
            field=field,
            state=State(state),
            value=value,
            currency=currency,
            valid_from=valid_from,
            promotional=promotional,
            last_seen=last_seen,
            earlier=[one for one in earlier.get((offer, field), ()) if not same_value(field, one, value)],
        )
        for model_id, name, offer, field, state, value, currency, valid_from, promotional, last_seen in rows
    ]


def _earlier_values(connection: Connection, source_id: int) -> dict[tuple[int, str], list[str]]:
    """Return by offer and field the closed values of the last readings but one, each once, the newest first."""
    times = connection.scalars(_TIMES, {"source": source_id}).all()
    if len(times) < 2:
        return {}
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    between = {"source": source_id, "since": times[-1], "until": times[1]}
    for offer, field, value in connection.execute(_EARLIER, between):
        if value not in found[offer, field]:
            found[offer, field].append(value)
    return found


# For the comparison of a reading with what stands.


def known_offers(connection: Connection, provider: str) -> list[Known]:
    """Return the offers of a provider, withdrawn ones too, in the order in which they came."""
    rows = connection.execute(_KNOWN, {"provider": provider}).all()
    return [Known(number, model_id, name, shared, gone is not None) for number, model_id, name, shared, gone in rows]


def before_of(
    connection: Connection, source: SourceInfo, stored: Stored, captured: Captured, known: Sequence[Known]
) -> Before:
    """Return what stands before a reading of a source, but for what it is known to restate; `known` are all offers."""
    standing = connection.execute(_OWN, {"source": stored.id}).all()
    others = {"provider": source.provider, "source": stored.id}
    elsewhere = connection.scalars(_ELSEWHERE, others)
    upper = connection.execute(_BETTER, {**others, "rank": source.rank, "at": captured.captured_at}).all()
    better: dict[tuple[int, str], list[Standing]] = defaultdict(list)
    for row in upper:
        better[row.offer_id, row.field].append(_standing(row))
    return Before(
        known=known,
        standing=[_standing(row) for row in standing],
        last_read=stored.last_read,
        elsewhere=frozenset(elsewhere),
        outranked=frozenset(better),
        better=better,
    )


def _standing(row: Any) -> Standing:
    return Standing(
        id=row.id,
        offer=row.offer_id,
        field=row.field,
        state=State(row.state),
        value=row.value,
        currency=row.currency,
        reason=Reason(row.reason) if row.reason else None,
        derived=row.derived,
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        last_seen=row.last_seen,
        misses=row.misses,
    )

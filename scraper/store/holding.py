"""Holds in the store: what a reading meets of them, what it makes of them, and how people see them.

They name offers by what tells these apart, so that they outlive a history that is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select

from scraper.holds import HoldStatus
from scraper.records import Evidence, Fact, Reason, State
from scraper.settling import Hold, NewHold, Settlement
from scraper.store.opening import Store
from scraper.store.rows import Row, by_id, each, insert_rows
from scraper.store.sourcing import captures_by_id
from scraper.store.tables import captures, holds, observations
from scraper.store.views import HoldView, SourceInfo

DECIDED: Final = (HoldStatus.APPROVED, HoldStatus.REJECTED)

_h = holds.c
_first, _last = captures.alias("first"), captures.alias("last")

# The statements of every reading.
_REMEMBERED: Final = (
    select(holds, _first.c.captured_at.label("first_at"), _last.c.captured_at.label("last_at"))
    .join_from(holds, _first, _h.first_capture_id == _first.c.id)
    .join(_last, _h.last_capture_id == _last.c.id)
    .where(
        _h.provider == bindparam("of_provider"),
        _h.source == bindparam("of_source"),
        _h.status.in_([HoldStatus.OPEN, *DECIDED]),
    )
    .order_by(_h.id)
)
_COUNTED: Final = by_id(holds).values(seen=_h.seen + 1, last_capture_id=bindparam("page"), new=bindparam("now"))


def list_holds(
    store: Store,
    provider: str | None = None,
    source: str | None = None,
    statuses: Collection[HoldStatus] = (HoldStatus.OPEN,),
) -> list[HoldView]:
    """Return holds in the order in which they came: those that wait, or those of other statuses."""
    mine = () if provider is None else (_h.provider == provider,)
    of_source = () if source is None else (_h.source == source,)
    with store.reading() as connection:
        return holds_where(connection, _h.status.in_(statuses), *mine, *of_source)


def count_holds(store: Store) -> int:
    """Count what waits for a review."""
    with store.reading() as connection:
        waiting = select(func.count()).select_from(holds).where(_h.status == HoldStatus.OPEN)
        return connection.execute(waiting).scalar_one()


def open_holds(connection: Connection, provider: str, source: str) -> tuple[HoldView, ...]:
    """Return what waits of a source, on the connection of a transaction."""
    mine = (_h.provider == provider, _h.source == source, _h.status == HoldStatus.OPEN)
    return tuple(holds_where(connection, *mine))


def holds_where(connection: Connection, *where: ColumnElement[bool]) -> list[HoldView]:
    """Return the holds that meet conditions on their table, by number."""
    rows = connection.execute(select(holds).where(*where).order_by(_h.id)).all()
    used = {row.first_capture_id for row in rows} | {row.last_capture_id for row in rows}
    used |= {row.old_capture_id for row in rows if row.old_capture_id is not None}
    kept = captures_by_id(connection, captures.c.id.in_(used)) if used else {}
    return [
        HoldView(
            id=row.id,
            provider=row.provider,
            source=row.source,
            model_id=row.model_id,
            name=row.name,
            shared_id=row.shared_id,
            field=row.field,
            valid_from=row.valid_from,
            check=row.guard,
            message=row.message,
            releases_after=row.releases_after,
            old=_fact(row.old),
            old_capture=kept.get(row.old_capture_id),
            new=_fact(row.new),
            first=kept[row.first_capture_id],
            last=kept[row.last_capture_id],
            seen=row.seen,
            status=HoldStatus(row.status),
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            note=row.decided_note,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


def remembered_holds(connection: Connection, provider: str, source: str) -> list[Hold]:
    """Return the holds of a source that a reading can meet: those that wait, and what people decided."""
    rows = connection.execute(_REMEMBERED, {"of_provider": provider, "of_source": source})
    return [
        Hold(
            id=row.id,
            model_id=row.model_id,
            name=row.name,
            field=row.field,
            valid_from=row.valid_from,
            old=_fact(row.old),
            new=_fact(row.new),
            status=HoldStatus(row.status),
            releases_after=row.releases_after,
            seen=row.seen,
            first_at=row.first_at,
            last_at=row.last_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]


def keep_settlement(
    connection: Connection, source: SourceInfo, settlement: Settlement, pages: Sequence[int], at: datetime
) -> frozenset[int]:
    """Write down what a reading made of holds, and return the numbers of those it opened.

    `pages` are the captures of the pages that were read.
    """
    again = settlement.counted.items()
    rows = [{"row": number, "now": _json(new), "page": _page(new, pages)} for number, new in again]
    each(connection, _COUNTED, rows)
    for status, settled in ((HoldStatus.RELEASED, settlement.released), (HoldStatus.LAPSED, settlement.lapsed)):
        each(connection, by_id(holds), [{"row": number, "decided_at": at, "status": status} for number in settled])
    stood = _stood(connection, [new.stood for new in settlement.opened if new.stood is not None])
    opened = [_row(source, new, stood.get(new.stood or 0), _page(new.new, pages)) for new in settlement.opened]
    return frozenset(insert_rows(connection, holds, opened))


def forget_undecided(connection: Connection, provider: str) -> None:
    """Take away the holds of a provider that no person decided: reading its history again makes them anew."""
    connection.execute(delete(holds).where(_h.provider == provider, _h.status.not_in(DECIDED)))


def _row(source: SourceInfo, new: NewHold, stood: tuple[Fact, int] | None, capture_id: int) -> Row:
    return {
        "provider": source.provider,
        "source": source.name,
        "model_id": new.model_id,
        "name": new.name,
        "shared_id": new.shared_id,
        "field": new.held.field,
        "valid_from": new.held.valid_from,
        "guard": new.held.check,
        "message": new.held.message,
        "releases_after": new.held.releases_after,
        "old": _json(stood[0]) if stood else None,
        "old_capture_id": stood[1] if stood else None,
        "new": _json(new.new),
        "first_capture_id": capture_id,
        "last_capture_id": capture_id,
        "seen": 1,
        "status": HoldStatus.OPEN,
        "decided_by": "",
        "decided_note": "",
    }


def _stood(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[Fact, int]]:
    """Return observations as facts with their newest evidence, and the numbers of its captures."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = connection.execute(select(observations).where(observations.c.id.in_(wanted)))
    return {row.id: (_as_fact(row), row.last_capture_id) for row in rows}


def _as_fact(row: Any) -> Fact:
    return Fact(
        field=row.field,
        state=State(row.state),
        value=row.value,
        currency=row.currency,
        reason=Reason(row.reason) if row.reason else None,
        evidence=Evidence(locator=row.last_locator, quote=row.last_quote),
        derived=row.derived,
        promotional=row.promotional,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _page(fact: Fact | None, pages: Sequence[int]) -> int:
    """Return the capture of the page that states a fact, of the first one where it vanished."""
    return pages[fact.evidence.page if fact else 0]


def _json(fact: Fact | None) -> str | None:
    return None if fact is None else fact.model_dump_json()


def _fact(text: str | None) -> Fact | None:
    return None if text is None else Fact.model_validate_json(text)

"""Reading what was: all that any source ever stated, from when to when, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from scraper.diff import Kind
from scraper.store.asking import in_order, statement, what_stands
from scraper.store.opening import Store
from scraper.store.reading import TELLING
from scraper.store.sourcing import captures_by_id
from scraper.store.tables import captures, changes, observations, offers, sources
from scraper.store.views import ChangeView, Statement

_o = observations.c

OF_OFFERS: Final = changes.c.provider.not_in(TELLING)
"""What tells changes of offers from those of what is told of models."""


def list_changes(
    store: Store,
    since: datetime | None = None,
    provider: str | None = None,
    run: int | None = None,
    limit: int | None = None,
    *,
    told: bool = False,
) -> list[ChangeView]:
    """Return the changes, newest first; `since` is the earliest time of a capture that still counts.

    With `told`, also those of what sources that sell nothing tell of models.
    """
    wanted = select(changes.c.id).order_by(changes.c.at.desc(), changes.c.id)
    if not told:
        wanted = wanted.where(OF_OFFERS)
    if since is not None:
        wanted = wanted.where(changes.c.at >= since)
    if provider is not None:
        wanted = wanted.where(changes.c.provider == provider)
    if run is not None:
        wanted = wanted.where(changes.c.run_id == run)
    if limit is not None:
        wanted = wanted.limit(limit)
    with store.reading() as connection:
        return changes_where(connection, wanted)


def history(store: Store, offer_id: int, field: str | None = None) -> list[Statement]:
    """Return all that any source ever stated of an offer or of one field of it, by field, newest first."""
    with store.reading() as connection:
        where = [_o.offer_id == offer_id] + ([] if field is None else [_o.field == field])
        said = list(statements_where(connection, and_(*where)).values())
    return in_order(said)


def evidence(store: Store, offer_id: int, field: str) -> list[Statement]:
    """Return what every source says of a field now, the best-ranked first, an announced price after the current one."""
    return what_stands(history(store, offer_id, field))


def changes_by_id(connection: Connection, ids: Sequence[int]) -> tuple[ChangeView, ...]:
    """Return changes that were just written on this connection, in their order: those from the first id to the last."""
    if not ids:
        return ()
    # Ids between them may be other writers' where the database numbers rows for all at once.
    mine = frozenset(ids)
    span = select(changes.c.id).where(changes.c.id.between(min(ids), max(ids)))
    return tuple(change for change in changes_where(connection, span) if change.id in mine)


def changes_of(connection: Connection, provider: str) -> list[ChangeView]:
    """Return all changes of a provider, newest first, on the connection of a transaction."""
    return changes_where(connection, select(changes.c.id).where(changes.c.provider == provider))


def changes_where(connection: Connection, wanted: Select[Any]) -> list[ChangeView]:
    """Return the changes whose ids a query selects, newest first, those of one time as they were written."""
    these = changes.c.id.in_(wanted)
    rows = connection.execute(
        select(changes, offers.c.model_id, offers.c.name, sources.c.name.label("source"))
        .join_from(changes, offers, changes.c.offer_id == offers.c.id)
        .join(sources, changes.c.source_id == sources.c.id)
        .where(these)
    ).all()
    sides = select(changes.c.before_observation_id).where(these, changes.c.before_observation_id.is_not(None))
    sides_after = select(changes.c.after_observation_id).where(these, changes.c.after_observation_id.is_not(None))
    said = statements_where(connection, _o.id.in_(sides.union(sides_after)))
    views = [
        ChangeView(
            id=row.id,
            run=row.run_id,
            at=row.at,
            provider=row.provider,
            source=row.source,
            offer_id=row.offer_id,
            model_id=row.model_id,
            name=row.name,
            field=row.field,
            kind=Kind(row.kind),
            before=said.get(row.before_observation_id),
            after=said.get(row.after_observation_id),
        )
        for row in rows
    ]
    views.sort(key=lambda view: view.id)
    return sorted(views, key=lambda view: view.at, reverse=True)


def statements_where(connection: Connection, where: ColumnElement[bool]) -> dict[int, Statement]:
    """Return observations by id."""
    rows = connection.execute(
        select(observations, sources.c.name, sources.c.rank)
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .where(where)
    ).all()
    used = select(_o.capture_id).where(where).union(select(_o.last_capture_id).where(where))
    kept = captures_by_id(connection, captures.c.id.in_(used))
    return {row.id: statement(row, kept) for row in rows}

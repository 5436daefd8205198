"""Reading offers with what is published of them now or was at a time, in few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Boolean, ColumnElement, Connection, Select, and_, case, false, func, or_, select, text
from sqlalchemy.sql.selectable import TextualSelect

from scraper.holds import HoldStatus
from scraper.states import published
from scraper.store.asking import (
    FLAGS,
    TIMES,
    Ask,
    first_missed,
    held_by_offer,
    observed_by_offer,
    offer_view,
    told_apart_by,
)
from scraper.store.opening import Store
from scraper.store.sourcing import captures_by_id, source_states
from scraper.store.tables import UtcTime, captures, holds, observations, offers, sources
from scraper.store.views import OfferView, PublishedValue

_o = observations.c

TELLING: Final = select(sources.c.provider).where(sources.c.sells == false())
"""Who sells nothing and only tells of models."""

SOLD: Final = offers.c.provider.not_in(TELLING)
"""What tells offers from what sources only tell of models, which is kept in the same table."""


def list_offers(
    store: Store, at: datetime, provider: str | None = None, as_of: datetime | None = None
) -> list[OfferView]:
    """Return the offers that are sold, by provider, id and name, with what is published of each.

    `at` is now, for what is stale. With `as_of`, what stood at that time instead: its intervals as the store knows them
    today, the newest evidence where that was there by then, else the first.
    """
    with store.reading() as connection:
        where = [SOLD] if provider is None else [SOLD, offers.c.provider == provider]
        return offers_where(connection, at, as_of, where, listed=True)


def list_told(
    store: Store, at: datetime, models: Collection[str] | None = None, as_of: datetime | None = None
) -> list[OfferView]:
    """Return what sources that sell nothing tell of models, in the form of offers; of all where none are named."""
    with store.reading() as connection:
        return told_on(connection, at, models, as_of)


def find_offers(
    store: Store, provider: str, id_or_name: str, at: datetime, as_of: datetime | None = None
) -> list[OfferView]:
    """Return the offers with an id, else those with a name, exactly as written; withdrawn ones too.

    There are several where a provider prints one id, or one name, for several products; none where it is unknown.
    Of a provider that sells nothing, they are what it tells of models.
    """
    with store.reading() as connection:
        for column in (offers.c.model_id, offers.c.name):
            where = [offers.c.provider == provider, column == id_or_name]
            if id_or_name and (found := offers_where(connection, at, as_of, where, listed=False)):
                return found
    return []


def published_values(store: Store, at: datetime, provider: str | None = None) -> Iterator[PublishedValue]:
    """Yield every claim that is published, announced prices too, with its newest evidence."""
    with store.reading() as connection:
        where = [] if provider is None else [offers.c.provider == provider]
        views = offers_where(connection, at, None, where, listed=True)
        standing = select(_o.last_capture_id).where(_o.closed_at.is_(None))
        kept = captures_by_id(connection, captures.c.id.in_(standing)).values()
    by_identity = {(c.sha256, c.url, c.captured_at): c for c in kept}
    for offer in views:
        for view in (*offer.fields, *offer.announced):
            if view.captured_at is None:
                continue
            yield PublishedValue(
                provider=offer.provider,
                model_id=offer.model_id,
                name=offer.name,
                source=view.source,
                field=view.field,
                state=view.state,
                value=view.value,
                currency=view.currency,
                derived=view.derived,
                valid_from=view.valid_from,
                capture=by_identity[view.capture, view.source_url, view.captured_at],
                locator=view.locator,
                quote=view.quote,
            )


# The same on the connection of a transaction that reads more.


def told_on(
    connection: Connection, at: datetime, models: Collection[str] | None, as_of: datetime | None = None
) -> list[OfferView]:
    """Do what `list_told` does, on the connection of a transaction."""
    where = [~SOLD, offers.c.model.is_not(None) if models is None else offers.c.model.in_(sorted(models))]
    return offers_where(connection, at, as_of, where, listed=True)


def offers_on(connection: Connection, at: datetime, ids: Sequence[int] | None) -> list[OfferView]:
    """Return offers with what is published of each, withdrawn ones too; all of them where no ids are given."""
    return offers_where(connection, at, None, [SOLD] if ids is None else [offers.c.id.in_(ids)], listed=False)


def offers_where(
    connection: Connection,
    at: datetime,
    as_of: datetime | None,
    where: Sequence[ColumnElement[bool]],
    *,
    listed: bool,
) -> list[OfferView]:
    """Return offers with what is published of them; `listed` leaves out those that are not sold at the time."""
    query = select(offers).where(*where)
    if as_of is not None:
        query = query.where(offers.c.first_seen <= as_of)
    elif listed:
        query = query.where(offers.c.withdrawn_at.is_(None))
    rows = connection.execute(query).all()
    if not rows:
        return []
    known = source_states(connection, {row.provider for row in rows})
    observed = observed_by_offer(connection.execute(_observed_query(query, as_of)))
    missed = first_missed(connection.execute(_missed_query(query)))
    # What was never observed has no interval to go by; what was, is listed while one of them lasts.
    ever = _ever_observed(connection, query) if listed and as_of is not None else set()
    held = held_by_offer(connection.execute(_held_query(as_of)))
    views = []
    for row in sorted(rows, key=lambda row: (row.provider, row.model_id, row.name)):
        if as_of is not None and listed and row.id in ever and row.id not in observed:
            continue
        waiting = held.get(told_apart_by(row), ())
        said = published(observed.get(row.id, ()), known[row.provider], row.first_seen, as_of or at, waiting)
        views.append(offer_view(row, missed.get(row.id), said))
    return views


def ask_on(connection: Connection) -> Ask:
    """Return what runs the statements that are asked all the time, on the connection of a transaction."""
    return lambda sql, asked: connection.execute(_typed(sql), asked).all()


@lru_cache(maxsize=32)
def _typed(sql: str) -> TextualSelect:
    return text(sql).columns(**dict.fromkeys(TIMES, UtcTime()), **dict.fromkeys(FLAGS, Boolean()))


def _held_query(as_of: datetime | None) -> Select[Any]:
    query = (
        select(holds)
        .join_from(holds, captures, holds.c.first_capture_id == captures.c.id)
        .where(holds.c.status == HoldStatus.OPEN)
    )
    if as_of is not None:
        query = query.where(captures.c.captured_at <= as_of)
    return query


def _observed_query(of: Select[Any], as_of: datetime | None) -> Select[Any]:
    capture: ColumnElement[int] = _o.last_capture_id
    locator: ColumnElement[str] = _o.last_locator
    quote: ColumnElement[str] = _o.last_quote
    missed: ColumnElement[datetime | None] = _o.missed_at
    live: ColumnElement[bool] = _o.closed_at.is_(None)
    if as_of is not None:
        known = _o.last_seen <= as_of
        capture = case((known, _o.last_capture_id), else_=_o.capture_id)
        locator = case((known, _o.last_locator), else_=_o.locator)
        quote = case((known, _o.last_quote), else_=_o.quote)
        missed = case((_o.missed_at <= as_of, _o.missed_at), else_=None)
        live = and_(_o.first_seen <= as_of, or_(_o.closed_at.is_(None), _o.closed_at > as_of))
    return (
        select(
            _o.offer_id, sources.c.name, _o.field, _o.state, _o.reason, _o.value, _o.currency, _o.derived,
            _o.promotional, _o.valid_from, _o.valid_until, _o.first_seen, _o.last_seen, missed.label("missed_at"),
            captures.c.url, captures.c.captured_at, captures.c.sha256, locator.label("locator"), quote.label("quote"),
        )
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .join(captures, captures.c.id == capture)
        .where(live, _o.offer_id.in_(of.with_only_columns(offers.c.id)))
    )  # fmt: skip


def _missed_query(of: Select[Any]) -> Select[Any]:
    return (
        select(_o.offer_id, func.min(_o.missed_at).label("missed_at"))
        .join_from(observations, offers, _o.offer_id == offers.c.id)
        .where(_o.missed_at > offers.c.last_seen, _o.offer_id.in_(of.with_only_columns(offers.c.id)))
        .group_by(_o.offer_id)
    )


def _ever_observed(connection: Connection, of: Select[Any]) -> set[int]:
    ids = select(_o.offer_id).distinct().where(_o.offer_id.in_(of.with_only_columns(offers.c.id)))
    return set(connection.scalars(ids))

"""Reading a page at a time, for whoever asks over a network: each page is of one moment, found by its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from scraper.records import State
from scraper.store.asking import offers_called
from scraper.store.opening import Store
from scraper.store.past import OF_OFFERS, changes_where
from scraper.store.reading import SOLD, ask_on, find_offers, offers_where
from scraper.store.sourcing import captures_by_id
from scraper.store.tables import captures, changes, observations, offers
from scraper.store.views import CaptureInfo, ChangeView, OfferView

_ORDER: Final = (offers.c.provider, offers.c.model_id, offers.c.name, offers.c.id)

Place = tuple[str, str, str, int]
"""Where an offer stands in their order: provider, model_id, name, and the store's own number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which offers are wanted; what is None wants all.

    `text` is a part of an id or a name, in any case; `sourced` a field that a source states now.
    """

    provider: str | None = None
    model: str | None = None
    text: str | None = None
    sourced: str | None = None


def page_offers(
    store: Store, at: datetime, wanted: Wanted, *, after: Place | None, limit: int, as_of: datetime | None = None
) -> tuple[list[OfferView], Place | None]:
    """Return the next offers after a place, and the place after which the following page begins, if there is one."""
    places = select(*_ORDER).where(*_conditions(wanted, as_of)).order_by(*_ORDER).limit(limit + 1)
    if after is not None:
        places = places.where(tuple_(*_ORDER) > tuple_(*after))
    with store.reading() as connection:
        found: list[Place] = [tuple(row) for row in connection.execute(places)]
        shown = found[:limit]
        ids = [place[3] for place in shown]
        views = offers_where(connection, at, as_of, [offers.c.id.in_(ids)], listed=True) if ids else []
    return views, shown[-1] if len(found) > limit else None


def _conditions(wanted: Wanted, as_of: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [SOLD]
    conditions.append(offers.c.withdrawn_at.is_(None) if as_of is None else offers.c.first_seen <= as_of)
    if wanted.provider is not None:
        conditions.append(offers.c.provider == wanted.provider)
    if wanted.model is not None:
        conditions.append(offers.c.model == wanted.model)
    if wanted.text is not None:
        conditions.append(
            or_(*(column.icontains(wanted.text, autoescape=True) for column in (offers.c.model_id, offers.c.name)))
        )
    if wanted.sourced is not None:
        o = observations.c
        stated = select(o.offer_id).where(
            o.offer_id == offers.c.id, o.field == wanted.sourced, o.state == State.SOURCED, o.closed_at.is_(None)
        )
        conditions.append(stated.exists())
    return conditions


def get_offers(store: Store, provider: str, id_or_name: str, at: datetime, as_of: datetime | None) -> list[OfferView]:
    """Return what `find_offers` does, fast where an offer is asked for as it stands."""
    if id_or_name and as_of is None:
        with store.reading() as connection:
            return offers_called(ask_on(connection), provider, id_or_name, at)
    return find_offers(store, provider, id_or_name, at, as_of)


def page_changes(
    store: Store,
    *,
    provider: str | None,
    since: datetime | None,
    before: tuple[datetime, int] | None,
    limit: int,
) -> tuple[list[ChangeView], tuple[datetime, int] | None]:
    """Return the next changes, newest first, and the place (time and number) before which the following page begins."""
    order = (changes.c.at, changes.c.id)
    wanted = select(*order).where(OF_OFFERS).order_by(changes.c.at.desc(), changes.c.id.desc()).limit(limit + 1)
    if provider is not None:
        wanted = wanted.where(changes.c.provider == provider)
    if since is not None:
        wanted = wanted.where(changes.c.at >= since)
    if before is not None:
        at, number = before
        wanted = wanted.where(or_(changes.c.at < at, (changes.c.at == at) & (changes.c.id < number)))
    with store.reading() as connection:
        found: list[tuple[datetime, int]] = [(row.at, row.id) for row in connection.execute(wanted)]
        ids = [number for _, number in found[:limit]]
        views = changes_where(connection, select(changes.c.id).where(changes.c.id.in_(ids))) if ids else []
    views.sort(key=lambda view: (view.at, view.id), reverse=True)
    return views, found[limit - 1] if len(found) > limit else None


@dataclass(frozen=True, slots=True)
class ModelCount:
    """A model with the providers that sell it now, and how many offers of it there are."""

    model: str
    providers: Sequence[str]
    offers: int


def page_models(store: Store, *, after: str | None, limit: int) -> tuple[list[ModelCount], str | None]:
    """Return the next models in alphabetical order, and the one after which the following page begins."""
    sold = offers.c.withdrawn_at.is_(None) & offers.c.model.is_not(None) & SOLD
    names = select(offers.c.model).distinct().where(sold).order_by(offers.c.model).limit(limit + 1)
    if after is not None:
        names = names.where(offers.c.model > after)
    with store.reading() as connection:
        found = list(connection.scalars(names))
        shown = found[:limit]
        counts = connection.execute(
            select(offers.c.model, offers.c.provider, func.count())
            .where(sold, offers.c.model.in_(shown))
            .group_by(offers.c.model, offers.c.provider)
        ).all()
    sellers: dict[str, dict[str, int]] = {str(name): {} for name in shown}
    for model, provider, count in counts:
        sellers[model][provider] = count
    models = [ModelCount(name, sorted(of), sum(of.values())) for name, of in sellers.items()]
    return models, shown[-1] if len(found) > limit else None


def count_offers(store: Store) -> dict[str, int]:
    """Return how many offers each provider sells now."""
    sold = offers.c.withdrawn_at.is_(None) & SOLD
    query = select(offers.c.provider, func.count()).where(sold).group_by(offers.c.provider)
    with store.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def find_capture(store: Store, sha256: str) -> CaptureInfo | None:
    """Return the first capture with these bytes, None where there is none."""
    with store.reading() as connection:
        found = captures_by_id(connection, captures.c.sha256 == sha256)
    return found[min(found)] if found else None

"""Which model each offer of a provider sells, kept with the offer: what the rules say today."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, select, update

from scraper.identity import resolve, rules_digest
from scraper.store.rows import by_id, each
from scraper.store.tables import observations, offers, sources

IDENTIFYING: Final = "hugging_face_id"
"""The field of an offer that says which model it sells."""

_FEW: Final = 1000
"""So many offers can be named in a query."""


def identify_new(connection: Connection, provider: str, identified_by: str, touched: Collection[int]) -> None:
    """Do what `identify_offers` does, but only for the offers that a reading touched where the rules are as they were.

    `identified_by` is the digest of the rules by which all offers of the provider were identified, as its source's row
    has it. What touches an offer in this sense is that it is new, is called otherwise, or has another `IDENTIFYING`
    field.
    """
    if identified_by == rules_digest():
        identify_offers(connection, provider, touched)
        return
    identify_offers(connection, provider)
    mine = update(sources).where(sources.c.provider == provider)
    connection.execute(mine.values(identified_by=rules_digest()))


def identify_offers(connection: Connection, provider: str, only: Collection[int] | None = None) -> None:
    """Bring the models and variants of a provider's offers, or only of some, to what the rules say of them."""
    if only is not None and not only:
        return
    o = observations.c
    mine = [offers.c.provider == provider]
    if only is not None and len(only) <= _FEW:
        mine.append(offers.c.id.in_(only))
    published = (
        select(o.offer_id, o.value)
        .join_from(observations, offers, o.offer_id == offers.c.id)
        .where(*mine, o.field == IDENTIFYING, o.closed_at.is_(None))
    )
    hugging_face = {row.offer_id: row.value or "" for row in connection.execute(published)}
    wanted = select(offers.c.id, offers.c.model_id, offers.c.name, offers.c.model, offers.c.variant)
    changed = []
    for row in connection.execute(wanted.where(*mine)):
        found = resolve(provider, row.model_id, row.name, hugging_face.get(row.id, ""))
        model, variant = (found.model, found.variant) if found else (None, "")
        if (row.model, row.variant) != (model, variant):
            changed.append({"row": row.id, "model": model, "variant": variant})
    each(connection, by_id(offers), changed)

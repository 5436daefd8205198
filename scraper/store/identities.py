"""Which model each offer of a provider sells, kept with the offer: what the rules say today."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from scraper.identity import resolve
from scraper.store.rows import by_id, each
from scraper.store.tables import observations, offers


def identify_offers(connection: Connection, provider: str) -> None:
    """Bring the models and variants of a provider's offers to what the rules say of them."""
    o = observations.c
    published = (
        select(o.offer_id, o.value)
        .join_from(observations, offers, o.offer_id == offers.c.id)
        .where(offers.c.provider == provider, o.field == "hugging_face_id", o.closed_at.is_(None))
    )
    hugging_face = {row.offer_id: row.value or "" for row in connection.execute(published)}
    wanted = select(offers.c.id, offers.c.model_id, offers.c.name, offers.c.model, offers.c.variant)
    changed = []
    for row in connection.execute(wanted.where(offers.c.provider == provider)):
        found = resolve(provider, row.model_id, row.name, hugging_face.get(row.id, ""))
        model, variant = (found.model, found.variant) if found else (None, "")
        if (row.model, row.variant) != (model, variant):
            changed.append({"row": row.id, "is_model": model, "is_variant": variant})
    statement = by_id(offers).values(model=bindparam("is_model"), variant=bindparam("is_variant"))
    each(connection, statement, changed)

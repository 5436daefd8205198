"""Offers that a source states again word for word: known by a digest, and confirmed together.

Most of a reading says what the one before it said, in the same words at the same places. A digest is kept of each offer
of which all that was read stands, and nothing else does. It counts only while exactly those observations still stand,
whoever else wrote meanwhile: observations are opened, closed and counted as missed, and numbered in their order, but
what they say is never changed. So where as many stand as then, the newest of them is the same and none was missed, they
are the same ones.

What has a day on which it begins is left out: what it means changes without a new word.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, select, update
from sqlalchemy.sql.dml import Update

from scraper.diff import Known, Naming
from scraper.records import Fact, Offer
from scraper.store.rows import insert_rows
from scraper.store.tables import observations, offers, restated

_o = observations.c
_r = restated.c
_parts = attrgetter(
    "field", "state", "value", "currency", "reason", "derived", "promotional", "valid_from", "valid_until",
    "evidence.locator", "evidence.quote", "evidence.page",
)  # fmt: skip
_BETWEEN: Final = "\0"


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of all that is stated of an offer on one page, and how many facts that is."""

    digest: str
    page: int
    facts: int


@dataclass(frozen=True, slots=True)
class Restated:
    """What a reading states again: offers, and the number of their facts. `digests` are those of all offers, by ref."""

    offers: frozenset[int]
    facts: int
    pages: frozenset[int]
    digests: Mapping[int, Digest]


def digest_of(facts: Sequence[Fact]) -> Digest | None:
    """Return a digest of all that facts say and where, None where they have to be looked at one by one."""
    parts: list[str] = []
    pages = set()
    for name, state, value, currency, reason, derived, promotional, begins, ends, locator, quote, page in map(
        _parts, facts
    ):
        if begins is not None:
            return None
        pages.add(page)
        parts += (
            name, state, value or "", currency or "", reason or "", derived, "promotional" if promotional else "",
            ends.isoformat() if ends else "", locator, quote,
        )  # fmt: skip
    text = _BETWEEN.join(parts)
    # Nothing that is stated has the mark that keeps its parts apart; if it had, two statements might look like one.
    if len(pages) != 1 or text.count(_BETWEEN) != len(parts) - 1:
        return None
    return Digest(hashlib.blake2b(text.encode(), digest_size=16).hexdigest(), pages.pop(), len(facts))


def find_restated(
    connection: Connection,
    source_id: int,
    read: Sequence[Offer],
    naming: Naming,
    known: Iterable[Known],
    apart: Collection[int],
) -> Restated:
    """Return what a reading states again, and forget all else that was known to be restated by the source.

    Those of `apart`, that are withdrawn or that the reading has several times, are to be compared.
    """
    times = Counter(naming.refs)
    digests = {}
    for offer, ref in zip(read, naming.refs, strict=True):
        if times[ref] == 1 and (digest := digest_of(offer.facts)) is not None:
            digests[ref] = digest
    compared = {offer.id for offer in known if offer.withdrawn} | set(apart)
    stands = _standing(source_id).subquery()
    unmoved = and_(_r.facts == stands.c.facts, _r.newest == stands.c.newest, stands.c.misses == 0)
    rows = connection.execute(
        select(_r.offer_id, _r.digest, _r.page, _r.facts, unmoved)
        .join_from(restated, stands, stands.c.offer_id == _r.offer_id, isouter=True)
        .where(_r.source_id == source_id)
    ).all()
    same = frozenset(
        offer
        for offer, digest, page, facts, still in rows
        if still and offer not in compared and digests.get(offer) == Digest(digest, page, facts)
    )
    over = [{"offer": row[0]} for row in rows if row[0] not in same]
    if over:
        mine = delete(restated).where(_r.source_id == source_id, _r.offer_id == bindparam("offer"))
        connection.execute(mine, over)
    return Restated(
        offers=same,
        facts=sum(digests[offer].facts for offer in same),
        pages=frozenset(digests[offer].page for offer in same),
        digests={ref: digest for ref, digest in digests.items() if ref not in same},
    )


def _standing(source_id: int) -> Select[Any]:
    """Select how many observations of a source stand of each offer, the newest, and how often any was missed."""
    return (
        select(
            _o.offer_id,
            func.count().label("facts"),
            func.max(_o.id).label("newest"),
            func.sum(_o.misses).label("misses"),
        )
        .where(_o.source_id == source_id, _o.closed_at.is_(None))
        .group_by(_o.offer_id)
    )


def restated_by(source_id: int) -> Select[tuple[int]]:
    """Select the offers that are known to be restated by a source."""
    return select(_r.offer_id).where(_r.source_id == source_id)


def confirm_restated(
    connection: Connection, source_id: int, again: Restated, pages: Sequence[int], at: datetime
) -> None:
    """Write down that what is stated again was seen in this capture; `pages` are the captures of the pages read."""
    for page in sorted(again.pages):
        mine = restated_by(source_id).where(_r.page == page)
        connection.execute(
            update(observations)
            .where(_o.source_id == source_id, _o.closed_at.is_(None), _o.offer_id.in_(mine))
            .values(last_seen=at, last_capture_id=pages[page])
        )
    if again.offers:
        connection.execute(seen_at(connection, at).where(offers.c.id.in_(restated_by(source_id))))


def seen_at(connection: Connection, at: datetime) -> Update:
    """Return the update by which offers were seen at a time, which may be before others at which they were."""
    earliest = func.min if connection.dialect.name == "sqlite" else func.least
    latest = func.max if connection.dialect.name == "sqlite" else func.greatest
    return update(offers).values(first_seen=earliest(offers.c.first_seen, at), last_seen=latest(offers.c.last_seen, at))


def remember_restated(connection: Connection, source_id: int, digests: Mapping[int, Digest]) -> None:
    """Remember digests, by offer, of what a source now states, where all that stands is what it states."""
    fresh = _standing(source_id).where(_o.offer_id.not_in(restated_by(source_id)))
    rows = [
        {
            "source_id": source_id,
            "offer_id": offer,
            "digest": digests[offer].digest,
            "page": digests[offer].page,
            "facts": facts,
            "newest": newest,
        }
        for offer, facts, newest, misses in connection.execute(fresh)
        if offer in digests and facts == digests[offer].facts and not misses
    ]
    insert_rows(connection, restated, rows)


def forget_restated(connection: Connection, source_id: int) -> None:
    """Forget what a source is known to restate, where evidence is changed by other means than its next reading."""
    connection.execute(delete(restated).where(_r.source_id == source_id))

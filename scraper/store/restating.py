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
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, Update, and_, bindparam, case, delete, func, select, update

from scraper.diff import Known, Naming
from scraper.records import Fact, Offer
from scraper.store.rows import each, insert_rows
from scraper.store.tables import UtcTime, observations, offers, restated, sources

_o = observations.c
_r = restated.c
_BETWEEN: Final = "\0"

# The statements of every reading, of the source that the parameter `source` names.
_PROVIDER: Final = select(sources.c.provider).where(sources.c.id == bindparam("source")).scalar_subquery()
_RESTATED: Final = select(_r.offer_id).where(_r.source_id == bindparam("source"))
NOT_RESTATED: Final = select(offers.c.id).where(offers.c.provider == _PROVIDER, offers.c.id.not_in(_RESTATED))
"""All other offers of its provider than those that it is known to restate: they are few where much is restated."""
_STANDING: Final = (
    select(
        _o.offer_id,
        func.count().label("facts"),
        func.max(_o.id).label("newest"),
        func.sum(_o.misses).label("misses"),
    )
    .where(_o.source_id == bindparam("source"), _o.closed_at.is_(None))
    .group_by(_o.offer_id)
)
"""How many observations of it stand of each offer, the newest, and how often any was missed."""
_STANDS: Final = _STANDING.subquery()
_UNMOVED: Final = and_(_r.facts == _STANDS.c.facts, _r.newest == _STANDS.c.newest, _STANDS.c.misses == 0)
_REMEMBERED: Final = (
    select(_r.offer_id, _r.digest, case((_UNMOVED, _r.page), else_=-1))
    .join_from(restated, _STANDS, _STANDS.c.offer_id == _r.offer_id, isouter=True)
    .where(_r.source_id == bindparam("source"))
)
_FORGET: Final = delete(restated).where(_r.source_id == bindparam("source"), _r.offer_id == bindparam("offer"))
_CONFIRM: Final = update(observations).where(
    _o.source_id == bindparam("source"),
    _o.closed_at.is_(None),
    _o.offer_id.in_(_RESTATED.where(_r.page == bindparam("of_page"))),
)
_FRESH: Final = _STANDING.where(_o.offer_id.in_(NOT_RESTATED))


class Word(NamedTuple):
    """What a source says of an offer, on one page: a digest, and how many facts it is of."""

    digest: str
    page: int
    facts: int


@dataclass(frozen=True, slots=True)
class Restated:
    """What a reading states again: offers, and the number of their facts. `others` is what it says of the rest, by ref.

    `pages` are those on which something is stated again.
    """

    offers: frozenset[int]
    facts: int
    pages: frozenset[int]
    others: Mapping[int, Word]


def digest_of(facts: Sequence[Fact]) -> str | None:
    """Return a digest of all that facts say and where, None where they have to be looked at one by one."""
    if not facts:
        return None
    parts: list[str] = []
    page = facts[0].evidence.page
    for fact in facts:
        # There are many: their attributes, asked for by name, take twice as long as all the rest of this.
        said, evidence = fact.__dict__, fact.evidence.__dict__
        if said["valid_from"] is not None or evidence["page"] != page:
            return None
        parts += (said["field"], said["state"], said["value"] or "", said["currency"] or "", said["reason"] or "")
        parts += (evidence["locator"], evidence["quote"])
        if said["derived"] or said["promotional"] or said["valid_until"]:
            ends = said["valid_until"].isoformat() if said["valid_until"] else ""
            parts += (said["derived"], "promotional" if said["promotional"] else "", ends)
        parts.append("")
    text = _BETWEEN.join(parts)
    # Nothing that is stated has the mark that keeps its parts apart; if it had, two statements might look like one.
    if text.count(_BETWEEN) != len(parts) - 1:
        return None
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


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
    once = {ref: offer for offer, ref in zip(read, naming.refs, strict=True)}
    if len(once) < len(naming.refs):
        for ref, times in Counter(naming.refs).items():
            if times > 1:
                del once[ref]
    digests = {ref: digest for ref, offer in once.items() if (digest := digest_of(offer.facts)) is not None}
    compared = {offer.id for offer in known if offer.withdrawn} | set(apart)
    rows = connection.execute(_REMEMBERED, {"source": source_id}).all()
    same = {
        offer: page
        for offer, digest, page in rows
        if page >= 0 and digests.get(offer) == digest and once[offer].facts[0].evidence.page == page
    }
    for offer in compared & same.keys():
        del same[offer]
    over = [{"source": source_id, "offer": offer} for offer, _, _ in rows if offer not in same]
    if over:
        connection.execute(_FORGET, over)
    return Restated(
        offers=frozenset(same),
        facts=sum(len(once[offer].facts) for offer in same),
        pages=frozenset(same.values()),
        others={
            ref: Word(digest, once[ref].facts[0].evidence.page, len(once[ref].facts))
            for ref, digest in digests.items()
            if ref not in same
        },
    )


def confirm_restated(
    connection: Connection, source_id: int, again: Restated, pages: Sequence[int], at: datetime
) -> None:
    """Write down that what is stated again was seen in this capture; `pages` are the captures of the pages read."""
    for page in sorted(again.pages):
        mine = {"source": source_id, "of_page": page}
        connection.execute(_CONFIRM, {**mine, "last_seen": at, "last_capture_id": pages[page]})
    if again.offers:
        connection.execute(_restated_seen(connection.dialect.name), {"source": source_id, "at": at})


def seen_at(connection: Connection, only: Sequence[int], at: datetime) -> None:
    """Write down that offers were seen at a time, which may be before others at which they were."""
    each(connection, _offer_seen(connection.dialect.name), [{"row": offer, "at": at} for offer in only])


@cache
def _offer_seen(dialect: str) -> Update:
    return _seen(dialect).where(offers.c.id == bindparam("row"))


@cache
def _restated_seen(dialect: str) -> Update:
    return _seen(dialect).where(offers.c.id.in_(_RESTATED))


def _seen(dialect: str) -> Update:
    earliest, latest = (func.min, func.max) if dialect == "sqlite" else (func.least, func.greatest)
    at = bindparam("at", type_=UtcTime)
    return update(offers).values(first_seen=earliest(offers.c.first_seen, at), last_seen=latest(offers.c.last_seen, at))


def remember_restated(connection: Connection, source_id: int, words: Mapping[int, Word]) -> None:
    """Remember what a source says of offers, where all that stands of them is just that."""
    rows = [
        {"source_id": source_id, "offer_id": offer, "newest": newest, **words[offer]._asdict()}
        for offer, facts, newest, misses in connection.execute(_FRESH, {"source": source_id}).all()
        if offer in words and facts == words[offer].facts and not misses
    ]
    insert_rows(connection, restated, rows)


def forget_restated(connection: Connection, source_id: int) -> None:
    """Forget what a source is known to restate, where evidence is changed by other means than its next reading."""
    connection.execute(delete(restated).where(_r.source_id == source_id))

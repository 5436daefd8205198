"""All offers at one moment, for whoever makes something of all of them: what is new in each, and each one's whole past.

Everything read through one `Snapshot` is of the same moment, whatever is written meanwhile.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, false, func, literal, or_, select, true

from scraper.holds import HoldStatus
from scraper.store.opening import Store
from scraper.store.past import OF_OFFERS, changes_where, statements_where
from scraper.store.reading import SOLD, offers_on, told_on
from scraper.store.sourcing import sources_on
from scraper.store.tables import changes, events, holds, observations, offers, sources
from scraper.store.views import ChangeView, OfferView, SourceView, Statement

_o = observations.c
_FEW: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDigest:
    """An offer, withdrawn ones too, with a hash of all that is stored of it: another hash, another page.

    `crossed` says that time alone may have changed what is published of it since the time that was asked about.
    """

    id: int
    provider: str
    model_id: str
    name: str
    shared_id: bool
    digest: str
    crossed: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a store; `ids` are those of offers, None stands for all."""

    connection: Connection
    at: datetime

    def digests(self, since: datetime | None) -> list[OfferDigest]:
        """Return every offer by provider, id and name; `since` is the time for which they were published before."""
        said, told, waiting = self._said(), self._told(), self._waiting()
        crossed = self._crossed(since) if since else set()
        o = offers.c
        whole = _one_text(tuple(offers.columns))
        wanted = select(o.id, o.provider, o.model_id, o.name, o.shared_id, whole).where(SOLD)
        rows = self.connection.execute(wanted).all()
        found = [
            OfferDigest(
                id=number,
                provider=provider,
                model_id=model_id,
                name=name,
                shared_id=shared_id,
                digest=_hash(
                    text, said.get(number, ""), told.get(number, ""), waiting.get((provider, model_id or name), "")
                ),
                crossed=number in crossed,
            )
            for number, provider, model_id, name, shared_id, text in rows
        ]
        return sorted(found, key=lambda one: (one.provider, one.model_id, one.name))

    def offers(self, ids: Collection[int] | None = None) -> list[OfferView]:
        """Return offers with what is published of each."""
        if ids is None or len(ids) > _FEW:
            found = offers_on(self.connection, self.at, None)
            return found if ids is None else [offer for offer in found if offer.id in ids]
        return offers_on(self.connection, self.at, sorted(ids))

    def told(self, models: Collection[str]) -> list[OfferView]:
        """Return what sources that sell nothing tell of models, in the form of offers."""
        return told_on(self.connection, self.at, None if len(models) > _FEW else models)

    def told_digests(self) -> dict[str, str]:
        """Return by model a hash of what is told of it: another hash, something else, or it has gone stale."""
        telling = [source for source in sources_on(self.connection) if not source.sells]
        if not telling:
            return {}
        columns = func.count(), func.max(_o.id), func.max(_o.last_capture_id), func.max(_o.missed_at)
        mine = select(sources.c.id).where(sources.c.sells == false())
        rows = self.connection.execute(
            select(offers.c.model, *columns, func.min(_o.last_seen).label("oldest"))
            .join_from(observations, offers, _o.offer_id == offers.c.id)
            .where(_o.source_id.in_(mine), _o.closed_at.is_(None), offers.c.model.is_not(None))
            .group_by(offers.c.model)
        ).all()
        days = sorted({source.fresh_days for source in telling})
        waiting = self.held()
        held = [waiting[provider] for provider in sorted({source.provider for source in telling})]
        return {
            row.model: _hash(repr((*row, [self._stale(row.oldest, fresh) for fresh in days], held))) for row in rows
        }

    def _stale(self, seen: datetime | None, days: int) -> bool:
        return seen is not None and self.at - seen > timedelta(days=days)

    def past(self, ids: Collection[int] | None = None) -> dict[int, list[Statement]]:
        """Return by offer what was stated and stands no longer, the newest first."""
        found: dict[int, list[Statement]] = defaultdict(list)
        where = and_(_o.closed_at.is_not(None), _among(_o.offer_id, ids))
        for one in statements_where(self.connection, where).values():
            if ids is None or one.offer_id in ids:
                found[one.offer_id].append(one)
        for statements in found.values():
            statements.sort(key=lambda one: (one.last_seen, one.id), reverse=True)
        return dict(found)

    def changes(self, ids: Collection[int] | None = None) -> dict[int, list[ChangeView]]:
        """Return the changes by offer, newest first."""
        found: dict[int, list[ChangeView]] = defaultdict(list)
        wanted = select(changes.c.id).where(_among(changes.c.offer_id, ids))
        for change in changes_where(self.connection, wanted):
            if ids is None or change.offer_id in ids:
                found[change.offer_id].append(change)
        return dict(found)

    def latest_changes(self, limit: int) -> list[ChangeView]:
        """Return the newest changes of all."""
        wanted = select(changes.c.id).where(OF_OFFERS).order_by(changes.c.at.desc(), changes.c.id).limit(limit)
        return changes_where(self.connection, wanted)

    def count_changes(self) -> int:
        """Return how many changes there ever were."""
        return self.connection.execute(select(func.count()).select_from(changes).where(OF_OFFERS)).scalar_one()

    def events(self, limit: int) -> list[str]:
        """Return the newest events that hold, as they are stored."""
        wanted = select(events.c.body).where(events.c.retracted == false())
        return list(self.connection.scalars(wanted.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit)))

    def sources(self) -> list[SourceView]:
        """Return the sources of what is sold, by provider and name."""
        return [source for source in sources_on(self.connection) if source.sells]

    def held(self) -> Counter[str]:
        """Return how much of each provider waits for a review."""
        counted = select(holds.c.provider, func.count()).where(holds.c.status == HoldStatus.OPEN)
        return Counter({row[0]: row[1] for row in self.connection.execute(counted.group_by(holds.c.provider))})

    def _said(self) -> dict[int, str]:
        """Return all that is stored of each offer's fields as one text."""
        columns = (
            _o.id, _o.source_id, _o.field, _o.state, _o.value, _o.currency, _o.reason, _o.derived, _o.promotional,
            _o.valid_from, _o.valid_until, _o.capture_id, _o.last_capture_id, _o.last_locator, _o.last_quote,
            _o.first_seen, _o.last_seen, _o.closed_at, _o.missed_at,
        )  # fmt: skip
        ordered = select(_o.offer_id, _one_text(columns).label("text")).order_by(_o.offer_id, _o.id).subquery()
        whole = func.aggregate_strings(ordered.c.text, "\n")
        rows = self.connection.execute(select(ordered.c.offer_id, whole).group_by(ordered.c.offer_id))
        return {row[0]: row[1] for row in rows}

    def _told(self) -> dict[int, str]:
        """Return what identifies the changes of each offer."""
        columns = func.count(), func.min(changes.c.id), func.max(changes.c.id), func.max(changes.c.at)
        rows = self.connection.execute(select(changes.c.offer_id, *columns).group_by(changes.c.offer_id))
        return {row[0]: str(tuple(row)) for row in rows}

    def _waiting(self) -> dict[tuple[str, str], str]:
        """Return what is held, by provider and id or name."""
        found: dict[tuple[str, str], str] = defaultdict(str)
        for row in self.connection.execute(select(holds).where(holds.c.status == HoldStatus.OPEN).order_by(holds.c.id)):
            found[row.provider, row.model_id or row.name] += f"{row.name}\n{row.source}\n{row.field}\n"
        return found

    def _crossed(self, since: datetime) -> set[int]:
        """Return the offers of which something began, ended or went stale between two times."""
        between: list[ColumnElement[bool]] = [
            column.between(since, self.at) for column in (_o.valid_from, _o.valid_until)
        ]
        for days in self.connection.scalars(select(sources.c.fresh_days).distinct()).all():
            fresh = timedelta(days=days)
            stale = and_(sources.c.fresh_days == days, _o.last_seen.between(since - fresh, self.at - fresh))
            between.append(stale)
        rows = self.connection.scalars(
            select(_o.offer_id)
            .distinct()
            .join_from(observations, sources, _o.source_id == sources.c.id)
            .where(_o.closed_at.is_(None), or_(*between))
        )
        return set(rows)


@contextmanager
def snapshot(store: Store, at: datetime) -> Iterator[Snapshot]:
    """Give one moment of a store; `at` is now, for what is stale."""
    with store.reading() as connection:
        yield Snapshot(connection, at)


def _among(column: ColumnElement[int], ids: Collection[int] | None) -> ColumnElement[bool]:
    return true() if ids is None or len(ids) > _FEW else column.in_(sorted(ids))


def _one_text(columns: Collection[Any]) -> ColumnElement[str]:
    first, *others = map(_as_text, columns)
    text: ColumnElement[str] = first
    for other in others:
        text = text.concat(literal("|")).concat(other)
    return text


def _as_text(column: Any) -> ColumnElement[str]:
    text: ColumnElement[str] = column if isinstance(column.type, Text) else cast(column, Text)
    return func.coalesce(text, "") if column.nullable else text


def _hash(*parts: str) -> str:
    # No stored text has the separator: control characters are refused at the door.
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()

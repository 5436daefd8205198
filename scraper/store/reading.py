"""Reading: what is published now or was at a time, what changed, and the evidence of it, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.sql.selectable import TextualSelect

from scraper.diff import Kind
from scraper.holds import HoldStatus
from scraper.states import SourceState, published
from scraper.store.asking import (
    FLAGS,
    TIMES,
    Ask,
    captures_of_rows,
    first_missed,
    held_by_offer,
    in_order,
    observed_by_offer,
    offer_view,
    source_state,
    statement,
    told_apart_by,
    what_stands,
)
from scraper.store.opening import Store
from scraper.store.tables import (
    UtcTime,
    captures,
    changes,
    holds,
    notes,
    observations,
    offers,
    reading_pages,
    source_fields,
    sources,
)
from scraper.store.views import (
    CaptureInfo,
    ChangeView,
    NoteView,
    OfferView,
    PublishedValue,
    SourceView,
    Statement,
    Status,
)

_o = observations.c

TELLING: Final = select(sources.c.provider).where(sources.c.sells == false())
"""Who sells nothing and only tells of models."""

SOLD: Final = offers.c.provider.not_in(TELLING)
"""What tells offers from what sources only tell of models, which is kept in the same table."""

OF_OFFERS: Final = changes.c.provider.not_in(TELLING)
"""What tells changes of offers from those of what is told of models."""


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


def told_on(
    connection: Connection, at: datetime, models: Collection[str] | None, as_of: datetime | None = None
) -> list[OfferView]:
    """Do what `list_told` does, on the connection of a transaction."""
    where = [~SOLD, offers.c.model.is_not(None) if models is None else offers.c.model.in_(sorted(models))]
    return offers_where(connection, at, as_of, where, listed=True)


def find_offers(
    store: Store, provider: str, id_or_name: str, at: datetime, as_of: datetime | None = None
) -> list[OfferView]:
    """Return the offers with an id, else those with a name, exactly as written; withdrawn ones too.

    Asked for a provider that sells nothing, what it tells of a model.

    There are several where a provider prints one id, or one name, for several products; none where it is unknown.
    """
    with store.reading() as connection:
        for column in (offers.c.model_id, offers.c.name):
            where = [offers.c.provider == provider, column == id_or_name]
            if id_or_name and (found := offers_where(connection, at, as_of, where, listed=False)):
                return found
    return []


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


def list_sources(store: Store, provider: str | None = None) -> list[SourceView]:
    """Return the sources that were ever refreshed, by provider and name."""
    with store.reading() as connection:
        return sources_on(connection, provider)


def sources_on(connection: Connection, provider: str | None = None) -> list[SourceView]:
    """Do what `list_sources` does, on the connection of a transaction."""
    rows = connection.execute(_where(select(sources), sources.c.provider, provider)).all()
    fields = _contracts(connection)
    kept = captures_by_id(connection, captures.c.id.in_(select(sources.c.last_capture_id)))
    further = further_pages(connection, reading_pages.c.pages == sources.c.last_pages)
    counted = select(_o.source_id, func.count(_o.offer_id.distinct())).where(_o.closed_at.is_(None))
    count = {row[0]: row[1] for row in connection.execute(counted.group_by(_o.source_id))}
    views = [
        SourceView(
            provider=row.provider,
            name=row.name,
            url=row.url,
            rank=row.rank,
            fresh_days=row.fresh_days,
            fields=fields.get(row.id, frozenset()),
            status=Status(row.status),
            error=row.error,
            last_at=row.last_at,
            last_success_at=row.last_success_at,
            last_capture=(
                replace(
                    kept[row.last_capture_id], further=further.get((row.id, row.last_capture_id, row.last_pages), ())
                )
                if row.last_capture_id is not None
                else None
            ),
            offers=count.get(row.id, 0),
            sells=row.sells,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (view.provider, view.name))


def list_captures(store: Store) -> list[CaptureInfo]:
    """Return every capture that anything refers to, in the order in which they came."""
    with store.reading() as connection:
        found = captures_by_id(connection, true())
    return [found[number] for number in sorted(found)]


def list_notes(store: Store, provider: str | None = None) -> list[NoteView]:
    """Return the notes of the latest reading of each source, in the order in which they were made."""
    with store.reading() as connection:
        query = select(notes, sources.c.provider, sources.c.name).join_from(
            notes, sources, notes.c.source_id == sources.c.id
        )
        rows = connection.execute(_where(query.order_by(notes.c.id), sources.c.provider, provider)).all()
        kept = captures_by_id(connection, captures.c.id.in_(select(notes.c.capture_id)))
    views = [
        NoteView(
            provider=row.provider,
            source=row.name,
            capture=kept[row.capture_id],
            kind=row.kind,
            text=row.text,
            locator=row.locator,
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (view.provider, view.source))


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


# Offers with what is published of them.


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


def asking(connection: Connection) -> Ask:
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


def source_states(connection: Connection, wanted: Collection[str] | None = None) -> dict[str, dict[str, SourceState]]:
    """Return the sources as they stand now, by provider and name; those of some providers, or of all."""
    # Many providers are most of them: then all of them are read.
    few = select(sources.c.id).where(sources.c.provider.in_(wanted)) if wanted is not None and len(wanted) < 4 else None
    fields = _contracts(connection, few)
    known: dict[str, dict[str, SourceState]] = defaultdict(dict)
    for row in connection.execute(select(sources) if few is None else select(sources).where(sources.c.id.in_(few))):
        known[row.provider][row.name] = source_state(row, fields.get(row.id, frozenset()))
    return known


def _contracts(connection: Connection, of: Select[Any] | None = None) -> dict[int, frozenset[str]]:
    fields: dict[int, set[str]] = defaultdict(set)
    query = select(source_fields) if of is None else select(source_fields).where(source_fields.c.source_id.in_(of))
    for row in connection.execute(query):
        fields[row.source_id].add(row.field)
    return {source: frozenset(names) for source, names in fields.items()}


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


# Statements and changes.


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


# Captures.


def further_pages(
    connection: Connection, where: ColumnElement[bool]
) -> dict[tuple[int, int, str], tuple[CaptureInfo, ...]]:
    """Return the pages after the first one, of what was read of sources, by source, first capture and `pages`."""
    p = reading_pages.c
    rows = connection.execute(
        select(p.source_id, p.capture_id, p.pages, p.page_capture_id)
        .join_from(reading_pages, sources, p.source_id == sources.c.id)
        .where(where)
        .order_by(p.page)
    ).all()
    kept = captures_by_id(connection, captures.c.id.in_(select(p.page_capture_id))) if rows else {}
    found: dict[tuple[int, int, str], tuple[CaptureInfo, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.source_id, row.capture_id, row.pages] += (kept[row.page_capture_id],)
    return found


# Small things.


def captures_by_id(connection: Connection, where: ColumnElement[bool]) -> dict[int, CaptureInfo]:
    """Return captures by the number of their row."""
    return captures_of_rows(connection.execute(select(captures).where(where)))


def _where(query: Select[Any], column: ColumnElement[str], provider: str | None) -> Select[Any]:
    return query if provider is None else query.where(column == provider)


# The same on the connection of a transaction that reads more.


def offers_on(connection: Connection, at: datetime, ids: Sequence[int] | None) -> list[OfferView]:
    """Return offers with what is published of each, withdrawn ones too; all of them where no ids are given."""
    return offers_where(connection, at, None, [SOLD] if ids is None else [offers.c.id.in_(ids)], listed=False)

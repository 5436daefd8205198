"""What was published of each offer, one version after the other: for the formats that have dated prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from scraper.records import State
from scraper.states import FieldView, SourceState, published
from scraper.store.asking import observed
from scraper.store.opening import Store
from scraper.store.sourcing import source_states
from scraper.store.tables import captures, observations, offers, sources

_o = observations.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was published of an offer from `since` until the next version (`until`, None for the last one).

    Both are times at which captures were taken: what happened between two of them is not known more precisely, nor is
    anything before the first. `fields` has those that were sourced then.
    """

    since: datetime
    until: datetime | None
    fields: Mapping[str, FieldView]


def list_versions(store: Store, at: datetime, provider: str | None = None) -> dict[int, list[Version]]:
    """Return the versions of every offer up to a time, the oldest first, by the number of the offer."""
    query = (
        select(
            observations, sources.c.name, offers.c.provider, offers.c.first_seen.label("offer_since"),
            captures.c.url, captures.c.captured_at, captures.c.sha256,
        )
        .join_from(observations, sources, _o.source_id == sources.c.id)
        .join(offers, _o.offer_id == offers.c.id)
        .join(captures, _o.capture_id == captures.c.id)
        .where(_o.first_seen <= at)
        .order_by(_o.offer_id, _o.id)
    )  # fmt: skip
    if provider is not None:
        query = query.where(offers.c.provider == provider)
    with store.reading() as connection:
        known = source_states(connection)
        by_offer: dict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(query):
            by_offer[row.offer_id].append(row)
    return {offer: list(_versions(rows, known[rows[0].provider], at)) for offer, rows in by_offer.items()}


def _versions(rows: Sequence[Any], known: Mapping[str, SourceState], at: datetime) -> Iterator[Version]:
    said = [(row, replace(observed(row), missed_at=None)) for row in rows]
    found: list[tuple[datetime, dict[str, FieldView]]] = []
    for moment in _moments(rows, at):
        live = [one for row, one in said if row.first_seen <= moment and not _closed(row, moment)]
        then = published(live, known, rows[0].offer_since, moment)
        fields = {view.field: view for view in then.fields if view.state is State.SOURCED}
        if not found or _substance(found[-1][1]) != _substance(fields):
            found.append((moment, fields))
    ends = [since for since, _ in found[1:]] + [None]
    for (since, fields), until in zip(found, ends, strict=True):
        yield Version(since=since, until=until, fields=fields)


def _moments(rows: Sequence[Any], at: datetime) -> list[datetime]:
    """Return the times at which something began, ended or came into force."""
    times = {row.first_seen for row in rows}
    times |= {row.closed_at for row in rows if row.closed_at is not None}
    times |= {row.valid_from for row in rows if row.valid_from is not None and row.valid_from >= row.first_seen}
    return sorted(time for time in times if time <= at)


def _closed(row: Any, moment: datetime) -> bool:
    return row.closed_at is not None and row.closed_at <= moment


def _substance(fields: Mapping[str, FieldView]) -> dict[str, tuple[str | None, str | None]]:
    return {name: (view.value, view.currency) for name, view in fields.items()}

"""Writing a plan down: offers, what stands and what is opened in its place, and the changes that people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func

from scraper.diff import Before, Plan
from scraper.failpoints import failpoint
from scraper.store.restating import seen_at
from scraper.store.rows import Row, by_id, each, insert_rows
from scraper.store.tables import UtcTime, changes, observations, offers
from scraper.store.views import SourceInfo

_o = observations.c

# A statement of every reading.
_MISSED: Final = by_id(observations).values(
    misses=_o.misses + 1, missed_at=func.coalesce(_o.missed_at, bindparam("at", type_=UtcTime))
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a plan became: the ids of its changes, and those of the offers it created, by their numbers in it."""

    changes: list[int]
    created: Mapping[int, int]


def apply_plan(
    connection: Connection,
    plan: Plan,
    run: int,
    source: SourceInfo,
    source_id: int,
    pages: Sequence[int],
    at: datetime,
) -> Applied:
    """Write a plan down; `pages` are the captures of the pages that were read."""
    created = _apply_to_offers(connection, plan, source.provider, at)
    _apply_to_standing(connection, plan, pages, at)
    failpoint("inside_commit")
    opened = insert_rows(
        connection,
        observations,
        [
            {
                "offer_id": created.get(opening.offer, opening.offer),
                "source_id": source_id,
                "field": opening.fact.field,
                "state": opening.fact.state,
                "value": opening.fact.value,
                "currency": opening.fact.currency,
                "reason": opening.fact.reason,
                "derived": opening.fact.derived,
                "promotional": opening.fact.promotional,
                "valid_from": opening.fact.valid_from,
                "valid_until": opening.fact.valid_until,
                "capture_id": pages[opening.fact.evidence.page],
                "locator": opening.fact.evidence.locator,
                "quote": opening.fact.evidence.quote,
                "last_capture_id": pages[opening.fact.evidence.page],
                "last_locator": opening.fact.evidence.locator,
                "last_quote": opening.fact.evidence.quote,
                "first_seen": at,
                "last_seen": at,
                "misses": 0,
            }
            for opening in plan.open
        ],
    )
    changed = insert_rows(
        connection,
        changes,
        [
            {
                "run_id": run,
                "at": at,
                "provider": source.provider,
                "source_id": source_id,
                "offer_id": created.get(change.offer, change.offer),
                "field": change.field,
                "kind": change.kind,
                "before_observation_id": change.before,
                "after_observation_id": (
                    change.after_standing if change.after_opened is None else opened[change.after_opened]
                ),
            }
            for change in plan.changes
        ],
    )
    return Applied(changed, created)


def _apply_to_offers(connection: Connection, plan: Plan, provider: str, at: datetime) -> dict[int, int]:
    """Write the offers of a plan; return the id of each that was created by its number in the plan."""
    rows = [
        {
            "provider": provider,
            "model_id": new.model_id,
            "name": new.name,
            "shared_id": new.shared_id,
            "first_seen": at,
            "last_seen": at,
        }
        for new in plan.create
    ]
    ids = insert_rows(connection, offers, rows)
    seen_at(connection, plan.seen, at)
    each(connection, by_id(offers), [{"row": offer, "withdrawn_at": None} for offer in plan.returned])
    each(connection, by_id(offers), [{"row": offer, "withdrawn_at": at} for offer in plan.withdraw])
    each(connection, by_id(offers), [{"row": offer, "model_id": given} for offer, given in plan.identify.items()])
    each(connection, by_id(offers), [{"row": offer, "name": given} for offer, given in plan.rename.items()])
    return {new.offer: made for new, made in zip(plan.create, ids, strict=True)}


def _apply_to_standing(connection: Connection, plan: Plan, pages: Sequence[int], at: datetime) -> None:
    """Confirm, miss and close what stood, before anything new is opened in its place."""
    confirmed: list[Row] = [
        {
            "row": number,
            "last_seen": at,
            "last_capture_id": pages[evidence.page],
            "last_locator": evidence.locator,
            "last_quote": evidence.quote,
            "misses": 0,
            "missed_at": None,
        }
        for number, evidence in plan.confirm.items()
    ]
    each(connection, by_id(observations), confirmed)
    each(connection, _MISSED, [{"row": number, "at": at} for number in plan.miss])
    each(connection, by_id(observations), [{"row": number, "closed_at": at} for number in plan.close])


def miss_earlier(connection: Connection, before: Before, missed: Mapping[int, datetime]) -> Before:
    """Let what stands count as missed once, at the times given for it, because an earlier capture did not show it."""
    rows = [{"row": number, "misses": 1, "missed_at": since} for number, since in missed.items()]
    each(connection, by_id(observations), rows)
    standing = [replace(stood, misses=1) if stood.id in missed else stood for stood in before.standing]
    return replace(before, standing=standing)

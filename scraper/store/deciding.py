"""What people decide of holds: exactly one old and one new value each, with who and when, for a time.

Approving publishes at once, as if the capture that was read last had not been held; rejecting keeps what stands.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, Protocol

from sqlalchemy import Connection, select, update

from scraper.diff import Before, Captured, Frozen, Known, Naming, Standing, diff, in_effect
from scraper.errors import RatecardError
from scraper.failpoints import failpoint
from scraper.holds import HoldStatus
from scraper.records import Fact, Offer, iso
from scraper.settling import OffersByName, by_offer, gone, same_claim, stood_for
from scraper.store.applying import apply_plan, miss_earlier
from scraper.store.holding import holds_where
from scraper.store.identities import identify_offers
from scraper.store.keeping import Stored, capture_row, source_row
from scraper.store.opening import Store, hold_back_others
from scraper.store.outbox import keep_happened, retract_settled
from scraper.store.past import changes_by_id
from scraper.store.restating import forget_restated
from scraper.store.standing import before_of, known_offers
from scraper.store.tables import holds, source_fields, sources
from scraper.store.views import ChangeView, HoldView, SourceInfo
from scraper.store.writing import begin_run_on

DECISION_DAYS: Final = 90
"""How long a decision counts where nobody says otherwise."""

_BEFORE_ALL: Final = Captured("", datetime(1970, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided, as it is remembered now, and what that changed; `run` has the changes of an approval."""

    holds: tuple[HoldView, ...]
    changes: tuple[ChangeView, ...] = ()
    run: int | None = None


class Decide(Protocol):
    """What `approve_holds` and `reject_holds` are."""

    def __call__(
        self, store: Store, ids: Iterable[int], *, by: str, at: datetime, note: str = "", days: int = DECISION_DAYS
    ) -> Decided:
        """Decide the holds of these numbers, all or none."""


def approve_holds(
    store: Store, ids: Iterable[int], *, by: str, at: datetime, note: str = "", days: int = DECISION_DAYS
) -> Decided:
    """Publish what is held, all of it in one transaction or, with a `RatecardError` that says why, nothing.

    `at` is now. What is opened has the evidence and the time of the last capture that says so. An offer or a field that
    vanished is withdrawn where two captures did not show it, and missed once where one did not.
    """
    with store.writing() as connection:
        waiting = _waiting(connection, ids)
        run = begin_run_on(connection, at, at, replay=False)
        numbers: list[int] = []
        for _, group in groupby(sorted(waiting, key=_reading), key=_reading):
            numbers += _publish(connection, run, list(group))
        for provider in {hold.provider for hold in waiting}:
            identify_offers(connection, provider)
        _decide(connection, waiting, HoldStatus.APPROVED, by=by, at=at, note=note, days=days)
        changed = changes_by_id(connection, numbers)
        keep_happened(connection, run, changed, ())
        decided = Decided(holds=_again(connection, waiting), changes=changed, run=run)
        failpoint("before_commit")
    failpoint("after_commit")
    return decided


def reject_holds(
    store: Store, ids: Iterable[int], *, by: str, at: datetime, note: str = "", days: int = DECISION_DAYS
) -> Decided:
    """Keep what stands, and do not ask again while the decision counts; `at` is now."""
    with store.writing() as connection:
        waiting = _waiting(connection, ids)
        _decide(connection, waiting, HoldStatus.REJECTED, by=by, at=at, note=note, days=days)
        return Decided(holds=_again(connection, waiting))


def _waiting(connection: Connection, ids: Iterable[int]) -> list[HoldView]:
    """Return the holds of these numbers, which wait and which nobody else decides meanwhile."""
    wanted = sorted(set(ids))
    touched = connection.scalars(select(holds.c.provider).distinct().where(holds.c.id.in_(wanted)))
    for provider in sorted(touched):
        hold_back_others(connection, provider)
    found = {hold.id: hold for hold in holds_where(connection, holds.c.id.in_(wanted))}
    for number in wanted:
        hold = found.get(number)
        if hold is None:
            raise RatecardError(f"There is no hold {number}; `ratecard review` lists those that wait.")
        if hold.status is not HoldStatus.OPEN:
            who = f" by {hold.decided_by}" if hold.decided_by else ""
            when = f" at {iso(hold.decided_at)}" if hold.decided_at else ""
            raise RatecardError(f"Hold {number} was {hold.status}{who}{when}; `ratecard review` lists those that wait.")
    return list(found.values())


def _decide(
    connection: Connection,
    waiting: Sequence[HoldView],
    status: HoldStatus,
    *,
    by: str,
    at: datetime,
    note: str,
    days: int,
) -> None:
    values = {
        "status": status,
        "decided_by": by,
        "decided_at": at,
        "decided_note": note,
        "expires_at": at + timedelta(days=days),
    }
    connection.execute(update(holds).where(holds.c.id.in_([hold.id for hold in waiting])).values(values))
    for provider in sorted({hold.provider for hold in waiting}):
        retract_settled(connection, provider)


def _again(connection: Connection, waiting: Sequence[HoldView]) -> tuple[HoldView, ...]:
    return tuple(holds_where(connection, holds.c.id.in_([hold.id for hold in waiting])))


# Publishing what was held of one reading.


def _reading(hold: HoldView) -> tuple[str, str, datetime, str, str]:
    return (hold.provider, hold.source, hold.last.captured_at, hold.last.sha256, hold.last.url)


def _publish(connection: Connection, run: int, group: Sequence[HoldView]) -> list[int]:
    """Apply what was held of one reading, first what it states and then what vanished; return the new changes."""
    info = _info(connection, group[0])
    stated = [hold for hold in group if hold.new is not None]
    vanished = [hold for hold in group if hold.new is None]
    changes = _publish_stated(connection, run, info, stated) if stated else []
    return changes + (_publish_vanished(connection, run, info, vanished) if vanished else [])


def _publish_stated(connection: Connection, run: int, info: SourceInfo, group: Sequence[HoldView]) -> list[int]:
    last = group[0].last
    stored = source_row(connection, info)
    before = _all_before(connection, info, stored, Captured(last.sha256, last.captured_at))
    names = _names(before)
    by_ref = by_offer(before.standing)
    known = {offer.id: offer for offer in before.known}
    facts: dict[tuple[str, str, bool], list[Fact]] = {}
    decided: set[int] = set()
    for hold in group:
        ref = names.find(hold.model_id, hold.name)
        stood = None
        if ref is not None:
            of_field = by_ref.get(ref, {}).get(hold.field, ())
            stood = _stood_for(hold, of_field)
            decided |= {one.id for one in of_field if in_effect(one) and one.last_seen < last.captured_at}
        _check(hold, stood)
        decided |= set() if stood is None else {stood.id}
        called: Known | HoldView = hold if ref is None else known[ref]
        if hold.new is not None:
            # The capture of a hold is that of the page that states it: to the hold, it is the only one.
            fact = hold.new.model_copy(update={"evidence": hold.new.evidence.model_copy(update={"page": 0})})
            facts.setdefault((called.model_id, called.name, called.shared_id), []).append(fact)
    offers = [
        Offer(model_id=model_id, name=name, shared_id=shared, facts=tuple(said))
        for (model_id, name, shared), said in facts.items()
    ]
    # At the same time as the reading before: then nothing else is missing from it.
    before = replace(before, last_read=Captured("", last.captured_at))
    plan = diff(before, offers, Captured(last.sha256, last.captured_at), _all_but(before.standing, decided))
    page = capture_row(connection, last)
    return apply_plan(connection, plan, run, info, stored.id, [page], last.captured_at).changes


def _all_before(connection: Connection, info: SourceInfo, stored: Stored, captured: Captured) -> Before:
    forget_restated(connection, stored.id)
    return before_of(connection, info, stored, captured, known_offers(connection, info.provider))


def _publish_vanished(connection: Connection, run: int, info: SourceInfo, group: Sequence[HoldView]) -> list[int]:
    last = group[0].last
    stored = source_row(connection, info)
    captured = Captured(last.sha256, last.captured_at)
    before = _all_before(connection, info, stored, captured)
    names = _names(before)
    by_ref = by_offer(before.standing)
    going: dict[int, Standing] = {}
    missed: dict[int, datetime] = {}
    for hold in group:
        ref = names.find(hold.model_id, hold.name)
        left = gone(by_ref.get(ref, {}), hold.field, hold.valid_from) if ref is not None else []
        if not left:
            raise RatecardError(
                f"{_called(hold)} is not there any more, so that it cannot vanish; hold {hold.id} is moot."
            )
        for stood in left:
            if hold.field:
                _check(hold, stood)
            going[stood.id] = stood
            if hold.seen > 1 and not stood.misses:
                missed[stood.id] = hold.first.captured_at
    before = replace(miss_earlier(connection, before, missed), last_read=_BEFORE_ALL)
    plan = diff(before, (), captured, _all_but(before.standing, going))
    page = capture_row(connection, last)
    return apply_plan(connection, plan, run, info, stored.id, [page], last.captured_at).changes


def _stood_for(hold: HoldView, of_field: Sequence[Standing]) -> Standing | None:
    if hold.old is not None:
        return stood_for(of_field, hold.valid_from, hold.last.captured_at)
    # What stood then in another's place was stated beside it.
    return next((stood for stood in of_field if stood.valid_from == hold.valid_from), None)


def _check(hold: HoldView, stood: Standing | None) -> None:
    """Refuse where something else stands than what the decision is about."""
    if not same_claim(hold.old, stood) or (stood is not None and stood.last_seen > hold.last.captured_at):
        now = "nothing" if stood is None else f"{stood.value or stood.state} {stood.currency or ''}".strip()
        raise RatecardError(
            f"Hold {hold.id} is about another value than what stands of {_called(hold)} now, which is {now}; "
            "refresh, and review what is held then."
        )


def _called(hold: HoldView) -> str:
    offer = f"{hold.provider}/{hold.model_id or hold.name}"
    return f"{hold.field} of {offer}" if hold.field else offer


def _names(before: Before) -> OffersByName:
    return OffersByName.of(before.known, (), Naming((), (), {}))


def _all_but(standing: Sequence[Standing], decided: Container[int]) -> Frozen:
    """Freeze what stands, but for what was decided of: what the capture said of the rest is not known here."""
    return Frozen(facts=frozenset((s.offer, s.field, s.valid_from) for s in standing if s.id not in decided))


def _info(connection: Connection, hold: HoldView) -> SourceInfo:
    """Return a source as it was declared last."""
    mine = (sources.c.provider == hold.provider, sources.c.name == hold.source)
    row = connection.execute(select(sources).where(*mine)).one()
    fields = connection.scalars(select(source_fields.c.field).where(source_fields.c.source_id == row.id))
    return SourceInfo(
        provider=row.provider,
        name=row.name,
        url=row.url,
        fields=frozenset(fields),
        rank=row.rank,
        fresh_days=row.fresh_days,
        sells=row.sells,
    )

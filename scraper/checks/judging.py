"""All guards in their order, and what they say of a reading together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from scraper.checks import absolute, exchanges, losses, neighbours, relative
from scraper.checks.case import Case, Doubt, Failure, Guard
from scraper.contracts import Contract
from scraper.holds import Held, Stood
from scraper.records import Reading

GUARDS: Final[tuple[Guard, ...]] = (
    absolute.no_offers,
    absolute.no_prices,
    absolute.count_of_offers,
    absolute.must_have,
    absolute.coverage,
    absolute.currencies,
    absolute.currency_mark,
    relative.currency_switched,
    exchanges.swapped,
    exchanges.relabelled,
    exchanges.rows_shifted,
    exchanges.offers_swapped,
    losses.offers_lost,
    losses.field_lost,
    losses.ambiguous_names,
    absolute.bounds,
    absolute.cache_read_above_input,
    absolute.batch_above_standard,
    absolute.output_above_context,
    absolute.dates,
    absolute.cutoff_after_release,
    absolute.release_after_retirement,
    absolute.lookalikes,
    relative.scale_jump,
    neighbours.far_from_its_like,
    neighbours.far_from_the_others,
    relative.mass_move,
    relative.column_moved,
    relative.zero_crossing,
    losses.no_longer_offered,
    relative.flapping,
)
"""Every guard. Where several object to one fact, the first one here is named."""


class Verdict(StrEnum):
    """What a guard makes of a reading."""

    PASS = "pass"  # noqa: S105
    HOLD = "hold"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one guard saw."""

    name: str
    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all guards say of a reading.

    Any of the `failures` (one sentence each) fails the source. `holds` has at most one for each offer, field and
    `valid_from`. `seen` has one entry for each guard, in their order.
    """

    failures: tuple[str, ...]
    holds: tuple[Held, ...]
    seen: tuple[Seen, ...]


def judge(reading: Reading, contract: Contract, stood: Sequence[Stood], at: datetime) -> Judgement:
    """Judge a reading before it can touch a published value.

    `stood` is what stands of its source, empty before the first reading; `at` is the time of its capture, aware UTC.
    What stands already as the reading says it is not held again.
    """
    case = Case(reading, contract, stood, at)
    failures: list[str] = []
    holds: dict[tuple[str, str, str, datetime | None], Held] = {}
    seen = []
    for guard in GUARDS:
        name = guard.__name__
        objections = [] if contract.waives(name) else list(guard(case))
        failed = [one.message for one in objections if isinstance(one, Failure)]
        doubts = [
            one
            for one in objections
            if isinstance(one, Doubt) and not contract.excepts(name, one.model_id, one.name, one.field)
        ]
        failures += failed
        for doubt in doubts:
            holds.setdefault((doubt.model_id, doubt.name, doubt.field, doubt.valid_from), doubt.held(name))
        seen.append(_seen(name, failed, doubts))
    for more in (relative.companions, losses.amid_losses):
        for held in more(case, tuple(holds.values())):
            holds.setdefault((held.model_id, held.name, held.field, held.valid_from), held)
    return Judgement(tuple(failures), tuple(holds.values()), tuple(seen))


def _seen(name: str, failed: Sequence[str], doubts: Sequence[Doubt]) -> Seen:
    if failed:
        return Seen(name, Verdict.FAIL, "; ".join(failed))
    if doubts:
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        return Seen(name, Verdict.HOLD, f"{doubts[0].message}{more}")
    return Seen(name, Verdict.PASS, "")

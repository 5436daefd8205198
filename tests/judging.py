"""Readings in a few words, and what stands of them, for tests of the guards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from scraper.checks import Judgement, Seen, Verdict, judge
from scraper.contracts import Contract
from scraper.holds import Stood
from scraper.meters import is_rate_key
from scraper.records import Evidence, Fact, Offer, Reading, State

THEN = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 8, tzinfo=UTC)

Saying = str | Fact
Offers = Mapping[str, Mapping[str, Saying]]


def fact(
    field: str,
    value: str | None,
    *,
    currency: str = "USD",
    state: State = State.SOURCED,
    quote: str = "as printed",
    promotional: bool = False,
    valid_from: datetime | None = None,
) -> Fact:
    rate = value is not None and is_rate_key(field)
    return Fact(
        field=field,
        state=state,
        value=value,
        currency=currency if rate else None,
        evidence=Evidence(locator="table[1]/row[2]/cell[2]", quote=quote),
        promotional=promotional,
        valid_from=valid_from,
    )


def reading(offers: Offers) -> Reading:
    """`{"m1": {"input": "5", "output": "25"}}`; an id that begins with "=" is a name without an id."""
    return Reading(offers=tuple(offer(who, fields) for who, fields in offers.items()))


def offer(who: str, fields: Mapping[str, Saying]) -> Offer:
    facts = tuple(said if isinstance(said, Fact) else fact(field, said) for field, said in fields.items())
    return Offer(model_id="" if who.startswith("=") else who, name=who.lstrip("="), facts=facts)


def standing(
    read: Reading, *, at: datetime = THEN, earlier: Mapping[tuple[str, str], Sequence[str]] | None = None
) -> list[Stood]:
    """What stands after a reading; `earlier` are former values by (id, field)."""
    return [
        Stood(
            model_id=one.model_id,
            name=one.name,
            field=said.field,
            state=said.state,
            value=said.value,
            currency=said.currency,
            valid_from=said.valid_from,
            promotional=said.promotional,
            last_seen=at,
            earlier=(earlier or {}).get((one.model_id, said.field), ()),
        )
        for one in read.offers
        for said in one.facts
    ]


def judged(
    after: Offers | Reading,
    before: Offers | Reading | None = None,
    *,
    contract: Contract | None = None,
    earlier: Mapping[tuple[str, str], Sequence[str]] | None = None,
    at: datetime = NOW,
) -> Judgement:
    """Judge a reading against what another one left standing a week before."""
    new = after if isinstance(after, Reading) else reading(after)
    old = before if isinstance(before, Reading) else reading(before or {})
    return judge(new, contract or Contract(), standing(old, at=at - timedelta(days=7), earlier=earlier), at)


def held(judgement: Judgement) -> dict[tuple[str, str], str]:
    """The guard that holds each (id or name, field)."""
    return {(hold.model_id or hold.name, hold.field): hold.check for hold in judgement.holds}


def releases(judgement: Judgement) -> dict[tuple[str, str], int | None]:
    return {(hold.model_id or hold.name, hold.field): hold.releases_after for hold in judgement.holds}


def failing(judgement: Judgement) -> set[str]:
    """The guards that fail the source."""
    return {seen.name for seen in judgement.seen if seen.verdict is Verdict.FAIL}


def seen(judgement: Judgement, name: str) -> Seen:
    (found,) = (one for one in judgement.seen if one.name == name)
    return found


def many(count: int, fields: Mapping[str, Saying], *, first: int = 0) -> dict[str, dict[str, Saying]]:
    return {f"m{n}": dict(fields) for n in range(first, first + count)}


def published(after: Reading, judgement: Judgement) -> Iterable[tuple[Offer, Fact]]:
    """What a reading adds or changes once its failures and holds are taken out."""
    if judgement.failures:
        return
    kept = {(hold.model_id, hold.name, hold.field, hold.valid_from) for hold in judgement.holds}
    for one in after.offers:
        for said in one.facts:
            if (one.model_id, one.name, said.field, said.valid_from) not in kept:
                yield one, said

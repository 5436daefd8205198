"""Guards that need nothing but the reading and its contract."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from scraper.checks.case import MOST, Case, Failure, Objection, Said, named, rate_key
from scraper.checks.text import shown
from scraper.meters import METERS, is_rate_key
from scraper.records import SPECS, State, clean, plain

FIRST_DAY: Final = date(2018, 1, 1)
"""Before this day there were no offers of this kind."""
AHEAD: Final = timedelta(days=180)
"""A release may be announced so long before."""
RETIRES_AHEAD: Final = timedelta(days=10 * 365)
SLACK: Final = timedelta(days=31)
"""Dates of two kinds are stated so roughly."""

BOUNDS: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    "input": (Decimal("0.0005"), Decimal(2000)),
    "output": (Decimal("0.0005"), Decimal(2000)),
    "cache_read": (Decimal("0.0001"), Decimal(2000)),
    "cache_write": (Decimal("0.0005"), Decimal(2000)),
    "reasoning": (Decimal("0.0005"), Decimal(2000)),
    "training": (Decimal("0.01"), Decimal(2000)),
    "tokens": (Decimal("0.0005"), Decimal(2000)),
    "cache_storage": (Decimal("0.0005"), Decimal(100)),
    "characters": (Decimal("0.005"), Decimal(2000)),
    "images": (Decimal("0.0001"), Decimal(20)),
    "input_images": (Decimal("0.000001"), Decimal(5)),
    "megapixels": (Decimal("0.0001"), Decimal(5)),
    "videos": (Decimal("0.001"), Decimal(200)),
    "input_frames": (Decimal("0.0000001"), Decimal(1)),
    "requests": (Decimal("0.000001"), Decimal(50)),
    "pages": (Decimal("0.00001"), Decimal(5)),
    "video_seconds": (Decimal("0.0005"), Decimal(20)),
    "audio_seconds": (Decimal("0.0000005"), Decimal(1)),
    "audio_minutes": (Decimal("0.00005"), Decimal(20)),
    "audio_hours": (Decimal("0.001"), Decimal(200)),
    "gpu_seconds": (Decimal("0.000005"), Decimal(1)),
    "gpu_hours": (Decimal("0.01"), Decimal(500)),
    "training_hours": (Decimal("0.05"), Decimal(2000)),
    "container_hours": (Decimal("0.001"), Decimal(100)),
    "searches": (Decimal("0.01"), Decimal(500)),
    "search_units": (Decimal("0.01"), Decimal(500)),
    "storage_gb_days": (Decimal("0.0001"), Decimal(50)),
}
"""The least and the most that is believable in USD for each meter, far outside of what anybody asks for today."""

WORTH: Final[Mapping[str, Decimal]] = {"CNY": Decimal(7), "INR": Decimal(85), "JPY": Decimal(150), "KRW": Decimal(1400)}
"""About how much of a currency a dollar is; of one that is not here, about one."""

TOKENS_BOUNDS: Final = (Decimal(64), Decimal(100_000_000))

_MARKS: Final = {
    "USD": re.compile(r"\$|USD|dollar|cents?\b|¢", re.IGNORECASE),
    "EUR": re.compile(r"€|EUR\b|euro", re.IGNORECASE),
    "GBP": re.compile(r"£|GBP"),
    "CNY": re.compile(r"[¥￥元]|CNY|RMB|yuan", re.IGNORECASE),
    "JPY": re.compile(r"[¥￥円]|JPY|yen\b", re.IGNORECASE),
    "INR": re.compile(r"₹|INR|\bRs\b"),
    "KRW": re.compile(r"₩|KRW|원"),
}
_ANY_MARK = re.compile("|".join(f"(?:{mark.pattern})" for mark in _MARKS.values()), re.IGNORECASE)


def no_offers(case: Case) -> Iterator[Objection]:
    """A reading without a single offer is no reading."""
    if not case.reading.offers:
        yield Failure("the reading has no offers at all; the page has probably changed its shape")


def no_prices(case: Case) -> Iterator[Objection]:
    """A source that has published prices and now states none has changed its shape."""
    had = any(stood.state is State.SOURCED and is_rate_key(stood.field) for stood in case.stood)
    if had and case.reading.offers and not any(said.amount is not None for said in case.facts):
        yield Failure(
            f"none of the {len(case.reading.offers)} offers of the reading has a price, and this source has published "
            "prices"
        )


def count_of_offers(case: Case) -> Iterator[Objection]:
    """The contract says how many offers a good reading has."""
    count, limits = len(case.reading.offers), case.contract.offers
    if limits and count and not limits[0] <= count <= limits[1]:
        yield Failure(f"the reading has {count} offers, and its contract expects {limits[0]} to {limits[1]}")


def must_have(case: Case) -> Iterator[Objection]:
    """The contract names offers that a good reading has."""
    names = {offer.model_id or offer.name: offer.name for offer in case.reading.offers}
    if names and (lacking := case.contract.lacks(names)):
        yield Failure(f"the reading lacks what its contract says it must have: {named(list(lacking))}")


def coverage(case: Case) -> Iterator[Objection]:
    """The contract says which share of the offers must have a value of a field."""
    count = len(case.reading.offers)
    for field, share in case.contract.covered.items():
        having = sum(
            any(fact.field == field and fact.state is State.SOURCED for fact in offer.facts)
            for offer in case.reading.offers
        )
        if having < share * count:
            yield Failure(
                f"only {having} of the {count} offers have {field}, and its contract expects {share:.0%} of them"
            )


def currencies(case: Case) -> Iterator[Objection]:
    """The contract says in which currencies a source states its amounts."""
    allowed = case.contract.currencies
    rated = [said for said in case.facts if said.amount is not None]
    foreign = [said for said in rated if allowed and said.fact.currency not in allowed]
    if len(foreign) > MOST * len(rated):
        yield Failure(
            f"{len(foreign)} of {len(rated)} prices are in {_currencies(foreign)}, and its contract says "
            f"{', '.join(allowed)}; another price list was probably sent"
        )
    for said in foreign:
        if said.fresh:
            yield said.doubt(
                f"{said.fact.field} of {said.who} is in {said.fact.currency}, and the contract of its source says "
                f"{', '.join(allowed)}"
            )


def currency_mark(case: Case) -> Iterator[Objection]:
    """A price that is printed with the mark of another currency is not in the currency that it was read in."""
    for said in case.fresh:
        quote, currency = said.fact.evidence.quote, said.fact.currency
        if said.amount is None or currency not in _MARKS or said.fact.derived:
            continue
        if not _MARKS[currency].search(quote) and _ANY_MARK.search(quote):
            yield said.doubt(
                f"{said.fact.field} of {said.who} was read as {currency}, and what is printed is “{quote[:80]}”"
            )


def bounds(case: Case) -> Iterator[Objection]:
    """Amounts that nobody asks for are misread, whatever else is right about them."""
    for said in case.fresh:
        amount, tokens = said.amount, SPECS.get(said.fact.field) == "tokens"
        if tokens and said.fact.value is not None:
            amount, (least, most) = Decimal(said.fact.value), TOKENS_BOUNDS
        elif amount is not None:
            least, most = _bounds(said.fact.field, said.fact.currency)
        if amount and not least <= amount <= most:
            yield said.doubt(
                f"{said.fact.field} of {said.who} is {shown(amount, said.fact.field, said.fact.currency)}, outside of "
                f"{plain(least.normalize())} to {plain(most.normalize())}, which is all that is believable"
            )


@lru_cache(maxsize=4096)
def _bounds(field: str, currency: str | None) -> tuple[Decimal, Decimal]:
    """Return the least and the most that is believable of a rate, in its currency."""
    worth = WORTH.get(currency or "", Decimal(1))
    meter = rate_key(field)
    least, most = BOUNDS[meter.meter if meter else ""]
    return least * worth, most * worth


def cache_read_above_input(case: Case) -> Iterator[Objection]:
    """Reading from a cache costs no more than sending anew."""
    yield from _above(case, "cache_read", "input", "reading from the cache costs more than sending anew")


def batch_above_standard(case: Case) -> Iterator[Objection]:
    """A batch costs no more than the same at once; so does flex."""
    for by_field in case.prices:
        for said in by_field.values():
            key = rate_key(said.fact.field)
            if key is None or dict(key.labels).get("tier") not in ("batch", "flex"):
                continue
            standard = by_field.get(str(key.with_labels(tier=None)))
            yield from _compared(said, standard, f"{dict(key.labels)['tier']} costs more than the same at once")


def output_above_context(case: Case) -> Iterator[Objection]:
    """A model does not write more tokens than its context window holds."""
    for specs in case.specs:
        most, window = specs.get("max_output_tokens"), specs.get("context_window")
        if most is None or window is None or int(most.fact.value or 0) <= int(window.fact.value or 0):
            continue
        for said in (most, window):
            if said.fresh:
                yield said.doubt(
                    f"{said.who} would write up to {most.fact.value} tokens with a context window of "
                    f"{window.fact.value}"
                )


def dates(case: Case) -> Iterator[Objection]:
    """Days that cannot be: released long from now or before there were models, knowing what is still to come."""
    today = case.at.date()
    for said in case.fresh:
        if SPECS.get(said.fact.field) == "date" and said.fact.value and (wrong := _implausible(said, today)):
            yield said.doubt(f"{said.fact.field} of {said.who} is {said.fact.value}, {wrong}")


def cutoff_after_release(case: Case) -> Iterator[Objection]:
    """A model does not know what came after its release."""
    yield from _in_order(case, ("knowledge_cutoff", "training_cutoff"), "released", "later than its release")


def release_after_retirement(case: Case) -> Iterator[Objection]:
    """A model is not released after it was retired."""
    yield from _in_order(case, ("released",), "retires", "later than its retirement")


def lookalikes(case: Case) -> Iterator[Objection]:
    """Ids that differ only in case, in width or in letters that look alike are one offer, misspelt, or a trick."""
    seen: dict[str, set[str]] = defaultdict(set)
    for offer in case.reading.offers:
        if offer.model_id:
            seen[skeleton(offer.model_id)].add(offer.model_id)
    stood = {skeleton(model_id): model_id for model_id in {one.model_id for one in case.stood} if model_id}
    for facts in case.by_offer:
        model_id, shape = facts[0].offer.model_id, skeleton(facts[0].offer.model_id)
        if facts[0].known or not shape:
            continue
        others = sorted((seen[shape] | {stood.get(shape, "")}) - {model_id, ""})
        if others:
            for said in facts:
                yield said.doubt(f"the id {model_id!a} looks like {others[0]!a}; one of them is probably misspelt")


_LOOKALIKES: Final = str.maketrans("аеорсухіјѕԁһӏѵԛԝвкмнтαορνικτυχ", "aeopcyxijsdhlvqwbkmhtaopviktux")


@lru_cache(maxsize=8192)
def skeleton(text: str) -> str:
    """Return what a text looks like: compatibility forms, case, marks and look-alike letters made one."""
    decomposed = unicodedata.normalize("NFKD", clean(text)).casefold()
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return letters.translate(_LOOKALIKES).translate(str.maketrans("‐‑‒–—−", "------"))


def _currencies(facts: list[Said]) -> str:
    return ", ".join(sorted({said.fact.currency or "" for said in facts}))


def _above(case: Case, low: str, high: str, wrong: str) -> Iterator[Objection]:
    for by_field in case.prices:
        for field, said in by_field.items():
            key = rate_key(field)
            if key is not None and key.meter == low:
                other = field.replace(low, high, 1)
                yield from _compared(said, by_field.get(other), wrong)


def _compared(low: Said, high: Said | None, wrong: str) -> Iterator[Objection]:
    if high is None or low.amount is None or high.amount is None or low.fact.currency != high.fact.currency:
        return
    if low.amount <= high.amount or not high.amount:
        return
    for said in (low, high):
        if said.fresh:
            yield said.doubt(
                f"{low.fact.field} of {low.who} is {shown(low.amount, low.fact.field, low.fact.currency)} and "
                f"{high.fact.field} is {plain(high.amount.normalize())}: {wrong}"
            )


def _implausible(said: Said, today: date) -> str | None:
    first, last = span_of(said.fact.value or "")
    if last < FIRST_DAY:
        return f"before {FIRST_DAY.year}"
    if said.fact.field == "retires":
        return "more than ten years from now" if first > today + RETIRES_AHEAD else None
    if said.fact.field == "released":
        return "more than half a year from now" if first > today + AHEAD else None
    return "which is still to come" if first > today else None


def _in_order(case: Case, earlier: tuple[str, ...], later: str, wrong: str) -> Iterator[Objection]:
    for specs in case.specs:
        late = specs.get(later)
        if late is None:
            continue
        for early in (specs[field] for field in earlier if field in specs):
            if span_of(early.fact.value or "")[0] <= span_of(late.fact.value or "")[1] + SLACK:
                continue
            for said in (early, late):
                if said.fresh:
                    yield said.doubt(
                        f"{early.fact.field} of {early.who} is {early.fact.value}, {wrong} ({late.fact.value})"
                    )


def span_of(text: str) -> tuple[date, date]:
    """Return the first and the last day that an ISO day, month or year may mean."""
    first = date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    if len(text) == 10:
        return first, first
    if len(text) == 7:
        return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first, first.replace(month=12, day=31)


if BOUNDS.keys() != METERS.keys():
    raise AssertionError(f"these meters have no bounds: {sorted(METERS.keys() ^ BOUNDS.keys())}")

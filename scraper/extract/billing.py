"""Billing configurations in a page's data: tiers, each with the criteria under which its prices hold.

    {"current_tiers": [{"criteria": [{"title": "target resolution", "type": "equals", "value": "720p"}],
                        "prices": [{"metric": "video_output_count", "price": "$0.25", "title": "per output video"}]}]}

What prices are for and what criteria mean is declared by a `Tariff`; whatever it does not know is noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scraper.extract import Unreadable, jsontext
from scraper.extract.cards import facts_per, read_per
from scraper.extract.document import Document
from scraper.extract.jsontext import Json
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.payload import Payload
from scraper.meters import RateKey
from scraper.records import Fact

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Billing:
    """One billing configuration: where it is, and the model (`owner/name`) named beside it, "" where none is."""

    payload: Payload
    pointer: str
    model_id: str


@dataclass(frozen=True, slots=True)
class Tariff:
    """What the words of a provider's billing mean.

    `things` maps what a title says a price is for ("output token") to the metric that counts it and our meter;
    `criteria` the title of a criterion ("target resolution") to a label. A range of "input token" is a `prompt_gt`.
    """

    things: Mapping[str, tuple[str, str]]
    criteria: Mapping[str, str]

    def facts(
        self, amount: Passage, title: str, price: Row | None = None, labels: Mapping[str, str | int] | None = None
    ) -> tuple[Fact, ...]:
        """Return the facts of an amount with its title; `price` may say its metric and type.

        Raises `Unreadable` where there is no meter, or where the metric, the type or the amount is not as declared.
        """
        quantity, thing = read_per(title)
        metric, meter = self.things.get(thing, ("", ""))
        said = price or {}
        if not meter or said.get("metric", metric) != metric:
            raise Unreadable(f"{amount.line} {title} (metric {said.get('metric')}) has no meter")
        if said.get("type", "per-unit") not in ("per-unit", "fixed" if meter == "requests" else ""):
            raise Unreadable(f"{amount.line} {title} is of the unknown type {said['type']!r}")
        try:
            key = RateKey(meter).with_labels(**(labels or {}))
        except ValueError as error:
            raise Unreadable(str(error)) from error
        return facts_per(amount, quantity, key)

    def labels(self, criteria: Sequence[Row], *, ranges_meet: bool) -> dict[str, str | int]:
        """Return the labels that a tier's criteria stand for; raise `Unreadable` for one that has none."""
        labels: dict[str, str | int] = {}
        for criterion in criteria:
            title, kind, value = (criterion.get(key) for key in ("title", "type", "value"))
            if kind == "equals" and isinstance(title, str) and title in self.criteria and isinstance(value, str):
                labels[self.criteria[title]] = value
            elif (kind, title, ranges_meet) == ("range", "input token", True) and isinstance(value, list):
                labels |= {"prompt_gt": value[0]} if value[0] is not None else {}
            else:
                raise Unreadable(f"the criterion {jsontext.written(criterion)} has no label")
        return labels


def billings(document: Document) -> Iterator[Billing]:
    """Yield the billing configurations of a page that are not null."""
    for payload in document.payloads:
        for pointer in payload.places.get("billingConfig", ()):
            beside = jsontext.at(payload.value, pointer)
            if isinstance(beside["billingConfig"], dict):
                model_id = _model_of(beside) or _model_of(beside.get("model"))
                yield Billing(payload, f"{pointer}/billingConfig", model_id)


def _model_of(value: Json) -> str:
    if not isinstance(value, dict):
        return ""
    owner, name = value.get("owner") or value.get("username"), value.get("name")
    return f"{owner}/{name}" if isinstance(owner, str) and isinstance(name, str) and name else ""


def read_billing(billing: Billing, named: Named, tariff: Tariff, offers: Offers) -> None:
    """Add the prices of a billing configuration to an offer; tiers for a later day are noted."""
    config = jsontext.at(billing.payload.value, billing.pointer)
    for key in config:
        if key.endswith("tiers") and key != "current_tiers" and config[key]:
            offers.note("off_contract", f"{named.name} has {key!r} beside its current prices", billing.payload.locator)
    tiers = _rows(config.get("current_tiers"))
    meet = _ranges_meet([criterion for tier in tiers for criterion in _rows(tier.get("criteria"))])
    for number, tier in enumerate(tiers):
        for place, price in enumerate(_rows(tier.get("prices"))):
            pointer = f"{billing.pointer}/current_tiers/{number}/prices/{place}/price"
            try:
                labels = tariff.labels(_rows(tier.get("criteria")), ranges_meet=meet)
                amount = billing.payload.passage(pointer)
                offers.add(named, tariff.facts(amount, str(price.get("title") or ""), price, labels))
            except Unreadable as problem:
                offers.note("unreadable", f"{named.name}: {problem}", f"{billing.payload.locator}#{pointer}")


def _rows(value: Json) -> list[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _ranges_meet(criteria: Sequence[Row]) -> bool:
    """Say whether ranges leave nothing out: each ends where another begins, and the first and the last are open."""
    ranges = [one.get("value") for one in criteria if one.get("type") == "range"]
    ends = [tuple(value) for value in ranges if isinstance(value, list) and len(value) == 2]
    lows, highs = {str(low) for low, _ in ends}, {str(high) for _, high in ends}
    return len(ends) == len(ranges) and lows == highs

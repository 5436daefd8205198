"""What a format is written from, and the report of what it could not hold."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from typing import Any, Final

from scraper.meters import RateKey, is_rate_key
from scraper.publish.text import who
from scraper.records import Mark, State, plain
from scraper.states import FieldView
from scraper.store import ChangeView, OfferView, SourceView, Version

_EXAMPLES: Final = 3
EXACT: Final = Context(prec=120)
"""No amount, converted or per token, has more digits than this."""

_TELLING: Final = (Mark.STALE, Mark.HELD, Mark.UNCONFIRMED, Mark.PROMOTIONAL)


@dataclass(slots=True)
class Report:
    """What became of the offers in one format: how many there were, how many it has, and what it could not hold.

    `left` counts by reason, `examples` has the first few of each.
    """

    form: str
    offers: int
    written: int = 0
    left: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def leave(self, reason: str, example: str) -> None:
        """Count something that the format could not hold."""
        self.left[reason] += 1
        if len(self.examples[reason]) < _EXAMPLES:
            self.examples[reason].append(example)

    def to_object(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "format": self.form,
            "offers": self.offers,
            "written": self.written,
            "left": [
                {"reason": reason, "count": count, "examples": self.examples[reason]}
                for reason, count in sorted(self.left.items(), key=lambda one: (-one[1], one[0]))
            ],
        }

    def to_text(self) -> str:
        """Return it for people, a line a reason."""
        head = f"{self.form}: {self.written:,} of {self.offers:,} offers are in it"
        left = (
            f"  {one['count']:,} x {one['reason']}: {', '.join(one['examples'])}" for one in self.to_object()["left"]
        )
        return "\n".join((head, *left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The offers at a time, sorted; what else some formats need is read when they ask for it.

    `told` is what sources that sell nothing tell of models.
    """

    at: datetime
    offers: Sequence[OfferView]
    report: Report
    versions: Callable[[], Mapping[int, Sequence[Version]]]
    changes: Callable[[], Sequence[ChangeView]]
    sources: Callable[[], Sequence[SourceView]]
    told: Callable[[], Sequence[OfferView]]


@dataclass(frozen=True, slots=True)
class Sold:
    """An offer that a list of prices in US dollars can have: its prices by rate key, and its specs, all sourced."""

    offer: OfferView
    rates: Mapping[str, Decimal]
    specs: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The offer as people call it."""
        return who(self.offer.provider, self.offer.model_id, self.offer.name)

    @property
    def source_url(self) -> str:
        """The address that states its input price."""
        return next(view.source_url for view in self.offer.fields if view.field == "input")


def sold(material: Material, providers: Mapping[str, Any] | None = None) -> list[Sold]:
    """Return the offers that have an id, an input and an output price in US dollars, of providers that a list knows.

    Everything else, and every mark that such a list cannot show, is counted in the report.
    """
    found = []
    for offer in material.offers:
        shown = who(offer.provider, offer.model_id, offer.name)
        if providers is not None and offer.provider not in providers:
            material.report.leave("the format has no name for the provider", shown)
        elif not offer.model_id or offer.shared_id:
            material.report.leave("no id that tells the offer apart", shown)
        elif (one := _sold(offer, shown, material.report)) is not None:
            found.append(one)
    return found


def _sold(offer: OfferView, shown: str, report: Report) -> Sold | None:
    rates: dict[str, Decimal] = {}
    specs: dict[str, str] = {}
    unusable: dict[str, str] = {}
    for view in offer.fields:
        if view.state is not State.SOURCED or view.value is None:
            continue
        if reason := _unusable(view):
            unusable[view.field] = reason
        elif is_rate_key(view.field):
            rates[view.field] = Decimal(view.value)
        else:
            specs[view.field] = view.value
    missing = [name for name in ("input", "output") if name not in rates]
    if missing:
        why = next((unusable[name] for name in missing if name in unusable), "")
        report.leave(why or f"no {' and no '.join(missing)} price is sourced", shown)
        return None
    for name, reason in unusable.items():
        report.leave(reason, f"{shown} {name}")
    _tell_marks(offer, shown, report)
    return Sold(offer, rates, specs)


def _unusable(view: FieldView) -> str:
    """Return why a list of plain prices in US dollars cannot have a value; empty where it can."""
    if Mark.DISPUTED in view.marks:
        return "sources dispute it, and the format holds one value"
    if is_rate_key(view.field) and view.currency != "USD":
        return f"priced in {view.currency}, and the format holds US dollars"
    return ""


def in_dollars(view: FieldView | None) -> Decimal | None:
    """Return the price that a list of plain prices in US dollars can have of a field; None where there is none."""
    if view is None or view.value is None or not is_rate_key(view.field) or _unusable(view):
        return None
    return Decimal(view.value)


def _tell_marks(offer: OfferView, shown: str, report: Report) -> None:
    for view in offer.fields:
        if view.state is State.NOT_OFFERED:
            report.leave("not offered, which the format cannot tell from unknown", f"{shown} {view.field}")
        for mark in _TELLING:
            if mark in view.marks and view.state is State.SOURCED:
                report.leave(f"the value is in it without its mark {mark.value!r}", f"{shown} {view.field}")
    for view in offer.announced:
        report.leave("announced for a later day", f"{shown} {view.field}")


def no_place(report: Report, one: Sold, taken: set[str]) -> None:
    """Count the prices of an offer that a format did not take, by the shape of their rate keys."""
    for name in sorted(one.rates.keys() - taken):
        report.leave(f"no place for {_shape(name)}", f"{one.shown} {name}")


def _shape(name: str) -> str:
    """Return a rate key without the values of its labels: `input{prompt_gt,tier}`."""
    key = RateKey.parse(name)
    labels = ",".join(label for label, _ in key.labels)
    return str(RateKey(key.meter, key.modality)) + (f"{{{labels}}}" if labels else "")


def per_token(amount: Decimal) -> Decimal:
    """Return a price per token from one per million, digit for digit."""
    return amount.scaleb(-6, EXACT)


def times(amount: Decimal, factor: Decimal) -> Decimal:
    """Return the exact product of two amounts."""
    return EXACT.multiply(amount, factor)


def items(specs: Mapping[str, str], name: str) -> frozenset[str] | None:
    """Return the items of a list that is stated; None where it is not."""
    return frozenset(specs[name].split(", ")) if name in specs else None


def modalities(specs: Mapping[str, str]) -> tuple[list[str], list[str]] | None:
    """Return what goes in and what comes out, from `text+image->text`; None where it is not stated so."""
    sides = re.fullmatch(r"([a-z+]+)->([a-z+]+)", specs.get("modalities", ""))
    return (sides[1].split("+"), sides[2].split("+")) if sides else None


def json_text(value: Any, *, indent: int = 1) -> str:
    """Write JSON in which decimals are numbers, digit for digit: a float never comes between."""
    return _json(value, indent, 0) + "\n"


def _json(value: Any, indent: int, depth: int) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    inner, outer = "\n" + " " * indent * (depth + 1), "\n" + " " * indent * depth
    if isinstance(value, Mapping) and value:
        pairs = (
            f"{json.dumps(str(key), ensure_ascii=False)}: {_json(one, indent, depth + 1)}" for key, one in value.items()
        )
        return "{" + inner + f",{inner}".join(pairs) + outer + "}"
    if isinstance(value, (list, tuple)) and value:
        return "[" + inner + f",{inner}".join(_json(one, indent, depth + 1) for one in value) + outer + "]"
    return json.dumps(value, ensure_ascii=False)

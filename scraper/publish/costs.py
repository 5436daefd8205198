"""What a request costs: exact decimals from what is published, with the field and the evidence of every part.

Pure. A part whose price is not sourced has no amount, and then there is no total: it is never taken for free, nor for
the price of another tier or of a shorter prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Final

from scraper.meters import METERS, RateKey, is_rate_key
from scraper.publish.objects import field_object
from scraper.records import State, plain
from scraper.states import FieldView
from scraper.store import OfferView

_EXACT: Final = Context(prec=120)
PROMPT: Final = frozenset({"input", "cache_read", "cache_write"})
"""The meters whose counts together are the length of a prompt."""


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a cost: so much of a meter, at the price of a field. `amount` is None where `why` says why."""

    meter: str
    count: Decimal
    field: str
    view: FieldView | None
    amount: Decimal | None
    why: str = ""


def cost(offer: OfferView, usage: Mapping[str, Decimal], tier: str = "") -> list[Line]:
    """Return the parts of a cost, for counts by meter (`input`, `input.audio`, `cache_write{ttl=1h}`, `images`).

    Counts are of disjoint things: cached tokens are not counted as input, too. Meters that are not used have no part;
    what is no meter, or has labels that follow from the request, has no price.
    """
    keys = {name: _meter(name) for name in usage}
    prompt = sum((usage[name] for name, key in keys.items() if key is not None and key.meter in PROMPT), Decimal(0))
    views = {view.field: view for view in offer.fields}
    lines = []
    for name, count in usage.items():
        key = keys[name]
        if key is None:
            lines.append(Line(name, count, name, None, None, "there is no such meter of a request"))
        elif count:
            lines.append(_line(name, key, count, prompt, tier, views))
    return lines


def cost_object(offer: OfferView, lines: list[Line], tier: str) -> dict[str, Any]:
    """Return a cost as JSON has it; `total` is null where a part of it is not known, and `unsourced` says which.

    Parts in several currencies have no total either.
    """
    unknown = [line for line in lines if line.amount is None]
    currencies = {line.view.currency for line in lines if line.view is not None and line.amount is not None}
    known = not unknown and len(currencies) <= 1
    total = _shown(_sum(lines)) if known else None
    return {
        "provider": offer.provider,
        "model_id": offer.model_id or None,
        "name": offer.name,
        "tier": tier or None,
        "total": total,
        "currency": next(iter(currencies), None) if known else None,
        "parts": [_part(line) for line in lines],
        "unsourced": [{"meter": line.meter, "field": line.field, "why": line.why} for line in unknown],
        "also_priced": sorted(_also(offer, {line.field for line in lines})),
    }


def _sum(lines: list[Line]) -> Decimal:
    total = Decimal(0)
    for line in lines:
        total = _EXACT.add(total, line.amount or Decimal(0))
    return total


def _shown(amount: Decimal) -> str:
    return plain(amount.normalize(_EXACT))


def _part(line: Line) -> dict[str, Any]:
    return {
        "meter": line.meter,
        "count": plain(line.count),
        "field": line.field,
        "amount": _shown(line.amount) if line.amount is not None else None,
        "price": field_object(line.view) if line.view is not None else None,
    }


def _also(offer: OfferView, used: set[str]) -> Iterator[str]:
    """Yield plain prices that a request may cost beside what was counted: `requests`, `searches`."""
    for view in offer.fields:
        if view.state is State.SOURCED and view.field in METERS and view.field not in used:
            yield view.field


def _meter(name: str) -> RateKey | None:
    """Return what is counted by a name; None where it is nothing, or has labels that follow from the request."""
    if not is_rate_key(name):
        return None
    key = RateKey.parse(name)
    return None if {label for label, _ in key.labels} & {"tier", "prompt_gt", "scope"} else key


def _line(name: str, key: RateKey, count: Decimal, prompt: Decimal, tier: str, views: Mapping[str, FieldView]) -> Line:
    wanted = key.with_labels(tier=tier)
    steps = [above for plainly in (key, wanted) for above in _steps(plainly, views)]
    if any(str(wanted.with_labels(prompt_gt=above, scope="marginal")) in views for above in steps if above < prompt):
        return Line(name, count, str(wanted), None, None, "a long prompt has a price for a part of it only")
    exceeded = max((above for above in steps if above < prompt), default=None)
    field = str(wanted.with_labels(prompt_gt=exceeded))
    view = views.get(field)
    if view is None:
        return Line(name, count, field, None, None, "no source states it")
    if view.state is not State.SOURCED or view.value is None:
        why = view.reason.value if view.reason else view.state.value
        return Line(name, count, field, view, None, why)
    share = _EXACT.divide(count, key.unit.quantity)
    return Line(name, count, field, view, _EXACT.multiply(share, Decimal(view.value)))


def _steps(key: RateKey, views: Mapping[str, FieldView]) -> Iterator[int]:
    """Yield the lengths of prompts above which a rate has another price."""
    for name, view in views.items():
        if view.unit and "prompt_gt=" in name:
            other = RateKey.parse(name)
            if other.with_labels(prompt_gt=None, scope=None) == key:
                yield int(dict(other.labels)["prompt_gt"])

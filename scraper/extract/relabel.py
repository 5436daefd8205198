"""Rate keys of facts that have been read, changed by what stands elsewhere: in the name, in the section's heading."""

from __future__ import annotations

from collections.abc import Iterable

from scraper.meters import TOKEN_METERS, RateKey, is_rate_key
from scraper.records import Fact


def relabelled(facts: Iterable[Fact], *, modality: str = "", **labels: str | int) -> list[Fact]:
    """Return the facts with labels on all of their rate keys (0 and "" are none), and a modality on those of tokens
    that have none."""
    given = {name: value for name, value in labels.items() if value}

    def changed(field: str) -> str:
        key = RateKey.parse(field).with_labels(**given)
        return str(key.with_modality(modality) if modality and not key.modality and key.meter in TOKEN_METERS else key)

    if not given and not modality:
        return list(facts)
    return [
        fact.model_copy(update={"field": changed(fact.field)}) if is_rate_key(fact.field) else fact for fact in facts
    ]

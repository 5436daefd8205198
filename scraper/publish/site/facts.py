"""What is stated of a model, and whose word it is, as pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scraper.models import ALWAYS, ModelFact, Stated, model_fact, model_view, whose
from scraper.publish.site import words
from scraper.publish.site.lines import Line, evidence_of, line_of
from scraper.store import OfferView


@dataclass(frozen=True, slots=True)
class Word:
    """One value of a field of a model: its line, which opens its evidence, and whose word it is."""

    line: Line
    whose: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """A field of a model: what is published of it and, where that is disputed, what others say; none: not sourced."""

    label: str
    words: tuple[Word, ...]
    disputed: bool


def fact_rows(model: str, offers: Sequence[OfferView], told: Sequence[OfferView]) -> list[FactRow]:
    """Return what is stated of a model by others than those who sell it, and what nobody states of it."""
    rows: list[FactRow] = []
    number = 1
    for fact in model_view(model, offers, told).facts:
        said = _shown(fact)
        if not said and fact.field not in ALWAYS:
            continue
        lines = tuple(Word(line_of(one.view, place), whose(one)) for place, one in enumerate(said, number))
        number += len(lines)
        rows.append(FactRow(words.label(fact.field), lines, fact.disputed))
    return rows


def _shown(fact: ModelFact) -> list[Stated]:
    return [one for one in (fact.published, *fact.beside) if one is not None]


def facts_context(model: str, offers: Sequence[OfferView], told: Sequence[OfferView]) -> dict[str, Any]:
    """Return what the templates of a model's page show of what is stated of it."""
    rows = fact_rows(model, offers, told)
    return {"facts": rows, "evidence": [evidence_of(one.line) for row in rows for one in row.words]}


def of_the_model(field: str, model: str, told: Sequence[OfferView], number: int) -> Word | None:
    """Return what is told of a field of a model by a source that sells nothing, None where none tells it."""
    one = model_fact(model, field, (), told).published if told else None
    return Word(line_of(one.view, number), whose(one)) if one is not None else None

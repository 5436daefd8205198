"""What is stated of a model, and whose word it is, as pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scraper.models import ALWAYS, ModelFact, model_fact, model_view, whose
from scraper.publish.site import words
from scraper.publish.site.lines import Line, line_of
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
    first = 1
    for fact in model_view(model, offers, told).facts:
        row = _row(fact, first)
        if row.words or fact.field in ALWAYS:
            rows.append(row)
            first += len(row.words)
    return rows


def facts_context(model: str, offers: Sequence[OfferView], told: Sequence[OfferView]) -> dict[str, Any]:
    """Return what the templates of a model's page show of what is stated of it."""
    rows = fact_rows(model, offers, told)
    return {"facts": rows, "evidence": [one.line for row in rows for one in row.words]}


def of_the_model(fields: Iterable[str], model: str, told: Sequence[OfferView], first: int) -> dict[str, FactRow]:
    """Return what sources that sell nothing tell of fields of a model; `first` is the number of the first line."""
    rows: dict[str, FactRow] = {}
    for field in fields:
        fact = model_fact(model, field, (), told)
        rows[field] = _row(fact, first)
        first += len(rows[field].words)
    return rows


def _row(fact: ModelFact, first: int) -> FactRow:
    if not fact.stated:  # as with most fields
        return FactRow(words.label(fact.field), (), fact.disputed)
    said = [one for one in (fact.published, *fact.beside) if one is not None]
    lines = tuple(Word(line_of(one.view, number), whose(one)) for number, one in enumerate(said, first))
    return FactRow(words.label(fact.field), lines, fact.disputed)

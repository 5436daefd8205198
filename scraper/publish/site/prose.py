"""The sentences of an offer's page: each says a fact that is stored; where the fact is missing, so is the sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from scraper.publish.site import words
from scraper.publish.site.cards import FREE, Card, cell_marks, cell_money, cell_text
from scraper.publish.site.lines import Line
from scraper.records import REFERENCE_FIELDS

_COMPATIBLE: Final = {
    "native": "This is the OpenAI API itself: its clients work as they are.",
    "yes": "It answers the OpenAI API, so that an OpenAI client works with another address and key.",
    "partly": "Part of its API is compatible with OpenAI's.",
    "no": "Its API is its own, not OpenAI's.",
}


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The lowest price of a field among offers, in US dollars, and whose it is; of those that are sure and lasting.

    `floor` is the lowest one of all, promotions and doubted values among them.
    """

    field: str
    shown: str
    value: Decimal
    cards: list[Card]
    compared: int
    floor: Decimal


def cheapest(field: str, cards: Sequence[Card]) -> Cheapest | None:
    """Return the lowest dollar price of a field that is neither doubted nor a promotion; None where none is stated."""
    found: list[tuple[Decimal, Card]] = []
    everything: list[Decimal] = []
    for card in cards:
        cell = card.cell(field)
        money = cell_money(cell)
        if money is None or money[0] not in ("$", "") or card.withdrawn:
            continue
        everything.append(money[1])
        if not cell_marks(cell):
            found.append((money[1], card))
    if not found:
        return None
    least = min(value for value, _ in found)
    whose = [card for value, card in found if value == least]
    return Cheapest(field, cell_text(whose[0].cell(field)), least, whose, len(found), min(everything))


def price_sentence(title: str, provider: str, lines: Mapping[str, Line]) -> str:
    """Return what input and output cost, or ""."""
    priced = [
        ("free" if line.shown == FREE else line.whole, line.label.lower())
        for line in (lines["input"], lines["output"])
        if line.sourced
    ]
    if not priced:
        return ""
    costs = words.listed([f"{price.replace(' / ', ' per ')} for {what}" for price, what in priced])
    return f"On {provider}, {title} costs {costs}."


def why(
    title: str,
    facts: Mapping[str, Any],
    lines: Mapping[str, Line],
    lowest: Mapping[str, Cheapest | None],
    own: Card,
) -> list[str]:
    """Return what speaks for this offer, as far as facts do."""
    said = [price_sentence(title, facts["name"], lines)]
    fields = [words.REFERENCE[field].lower() for field in ("input", "output") if _is_lowest(lowest[field], own)]
    if fields:
        said.append(
            f"No offer of this model that is listed here has a lower {' or '.join(fields)} price in US dollars."
        )
    said.append(_COMPATIBLE.get(facts["openai_compatible"], ""))
    said += [
        f"{words.label(field)}, as its source says: “{lines[field].shown}”."
        for field in ("free_tier", "free_allowance")
        if field in lines and lines[field].sourced
    ]
    return [sentence for sentence in said if sentence]


def _is_lowest(least: Cheapest | None, own: Card) -> bool:
    """Say whether no other offer is cheaper, there being another one with a price."""
    if least is None or least.compared < 2 or least.floor < least.value:
        return False
    return any(card.path == own.path for card in least.cards)


def about(title: str, creator: str, lines: Mapping[str, Line], elsewhere: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is known of the model: who made it, and the specs that are sourced here or at another provider."""
    said = [f"{title} is a model by {creator}."] if creator else []
    for field, sentence in _SPECS.items():
        line = lines.get(field)
        if line is not None and line.sourced:
            said.append(sentence.format(value=line.shown))
    return said + [
        f"{other['provider']} states for it: {other['label'].lower()} {other['shown']}." for other in elsewhere
    ]


_SPECS: Final = {
    "released": "It was released {value}.",
    "context_window": "Its context window is {value} tokens.",
    "max_output_tokens": "It gives out {value} tokens at most.",
    "knowledge_cutoff": "Its knowledge ends {value}.",
    "modalities": "Its modalities are {value}.",
    "status": "Its status is “{value}”.",
    "retires": "It retires {value}.",
}


def questions(
    title: str,
    own: Card,
    provider: str,
    lines: Mapping[str, Line],
    others: Sequence[Card],
    least: Cheapest | None,
    creator: str,
) -> list[tuple[str, str]]:
    """Return questions with their answers; what no fact answers is not asked, but for prices that people look for."""
    asked = []
    if answer := price_sentence(title, provider, lines):
        asked.append((f"What does {title} cost on {provider}?", answer))
    for what, fields in (("does cached input", ("cache_read", "cache_write")), ("do batch requests", PAIR)):
        asked.append((f"What {what} cost?", " ".join(_priced(lines[field]) for field in fields)))
    if lines["context_window"].sourced:
        answer = f"{title} has a context window of {lines['context_window'].shown} tokens on {provider}."
        asked.append((f"What is the context window of {title} on {provider}?", answer))
    if len(others) > 1:
        sellers = len({card.provider for card in others})
        answer = f"{words.counted(len(others), 'offer')} of it by {words.counted(sellers, 'provider')} are listed here."
        if least is not None:
            whose = words.listed(
                sorted({f"{card.provider} ({card.model_id or card.name})" for card in least.cards})[:4]
            )
            sure = " that is neither a promotion nor in doubt" if least.floor < least.value else " in US dollars"
            answer += f" The lowest input price{sure} is {least.shown}{_per(least)}: {whose}."
        asked.append((f"How does {provider} compare with other providers of {title}?", answer))
    if creator:
        asked.append((f"Who created {title}?", f"{creator}, by the rules that resolve its id."))
    weights = lines.get("hugging_face_id")
    if weights is not None and weights.sourced:
        asked.append((f"Are there weights of {title}?", f"Its source names {weights.shown} on Hugging Face."))
    if own.model_id:
        asked.append(("Which model id do I send?", f"Exactly {own.model_id}"))
    return asked


PAIR: Final = tuple(field for field in REFERENCE_FIELDS if field.endswith("{tier=batch}"))


def _per(least: Cheapest) -> str:
    return "" if least.shown == FREE else " per 1M tokens"


def _priced(line: Line) -> str:
    if line.sourced:
        return f"{line.label if not line.conditions else line.full_label}: {line.whole}."
    return f"{line.full_label}: {line.shown.lower()}{f', because {line.reason}' if line.reason else ''}."

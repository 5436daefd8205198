"""The pages about all offers: the first page, lists, the table to compare, search, changes, gaps, about the data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from scraper.identity import creator_name
from scraper.meters import unit_of
from scraper.publish.site import words
from scraper.publish.site.addresses import model_path, provider_path, web_address
from scraper.publish.site.cards import Card, cell_text
from scraper.publish.site.rendering import script_safe
from scraper.publish.site.structured import dataset_data
from scraper.publish.text import REASONS
from scraper.records import REFERENCE_FIELDS
from scraper.store import SourceView, Status

PROVIDER_FIELDS: Final = (*words.PRICES, "context_window")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of each offer from one publication to the next, beside its pages.

    `digest` is of all that is stored of it, `summary` of its card, whose line is `head` (what search needs) and `tail`;
    `states` has a letter for each reference field; `fields` are its other fields; `last` is the day on which it was
    last seen.
    """

    digest: str
    summary: str
    path: str
    provider: str
    model: str
    withdrawn: bool
    last: str
    states: str
    sources: list[str]
    fields: list[str]
    head: str
    tail: str

    @property
    def line(self) -> str:
        """The card of the offer, as JSON."""
        return self.head + self.tail

    def parts(self) -> tuple[Any, ...]:
        """Return what an entry is made of again."""
        return (
            self.digest, self.summary, self.path, self.provider, self.model, self.withdrawn, self.last, self.states,
            self.sources, self.fields, self.head, self.tail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seller:
    """A provider in lists."""

    slug: str
    name: str
    path: str
    offers: int
    sources: int
    failing: int
    last: str


def sellers(
    names: Mapping[str, str], entries: Sequence[Entry], sources: Mapping[str, Sequence[SourceView]]
) -> list[Seller]:
    """Return the providers that anything was ever read of, by name."""
    counts = Counter(entry.provider for entry in entries if not entry.withdrawn)
    found = [
        Seller(
            slug=slug,
            name=name,
            path=provider_path(slug),
            offers=counts[slug],
            sources=len(sources.get(slug, ())),
            failing=sum(one.status is Status.FAILED for one in sources.get(slug, ())),
            last=max((words.day(one.last_success_at) for one in sources.get(slug, ())), default=""),
        )
        for slug, name in names.items()
    ]
    return sorted(found, key=lambda one: one.name.casefold())


def summary_context(
    entries: Sequence[Entry], providers: Sequence[Seller], sources: Sequence[SourceView], url: str
) -> dict[str, Any]:
    """Return what the first page and the page about the data say of all of it."""
    listed = [entry for entry in entries if not entry.withdrawn]
    newest = max((words.day(one.last_success_at) for one in sources), default="")
    return {
        "offers": len(listed),
        "models": len({entry.model for entry in listed if entry.model}),
        "resolved": sum(bool(entry.model) for entry in listed),
        "priced": sum(entry.states[0] == "s" for entry in listed),
        "newest": newest,
        "data": dataset_data(len(listed), len(providers), newest, url),
    }


def models_context(by_model: Mapping[str, Sequence[Entry]]) -> dict[str, Any]:
    """Return the list of models by who made them."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for model in sorted(by_model):
        creator, _, name = model.partition("/")
        groups[creator_name(creator)].append(
            {"name": name, "path": model_path(model), "offers": len(by_model[model])}
        )  # fmt: skip
    return {"groups": sorted(groups.items(), key=lambda item: item[0].casefold()), "total": len(by_model)}


def compare_context(entries: Sequence[Entry], providers: Sequence[Seller]) -> dict[str, Any]:
    """Return the table of all offers; `lines` are their cards as JSON."""
    listed = [entry for entry in entries if not entry.withdrawn]
    counts = Counter(field for entry in listed for field in entry.fields)
    more = []
    for field, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        unit = unit_of(field)
        more.append((field, f"{words.full_label(field)}{f' / {unit}' if unit else ''}"))
    return {
        "offers": len(listed),
        "providers": providers,
        "provider_names": {one.slug: one.name for one in providers},
        "columns": [(field, words.REFERENCE[field]) for field in REFERENCE_FIELDS],
        "more": more,
        "reasons": [REASONS[reason] for reason in words.CODES],
        "lines": script_safe(",\n".join(entry.line for entry in listed)),
    }


def search_lines(entries: Sequence[Entry]) -> Markup:
    """Return what search goes by, as the inside of a JSON list: path, provider, id, name and model of each offer."""
    return script_safe(",\n".join(f"{entry.head}]" for entry in entries if not entry.withdrawn))


def gaps_context(entries: Sequence[Entry], providers: Sequence[Seller]) -> dict[str, Any]:
    """Return of how many offers of each provider each reference field is not sourced, and why."""
    missing: Counter[tuple[str, int]] = Counter()
    why: Counter[str] = Counter()
    for entry in entries:
        if entry.withdrawn:
            continue
        for number, state in enumerate(entry.states):
            if state.isdigit():
                missing[entry.provider, number] += 1
                why[state] += 1
    return {
        "fields": list(words.REFERENCE.values()),
        "rows": [
            {
                "name": one.name,
                "path": one.path,
                "offers": one.offers,
                "counts": [missing[one.slug, number] for number in range(len(REFERENCE_FIELDS))],
            }
            for one in providers
            if one.offers
        ],
        "reasons": [(reason.value, REASONS[reason], why[str(n)]) for n, reason in enumerate(words.CODES)],
    }


def about_context() -> dict[str, Any]:
    """Return the words of the page about the data."""
    return {
        "reasons": [(reason.value, REASONS[reason]) for reason in words.CODES],
        "marks": [(mark.value, meaning) for mark, meaning in words.MARKS.items()],
    }


def provider_context(
    facts: Mapping[str, Any],
    cards: Sequence[Card],
    sources: Sequence[SourceView],
    upcoming: Mapping[tuple[str, str], str],
    held: int,
) -> dict[str, Any]:
    """Return what the templates of a provider's page show."""
    return {
        "facts": facts,
        "cards": [card for card in cards if not card.withdrawn],
        "withdrawn": [card for card in cards if card.withdrawn],
        "fields": PROVIDER_FIELDS,
        "held": held,
        "text": cell_text,
        "sources": [
            {
                "name": one.name,
                "url": one.url,
                "address": web_address(one.url),
                "ok": one.status is Status.OK,
                "status": one.status.value.replace("_", " "),
                "error": one.error,
                "last": words.day(one.last_success_at),
                "next": upcoming.get((one.provider, one.name), ""),
                "offers": one.offers,
                "fresh_days": one.fresh_days,
            }
            for one in sources
        ],
    }

"""Anthropic: the pricing page of the docs (Markdown or HTML), the models overview, the cards of the marketing page.

The pricing page prints names only; the overview pairs names with the ids that a caller sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from scraper.extract.definitions import definition_tables
from scraper.extract.document import Document, said_in
from scraper.extract.footnotes import footnote_marks
from scraper.extract.markup import Table
from scraper.extract.naming import dated, read_title, split_joined, status_fact
from scraper.extract.offers import Named, Offers
from scraper.extract.prices import Scale
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import modalities
from scraper.extract.tables import LineFacts, all_named, columns_of, price_tables, read_table
from scraper.extract.vocabulary import KNOWN, NAME, VOCABULARY, Role, key, spec
from scraper.records import Fact, Reading, State

# What the prices under a heading are for; under any other heading they may be for anything.
_SECTIONS = {
    "(?:(?:claude|api|model|base|token) )*pricing|models?": "",
    "long[- ]context.*": "",
    "batch.*": "batch",
    "fast mode.*": "fast",
}
_IGNORED = {
    "worked example": "a calculation",
    "session runtime": "a price of Managed Agents, not of a model",
    "claude platform on aws": "units of a marketplace",
    "claude in microsoft foundry": "units of a marketplace",
}
_OVERVIEW = VOCABULARY.extended(
    {
        "feature": NAME,
        "claude api alias": spec("aliases"),
        "(?!claude api |model |api ).+ id|pricing\\d?|model page|retirement": KNOWN,  # ids of other platforms
        ".*thinking.*|vision|multilingual|priority tier|default effort": KNOWN,
    }
)
_CARDS = VOCABULARY.extended({"write": key("cache_write"), "read": key("cache_read")})

_MODEL = r"(?:Claude )?(?:Opus|Sonnet|Haiku|Fable|Mythos) \d[\d.]*"
_ALL_SUPPORT = re.compile(
    r"All current (?:Claude )?models support (?P<inputs>[a-z ,]+?) input, (?P<outputs>[a-z ,]+?) output"
)
_NOT_FAST = re.compile(rf"Fast mode is not available on (?P<models>{_MODEL}.*?)(?:\.\s|\.$)")


def _full(name: str) -> str:
    """Sentences and cards write "Opus 4.7" where the tables write "Claude Opus 4.7"."""
    return name if name.startswith("Claude ") else f"Claude {name}"


def _named(line: LineFacts, more: tuple[Fact, ...] = ()) -> Sequence[Named]:
    if line.name is None or not line.name.line:
        return []
    title, model_id = read_title(line.name.line), line.model_id.line if line.model_id else ""
    line.facts = [fact for fact in dated(line.facts, title) if (fact.field, fact.value) != ("aliases", model_id)]
    facts = (*status_fact(title, line.name), *more)
    return [Named(model_id, _full(name), facts) for name in split_joined(title.name)]


def _models_above(table: Table) -> list[Named]:
    """The models of a table without a column of models: those that the nearest sentence above it names."""
    for text in reversed(table.context.texts):
        models = [found.rstrip(".") for found in re.findall(_MODEL, text.line)]
        if models:
            return [Named("", _full(model)) for model in dict.fromkeys(models)]
    return []


def read_pricing(document: Document) -> Reading:
    """Read the tables of model prices: the main one, batch, fast mode and long context."""
    offers = Offers()
    for table in price_tables(document.tables, offers, ignored=_IGNORED):
        heading = table.context.heading
        tiers = [tier for words, tier in _SECTIONS.items() if re.fullmatch(words, heading, re.IGNORECASE)]
        if not tiers:
            offers.note("unknown_heading", f"what the prices under {heading!r} are for is not known", table.locator)
            continue
        scale = Scale().labelled(tier=tiers[0])
        if columns_of(table.grid).of_role(Role.NAME) is not None:
            read_table(table, offers, scale=scale, naming=_named)
        else:
            models = _models_above(table)
            read_table(table, offers, scale=scale, naming=all_named(models))
    for name, fact in _not_fast(document):
        offers.add(Named("", name), [fact])
    return offers.reading()


def _not_fast(document: Document) -> Iterator[tuple[str, Fact]]:
    """Read "Fast mode is not available on Claude Opus 4.7 (…) or Claude Opus 4.6 (…).": two prices each not offered."""
    for said, evidence in said_in(document, _NOT_FAST):
        for model in re.findall(_MODEL, said["models"]):
            for field in ("input{tier=fast}", "output{tier=fast}"):
                yield _full(model), Fact(field=field, state=State.NOT_OFFERED, evidence=evidence)


def read_overview(document: Document) -> Reading:
    """Read the comparison tables, whose columns are the models: ids, context, output limit, cut-offs."""
    offers = Offers()
    marks, modality = footnote_marks(document), _modalities(document)
    for table in document.tables:
        if not table.grid.width:
            continue
        if table.grid.rows[0][0].line.casefold() == "feature":
            older = any("still available" in text.line for text in table.context.texts)
            naming = partial(_named, more=() if older else modality)
            read_table(table.transposed(), offers, scale=Scale(), vocabulary=_OVERVIEW, naming=naming, footnotes=marks)
        else:
            offers.note("unknown_heading", "a table does not begin with 'Feature': it is not read", table.locator)
    return offers.reading()


def _modalities(document: Document) -> tuple[Fact, ...]:
    """Read "All current Claude models support text and image input, text output, …", which no table repeats."""
    for said, evidence in said_in(document, _ALL_SUPPORT):
        value = modalities(re.split(r" and |, ", said["inputs"]), re.split(r" and |, ", said["outputs"]))
        return (Fact(field="modalities", state=State.SOURCED, value=value, evidence=evidence),)
    return ()


def read_cards(document: Document) -> Reading:
    """Read the API price cards of the marketing page: a heading for each model, then labels and prices in turn."""
    offers = Offers()
    for table in definition_tables(document, _CARDS):
        heading = table.context.heading
        if re.fullmatch(r"(?:Claude )?(?:[A-Z][a-z]+ \d[\d.]*|\d[\d.]* [A-Z][a-z]+)", heading):
            naming = all_named([Named("", _full(heading))])
            read_table(table, offers, scale=Scale(), vocabulary=_CARDS, naming=naming)
        else:
            offers.note("unknown_heading", f"what the prices under {heading!r} are for is not known", table.locator)
    return offers.reading()


_PRICES = {"input", "output", "cache_read", "cache_write"}

_HOSTS = (
    "https://platform.claude.com/docs/en",
    "https://docs.claude.com/en/docs",
    "https://docs.anthropic.com/en/docs",
)


def _addresses(*paths: str) -> tuple[str, ...]:
    return tuple(f"{host}/{path}{twin}" for host in _HOSTS for path in paths for twin in ("", ".md"))


SOURCES = (
    Source(
        name="docs-pricing",
        kind=SourceKind.DOCS,
        addresses=_addresses("about-claude/pricing"),
        read=read_pricing,
        publishes=frozenset(
            _PRICES
            | {"cache_write{ttl=1h}"}
            | {f"{rate}{{tier={tier}}}" for rate in ("input", "output") for tier in ("batch", "fast")}
        ),
    ),
    Source(
        name="models-overview",
        kind=SourceKind.DOCS,
        addresses=_addresses("about-claude/models/overview", "models/overview"),
        read=read_overview,
        publishes=frozenset(
            {"context_window", "max_output_tokens", "knowledge_cutoff", "training_cutoff", "aliases", "modalities"}
        ),
    ),
    Source(
        name="marketing-pricing",
        kind=SourceKind.PRICING_PAGE,
        addresses=("https://claude.com/pricing", "https://www.anthropic.com/pricing"),
        read=read_cards,
        publishes=frozenset(_PRICES),
    ),
)

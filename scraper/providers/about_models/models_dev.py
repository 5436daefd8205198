"""models.dev: what its contributors collected of models, in a section for each provider that sells them.

A section is about a provider's offers. Only that of the creator itself is about the model, and gives its facts; a
reseller's limits are not the model's. Whether the weights are open does not depend on who sells: that is read of all.
Prices are never read here: they are those of providers, who are asked themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Row, Spec, as_text, as_texts, at_path, row_facts, spec_fact, whole_tokens
from scraper.extract.jsontext import Json, escape
from scraper.extract.listing import unread
from scraper.extract.offers import Named, Offers
from scraper.extract.rowfacts import flag_facts
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import modalities, read_date
from scraper.records import Fact, Reading, clean

_OWN: Final = {
    "alibaba": r"qw|qvq",
    "anthropic": "claude",
    "cohere": "",
    "deepseek": "deepseek",
    "google": "gem",
    "inception": "",
    "llama": "llama",  # those of its hosts begin with the host
    "minimax": "",
    "mistral": "",
    "moonshotai": "kimi",
    "openai": "",
    "perplexity": "sonar",  # the others are hosted
    "stepfun": "step",
    "upstage": "solar",
    "xai": "grok",
    "xiaomi": "mimo",
    "zhipuai": "glm",
}
"""The sections of creators, with how the ids of their own models begin."""

_CAPABILITIES: Final = {
    "reasoning": "reasoning",
    "tool_call": "tools",
    "structured_output": "structured outputs",
    "attachment": "attachments",
}


_FILES: Final = {"pdf": "file"}


def _open(flag: Json) -> str:
    if not isinstance(flag, bool):
        raise Unreadable(f"{str(flag)[:60]!r} does not say whether the weights are open")
    return "yes" if flag else "no"


def _makes_text(row: Row) -> bool:
    """Whether the limit of what is made counts tokens; that of an embedding counts its numbers."""
    made = at_path(row, "modalities/output")
    return isinstance(made, list) and "text" in made and "embed" not in f"{row.get('id')} {row.get('family')}"


def _more(row: Row, pointer: str, _: Offers) -> Iterator[Fact]:
    sides = row.get("modalities")
    if isinstance(sides, dict):
        sent, made = ([_FILES.get(one, one) for one in as_texts(sides.get(side))] for side in ("input", "output"))
        yield spec_fact("modalities", modalities(sent, made), sides, f"{pointer}/modalities")
    yield from flag_facts(row, pointer, _CAPABILITIES)


_OPEN: Final = Spec("open_weights", "open_weights", _open)
_KNOWN: Final = {
    **unread("prices, and what belongs to them", "cost experimental"),
    **unread("read by _more", "modalities reasoning tool_call structured_output attachment"),
    **unread("settings", "temperature interleaved provider reasoning_options"),
    **unread("the day of the entry, not of the model", "last_updated"),
    **unread("no spec of ours", "name description license links benchmarks weights limit/input"),
}
_MODEL: Final = Feed(
    rows="",
    prices=(),
    specs=(
        _OPEN,
        Spec("limit/context", "context_window", whole_tokens),
        Spec("limit/output", "max_output_tokens", whole_tokens, when=_makes_text),
        Spec("knowledge", "knowledge_cutoff", lambda day: read_date(as_text(day))),
        Spec("release_date", "released", lambda day: read_date(as_text(day))),
        Spec("status", "status", as_text),
        Spec("family", "family", as_text),
    ),
    known=_KNOWN,
    more=_more,
)
_SOLD: Final = replace(
    _MODEL,
    specs=(_OPEN,),
    known={**_KNOWN, **dict.fromkeys((spec.path for spec in _MODEL.specs), "of an offer, not of the model")},
    more=None,
)


def read_api(document: Document) -> Reading:
    """Read all sections; an entry is named as the section and the id in it (`openai/gpt-4.1-nano`)."""
    if not isinstance(document.json, dict) or not document.json:
        raise Unreadable("it is no object of providers")
    offers = Offers()
    for section, provider in document.json.items():
        models = at_path(provider, "models")
        if not isinstance(models, dict):
            raise Unreadable(f"the provider {section[:60]!r} has no object of models")
        own = _OWN.get(section)
        for key, row in models.items():
            pointer = f"/{escape(section)}/models/{escape(key)}"
            if not isinstance(row, dict) or row.get("id") != key:
                offers.note("off_contract", f"a model without its id {key[:60]!r}", f"#{pointer}")
                continue
            mine = own is not None and re.match(own, key, re.IGNORECASE) is not None
            named = Named(f"{section}/{clean(key)}", clean(str(row.get("name") or key)))
            offers.add(named, row_facts(row, _MODEL if mine else _SOLD, pointer, offers))
    return offers.reading()


SOURCES = (
    Source(
        name="api",
        kind=SourceKind.CATALOGUE,
        addresses=("https://models.dev/api.json",),
        read=read_api,
        publishes=frozenset({spec.field for spec in _MODEL.specs} | {"modalities", "capabilities"}),
    ),
)

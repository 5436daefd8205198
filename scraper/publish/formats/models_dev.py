"""The `api.json` of models.dev: providers with models, prices in US dollars per million tokens.

The format demands of every model whether it takes attachments, reasons and calls tools, whether its weights are open,
its modalities, limits and day of release. It has no way of saying "unknown": a model of which one of them is not stated
is left out. A list of capabilities that a source states is taken for the whole list. What no seller can change of a
model is taken from whoever states it: its day of release from its creator's own offer, else from who tells of models;
whether its weights are open from who tells of models, else from any offer that names them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from scraper import providers
from scraper.identity import is_own
from scraper.meters import RateKey
from scraper.models import by_model, model_fact
from scraper.opinions.models_dev import PROVIDERS, RATES
from scraper.publish.formats.material import Material, Sold, items, json_text, modalities, no_place, sold
from scraper.records import Mark

_IDS: Final = {ours: theirs for theirs, ours in reversed(PROVIDERS.items())}
_COST: Final = {key: name for name, key in RATES.items()}
_LONG: Final = 200_000
_KINDS: Final = frozenset({"text", "audio", "image", "video", "pdf"})
_MODULES: Final = {
    "anthropic": "@ai-sdk/anthropic",
    "aws-bedrock": "@ai-sdk/amazon-bedrock",
    "azure": "@ai-sdk/azure",
    "cohere": "@ai-sdk/cohere",
    "google": "@ai-sdk/google",
    "openai": "@ai-sdk/openai",
    "vertex-ai": "@ai-sdk/google-vertex",
}
"""The modules of providers that are not called through the one for OpenAI's interface."""


def models_dev(material: Material) -> str:
    """Write the whole object."""
    found: dict[str, dict[str, Any]] = {}
    known = _of_models(material)
    for one in sold(material):
        theirs = _IDS.get(one.offer.provider, one.offer.provider)
        about = found.get(theirs) or _provider(one.offer.provider, theirs)
        if about is None:
            material.report.leave("the provider is called by no module that the format knows", one.shown)
        elif (model := _model(one, known.get(one.offer.model or "", {}), material)) is not None:
            found[theirs] = about
            about["models"][one.offer.model_id] = model
    material.report.written = sum(len(about["models"]) for about in found.values())
    return json_text(dict(sorted(found.items())))


def _provider(provider: str, theirs: str) -> dict[str, Any] | None:
    facts = providers.facts(provider)
    module = _MODULES.get(provider)
    # An address with a part in capitals is one that each customer fills in.
    callable_at = facts["base_url"].islower() and facts["openai_compatible"] in ("yes", "native")
    if module is None and not callable_at:
        return None
    about: dict[str, Any] = {
        "id": theirs,
        "env": [facts["key_variable"]],
        "npm": module or "@ai-sdk/openai-compatible",
        "name": facts["name"],
        "doc": facts["docs"],
        "models": {},
    }
    return about if module else {**about, "api": facts["base_url"]}


def _of_models(material: Material) -> dict[str, dict[str, str]]:
    """Return by model what no seller can change: its day of release, where its weights are, whether they are open."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for offer in material.offers:
        if offer.model is None:
            continue
        plain_own = not offer.variant and is_own(offer.provider, offer.model.partition("/")[0])
        for view in offer.fields:
            wanted = view.field == "hugging_face_id" or (view.field == "released" and plain_own)
            if wanted and view.value is not None and Mark.DISPUTED not in view.marks:
                known[offer.model].setdefault(view.field, view.value)
    for model, entries in by_model(material.told()).items():
        for field in ("released", "open_weights"):
            fact = model_fact(model, field, (), entries)
            if fact.published is not None and not fact.disputed:
                known[model].setdefault(field, fact.published.value)
    return known


def _open_weights(specs: Mapping[str, str]) -> bool | None:
    """Say whether weights are open; None where nobody says so, or they are said to be closed and to be had."""
    found, said = "hugging_face_id" in specs, specs.get("open_weights")
    if said is None:
        return found or None
    return None if found and said == "no" else said == "yes"


def _model(one: Sold, of_model: Mapping[str, str], material: Material) -> dict[str, Any] | None:
    stated = _stated({**of_model, **one.specs})
    if missing := sorted(name for name, value in stated.items() if value is None):
        material.report.leave(f"not stated, and the format demands it: {', '.join(missing)}", one.shown)
        return None
    for name in sorted(of_model.keys() - one.specs.keys()):
        material.report.leave(
            f"{name} is stated of the model, not of this offer, which the format cannot say", one.shown
        )
    for kind in sorted(_kinds(one.specs) - _KINDS):
        material.report.leave(f"no place for the modality {kind}", one.shown)
    cost, taken = _cost(one)
    if not stated["reasoning"]:
        # The schema refuses a price of reasoning where there is none.
        taken -= {"reasoning"} if cost.pop("reasoning", None) is not None else set()
    no_place(material.report, one, taken)
    model = {"id": one.offer.model_id, "name": one.offer.name or one.offer.model_id, **stated}
    model["last_updated"] = f"{max(view.first_seen for view in one.offer.fields if view.first_seen):%Y-%m-%d}"
    if len(one.specs.get("knowledge_cutoff", "")) > len("2025"):
        model["knowledge"] = one.specs["knowledge_cutoff"]
    if one.specs.get("status") == "deprecated":
        model["status"] = "deprecated"
    return {**model, "cost": cost}


def _kinds(specs: Mapping[str, str]) -> set[str]:
    sides = modalities(specs)
    return {*sides[0], *sides[1]} if sides else set()


def _stated(specs: Mapping[str, str]) -> dict[str, Any]:
    """Return what the format demands, None for what no source states."""
    sides = modalities(specs)
    # Of modalities that the format does not know ("file") the others are told; a side with none of them is unknown.
    told = [[kind for kind in side if kind in _KINDS] for side in sides] if sides else []
    capabilities = items(specs, "capabilities")
    released = specs.get("released", "")
    limits = [specs.get("context_window"), specs.get("max_output_tokens")]
    return {
        "attachment": any(kind != "text" for kind in sides[0]) if sides else None,
        "reasoning": "reasoning" in capabilities if capabilities is not None else None,
        "tool_call": bool(capabilities & {"tools", "function calling"}) if capabilities is not None else None,
        "release_date": released if len(released) > len("2025") else None,
        "modalities": {"input": told[0], "output": told[1]} if told and all(told) else None,
        "open_weights": _open_weights(specs),
        "limit": {"context": int(limits[0]), "output": int(limits[1])} if limits[0] and limits[1] else None,
    }


def _cost(one: Sold) -> tuple[dict[str, Any], set[str]]:
    cost: dict[str, Any] = {}
    long: dict[str, Decimal] = {}
    taken = set()
    for key, name in _COST.items():
        above = str(RateKey.parse(key).with_labels(prompt_gt=_LONG))
        if key in one.rates:
            cost[name] = one.rates[key]
            taken.add(key)
        if above in one.rates:
            long[name] = one.rates[above]
            taken.add(above)
    if {"input", "output"} <= long.keys():
        return {**cost, "context_over_200k": long}, taken
    return cost, taken - {str(RateKey.parse(key).with_labels(prompt_gt=_LONG)) for key in _COST}

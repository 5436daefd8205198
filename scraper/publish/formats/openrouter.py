"""OpenRouter's list of models (`/api/v1/models`): prices in US dollars per token, as text.

An id is the provider's name, a slash and the offer's own id (OpenRouter's own offers keep theirs). `created` is when
the offer was first seen, `is_moderated` says that nothing stands between a caller and the provider; lists that no
source states are empty.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from scraper.meters import RateKey
from scraper.opinions.openrouter import RATES
from scraper.publish.formats.material import (
    EXACT,
    Material,
    Sold,
    items,
    json_text,
    modalities,
    no_place,
    per_token,
    sold,
    times,
)
from scraper.records import plain

_NAMES: Final = {key: name for name, key in RATES.items()} | {
    "input.audio": "audio",
    "cache_read.audio": "input_audio_cache",
}
_ONCE: Final = {"requests": ("request", Decimal(1)), "searches": ("web_search", Decimal("0.001"))}
_OVERRIDDEN: Final = frozenset(_NAMES.values()) - {"internal_reasoning"}
_PARAMETERS: Final = {
    "tools": "tools",
    "function calling": "tools",
    "structured outputs": "structured_outputs",
    "reasoning": "reasoning",
}
_INPUTS: Final = ("text", "image", "file", "audio", "video")
_OUTPUTS: Final = ("text", "image", "embeddings", "audio", "video", "rerank", "speech", "transcription")


def openrouter(material: Material) -> str:
    """Write the whole answer."""
    data = [_model(one, material) for one in sold(material)]
    material.report.written = len(data)
    return json_text({"data": data, "links": {"next": None}, "total_count": len(data)})


def _model(one: Sold, material: Material) -> dict[str, Any]:
    offer, specs = one.offer, one.specs
    pricing, taken = _pricing(one)
    no_place(material.report, one, taken)
    model_id = offer.model_id if offer.provider == "openrouter" else f"{offer.provider}/{offer.model_id}"
    context = int(specs["context_window"]) if "context_window" in specs else None
    most = int(specs["max_output_tokens"]) if "max_output_tokens" in specs else None
    model: dict[str, Any] = {
        "id": model_id,
        "canonical_slug": offer.model or model_id,
        "name": offer.name or offer.model_id,
        "created": int(offer.first_seen.timestamp()),
        "context_length": context,
        "architecture": _architecture(one, material),
        "pricing": pricing,
        "top_provider": {"is_moderated": False, "context_length": context, "max_completion_tokens": most},
        "per_request_limits": None,
        "default_parameters": None,
        "supported_parameters": sorted(
            {_PARAMETERS[c] for c in items(specs, "capabilities") or () if c in _PARAMETERS}
        ),
        "supported_voices": None,
        "links": {"details": one.source_url},
    }
    for name in ("hugging_face_id", "knowledge_cutoff"):
        if name in specs:
            model[name] = specs[name]
    return model


def _architecture(one: Sold, material: Material) -> dict[str, Any]:
    sides = modalities(one.specs)
    if sides is None:
        return {"modality": None, "input_modalities": [], "output_modalities": []}
    read = (["file" if kind == "pdf" else kind for kind in sides[0]], sides[1])
    known = [[kind for kind in side if kind in all_of] for side, all_of in zip(read, (_INPUTS, _OUTPUTS), strict=True)]
    for kind in sorted({*read[0], *read[1]} - {*known[0], *known[1]}):
        material.report.leave("no place for a modality", f"{one.shown} {kind}")
    return {"modality": one.specs["modalities"], "input_modalities": known[0], "output_modalities": known[1]}


def _pricing(one: Sold) -> tuple[dict[str, Any], set[str]]:
    named = {name: _NAMES[name] for name in one.rates if name in _NAMES}
    pricing: dict[str, Any] = {field: _text(per_token(one.rates[name])) for name, field in sorted(named.items())}
    taken = set(named)
    for meter, (field, factor) in _ONCE.items():
        if meter in one.rates:
            pricing[field] = _text(times(one.rates[meter], factor))
            taken.add(meter)
    steps: dict[int, dict[str, Any]] = {}
    for name, amount in one.rates.items():
        key = RateKey.parse(name)
        above = dict(key.labels).get("prompt_gt")
        field = _NAMES.get(str(key.with_labels(prompt_gt=None)), "")
        if above and field in _OVERRIDDEN and field in pricing:
            steps.setdefault(int(above), {"min_prompt_tokens": int(above)})[field] = _text(per_token(amount))
            taken.add(name)
    if steps:
        # Of those that apply, the last one counts.
        pricing["overrides"] = [steps[above] for above in sorted(steps)]
    return pricing, taken


def _text(amount: Decimal) -> str:
    return plain(amount.normalize(EXACT)) if amount else "0"

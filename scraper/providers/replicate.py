"""Replicate: the pages of its language models, and the examples on its pricing page.

A model page draws its prices from the props of a component, `billingConfig`; once rendered, they also stand as text. A
page without either says in words how the model is billed: then there is no price. `price` ("$0.0001 per second") and
`p50price` beside the tiers are of the hardware, which is not what a caller of such a model pays.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from scraper.extract import Unreadable
from scraper.extract.billing import Tariff, billings, read_billing
from scraper.extract.cards import Shown, lines_of, shown_prices
from scraper.extract.document import Document
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.source import Source, SourceKind
from scraper.records import Reading

_TARIFF: Final = Tariff(
    things={
        "input token": ("token_input_count", "input"),
        "output token": ("token_output_count", "output"),
        "input character": ("character_input_count", "characters"),
        "output image": ("image_output_count", "images"),
        "output image megapixel": ("image_output_megapixel_count", "megapixels"),
        "output video": ("video_output_count", "videos"),
        "second of output video": ("video_output_duration_seconds", "video_seconds"),
        "second of output audio": ("audio_output_duration_seconds", "audio_seconds"),
        "run": ("run_count", "requests"),
    },
    criteria={"target resolution": "resolution", "model variant": "variant", "motion mode": "mode"},
)
_EQUIVALENT = re.compile(r"or (?:around )?[\d,]+ .*|.*\bapproximately\b.*", re.IGNORECASE)
_ID = re.compile(r"[a-z0-9][\w.-]*/[a-z0-9][\w.-]*", re.IGNORECASE)
_HARDWARE: Final = "hardware"  # under such a heading: machines by the second, not models


def read_model(document: Document, *, model_id: str) -> Reading:
    """Read the page of one model; raises `Unreadable` for a page that does not name the model."""
    name = re.escape(model_id).replace("/", r"\s*/\s*")
    if not re.search(rf"(?<![\w.-]){name}(?![\w.-])", document.text):
        raise Unreadable(f"it does not name the model {model_id}")
    offers = Offers()
    for billing in billings(document):
        if billing.model_id in ("", model_id):
            read_billing(billing, Named(model_id, model_id), _TARIFF, offers)
        else:
            place = billing.payload.locator
            offers.note("off_contract", f"the prices of {billing.model_id} stand on the page of {model_id}", place)
    if not offers:
        for shown in shown_prices(line for line, path in lines_of(document) if _is_under("pricing", path)):
            _read_shown(shown, model_id, offers)
    if not offers:
        offers.note("off_contract", "the page states no amount: the data that its prices come from are not in it")
    return offers.reading()


def read_examples(document: Document) -> Reading:
    """Read the models that the pricing page shows as examples: cards with an id, a sentence and prices."""
    offers = Offers()
    for billing in billings(document):
        if billing.model_id:
            read_billing(billing, Named(billing.model_id, billing.model_id), _TARIFF, offers)
    if not offers:
        for shown in shown_prices((line for line, path in lines_of(document) if not _is_under(_HARDWARE, path)), _ID):
            _read_shown(shown, shown.card if isinstance(shown, Shown) else "", offers)
    return offers.reading()


def _is_under(start: str, path: tuple[str, ...]) -> bool:
    return any(heading.casefold().startswith(start) for heading in path)


def _read_shown(shown: Shown | Passage, model_id: str, offers: Offers) -> None:
    if isinstance(shown, Passage):
        if not _EQUIVALENT.fullmatch(shown.text):
            offers.note("unreadable", f"{shown.text!r} is not a price that is understood", shown.locator)
        return
    if not model_id:
        offers.note("unreadable", f"{shown.amount.quote!r} stands under the id of no model", shown.amount.locator)
        return
    try:
        offers.add(Named(model_id, model_id), _TARIFF.facts(shown.amount, shown.title))
    except Unreadable as problem:
        offers.note("unreadable", str(problem), shown.amount.locator)


_TOKENS: Final = frozenset({"input", "output"})
_MODELS: Final = dict.fromkeys(
    (
        "openai/gpt-4.1-nano",
        "openai/gpt-4.1-mini",
        "openai/gpt-4.1",
        "openai/gpt-4o-mini",
        "openai/gpt-5",
        "openai/gpt-5-nano",
        "anthropic/claude-3.7-sonnet",
        "google/gemini-2.5-flash",
        "meta/meta-llama-3-8b-instruct",
        "meta/meta-llama-3-70b-instruct",
        "deepseek-ai/deepseek-r1",
    ),
    _TOKENS,
) | {"google/gemini-3-pro": _TOKENS | {"input{prompt_gt=200000}", "output{prompt_gt=200000}"}}

SOURCES = (
    *(
        Source(
            name=model_id,
            kind=SourceKind.DOCS,
            addresses=(f"https://replicate.com/{model_id}",),
            read=partial(read_model, model_id=model_id),
            publishes=fields,
        )
        for model_id, fields in _MODELS.items()
    ),
    Source(
        name="pricing-examples",
        kind=SourceKind.PRICING_PAGE,
        addresses=("https://replicate.com/pricing",),
        read=read_examples,
        publishes=_TOKENS | {"images", "video_seconds"},
    ),
)

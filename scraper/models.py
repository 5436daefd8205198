"""A model across the offers that sell it: who sells it, and what its creator and its sellers state of it.

Pure: views of offers in, views of models out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scraper.identity import creator_name, is_own
from scraper.records import State
from scraper.states import FieldView
from scraper.store.views import OfferView

FACTS: Final = (
    "released",
    "knowledge_cutoff",
    "training_cutoff",
    "context_window",
    "max_output_tokens",
    "modalities",
    "capabilities",
    "quantization",
    "hugging_face_id",
    "status",
    "retires",
)
"""What is told of a model. Prices are an offer's alone."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What one offer's source states of a field."""

    offer: OfferView
    view: FieldView


@dataclass(frozen=True, slots=True)
class ModelFact:
    """A field of a model: what the creator's own offer states, and what the sellers state of theirs.

    A seller may serve less than the model can do, so that what it states is never taken for the model's own.
    """

    field: str
    by_creator: Stated | None
    by_sellers: tuple[Stated, ...]


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model with the offers that sell it, plain ones first, and what is stated of it."""

    model: str
    offers: tuple[OfferView, ...]
    facts: tuple[ModelFact, ...]

    @property
    def creator(self) -> str:
        """The creator as it writes itself."""
        return creator_name(self.model.partition("/")[0])

    @property
    def family(self) -> str:
        """What the model's name begins with: `gpt`, `claude`, `llama`."""
        found = re.match(r"[a-z]+", self.model.partition("/")[2])
        return found[0] if found else ""


def models_of(offers: Iterable[OfferView]) -> list[ModelView]:
    """Return the models that offers sell, by name; an offer that resolves to none is in none of them."""
    selling: dict[str, list[OfferView]] = defaultdict(list)
    for offer in offers:
        if offer.model is not None:
            selling[offer.model].append(offer)
    return [model_view(model, selling[model]) for model in sorted(selling)]


def model_view(model: str, offers: Sequence[OfferView]) -> ModelView:
    """Return one model from the offers that sell it."""
    ordered = sorted(offers, key=lambda offer: (offer.variant != "", offer.variant, offer.provider, offer.model_id))
    facts = (_fact(model, field, ordered) for field in FACTS)
    return ModelView(model, tuple(ordered), tuple(fact for fact in facts if fact.by_creator or fact.by_sellers))


def _fact(model: str, field: str, offers: Sequence[OfferView]) -> ModelFact:
    creator = model.partition("/")[0]
    own: Stated | None = None
    sellers = []
    for offer in offers:
        view = next((view for view in offer.fields if view.field == field), None)
        if view is None or view.state is not State.SOURCED:
            continue
        if not is_own(offer.provider, creator):
            sellers.append(Stated(offer, view))
        elif own is None:
            own = Stated(offer, view)
    return ModelFact(field, own, tuple(sellers))

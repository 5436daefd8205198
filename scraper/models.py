"""A model across the offers that sell it: who sells it, and what is stated of it by whom.

Pure: views of offers, and of what sources that sell nothing tell of models, in; views of models out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from scraper import providers
from scraper.identity import creator_name, is_own
from scraper.states import FieldView
from scraper.store.views import OfferView
from scraper.words import ABOUT_MODELS, SPECS, State

ALWAYS: Final = ("open_weights", "licence", "architecture", "parameters")
"""What is said of every model, also where nobody states it."""

FACTS: Final = (
    "released",
    "knowledge_cutoff",
    "training_cutoff",
    "context_window",
    "max_output_tokens",
    "modalities",
    "capabilities",
    *ALWAYS,
    "gated",
    "family",
    "quantization",
    "hugging_face_id",
    "status",
    "retires",
)
"""What is told of a model. Prices are an offer's alone."""

# Lists of what is mentioned: one that has less does not deny the rest.
_INCOMPLETE: Final = ("capabilities", "family")


class Voice(StrEnum):
    """Who states something of a model, the one whose word counts most first."""

    CREATOR = "creator"  # its own offer
    REPOSITORY = "repository"  # its own repository of the weights
    REFERENCE = "reference"  # who collects what others say
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Stated:
    """What one source states of a field, of an offer or of the model itself (`offer` is then the entry that does)."""

    offer: OfferView
    view: FieldView
    voice: Voice

    @property
    def value(self) -> str:
        """The value as it is stored."""
        return self.view.value or ""


@dataclass(frozen=True, slots=True)
class ModelFact:
    """A field of a model: all that is stated of it, by voice, and what of it is published.

    A seller may serve less than the model can do: what it states of an offer is never taken for the model's own. Of a
    licence or an architecture, which no offer changes, its word is published where nobody better has one.
    `disputed` says that sources about the model disagree, or those of one voice among themselves; where these are the
    best there are, nothing is published.
    """

    field: str
    stated: tuple[Stated, ...]
    published: Stated | None
    disputed: bool

    def by(self, *voices: Voice) -> tuple[Stated, ...]:
        """Return what some voices state."""
        return tuple(one for one in self.stated if one.voice in voices)

    @property
    def beside(self) -> tuple[Stated, ...]:
        """What is shown beside the published value where it is disputed: whoever says otherwise, each value once."""
        found: dict[str, Stated] = {}
        for one in self.stated if self.disputed else ():
            rival = one.voice is not Voice.SELLER or (self.published is None and not self.by(*_OF_MODELS))
            if rival and (self.published is None or not _agree(self.field, self.published, one)):
                found.setdefault(one.value, one)
        return tuple(found.values())


_OF_MODELS: Final = (Voice.CREATOR, Voice.REPOSITORY, Voice.REFERENCE)


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


def by_model(offers: Iterable[OfferView]) -> Mapping[str, Sequence[OfferView]]:
    """Return offers, or what is told of models, by the model that a rule says; without those of which none does."""
    found: dict[str, list[OfferView]] = defaultdict(list)
    for offer in offers:
        if offer.model is not None:
            found[offer.model].append(offer)
    return found


def model_view(model: str, offers: Sequence[OfferView], told: Sequence[OfferView] = ()) -> ModelView:
    """Return one model from the offers that sell it and from what is told of it by who sells nothing."""
    ordered = sorted(offers, key=lambda offer: (offer.variant != "", offer.variant, offer.provider, offer.model_id))
    facts = (model_fact(model, field, ordered, told) for field in FACTS)
    return ModelView(model, tuple(ordered), tuple(fact for fact in facts if fact.stated or fact.field in ALWAYS))


def model_fact(model: str, field: str, offers: Sequence[OfferView], told: Sequence[OfferView]) -> ModelFact:
    """Return what is stated of a field of a model by its offers, plain ones first, and by what is told of it."""
    if not offers and not told:  # as with most models; pages ask for each field of every one
        return ModelFact(field, (), None, disputed=False)
    voices: dict[Voice, list[Stated]] = {voice: [] for voice in Voice}
    creator = model.partition("/")[0]
    for offer in offers:
        voice = Voice.CREATOR if is_own(offer.provider, creator) else Voice.SELLER
        voices[voice] += _sourced(field, [offer], voice)
    # A creator that lists snapshots beside the model states the model's facts of the first, the plain one.
    del voices[Voice.CREATOR][1:]
    for voice in (Voice.REPOSITORY, Voice.REFERENCE):
        mine = [one for one in told if _voice_of(one.provider) is voice]
        voices[voice] = _sourced(field, mine if field == "open_weights" else _of_the_model(mine), voice)
    stated = tuple(one for voice in Voice for one in voices[voice])
    words = {voice: _word(field, said) for voice, said in voices.items()}
    heard = [voice for voice in _OF_MODELS if voices[voice]]
    if not heard and field in ABOUT_MODELS and voices[Voice.SELLER]:
        heard = [Voice.SELLER]
    best = next((word for voice in heard if (word := words[voice]) is not None), None)
    split = any(not _of_one_mind(field, voices[voice]) for voice in heard)
    rivals = [word for voice in heard if (word := words[voice]) is not None]
    disputed = split or any(not _agree(field, rivals[0], other) for other in rivals[1:])
    return ModelFact(field, stated, best, disputed)


def _sourced(field: str, offers: Sequence[OfferView], voice: Voice) -> list[Stated]:
    return [
        Stated(offer, view, voice)
        for offer in offers
        for view in offer.fields
        if view.field == field and view.state is State.SOURCED
    ]


def _of_the_model(told: Sequence[OfferView]) -> list[OfferView]:
    """Return the entries about the model itself, else those of its snapshots; other ways of serving it are not it."""
    plain = [one for one in told if not one.variant]
    return plain or [one for one in told if re.fullmatch(r"snapshot=[^,]+", one.variant)]


def _word(field: str, said: Sequence[Stated]) -> Stated | None:
    """Return the first of what one voice states, None where it contradicts itself or only repeats a default.

    Who collects entries writes "no" for open weights where nothing is known; only an entry that tells more of the model
    than this says so.
    """
    if not said or not _of_one_mind(field, said):
        return None
    if field != "open_weights" or said[0].value == "yes":
        return said[0]
    return next((one for one in said if one.voice is not Voice.REFERENCE or _tells_more(one.offer)), None)


def _tells_more(entry: OfferView) -> bool:
    return any(view.state is State.SOURCED and view.field != "open_weights" for view in entry.fields)


def _of_one_mind(field: str, said: Sequence[Stated]) -> bool:
    return all(_agree(field, said[0], other) for other in said[1:])


def _agree(field: str, one: Stated, other: Stated) -> bool:
    """Say whether two values are the same: words in any case, dates as far as both go."""
    if field in _INCOMPLETE:
        return True
    first, second = one.value.casefold(), other.value.casefold()
    if SPECS[field] == "date":
        return first.startswith(second) or second.startswith(first)
    return first == second


@lru_cache(maxsize=64)
def _voice_of(provider: str) -> Voice:
    """Return whose word that of a source is that sells nothing; one without a module is nobody's any more."""
    known: Collection[str] = providers.references()
    return Voice(providers.facts(provider)["voice"]) if provider in known else Voice.SELLER


def name_of(provider: str) -> str:
    """Return how a source that tells of models is called; a provider's slug as it is."""
    return str(providers.facts(provider)["name"]) if provider in providers.references() else provider


def whose(one: Stated) -> str:
    """Write whose word a statement is: `openai, its creator`, `Hugging Face hub, its creator's repository`."""
    name = name_of(one.offer.provider)
    return f"{name}, {_ROLES[one.voice]}" if one.voice in _ROLES else name


_ROLES: Final = {
    Voice.CREATOR: "its creator",
    Voice.REPOSITORY: "its creator's repository",
    Voice.SELLER: "which sells it",
}

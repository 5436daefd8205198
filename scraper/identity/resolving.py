"""From an id to its model and attributes, step by step: aliases, what the host added, creator, spelling, endings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Identity:
    """What an offer sells: the model (`creator/name`), how this offer of it differs, and which rule said so.

    `attributes` are (kind, value) pairs in alphabetical order; `rule` is `alias`, `hugging_face_id`, `organisation`,
    `family`, `seller` or `name`.
    """

    model: str
    attributes: tuple[tuple[str, str], ...] = ()
    rule: str = ""

    @property
    def creator(self) -> str:
        """The slug of who made the model."""
        return self.model.partition("/")[0]

    @property
    def variant(self) -> str:
        """The attributes as one text: `quantization=fp8,serving=turbo`."""
        return ",".join(f"{kind}={value}" for kind, value in self.attributes)


@dataclass(frozen=True, slots=True)
class _Creator:
    slug: str
    name: str
    family: re.Pattern[str] | None
    rewrite: tuple[tuple[re.Pattern[str], str], ...]
    serving: frozenset[str]
    own: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Creators:
    by_org: Mapping[str, _Creator]
    of_family: tuple[_Creator, ...]
    repackagers: frozenset[str]
    umbrellas: frozenset[str]

    def of_name(self, name: str) -> _Creator | None:
        """Return the creator to whose family a bare name belongs."""
        return next((one for one in self.of_family if one.family is not None and one.family.match(name)), None)


@dataclass(slots=True)
class _Id:
    """An id being taken apart: what is left of it, and what was taken off."""

    rest: str
    attributes: dict[str, str] = field(default_factory=dict)

    def take(self, pattern: re.Pattern[str], kind: str) -> bool:
        """Take an ending or a beginning off, and keep its `value` as an attribute of a kind."""
        found = pattern.search(self.rest)
        if found is None or not (rest := self.rest[: found.start()] + self.rest[found.end() :]):
            return False
        self.rest = rest
        value = found["value"]
        self.attributes[kind] = f"{self.attributes[kind]}+{value}" if kind in self.attributes else value
        return True


# Ways of serving a model: they change speed, price or numbers, not the model.
_SERVING: Final = (
    "turbo", "fast", "highspeed", "flex", "tee", "lora", "tput", "throughput", "maas", "priority", "dedicated",
)  # fmt: skip
_QUANTIZED: Final = re.compile(
    r"[-_](?P<value>(?:nv|mx)?fp(?:4|8|16)(?:-dynamic|-kv|-block)?|bf16|int[48](?:-mixed-ar)?|awq|gptq|gguf|w[48]a(?:8|16)|"
    r"[48]bit|mlx|quantized)$"
)
_VARIANT: Final = re.compile(r":(?P<value>[a-z][a-z-]*)$|[-_](?P<free>free|batch)$")
_SNAPSHOT: Final = re.compile(
    r"[-@](?P<value>20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])|20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))$"
)
_GEMINI_SNAPSHOT: Final = re.compile(r"(?<=[a-z])-(?P<value>00[0-9])$")
_DAY_OF_YEAR: Final = re.compile(r"-(?P<value>(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))$")
_MOVING: Final = re.compile(r"[-@:]latest$|^~")
_REGION: Final = re.compile(r"^(?P<value>us|eu|apac|au|jp|ca|sa|global|us-gov)\.(?=[a-z0-9]+\.)")
_BEDROCK_VERSION: Final = re.compile(r"-v[0-9]+(?::[0-9]+)?$|-[0-9]+:[0-9]+$")
_HOST_PREFIX: Final = re.compile(
    r"^(?:accounts/[a-z0-9-]+/(?:models|routers|deployments)/|@cf/|@hf/|hf:|databricks-|parasail-|phala/|tee/|pro/|route/|models/|"
    r"cerebras-|groq-|replicate/)"
)
_TASK: Final = re.compile(r"[a-z]+-to-[a-z0-9-]+|edit|inpainting|upscal(?:e|er)|remix")
_VERSION: Final = re.compile(r"(?<![0-9.])(?P<one>[1-9]?[0-9])[-_p](?P<two>[1-9]?[0-9])(?=$|[-_:@/])")


def resolve(provider: str, model_id: str, name: str = "", hugging_face_id: str = "") -> Identity | None:
    """Return which model an offer sells, None where no rule and no alias says it.

    `hugging_face_id` is what the offer's source states; it settles the model, while the offer's own id says how this
    offer of it differs. The name counts where there is no id, and where it says which model a moving id serves today.
    """
    provider, model_id = _as_sold(provider, model_id)
    own = _resolve_id(provider, model_id) if model_id else _resolve_name(provider, name)
    if own is None and model_id and name:
        own = _listed_name(provider, name)
    if hugging_face_id and (published := _resolve_id("huggingface", hugging_face_id)) is not None:
        attributes = own.attributes if own is not None else ()
        return Identity(published.model, attributes, "hugging_face_id")
    return own


def _as_sold(provider: str, model_id: str) -> tuple[str, str]:
    """Return the provider whose id it is: one that tells of models writes them as others do, or names these before.

    `section/id` of models.dev is the id of the provider of that section.
    """
    if provider in _WRITTEN_AS:
        return _WRITTEN_AS[provider], model_id
    if provider not in _aliases()["sections"]:
        return provider, model_id
    section, _, own = model_id.partition("/")
    return _aliases()["sections"][provider].get(section, section), own


@lru_cache(maxsize=16384)
def _resolve_id(provider: str, model_id: str) -> Identity | None:
    taken = _Id(model_id.strip().casefold())
    if not taken.rest or _MOVING.search(taken.rest):
        return None  # an id that points today here and tomorrow there sells no one model
    if alias := _alias(provider, taken.rest):
        return Identity(alias, (), "alias")
    _take_variant(taken)
    if alias := _alias(provider, taken.rest):
        return Identity(alias, _sorted(taken), "alias")
    _take_host(provider, taken)
    if alias := _alias(provider, taken.rest):
        return Identity(alias, _sorted(taken), "alias")
    found = _creator_of(provider, taken)
    if found is None:
        return None
    creator, rule = found
    name = _spelt(creator, taken)
    listed = _alias("*", f"{creator.slug}/{name}")
    model = listed or f"{creator.slug}/{name}"
    return Identity(model, _sorted(taken), rule) if re.search(r"[a-z]", name) else None


def _listed_name(provider: str, name: str) -> Identity | None:
    listed = _aliases()["names"].get(provider, {}).get(name.strip().casefold())
    if listed is None:
        return None
    model, *attributes = listed.split()
    pairs = (attribute.partition("=") for attribute in attributes)
    return Identity(model, tuple(sorted((kind, value) for kind, _, value in pairs)), "name")


@lru_cache(maxsize=4096)
def _resolve_name(provider: str, name: str) -> Identity | None:
    """Resolve a name as a list prints it: blanks stand where an id has dashes, and nothing else differs."""
    if listed := _listed_name(provider, name):
        return listed
    written = _without_prefix(provider, name.strip().casefold())
    taken = _Id(re.sub(r"[ _]+", "-", written))
    if not re.fullmatch(r"[a-z0-9][a-z0-9./-]*", taken.rest):
        return None
    if provider == "azure" and taken.rest.startswith("openai/"):
        taken.take(_DAY_OF_YEAR, "snapshot")
    found = _creator_of("", taken)
    if found is None:
        return None
    creator = found[0]
    spelt = f"{creator.slug}/{_spelt(creator, taken)}"
    return Identity(_alias("*", spelt) or spelt, _sorted(taken), "name")


def _without_prefix(provider: str, name: str) -> str:
    """Return a name as an id begins; empty where a provider's names all begin in listed ways and this one does not."""
    prefixes = _prefixes().get(provider, ())
    for pattern, replacement in prefixes:
        if pattern.match(name):
            return pattern.sub(replacement, name, count=1)
    return "" if prefixes else name


def _sorted(taken: _Id) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(taken.attributes.items()))


def _take_variant(taken: _Id) -> None:
    found = _VARIANT.search(taken.rest)
    if found and found.start():
        taken.attributes["variant"] = found["value"] or found["free"]
        taken.rest = taken.rest[: found.start()]


def _take_host(provider: str, taken: _Id) -> None:
    """Take off what a host puts around the names of models."""
    while found := _HOST_PREFIX.match(taken.rest):
        if found[0] == "tee/":
            taken.attributes["serving"] = "tee"
        taken.rest = taken.rest[found.end() :]
    if provider.startswith("aws-bedrock"):
        taken.take(_REGION, "region")
        taken.rest = _BEDROCK_VERSION.sub("", taken.rest).replace(".", "/", 1)
    if taken.rest.endswith("@default"):
        taken.rest = taken.rest.removesuffix("@default")


def _creator_of(provider: str, taken: _Id) -> tuple[_Creator, str] | None:
    """Return the creator, leaving the bare name; by organisation first, then by family, then by who sells it."""
    creators = _creators()
    _take_task(creators, taken)
    org, _, name = taken.rest.rpartition("/")
    org = org.rpartition("/")[2]
    if org and org not in creators.repackagers:
        creator = creators.of_name(name) if org in creators.umbrellas else None
        creator = creator or creators.by_org.get(org)
        if creator is None:
            return None
        taken.rest = name
        return creator, "organisation"
    if (creator := creators.of_name(name)) is not None:
        taken.rest = name
        return creator, "family"
    # A laboratory's own price list names its models without saying that they are its own.
    own = creators.by_org.get(_LABS.get(provider, ""))
    if own is None or org:
        return None
    taken.rest = name
    return own, "seller"


def _take_task(creators: _Creators, taken: _Id) -> None:
    """Take off the task that media hosts write after a model: `org/model/text-to-image`."""
    *before, last = taken.rest.split("/")
    after_model = len(before) == 2 and before[0] in creators.by_org and before[1] not in creators.by_org
    if after_model or (len(before) == 1 and _TASK.fullmatch(last)):
        taken.attributes["task"] = last
        taken.rest = "/".join(before)


_WRITTEN_AS: Final = {"huggingface-hub": "huggingface"}

_LABS: Final = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "mistral": "mistral", "deepseek": "deepseek",
    "moonshot": "moonshotai", "moonshot-cn": "moonshotai", "zai": "zai", "zhipu": "zai", "minimax": "minimax",
    "minimax-cn": "minimax", "xai": "xai", "cohere": "cohere", "ai21": "ai21", "voyage": "voyage",
    "inception": "inception", "morph": "morph", "deepgram": "deepgram", "elevenlabs": "elevenlabs",
    "perplexity": "perplexity", "alibaba": "alibaba", "alibaba-intl": "alibaba", "stability": "stabilityai",
    "stepfun": "stepfun", "assemblyai": "assemblyai",
}  # fmt: skip


def _spelt(creator: _Creator, taken: _Id) -> str:
    """Return the name in the creator's spelling, its endings taken off as attributes."""
    taken.rest = _dotted(taken.rest)
    _take_endings(creator, taken)
    name = taken.rest.replace("_", "-") if not creator.slug.startswith("elevenlabs") else taken.rest
    for pattern, replacement in creator.rewrite:
        name = pattern.sub(replacement, name)
    return name


def _take_endings(creator: _Creator, taken: _Id) -> None:
    serving = re.compile(rf"[-_](?P<value>{'|'.join(sorted(creator.serving))})$") if creator.serving else None
    while True:
        own = creator.own is not None and creator.own.fullmatch(taken.rest)
        if taken.take(_QUANTIZED, "quantization") or taken.take(_SNAPSHOT, "snapshot"):
            continue
        if creator.slug == "google" and taken.take(_GEMINI_SNAPSHOT, "snapshot"):
            continue
        if own or serving is None or not taken.take(serving, "serving"):
            return


def _dotted(name: str) -> str:
    """Write versions with a dot: `4-5`, `3p3` and `3_3` become `4.5` and `3.3`; dates and sizes stay as they are."""
    found = _SNAPSHOT.search(name)
    head, tail = (name[: found.start()], name[found.start() :]) if found else (name, "")
    return _VERSION.sub(_version, head) + tail


def _version(found: re.Match[str]) -> str:
    return found[0] if found["one"] == "0" else f"{found['one']}.{found['two']}"


def is_own(provider: str, creator: str) -> bool:
    """Say whether a provider is the creator itself, selling its own models."""
    return _LABS.get(provider) == creator


def creator_name(slug: str) -> str:
    """Return a creator as it writes itself, from the slug before the "/" of a model."""
    creator = _creators().by_org.get(slug)
    return creator.name if creator is not None else slug


# The two lists.


def _alias(provider: str, model_id: str) -> str:
    return _aliases()["ids"].get(provider, {}).get(model_id, "")


@cache
def _aliases() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return the listed ids, names and sections, each by provider, in lower case."""
    return {
        kind: {
            provider: {key.casefold(): model for key, model in listed.items()} for provider, listed in of_kind.items()
        }
        for kind, of_kind in _load("aliases").items()
        if kind != "prefixes"
    }


@cache
def _prefixes() -> Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]:
    return {
        provider: tuple((re.compile(f"^{pattern}"), replacement) for pattern, replacement in pairs)
        for provider, pairs in _load("aliases")["prefixes"].items()
    }


@cache
def _creators() -> _Creators:
    data = _load("creators")
    by_org: dict[str, _Creator] = {
        slug: _Creator(slug, slug, None, (), frozenset(_SERVING), None) for slug in data["others"]
    }
    of_family = []
    for slug, said in data["creators"].items():
        creator = _Creator(
            slug=slug,
            name=said["name"],
            family=re.compile(said["family"]) if "family" in said else None,
            rewrite=tuple((re.compile(pattern), replacement) for pattern, replacement in said.get("rewrite", ())),
            serving=frozenset(said.get("serving", _SERVING)),
            own=re.compile(said["own"]) if "own" in said else None,
        )
        of_family.append(creator)
        by_org.update(dict.fromkeys((slug, *said.get("orgs", ())), creator))
    return _Creators(by_org, tuple(of_family), frozenset(data["repackagers"]), frozenset(data["umbrellas"]))


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((files("scraper.identity") / f"{name}.toml").read_text(encoding="utf-8"))

"""The providers: one module and one TOML file each, found by their presence and registered nowhere.

Those in `about_models` tell of models and sell nothing: what their sources list are no offers.
"""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
import traceback
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scraper.closed import closed
from scraper.errors import RatecardError

if TYPE_CHECKING:
    # All of the parsing, and what checks records, come with them, and who only asks whether there is a provider needs
    # none of that.
    from scraper.contracts import Contract
    from scraper.extract.source import Source


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Return the slugs of all providers, sorted (`aws-bedrock` is the module `aws_bedrock`)."""
    return _slugs(pkgutil.iter_modules(__path__))


@lru_cache(maxsize=1)
def references() -> tuple[str, ...]:
    """Return the slugs of those who tell of models and sell nothing, sorted."""
    return _slugs(pkgutil.iter_modules([f"{folder}/about_models" for folder in __path__]))


def every() -> tuple[str, ...]:
    """Return the slugs of all that are fetched and read: the providers, then the references."""
    return (*names(), *references())


def _slugs(modules: Iterable[pkgutil.ModuleInfo]) -> tuple[str, ...]:
    return tuple(sorted(found.name.replace("_", "-") for found in modules if not found.ispkg))


def _module(provider: str) -> str:
    inner = ".about_models" if provider in references() else ""
    return f"{__name__}{inner}.{provider.replace('-', '_')}"


def sells(provider: str) -> bool:
    """Say whether there is a provider of this slug, which is not closed."""
    return provider in names() and provider not in closed()


def check(provider: str) -> None:
    """Raise `RatecardError` for an unknown provider and for one that is closed; nothing of it is imported."""
    if provider in closed():
        raise RatecardError(f"There is nothing to read: {closed()[provider]}.")
    if provider not in every():
        raise RatecardError(f"There is no provider {provider!r}; the providers are {', '.join(every())}.")


def sources(provider: str) -> tuple[Source, ...]:
    """Return what a provider's module declares; raise `RatecardError` for an unknown provider or a broken module.

    Those that only tell more of offers come after those that list them.
    """
    check(provider)
    try:
        module = importlib.import_module(_module(provider))
    except Exception as error:
        # Whoever writes a module makes such mistakes all the time.
        raise RatecardError(f"scraper/providers/{_unloadable(_path(provider), error)}") from error
    return tuple(sorted(module.SOURCES, key=lambda source: not source.lists))


def _unloadable(path: Path, error: Exception) -> str:
    """Say where a module has what keeps it from being loaded, and what that is."""
    if isinstance(error, SyntaxError):
        return f"{Path(error.filename or path).name}, line {error.lineno}: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    said = error.msg if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    return f"{path.name}{f', line {lines[-1]}' if lines else ''}: {said}."


def facts(provider: str) -> dict[str, Any]:
    """Return the facts for people who use a provider (its NAME.toml): address, key variable, call, gotchas."""
    return {key: value for key, value in _toml(provider).items() if key != "contract"}


def contract_of(provider: str, source: str) -> Contract:
    """Return what a good reading of a source has (`[contract.…]` of NAME.toml); an empty contract asks for nothing.

    Raises `RatecardError`, naming the file and the key, where a contract is not well formed.
    """
    from scraper.contracts import contract_for

    return contract_for(contracts(provider), source)


@lru_cache(maxsize=256)
def contracts(provider: str) -> Mapping[str, Contract]:
    """Return the contracts of a provider by the source, or the pattern of sources, that they are for."""
    from scraper.contracts import contracts_of

    stated = _toml(provider).get("contract", {}) if provider in every() else {}
    return contracts_of(stated, _file(provider))


def check_contracts(provider: str) -> None:
    """Raise `RatecardError` where a contract of a provider is for none of its sources."""
    names = [source.name for source in sources(provider)]
    for pattern in contracts(provider):
        if not any(fnmatchcase(name, pattern) for name in names):
            raise RatecardError(
                f"scraper/providers/{_file(provider)} has a contract for {pattern!r}, which is no source; the sources "
                f"are {', '.join(names)}."
            )


def _file(provider: str) -> str:
    return f"{provider.replace('-', '_')}.toml"


def _path(provider: str) -> Path:
    spec = find_spec(_module(provider))
    return Path(spec.origin if spec and spec.origin else "")


def _toml(provider: str) -> dict[str, Any]:
    check(provider)
    try:
        text = _path(provider).with_suffix(".toml").read_text(encoding="utf-8")
        return tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError as error:
        raise RatecardError(f"The provider {provider} has no scraper/providers/{_file(provider)}; write it.") from error
    except tomllib.TOMLDecodeError as error:
        raise RatecardError(f"scraper/providers/{_file(provider)} is no TOML: {error}.") from error


def keys(wanted: Iterable[str] | None = None) -> dict[str, dict[str, str]]:
    """Return which keys the sources of providers (all where none is given) want: by host, headers and variables."""
    found: dict[str, dict[str, str]] = {}
    for provider in every() if wanted is None else wanted:
        for source in sources(provider):
            for address in source.addresses if source.key else ():
                found.setdefault(urlsplit(address).netloc, {}).update(source.key)
    return found


def call(provider: str, model_id: str) -> str:
    """Return the provider's call with an offer's own id in it, ready to be run; `RatecardError` where none is sold."""
    if provider in references():
        raise RatecardError(f"{provider} tells of models and sells nothing: there is nothing to call.")
    written: str = facts(provider)["call"]
    return written.replace("{model_id}", model_id).strip()

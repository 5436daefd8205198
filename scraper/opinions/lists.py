"""Finding and opening price lists: those that are installed as packages, and files in the format of one of them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from importlib import import_module, metadata
from pathlib import Path
from typing import Final, NoReturn

from scraper.errors import RatecardError
from scraper.opinions import genai_prices, litellm, models_dev, openrouter
from scraper.opinions.opinion import Json, PriceList

INSTALLED: Final = (litellm.NAME, genai_prices.NAME)
"""The lists that come as packages, by the name that `--list` takes."""

_FORMATS: Final = (openrouter, litellm, genai_prices, models_dev)
_INSTALL: Final = "run pip install 'ratecard[crosscheck]', or name a file with --list FILE"


def open_lists(wanted: Sequence[str], at: datetime) -> list[PriceList]:
    """Open the wanted lists, each the name of a package or a file; without any, all packages that are installed.

    `at` is the time whose prices are wanted, where a list has dates. Raises `RatecardError` where there is none, or
    where one is not there or not to be read.
    """
    if wanted:
        return [_installed(one, at) if one in INSTALLED else _file(Path(one), at) for one in dict.fromkeys(wanted)]
    found = [_installed(name, at) for name in INSTALLED if _version(name) is not None]
    if not found:
        raise RatecardError(f"There is no price list to compare with: {_INSTALL}.")
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _installed(name: str, at: datetime) -> PriceList:
    version = _version(name)
    if version is None:
        raise RatecardError(f"The price list {name} is not installed: {_INSTALL}.")
    if name == litellm.NAME:
        # Only its file is read: importing the package takes seconds.
        file = Path(str(metadata.distribution(name).locate_file(litellm.FILE)))
        return _read(litellm.read, _json(file), version, at, f"{name} {version}")
    try:
        data = import_module(genai_prices.MODULE).providers
    except (ImportError, AttributeError) as error:
        raise RatecardError(
            f"{name} {version} has no data that can be read ({error}); install another version."
        ) from error
    return _read(genai_prices.read, data, version, at, f"{name} {version}")


def _file(file: Path, at: datetime) -> PriceList:
    data = _json(file)
    for form in _FORMATS:
        if form.is_this(data):
            return _read(form.read, data, file.name, at, str(file))
    raise RatecardError(
        f"{file} is none of the price lists that are known: LiteLLM's JSON, genai-prices' JSON, the api.json of "
        "models.dev, OpenRouter's list of models."
    )


def _read(
    read: Callable[[Json, str, datetime], PriceList], data: Json, version: str, at: datetime, shown: str
) -> PriceList:
    try:
        return read(data, version, at)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        raise RatecardError(
            f"{shown} is not in the format that is known ({said}); use another version of it."
        ) from error


def _json(file: Path) -> Json:
    """Read a file of JSON, also a gzipped one, with its numbers as they are written."""
    try:
        body = file.read_bytes()
        text = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode("utf-8")
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except OSError as error:
        raise RatecardError(f"The price list {file} cannot be read ({error.strerror or error}).") from error
    except (ValueError, EOFError, zlib.error, RecursionError, InvalidOperation) as error:
        raise RatecardError(f"The price list {file} is not whole JSON ({error}).") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it has the number {name}")

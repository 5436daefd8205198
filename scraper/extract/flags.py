"""Rows of a feed that say with true and false what a model can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scraper.extract import Unreadable
from scraper.extract.feed import spec_fact
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.extract.specs import listed
from scraper.records import Fact


def true_flags(flags: Json, *, prefix: str = "") -> str:
    """Write the names (after the prefix) of what is true, with blanks for "_"; "" where nothing is.

    Raises `Unreadable` for what is no object.
    """
    if not isinstance(flags, dict):
        raise Unreadable(f"{str(flags)[:60]!r} does not list capabilities")
    names = (name for name, has in flags.items() if has is True and name.startswith(prefix))
    return listed(re.sub("_", " ", name.removeprefix(prefix)) for name in names)


def supports(row: Mapping[str, Any], pointer: str, _: Offers) -> Iterator[Fact]:
    """Yield the capabilities of a row that has a key for each: `"supports_tools": true`; the evidence is the row."""
    written = true_flags(row, prefix="supports_")
    if written:
        yield spec_fact("capabilities", written, row, pointer)

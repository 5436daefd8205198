"""Objects of a feed that say with true and false what a model can do."""

from __future__ import annotations

from scraper.extract import Unreadable
from scraper.extract.jsontext import Json
from scraper.extract.specs import listed


def true_flags(flags: Json) -> str:
    """Write the names of what is true, with blanks for "_". Raises `Unreadable` for what is no object."""
    if not isinstance(flags, dict):
        raise Unreadable(f"{str(flags)[:60]!r} does not list capabilities")
    return listed(name.replace("_", " ") for name, has in flags.items() if has is True)

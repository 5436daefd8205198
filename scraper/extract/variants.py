"""Rows that price what a model makes, and the variant that each names.

"Imagen 4 Fast image price" is the price of an image of `imagen-4.0-fast-generate-001`, "Imagen 4 Standard image price"
of the plain `imagen-4.0-generate-001`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scraper.extract import Unreadable
from scraper.meters import RateKey, Unit

_PLAIN = frozenset({"standard"})
# "Imagen 4 Fast image price", "Veo 3 video without audio price", "Video price", "Lyria 3 Clip Preview (30s)"
_MADE = re.compile(
    r"(?P<name>.*?)\s*\b(?P<thing>image|video|song|)(?P<mute> without audio)?(?: with audio)?"
    r"(?P<price> pric(?:e|ing))?(?:\s*\((?:default|\d+s|full song)\))?[*\s]*",
    re.IGNORECASE,
)
_METERS = {"image": "images", "video": "videos", "request": "requests"}


def made(label: str, unit: Unit | None, family: str) -> tuple[str, RateKey]:
    """Read a row's label in a table of prices per `unit`: the variant ("" for the family itself) and the rate key.

    Raises `Unreadable` for a label that does not name a price of what a model of the family makes.
    """
    found = _MADE.fullmatch(label)
    if found is None or not (found["price"] or label.casefold().startswith(family.split()[0].casefold())):
        raise Unreadable(f"the row {label!r} is not known")
    thing = unit.thing if unit else ""
    meter = "video_seconds" if (thing, found["thing"].casefold()) == ("second", "video") else _METERS.get(thing)
    if meter is None:
        raise Unreadable(f"the row {label!r} is not known among prices per {unit}")
    labels = (("variant", "without-audio"),) if found["mute"] else ()
    return found["name"], RateKey(meter, "", labels)


def assigned(names: Iterable[str], ids: Sequence[str], family: str) -> dict[str, tuple[str, ...]]:
    """Return the ids of each name; none for a name that does not lead to one id without doubt.

    `family` is the heading over all of them: its words tell nothing apart. Names that say no more than it have all ids.
    """
    words = {name: _words(name) - _words(family) for name in dict.fromkeys(names)}
    if not any(words.values()):
        return dict.fromkeys(words, tuple(ids))
    parts = {one: set(re.split(r"[-.]", one)) for one in ids}
    common = set.intersection(*parts.values()) if parts else set()
    told = set().union(*words.values())
    found: dict[str, tuple[str, ...]] = {}
    for name, own in words.items():
        fits = [one for one, part in parts.items() if (part - common) & own]
        if not fits and own <= _PLAIN:
            fits = [one for one, part in parts.items() if not (part - common) & told]
        found[name] = tuple(fits) if len(fits) == 1 else ()
    given = [one for fits in found.values() for one in fits]
    return {name: fits if all(given.count(one) == 1 for one in fits) else () for name, fits in found.items()}


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9.]+", text.casefold()))

"""Tables of what models make of media, a feature a row ("Video generation", "Upscaling"), with a price for each."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from scraper.extract.passage import Passage
from scraper.extract.prices import Scale, facts_of
from scraper.meters import RateKey
from scraper.records import Fact

_PLAIN: Final = re.compile(
    r"image generation|(?:full song |[\d]+ second )?music(?: clip)? generation|video \+ audio generation|text|image"
)
_SONG: Final = re.compile(r"per (?:full|\d+ second) song\b.*", re.IGNORECASE)


def media_facts(
    price: Passage, feature: str, output: str, resolutions: str, features: Collection[str]
) -> tuple[Fact, ...]:
    """Return the facts of a row: what is made (`output`) decides the direction, the feature the `variant`.

    `features` are those of the same model: video without sound is a variant where there is video with sound, too.
    """
    said = feature.rpartition(":")[2].strip().casefold()
    both = any(re.fullmatch(r"video \+ audio generation", one.casefold()) for one in features)
    if said == "video generation":
        variant = "without-audio" if both else ""
    else:
        variant = "" if _PLAIN.fullmatch(said) else re.sub(r"[^a-z0-9&]+", "-", said).strip("-")
    made = re.search(r"\b(?:images?|videos?|music|songs?)\b", output, re.IGNORECASE)
    clock = "video" if re.search(r"\bvideo\b", f"{output} {feature}", re.IGNORECASE) else "audio"
    part = price.with_text(_SONG.sub("per song", price.text))
    found: list[Fact] = []
    for size in re.split(r"\s*,\s*", resolutions):
        key = RateKey("output" if made else "input").with_labels(variant=variant, resolution=size)
        found.extend(facts_of(part, key, Scale(clock=clock)))
    return tuple(found)

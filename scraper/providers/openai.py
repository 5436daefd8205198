"""OpenAI: the pricing page (its Markdown twin, or HTML with rows in island props), deprecations, the models list.

The HTML page shows the newest rows; those of "All models" stand in the payload of the same table. Both must agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from scraper.extract import Unreadable
from scraper.extract.captions import modality_above, without_columns
from scraper.extract.document import Document
from scraper.extract.feed import Feed, Spec, read_feed
from scraper.extract.offers import Named, Offers, one_way
from scraper.extract.prices import Scale
from scraper.extract.prompt_lengths import read_suffix
from scraper.extract.relabel import relabelled
from scraper.extract.source import Source, SourceKind
from scraper.extract.specs import day_of_epoch
from scraper.extract.tables import LineFacts, read_table
from scraper.extract.tiered import tiered_tables
from scraper.extract.vocabulary import KNOWN, NAME, RESOLUTION, VOCABULARY, fold, key, labelled, spec
from scraper.records import Reading

_ID = r"(?=[a-z0-9.-]*[a-z])[a-z0-9][a-z0-9.-]*"
_RATES = {"input": "input", "cached input": "cache_read", "cache writes?": "cache_write", "output": "output"}
_VOCABULARY = VOCABULARY.extended(
    {
        "category|portrait|landscape": KNOWN,
        "size: output resolution": RESOLUTION,
        "price per second": key("video_seconds"),
        "long context": labelled(),
        **{f"(?:short|long) context {words}": key(rate) for words, rate in _RATES.items()},
    }
)
_DEPRECATIONS = VOCABULARY.extended(
    {
        "shut ?down date": spec("retires"),
        "model / system|(?:deprecated|legacy) model|model snapshots?|system": NAME,
        ".*(?:replacement|substitute).*|.* price": KNOWN,
    }
)


def read_pricing(document: Document) -> Reading:
    """Read the shown tables and those of the payloads, each in its tier."""
    offers = Offers()
    for table, scale in tiered_tables(document, _VOCABULARY, offers, optional={"cache writes"}):
        headings = [fold(path[-1]) if path else "" for path in table.grid.headers]
        if "tool" in headings:
            continue  # tools are sold beside the models and are no offers
        tier = dict(scale.labels).get("tier", "")
        if tier == "fast":
            # The new name of Priority: requests may still say priority.
            scale = scale.labelled(tier="priority")
        training = frozenset(n for n, heading in enumerate(headings) if heading.startswith("training"))
        tuned = bool(training) or any(re.search("fine-?tun", text, re.IGNORECASE) for text in table.context.path)
        if training:
            scale = replace(scale, clock="training")
            if tier:
                # Training has one price; other tiers repeat it beside their prices of using the tuned model.
                table = without_columns(table, training)
        naming = partial(_named, modality=modality_above(table), variant="fine-tuned" if tuned else "")
        read_table(table, offers, scale=scale, vocabulary=_VOCABULARY, naming=naming)
    reading = offers.reading()
    if not reading.offers:
        raise Unreadable("it has no table of prices of models")
    # A shown table and its payload say it in different ways only where one of them is misread.
    return one_way(reading, "training", "training_hours")


def _named(line: LineFacts, modality: str, variant: str) -> Sequence[Named]:
    # A row that a rendering cut short begins with its modality or price: it names no model.
    if line.name is None or re.match(r"(?:text|audio|images?|video|legacy)$|[^a-z]|$", line.name.line, re.IGNORECASE):
        return []
    training = [fact for fact in line.facts if fact.field.startswith("training")]
    used = [fact for fact in line.facts if fact not in training]
    line.facts = [*training, *relabelled(used, modality=modality, variant=variant)]
    if re.search(r"[ (](?:with )?data sharing\)?$", line.name.line, re.IGNORECASE):
        return _left_out(line)  # another price for those who share their data, not one for everybody
    # An alias may have the snapshot that it stands for in the line below.
    parts = [re.sub(r"(?i:\s*(?:\(legacy\)|\blegacy))$", "", part) for part in line.name.lines]
    names, limits = zip(*(read_suffix(part) for part in parts if part), strict=True)
    line.facts = relabelled(line.facts, prompt_gt=max(limits))
    if all(re.fullmatch(_ID, name) for name in names):
        return [Named(name, name) for name in names]
    # Words in brackets that are not understood may make it another price: of whom, it is not known.
    return [] if "(" in line.name.line else [Named("", line.name.line)]


def read_deprecations(document: Document) -> Reading:
    """Read the days on which models are shut down; what is no model id (an endpoint, a beta header) is no offer."""
    offers = Offers()
    for table in document.tables:
        if any("fine-tun" in heading.casefold() for heading in table.context.path):
            continue  # what ends there is the training of such models, not their use
        if any(re.match(r"shut ?down date", "".join(path), re.IGNORECASE) for path in table.grid.headers):
            read_table(table, offers, scale=Scale(), vocabulary=_DEPRECATIONS, naming=_deprecated)
        elif table.grid.width:
            offers.note("unknown_heading", "a table has no column of days of shutting down", table.locator)
    return offers.reading()


def _deprecated(line: LineFacts) -> Sequence[Named]:
    # "a | b, c": a snapshot, and the other ids that end with it.
    ids = re.split(r" ?[|,] ", re.sub(r" \(including .*\)$", "", line.name.line)) if line.name else []
    ids = [one for one in ids if re.fullmatch(_ID, one) and not re.match(r"ft[:-]", one)]
    return [Named(one, one) for one in ids] or _left_out(line)


def _left_out(line: LineFacts) -> Sequence[Named]:
    line.facts = []
    return []


_MODELS = Feed(
    rows="/data",
    prices=(),
    specs=(Spec("created", "released", day_of_epoch),),
    known=frozenset({"object", "owned_by"}),
    # Models that the owner of the key has tuned are not offers to everybody.
    skip=lambda row: str(row["id"]).startswith("ft:") or ":ft-" in str(row["id"]),
)


def read_models(document: Document) -> Reading:
    """Read the list of models that the API gives to callers with a key: ids and dates, no prices."""
    return read_feed(document, _MODELS).reading()


SOURCES = (
    Source(
        name="docs-pricing",
        kind=SourceKind.DOCS,
        addresses=(
            "https://developers.openai.com/api/docs/pricing.md",
            "https://developers.openai.com/api/docs/pricing",
            "https://platform.openai.com/docs/pricing",
        ),
        read=read_pricing,
        publishes=frozenset(
            {f"{rate}{{tier={tier}}}" for rate in _RATES.values() for tier in ("batch", "flex", "priority")}
            | set(_RATES.values())
            | {f"{rate}.{kind}" for rate in ("input", "cache_read", "output") for kind in ("audio", "image")}
            | {"characters", "training"}
        ),
    ),
    Source(
        name="deprecations",
        kind=SourceKind.ANNOUNCEMENTS,
        addresses=(
            "https://developers.openai.com/api/docs/deprecations.md",
            "https://developers.openai.com/api/docs/deprecations",
            "https://platform.openai.com/docs/deprecations",
        ),
        read=read_deprecations,
        publishes=frozenset({"retires"}),
        lists=False,
    ),
    Source(
        name="models-api",
        kind=SourceKind.CATALOGUE,
        addresses=("https://api.openai.com/v1/models",),
        read=read_models,
        publishes=frozenset({"released"}),
        key={"Authorization": "Bearer OPENAI_API_KEY"},
    ),
)

"""Google: the pricing page of the Gemini API (HTML or Markdown) and its release notes.

The pricing page has one section a model: its name, its ids, then a table for each tier whose rows are the meters. The
paid tier is the price; the free tier is a plan with quotas.
"""

from __future__ import annotations

import re

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.imagenotes import image_output, plausible, with_image_unit
from scraper.extract.markup import Table
from scraper.extract.naming import read_title, split_joined, status_fact, without_emoji
from scraper.extract.offers import Named, Offers
from scraper.extract.passage import Passage
from scraper.extract.plans import free_tier, plan_columns
from scraper.extract.prices import Scale, facts_of
from scraper.extract.releases import releases_of
from scraper.extract.sections import Section, ending, sections_of
from scraper.extract.source import Source, SourceKind
from scraper.extract.tables import MONEY, unit_scale
from scraper.extract.variants import assigned, made
from scraper.extract.vocabulary import VOCABULARY, Role, fold, key
from scraper.meters import RateKey
from scraper.records import Fact, Reading

_IGNORED = {
    "pricing for tools": "prices of tools, not of models",
    "pricing for agents": "agents are billed at the rates of their models",
}
_ROWS = VOCABULARY.extended(
    {
        r"image generation pric(?:e|ing)": key("images"),
        r"input price \(text(?:\s*[,/]\s*(?:image|video|audio))*\)": key("input"),
    }
)
_GROUNDING = re.compile(r"grounding with (?P<tool>google [a-z ]+)")
_SEARCHES = re.compile(
    r"(?:.*\bthen )?(?P<price>\$[\d.]+ / 1,000 search queries)(?: for text and image-based grounding)?\.?"
)
_MAIN = {"input", "output", "images", "video_seconds", "requests"}
_TIERS = ("", "{tier=batch}", "{tier=flex}", "{tier=priority}")


def read_pricing(document: Document) -> Reading:
    """Read each section that has a table with a paid tier."""
    offers = Offers()
    for section in sections_of(document):
        if any(section.heading.line.casefold().startswith(start) for start in _IGNORED):
            continue
        tables = [table for table in section.tables if plan_columns(table)]
        for table in section.tables:
            if table not in tables and any(MONEY.search(cell.line) for row in table.grid.rows for cell in row):
                offers.note("unknown_heading", "a table of prices has no column of the paid tier", table.locator)
        if section.parent is not None and section.parent.ids and not section.ids and tables:
            offers.note("unknown_heading", f"{section.heading.line!r} is no known tier", section.heading.locator)
            continue
        for table, tier in zip(tables, section.tiers(tables), strict=True):
            if tier is None:
                offers.note("unreadable", f"{section.heading.line}: a table does not say its tier", table.locator)
            else:
                _read_table(table, tier, section, offers)
    return offers.reading()


def _read_table(table: Table, tier: str, section: Section, offers: Offers) -> None:
    """Read one tier of one section: rows of the model itself, or a row for each of its variants."""
    columns = plan_columns(table)
    if columns is None:
        return
    for plan in columns.others:
        offers.note("unknown_heading", f"the plan {plan!r} is not known", table.locator)
    title = read_title(without_emoji(section.heading.line))
    scale = unit_scale(Scale(), " ".join(table.grid.headers[columns.paid])).labelled(tier=tier)
    found: dict[str, list[Fact]] = {}
    free: dict[str, list[Passage]] = {}
    for line in table.grid.lines:
        label, paid = line.cells[columns.label], line.cells[columns.paid]
        try:
            name, read = _row(label, paid, scale, section)
        except Unreadable as problem:
            offers.note("unreadable", f"{title.name} / {label.line}: {problem}", paid.locator)
            continue
        found.setdefault(name, []).extend(read)
        if columns.free is not None and read and RateKey.parse(read[0].field).meter in _MAIN:
            free.setdefault(name, []).append(line.cells[columns.free])
    if tier == "":
        stated = [fact for facts in found.values() for fact in facts]
        for name, cells in free.items():
            found[name] += free_tier(cells)
        found.setdefault("", []).extend((*image_output(section.texts, stated), *ending(section, title.name)))
    ids = assigned([name for name in found if name], section.ids, title.name)
    # "Gemini 3.8 Live and Gemini 3.1 Flash Live Preview" is two names, each of them an id in words.
    names = {name.casefold().replace(" ", "-"): name for name in split_joined(title.name)}
    for name, facts in found.items():
        for one in (ids[name] if name else section.ids) or ("",):
            offers.add(Named(one, name or names.get(one, title.name), status_fact(title, section.heading)), facts)


def _row(label: Passage, paid: Passage, scale: Scale, section: Section) -> tuple[str, tuple[Fact, ...]]:
    """Return the variant that a row names ("" for the model itself) and what its paid cell states."""
    tool = _GROUNDING.fullmatch(fold(label.line))
    if tool:
        # Grounded prompts and allowances alone are prices of the tool.
        price = _SEARCHES.fullmatch(paid.line)
        searches = RateKey("searches").with_labels(variant=tool["tool"].replace(" ", "-"))
        return "", facts_of(paid.with_text(price["price"]), searches, scale) if price else ()
    meaning = _ROWS.meaning(label.line)
    if meaning is not None and meaning.role is Role.KNOWN:
        return "", ()
    if meaning is not None and meaning.key is not None:
        return "", plausible(facts_of(with_image_unit(paid, meaning.key, section.texts), meaning.key, scale))
    name, priced = made(label.line, scale.unit, section.heading.line)
    return name, facts_of(paid, priced, scale)


def read_changelog(document: Document) -> Reading:
    """Read which models came on which day, and which are said to be deprecated or to be shut down."""
    offers = Offers()
    for model_id, fact in releases_of(document):
        offers.add(Named(model_id, model_id), [fact])
    return offers.reading()


SOURCES = (
    Source(
        name="pricing",
        kind=SourceKind.DOCS,
        addresses=(
            "https://ai.google.dev/gemini-api/docs/pricing.md.txt",
            "https://ai.google.dev/gemini-api/docs/pricing",
            "https://ai.google.dev/pricing",
        ),
        read=read_pricing,
        publishes=frozenset(
            {f"{meter}{labels}" for meter in ("input", "output", "cache_read") for labels in _TIERS}
            | {"input{prompt_gt=200000}", "output{prompt_gt=200000}", "cache_read{prompt_gt=200000}", "cache_storage"}
            | {"input.audio", "cache_read.audio", "output.audio", "output.image", "input.image", "input.video"}
            | {"images", "video_seconds{resolution=720p}", "video_seconds{resolution=1080p}", "requests"}
            | {"free_tier", "status", "retires"}
        ),
    ),
    Source(
        name="changelog",
        kind=SourceKind.ANNOUNCEMENTS,
        addresses=(
            "https://ai.google.dev/gemini-api/docs/changelog.md.txt",
            "https://ai.google.dev/gemini-api/docs/changelog",
        ),
        read=read_changelog,
        publishes=frozenset({"released", "status", "retires"}),
        lists=False,
    ),
)

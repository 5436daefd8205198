"""Pages with one section a model: a heading, ids and words under it, then a table for each tier.

The tier of a table is what its heading or its tab says. Renderings that lose both keep the bar of tabs in front of the
tables ("StandardBatchFlexPriority"): it counts where it names exactly as many tiers as there are tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scraper.extract.document import Document
from scraper.extract.markup import Heading, Table, Text
from scraper.extract.passage import Passage
from scraper.extract.specs import DATE_PATTERN, read_date
from scraper.extract.vocabulary import TIER_NAMES, tier_of
from scraper.records import Fact, State

_TIER = "|".join(re.escape(name) for name in sorted(TIER_NAMES, key=len, reverse=True))
_BAR = re.compile(rf"(?:(?:{_TIER})[\s|,·*-]*)+(?:more)?", re.IGNORECASE)
_ID = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9.]*[a-z0-9])+")

_ENDING = re.compile(
    r"(?:(?:warning|caution|note|important):\s*)?(?:the )?(?P<who>\S[^()]{0,80}?)(?: models?)?(?P<more> \([^()]+\))?"
    r" (?:is|are) (?P<status>deprecated)"
    rf"(?: and (?:will be|ha(?:s|ve) been) shut ?down (?:on )?(?P<date>{DATE_PATTERN}))?(?=[\s.,;]|$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Section:
    """A heading that is no tier's name, with the texts and tables down to the next one; `parent` is around it."""

    heading: Passage
    level: int
    parent: Section | None = None
    texts: list[Passage] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    @property
    def ids(self) -> tuple[str, ...]:
        """The model ids that stand alone in one of the texts: "a, b and c"."""
        for text in self.texts:
            words = re.sub(r"^model (?:code|id)s?:?", "", text.line, flags=re.IGNORECASE)
            found = [word for word in re.split(r"[\s,]+|\band\b", words) if word]
            if found and all(_ID.fullmatch(one) and (one in text.codes or re.search(r"\d", one)) for one in found):
                return tuple(dict.fromkeys(found))
        return ()

    def tiers(self, tables: Sequence[Table]) -> list[str | None]:
        """Return the tier of each of these tables ("" is standard), None where it cannot be told."""
        headed = [tier_of(table.context.heading) for table in tables]
        labels = [tier_of(table.context.label) for table in tables]
        tiers = [label if tier is None else tier for tier, label in zip(headed, labels, strict=True)]
        if len(set(tiers)) == len(tiers):
            return [tier or "" for tier in tiers]
        bar = [tier_of(name) for text in self.texts if _BAR.fullmatch(text.line) for name in _names(text.line)]
        if len(bar) == len(tables) == len(set(bar)):
            return bar
        # A tier that two tables claim may be that of neither.
        return [tier if headed.count(tier) == 1 else None for tier in headed]


def ending(section: Section, name: str) -> list[Fact]:
    """Read "Warning: NAME is deprecated and will be shut down June 1, 2026.", where it is said of this very model."""
    facts: list[Fact] = []
    for text in section.texts:
        said = _ENDING.match(text.line)
        if said is None or not _names_all(said["who"], said["more"] or "", name, section.ids):
            continue
        facts.append(
            Fact(field="status", state=State.SOURCED, value=said["status"].casefold(), evidence=text.evidence())
        )
        if said["date"]:
            retires = read_date(said["date"])
            facts.append(Fact(field="retires", state=State.SOURCED, value=retires, evidence=text.evidence()))
    return facts


def _names_all(who: str, more: str, name: str, ids: Sequence[str]) -> bool:
    """Say whether "Imagen 4 (`imagen-4.0-generate-001`, …)" means each of the ids of a section of that name."""
    named = {word for word in re.split(r"[\s,`()]+", more) if _ID.fullmatch(word)}
    said = (who + more).casefold()
    return named == set(ids) if named else said in (name.casefold(), "this") or (said,) == tuple(ids)


def _names(bar: str) -> list[str]:
    return re.findall(_TIER, bar, re.IGNORECASE)


def sections_of(document: Document) -> Iterator[Section]:
    """Yield the sections of a document in reading order."""
    section: Section | None = None
    for block in document.blocks:
        if isinstance(block, Heading):
            if tier_of(block.passage.line) is not None:
                continue
            if section is not None:
                yield section
            parent = section
            while parent is not None and parent.level >= block.level:
                parent = parent.parent
            section = Section(block.passage, block.level, parent)
        elif section is not None and isinstance(block, Text):
            section.texts.append(block.passage)
        elif section is not None and isinstance(block, Table):
            section.tables.append(block)
    if section is not None:
        yield section

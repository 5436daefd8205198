"""What a provider module declares of each thing it fetches."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scraper.extract.document import Document
from scraper.meters import RateKey
from scraper.records import SPECS, Reading

_NAME = re.compile(r"[a-z0-9][a-z0-9._/:-]*")


class SourceKind(StrEnum):
    """What a source is, the one whose word counts most first."""

    CATALOGUE = "catalogue"  # what programs read to know what is sold
    DOCS = "docs"
    PRICING_PAGE = "pricing_page"  # made for readers who have not decided yet: rounded, and a choice of models
    ANNOUNCEMENTS = "announcements"  # release notes, deprecations: true on their day


_ORDER = {kind: number for number, kind in enumerate(SourceKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One thing of one provider that is fetched and that one parser reads.

    `addresses` has the current address first, then former ones and mirrors. `read` is a pure function: the same
    document always gives the same reading; it raises `Unreadable` for a document that is not what it expects. It is a
    function of a module or a `functools.partial` of one, so that another process can find it.
    `publishes` is the contract: the fields (rate keys and specs) that this source states for its offers; where an
    offer lacks one of them it is "not on the page", and a field that no source of a provider publishes has "no source".
    `kind` orders the sources of one provider: where two state one field, the first kind is published, and sources of
    one kind that disagree are disputed. A `rank` (a lower one comes first: 0 is a catalogue, 1 docs, 2 a pricing page,
    3 announcements) says otherwise where it is given; without either, a source ranks first. A source that
    does not list what is sold (`lists` is False: release notes, a page of deprecations) tells more of the offers that
    other sources list; what it says of other models is left out.
    With `browser`, the text is there only once the page's scripts have run, and a browser makes the document.
    An address that answers only callers with a key names it in `key`: which header has it, and the environment variable
    that it is taken from, with what is sent before it (`{"Authorization": "Bearer API_KEY"}`). No source that wants no
    key may be on the same host.
    Of a source with several pages (a feed that is sent in parts), `next_page` gives the address of the page after one,
    None for the last (see `scraper.extract.paging`); like `read`, it can be found by another process. `read` then gets
    a document with all of its `pages`, and what it says of one that is not the first has its number in the evidence.
    """

    name: str
    addresses: tuple[str, ...]
    read: Callable[[Document], Reading]
    publishes: frozenset[str]
    kind: SourceKind | None = None
    rank: int | None = None
    lists: bool = True
    fresh_days: int = 14
    browser: bool = False
    key: Mapping[str, str] = field(default_factory=dict)
    next_page: Callable[[Document], str | None] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not self.addresses:
            raise ValueError(f"source {self.name!r} needs a plain name and at least one address")
        for name in sorted(self.publishes - SPECS.keys()):
            RateKey.parse(name)

    @property
    def precedence(self) -> int:
        """Where the source stands among those of its provider; the lowest is published."""
        if self.rank is not None:
            return self.rank
        return 0 if self.kind is None else _ORDER[self.kind]

"""What an author reads of a trial: the offers with their prices, what was not understood, the guards, the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scraper.checks import Verdict
from scraper.publish.text import changes_text, said
from scraper.records import Fact, Note, Offer, Reason, iso
from scraper.trying.trial import Tried

SHOWN: Final = 12
"""As many offers, and notes of a kind, are shown; the rest is counted."""
COLUMNS: Final = 5
"""As many fields stand side by side; the others of an offer are counted."""


def trial_text(tried: Tried, *, whole: bool = False) -> RenderableType:
    """Show what a trial of one source found: the `whole` of its offers with all fields, or those that tell most."""
    head = Text.assemble((f"{tried.provider} {tried.source.name}", "bold"))
    if tried.capture is not None:
        head.append(f"   {tried.capture.url}, captured {iso(tried.capture.captured_at)}", style="dim")
    return Group(head, *(Padding(part, (0, 0, 0, 2)) for part in _parts(tried, whole=whole)), Text())


def _parts(tried: Tried, *, whole: bool) -> Iterator[RenderableType]:
    if tried.error:
        yield Text(f"failed: {tried.error}", style="red")
    if tried.reading is None:
        return
    yield _each(tried.reading.offers) if whole else _offers(tried.reading.offers)
    if tried.silent:
        yield Text(f"nowhere on this page, though the source publishes it: {_few(tried.silent)}", style="yellow")
    if extra := sorted(tried.stated - tried.source.publishes):
        yield Text(f"stated, though `publishes` of the source does not name it: {_few(extra)}", style="yellow")
    yield from _notes(tried.reading.notes)
    if tried.judgement is not None:
        seen = tried.judgement.seen
        passed = sum(one.verdict is Verdict.PASS for one in seen)
        yield Text(f"{passed} of {len(seen)} guards pass", style="green" if passed == len(seen) else "")
        for one in seen:
            if one.verdict is not Verdict.PASS:
                yield Text(f"{one.verdict}  {one.name}: {one.message}", style="yellow")
    if tried.recorded is not None:
        yield _changes(tried)


def _offers(offers: Sequence[Offer]) -> RenderableType:
    counted = Counter(fact.field for offer in offers for fact in offer.facts)
    common = [field for field, _ in counted.most_common(COLUMNS)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in (f"{len(offers):,} offers", *common, "others"):
        table.add_column(column)
    for offer in offers[:SHOWN]:
        facts = {
            fact.field: shorten(_said(fact), 44, placeholder=" …") for fact in offer.facts if fact.valid_from is None
        }
        others = len(offer.facts) - sum(field in facts for field in common)
        values = (facts.get(field, "") for field in common)
        table.add_row(offer.model_id or offer.name, *values, f"{others} more" if others else "")
    if len(offers) > SHOWN:
        table.add_row(f"and {len(offers) - SHOWN:,} more", *("" for _ in common), "", style="dim")
    return table


def _each(offers: Sequence[Offer]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in (f"{len(offers):,} offers", "field", "value", "quote", "place"):
        table.add_column(column)
    for offer in offers:
        who = offer.model_id or offer.name
        for fact in offer.facts:
            starts = f" from {iso(fact.valid_from)[:10]}" if fact.valid_from else ""
            quote = shorten(fact.evidence.quote, 44, placeholder=" …")
            table.add_row(who, fact.field, _said(fact) + starts, quote, fact.evidence.locator)
            who = ""
    return table


def _said(fact: Fact) -> str:
    return said(fact) + (" (on request)" if fact.reason is Reason.ON_REQUEST else "")


def _few(fields: Sequence[str]) -> str:
    more = f" and {len(fields) - SHOWN} more" if len(fields) > SHOWN else ""
    return ", ".join(fields[:SHOWN]) + more


def _notes(notes: Sequence[Note]) -> Iterator[RenderableType]:
    for kind in dict.fromkeys(note.kind for note in notes):
        mine = [note for note in notes if note.kind == kind]
        for note in mine[:SHOWN]:
            told = shorten(note.text, 240, placeholder=" …")
            yield Text(f"{kind.replace('_', ' ')}  {told}   {note.locator}", style="yellow")
        if len(mine) > SHOWN:
            yield Text(f"and {len(mine) - SHOWN:,} more of {kind.replace('_', ' ')}", style="dim")


def _changes(tried: Tried) -> RenderableType:
    recorded = tried.recorded
    if recorded is None or recorded.repeated:
        return Text("the same capture as was read last: nothing to compare", style="dim")
    if not recorded.changes:
        return Text("no changes against what is stored", style="dim")
    return Group(Text(f"{len(recorded.changes):,} changes against what is stored:"), changes_text(recorded.changes))

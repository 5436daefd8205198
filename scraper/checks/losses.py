"""Guards that look for what stood of a source and is gone: offers, fields, ids; and what comes in their place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from scraper.checks.case import LASTS, MOST, Case, Doubt, Key, Objection, amount_of, named, vanished
from scraper.checks.text import shown
from scraper.holds import Held, Stood
from scraper.records import State

MANY: Final = 4
"""So many things that vanish at once are no longer a matter of one or two offers …"""

LOST_SHARE: Final = Decimal("0.2")
"""… where they are more than this share."""

SENTENCE: Final = 4
"""Words that make a statement; fewer are a mark."""

RECENT: Final = timedelta(days=35)
"""For so long after the last reading, a page that lost much has rather broken than changed."""


def offers_lost(case: Case) -> Iterator[Objection]:
    """Offers that vanish together were not all withdrawn: the page or the reading of it lost them."""
    lost, stood = len(case.missing), case.offers_stood
    if lost < MANY or lost <= LOST_SHARE * stood:
        return
    said = f"{lost} of the {stood} offers that stood are missing from the reading"
    for model_id, name in case.missing:
        yield Doubt(model_id, name, "", None, f"{model_id or name} is gone: {said}")


def field_lost(case: Case) -> Iterator[Objection]:
    """A field that many offers lose together was lost by the page's column, not by the offers."""
    holders = Counter(
        (stood.field, stood.valid_from)
        for stood in case.stood
        if stood.state is State.SOURCED and case.offer_of(stood) is not None
    )
    gone: dict[Key, list[Doubt]] = defaultdict(list)
    for stood in case.lost:
        if stood.state is State.SOURCED:
            who = stood.model_id or stood.name
            gone[stood.field, stood.valid_from].append(vanished(stood, f"{stood.field} of {who} is gone"))
    for said in case.fresh:
        if said.stood and said.stood.state is State.SOURCED and said.fact.state is not State.SOURCED:
            doubt = said.doubt(f"{said.fact.field} of {said.who} is now {said.fact.state}")
            gone[said.fact.field, said.fact.valid_from].append(doubt)
    for column, doubts in gone.items():
        if len(doubts) >= MANY and len(doubts) > LOST_SHARE * holders[column]:
            for doubt in doubts:
                told = f"{doubt.message}, as it is for {len(doubts)} of the {holders[column]} offers that had it"
                yield replace(doubt, message=told)


def no_longer_offered(case: Case) -> Iterator[Objection]:
    """A mark in place of a price ("-") may be that of another column; a sentence that says so is not."""
    for said in case.fresh:
        quote, before = said.fact.evidence.quote, amount_of(said.stood) if said.stood else None
        if before is None or said.stood is None or said.fact.state is not State.NOT_OFFERED:
            continue
        if len(quote.split()) < SENTENCE:
            was = shown(before, said.fact.field, said.stood.currency)
            yield said.doubt(
                f"{said.fact.field} of {said.who} is not offered any more (“{quote}”), and was {was}", LASTS
            )


def ambiguous_names(case: Case) -> Iterator[Objection]:
    """A name without an id says nothing where several offers that stood have that name."""
    for said in case.fresh:
        if said.known or said.offer.model_id:
            continue
        # A single one of that name would be this offer.
        if others := case.called(said.offer.name):
            yield said.doubt(
                f"{said.offer.name} stands without an id, and {named(others)} have that name; ids may have been lost"
            )


SHAKEN: Final = frozenset({"field_lost", "relabelled", "rows_shifted", "mass_move", "column_moved"})
"""Guards that doubt the layout of a page, and so all that is new on it."""


def amid_losses(case: Case, holds: Sequence[Held]) -> Iterator[Held]:
    """Hold all that is new in a reading that lost much of what stood, or whose layout is in doubt.

    What is left of a page that lost rows or columns may be read from the wrong ones. After a long time without a
    reading much has changed, and only what lost most of it is in doubt.
    """
    latest = max((stood.last_seen for stood in case.stood), default=case.at)
    recent = case.at - latest <= RECENT
    # What the last reading missed already is no loss of this one.
    there = [stood for stood in case.stood if stood.last_seen == latest]
    lost = sum(_lasting(stood) for stood in _lost(case) if stood.last_seen == latest)
    stood = sum(_lasting(stood) for stood in there)
    doubting = _doubting(there, holds) if recent else []
    if doubting:
        why = doubting[0].message
    elif lost >= MANY and lost > (LOST_SHARE if recent else MOST) * stood:
        why = f"{lost} of the {stood} values that stood are gone"
        doubting = [held for held in holds if held.check == offers_lost.__name__]
    else:
        return
    releases_after = None if any(held.releases_after is None for held in doubting) else LASTS
    for said in case.fresh:
        if said.announced:
            continue
        how = "changed" if said.stood else "is new"
        message = f"{said.fact.field} of {said.who} {how}, in a reading of which much is in doubt: {why}"
        yield said.doubt(message, releases_after).held(amid_losses.__name__)


def _doubting(there: Sequence[Stood], holds: Sequence[Held]) -> list[Held]:
    """Return the holds that doubt the layout, by what was there at the last reading."""
    known = {(stood.model_id, stood.name, stood.field) for stood in there}
    found = [held for held in holds if held.check in SHAKEN and (held.model_id, held.name, held.field) in known]
    gone = sum(held.check == field_lost.__name__ for held in found)
    return [held for held in found if held.check != field_lost.__name__ or gone >= MANY]


def _lost(case: Case) -> list[Stood]:
    """Return what stood and is not stated any more, that of missing offers included."""
    missing = set(case.missing)
    gone = [stood for stood in case.stood if (stood.model_id, stood.name) in missing]
    unsaid = [said.stood for said in case.fresh if said.stood and said.fact.state is not State.SOURCED]
    return [*gone, *case.lost, *unsaid]


def _lasting(stood: Stood) -> bool:
    return stood.state is State.SOURCED and stood.valid_from is None

"""What a message says, in the order in which a person wants to know it: the same content for every layout.

First what was wrong and what fails; then, provider by provider, prices that fell and rose with what that means for a
typical request, what is announced, offers that came and went, and the rest counted; last what waits for a person. The
greatest moves come first. Few offers are shown in full, many with a row each, and long lists end with how many more
there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal
from typing import Final

from scraper.alerts.layout.parts import COLUMNS, DOWN, SAME, UP, Digest, Evidence, Group, Item, Move, Row, Section
from scraper.alerts.lines import correction_text, side_text
from scraper.alerts.message import Message
from scraper.events import Event, EventKind, Side, TypicalRequest, percent_of
from scraper.meters import is_rate_key
from scraper.publish.text import amount, percent_text
from scraper.records import REFERENCE_FIELDS, State, iso, plain

OFFERS_SHOWN: Final = 6
"""So many entries of a section of a digest are shown in full; the rest is counted. A message of few has all."""
IN_FULL: Final = 3
"""More offers of one section than this have a row each in a digest."""
ROWS_SHOWN: Final = 10
FIELDS_SHOWN: Final = 4
NAMES_SHOWN: Final = 6
GONE_SHOWN: Final = 12
ALIKE_SHOWN: Final = 4
EVIDENCE_SHOWN: Final = 3

_MEANINGFUL: Final = Context(prec=6)

_ATTENTION: Final = {
    "corrected": ("correction of what you were told", "corrections of what you were told"),
    "failing": ("source failing", "sources failing"),
    "stale": ("source not confirmed for too long", "sources not confirmed for too long"),
}

_WAITING: Final = {"held": ("offer with values held for review", "offers with values held for review")}

_PRICES: Final = {
    "down": ("offer cheaper", "offers cheaper"),
    "up": ("offer dearer", "offers dearer"),
    "back": ("offer whose price moved and came back", "offers whose prices moved and came back"),
    "announced": ("offer with prices announced", "offers with prices announced"),
    "ends": ("offer whose promotion ends", "offers whose promotion ends"),
    "terms": ("offer on other terms", "offers on other terms"),
}
_IN_ROWS: Final = ("down", "up", "back", "held")

_OFFERS: Final = {"withdrawn": ("offer withdrawn", "offers withdrawn"), "new": ("new offer", "new offers")}

_STATED: Final = {"gone": ("offer with fields no longer stated", "offers with fields no longer stated")}

_REST: Final = {
    "sourced": ("offer with newly stated fields", "offers with newly stated fields"),
    "spec": ("offer with changed specs", "offers with changed specs"),
}

_SECTIONS: Final = {
    EventKind.PRICE_DOWN: "down",
    EventKind.PRICE_UP: "up",
    EventKind.ANNOUNCED_PRICE: "announced",
    EventKind.ANNOUNCEMENT_GONE: "announced",
    EventKind.PROMOTION_ENDS: "ends",
    EventKind.TERMS_CHANGED: "terms",
    EventKind.WITHDRAWN: "withdrawn",
    EventKind.NEW_OFFER: "new",
    EventKind.NO_LONGER_SOURCED: "gone",
    EventKind.NOT_OFFERED_ANY_MORE: "gone",
    EventKind.NEWLY_SOURCED: "sourced",
    EventKind.NOT_OFFERED: "sourced",
    EventKind.SPEC_CHANGED: "spec",
    EventKind.SOURCE_FAILING: "failing",
    EventKind.SOURCE_STALE: "stale",
    EventKind.HOLD_NEEDS_REVIEW: "held",
    EventKind.CORRECTED: "corrected",
}
"""Where an event is told."""

_HINTS: Final = {"held": "`ratecard review` shows both sides of each"}

_LEAD: Final = {
    "down": "cheaper",
    "up": "dearer",
    "back": "back at their price",
    "announced": "with prices announced",
    "ends": "with a promotion that ends",
    "terms": "on other terms",
    "new": "new",
    "withdrawn": "withdrawn",
    "gone": "with fields no longer stated",
    "sourced": "with newly stated fields",
    "spec": "with changed specs",
    "held": "with values held for review",
}
"""How many offers there are of what, in the order of the lead."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An event as it is told: several moves of one price, one after the other, are one with what was between them."""

    event: Event
    between: tuple[Side, ...] = ()
    overall: str = ""

    @property
    def section(self) -> str:
        if self.overall:
            return self.overall
        if self.between and not self.event.percent:
            return "back"
        return _SECTIONS[self.event.kind]


def digest_of(message: Message) -> Digest:
    """Lay out a message."""
    told = _joined([_page_first(event, message.list_url) for event in message.events])
    providers: dict[str, list[_Told]] = {}
    for one in told:
        if one.section not in _ATTENTION and one.section not in _WAITING:
            providers.setdefault(one.event.provider, []).append(one)
    ordered = sorted(providers.items(), key=lambda item: (-_weight(item[1]), item[0]))
    return Digest(
        # What a digest counts in its title, it says again in its lead, and there of all kinds.
        title=message.title.partition(": ")[0] if message.digest else message.title,
        lead=_lead(message, told),
        attention=tuple(_in_full(told, _ATTENTION, message)),
        groups=tuple(_group(name, found, message) for name, found in ordered),
        waiting=tuple(_in_full(told, _WAITING, message)),
        rest=_rest(message),
        rest_link=safe_link(message.list_url),
        quotes=not message.digest,
    )


def _page_first(event: Event, list_url: str) -> Event:
    """Return an event whose offer's page on the site, where there is one, comes before the evidence: it shows both."""
    site = list_url.rpartition("/")[0]
    pages = [link for link in event.links if site and link.startswith(f"{site}/")]
    return event.model_copy(update={"links": (*pages, *event.links)}) if pages else event


def _joined(events: Sequence[Event]) -> list[_Told]:
    """Return events with the moves of one price made one, where each begins with what the one before ended with."""
    told: dict[object, _Told] = {}
    for number, event in enumerate(sorted(events, key=lambda event: event.at)):
        moved = event.kind in (EventKind.PRICE_UP, EventKind.PRICE_DOWN)
        key: object = (event.subject, event.name, event.source, event.field) if moved else number
        earlier = told.get(key)
        if earlier is None:
            told[key] = _Told(event)
        elif (both := _one_after_another(earlier, event)) is not None:
            told[key] = both
        else:
            told[number], told[key] = earlier, _Told(event)
    return _by_what_it_means(list(told.values()))


def _by_what_it_means(told: Sequence[_Told]) -> list[_Told]:
    """Return what happened with the offers of which one price rose and another fell being either, not both.

    Which it is, is said by a typical request, else by the first of the prices.
    """
    moved: dict[tuple[str, str], list[_Told]] = {}
    for one in told:
        if one.section in ("down", "up"):
            moved.setdefault(_offer_of(one.event), []).append(one)
    overall: dict[tuple[str, str], str] = {}
    for offer, found in moved.items():
        fields = [one.event.field for one in found]
        if len({one.section for one in found}) > 1 and len(set(fields)) == len(fields):
            first = min(found, key=lambda one: _field_order(one.event.field))
            request = _requested(found)
            percent = (request.percent if request is not None else None) or first.event.percent
            if percent:
                overall[offer] = "down" if percent < 0 else "up"
    return [
        replace(one, overall=overall.get(_offer_of(one.event), "")) if one.section in ("down", "up") else one
        for one in told
    ]


def _one_after_another(earlier: _Told, event: Event) -> _Told | None:
    before, middle, begins, after = earlier.event.before, earlier.event.after, event.before, event.after
    if before is None or middle is None or begins is None or after is None:
        return None
    if (middle.value, middle.currency) != (begins.value, begins.currency) or before.currency != after.currency:
        return None
    if before.value is None or after.value is None:
        return None
    percent = percent_of(Decimal(before.value), Decimal(after.value))
    requests = earlier.event.typical_request, event.typical_request
    request = requests[1]
    if requests[0] is not None and request is not None and requests[0].currency == request.currency:
        request = request.model_copy(update={"before": requests[0].before})
    kind = EventKind.PRICE_UP if Decimal(after.value) > Decimal(before.value) else EventKind.PRICE_DOWN
    joined = {"before": before, "percent": percent, "typical_request": request, "kind": kind}
    return _Told(event.model_copy(update=joined), (*earlier.between, middle))


def safe_link(address: str) -> str:
    """Return an address that may become a link: http or https, without blanks; else nothing."""
    if not address.startswith(("https://", "http://")) or any(c.isspace() or c in "<>\"'`|\\" for c in address):
        return ""
    return address


def _lead(message: Message, told: Sequence[_Told]) -> str:
    """Say of which days it is and what is in it: where it is not all, that this is what is shown."""
    days = _days(message.events)
    if not message.digest:
        return days
    offers = _counted(told, _LEAD)
    parts = [f"Offers: {offers}"] if offers else []
    parts += [_title(len(_subjects(told, key)), *titles) for key, titles in _ATTENTION.items() if _subjects(told, key)]
    return f"{days}{', shown here' if message.omitted else ''}. {'; '.join(parts)}"


def _counted(told: Sequence[_Told], words: Mapping[str, str]) -> str:
    counts = {key: len(_subjects(told, key)) for key in words}
    return ", ".join(f"{count:,} {words[key]}" for key, count in counts.items() if count)


def _subjects(told: Iterable[_Told], key: str) -> set[tuple[str, str]]:
    return {_offer_of(one.event) for one in told if one.section == key}


def _offer_of(event: Event) -> tuple[str, str]:
    """Return what tells the offer of an event apart, else its source."""
    return event.subject, event.name if event.shared_id else ""


def _days(events: Sequence[Event]) -> str:
    days = sorted({day_text(event.at) for event in events})
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""


def day_text(at: datetime) -> str:
    """Write the day of a time, `2026-08-22`."""
    return iso(at)[:10]


def _rest(message: Message) -> str:
    if not message.omitted:
        return ""
    where = f"; `{message.list_command}` lists all" if message.list_command else ""
    return f"{message.omitted:,} of {message.count:,} events are not in this message{where}."


def _weight(told: Iterable[_Told]) -> int:
    """Order providers by how much happened to their prices."""
    return sum(100 if one.section in _PRICES else 1 for one in told)


def _title(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


# What happened at a provider.


def _group(provider: str, told: Sequence[_Told], message: Message) -> Group:
    pages: dict[str, dict[str, None]] = {}
    for event in message.events:
        for side in (event.before, event.after) if event.provider == provider else ():
            if side is not None and (proof := side.evidence) is not None and proof.captured_at == event.at:
                pages.setdefault(safe_link(proof.address), {})[day_text(proof.captured_at)] = None
    shown = [Evidence(address=address, days=tuple(sorted(days))) for address, days in pages.items() if address]
    return Group(
        provider=provider,
        sections=(
            *_in_full(told, _PRICES, message),
            *_by_name(told),
            *_in_full(told, _STATED, message),
            *(section for key in _REST for section in _rest_of(told, key, message)),
        ),
        evidence=tuple(shown[:EVIDENCE_SHOWN]),
        more=len(shown[EVIDENCE_SHOWN:]),
    )


_Titles = Mapping[str, tuple[str, str]]
"""The titles of sections, for one and for several, by their keys."""


def _in_full(told: Sequence[_Told], titles: _Titles, message: Message) -> Iterator[Section]:
    """Lay out sections that show what happened to each offer, the greatest moves first."""
    for key, (one, many) in titles.items():
        offers: dict[tuple[str, str], list[_Told]] = {}
        for found in told:
            if found.section == key:
                offers.setdefault(_offer_of(found.event), []).append(found)
        if not offers:
            continue
        ordered = sorted(offers.values(), key=_by_move)
        in_rows = message.digest and key in _IN_ROWS and len(offers) > IN_FULL
        rows = _alike_rows([_row(offer, key) for offer in ordered]) if in_rows else []
        items = [] if in_rows else _alike([_item(offer, key) for offer in ordered])
        yield Section(
            key=key,
            title=_title(len(offers), one, many),
            count=len(offers),
            items=tuple(items[: OFFERS_SHOWN if message.digest else len(items)]),
            rows=tuple(rows[:ROWS_SHOWN]),
            hint=_HINTS.get(key, ""),
        )


def _by_name(told: Sequence[_Told]) -> Iterator[Section]:
    """Lay out offers that came and went; whoever uses one that went wants to see it."""
    for key, (one, many) in _OFFERS.items():
        named = {_offer_of(found.event): _name_of(found.event, key) for found in told if found.section == key}
        if names := tuple(named.values()):
            shown = names[: GONE_SHOWN if key == "withdrawn" else NAMES_SHOWN]
            yield Section(key=key, title=_title(len(names), one, many), count=len(names), names=shown)


def _rest_of(told: Sequence[_Told], key: str, message: Message) -> Iterator[Section]:
    """Lay out what matters less: few offers in full, of many only how many have which field."""
    offers = _subjects(told, key)
    if not message.digest or len(offers) <= OFFERS_SHOWN:
        yield from _in_full(told, {key: _REST[key]}, message)
        return
    fields = Counter(found.event.field for found in told if found.section == key)
    names = tuple(f"{field} ({count:,})" for field, count in fields.most_common())
    yield Section(key=key, title=_title(len(offers), *_REST[key]), count=len(names), names=names[:NAMES_SHOWN])


def _by_move(offer: Sequence[_Told]) -> tuple[bool, Decimal, str]:
    """Order offers by how far a typical request moved, else by their greatest move, those of plain prices first."""
    plain = [one.event for one in offer if one.event.field in COLUMNS]
    moves = [abs(one.percent) for one in plain or [one.event for one in offer] if one.percent is not None]
    if (request := _requested(offer)) is not None and request.percent is not None:
        moves = [abs(request.percent)]
    return not plain, -max(moves, default=Decimal(0)), offer[0].event.subject


def _name_of(event: Event, section: str) -> str:
    """Return what an offer is called: with its provider where it is not told among what is of that one."""
    name = event.model_id or event.name or event.source
    twin = f" ({event.name})" if event.shared_id and event.name else ""
    return (event.subject if section in _ATTENTION or section in _WAITING else name) + twin


def _requested(offer: Sequence[_Told]) -> TypicalRequest | None:
    """Return what a typical request of an offer cost and costs."""
    found = [one.event.typical_request for one in offer if one.event.typical_request is not None]
    return found[-1] if found else None


def _item(offer: Sequence[_Told], section: str) -> Item:
    first = offer[0].event
    ordered = sorted(offer, key=lambda one: _field_order(one.event.field))
    request = ""
    if (found := _requested(offer)) is not None:
        moved = f" ({percent_text(found.percent)})" if found.percent is not None else ""
        before, after = (short_amount(value, found.currency) for value in (found.before, found.after))
        request = f"1,000 tokens in and 500 out: {before} → {after}{_minus(moved)}"
    return Item(
        name=_name_of(first, section),
        link=link_of(first),
        moves=tuple(_move(one) for one in ordered[:FIELDS_SHOWN] if one.event.field),
        more=len(ordered[FIELDS_SHOWN:]),
        note=_note(ordered[0].event),
        request=request,
    )


def _row(offer: Sequence[_Told], section: str) -> Row:
    first = offer[0].event
    ordered = sorted(offer, key=lambda one: _field_order(one.event.field))
    moves = {one.event.field: _move(one) for one in ordered}
    cells = tuple(
        (moves[name].before, moves[name].after) if name in moves and moves[name].unit else ("", "") for name in COLUMNS
    )
    shown = [name for name, cell in zip(COLUMNS, cells, strict=True) if any(cell)]
    others = [move for name, move in moves.items() if name not in shown]
    what = "field" if section in _WAITING else "price"
    rest = _title(len(others), f"more {what}", f"more {what}s") if others else ""
    if not shown:
        [move, *others] = moves.values()
        sides = f"{move.before} → {move.after}" + (f" / {move.unit}" if move.unit else "") if move.field else ""
        rest = f"{move.field} {sides}".strip() + (f" and {len(others):,} more" if others else "")
    percents = [one.event.percent for one in ordered if one.event.percent is not None]
    percent, request = percents[0] if percents else None, ("", "")
    if (found := _requested(offer)) is not None:
        percent = found.percent
        request = (short_amount(found.before, found.currency), short_amount(found.after, found.currency))
    direction = SAME if percent is None or not percent else DOWN if percent < 0 else UP
    return Row(
        name=_name_of(first, section),
        link=link_of(first),
        cells=cells,
        request=request,
        percent=_minus(percent_text(percent)) if percent is not None else "",
        direction=direction,
        rest=rest or ("" if moves and first.field else first.note),
    )


def _alike_rows(rows: Sequence[Row]) -> list[Row]:
    """Make one row of the offers to which just the same happened."""
    same: dict[object, list[Row]] = {}
    for row in rows:
        key = (row.cells, row.request, row.percent, row.rest)
        same.setdefault(key if any(map(any, row.cells)) else row.name, []).append(row)
    return [replace(alike[0], also=tuple(row.name for row in alike[1:])) for alike in same.values()]


def _note(event: Event) -> str:
    return event.note if event.corrects is None else correction_text(event, event.corrects)


def _alike(items: Sequence[Item]) -> list[Item]:
    """Make one of the offers to which just the same happened, one after the other: a model and its variants."""
    same: dict[object, list[Item]] = {}
    for item in items:
        shown = tuple((m.field, m.before, m.via, m.after, m.unit, m.percent) for m in item.moves)
        same.setdefault((shown, item.more, item.note, item.request) if shown else item.name, []).append(item)
    return [_one_of(alike) for alike in same.values()]


def _one_of(alike: Sequence[Item]) -> Item:
    if len(alike) == 1:
        return alike[0]
    names = ", ".join(item.name for item in alike[:ALIKE_SHOWN])
    more = f" and {len(alike) - ALIKE_SHOWN:,} more" if len(alike) > ALIKE_SHOWN else ""
    return replace(alike[0], name=names + more, offers=len(alike))


def _field_order(field: str) -> tuple[int, int, str]:
    """Order fields as people ask for them: input and output first, plain ones before those with labels."""
    number = REFERENCE_FIELDS.index(field) if field in REFERENCE_FIELDS else len(REFERENCE_FIELDS)
    return number, field.count("=") if is_rate_key(field) else 9, field


def link_of(event: Event) -> str:
    """Return the address of the first link that an event has, the evidence first."""
    return next((link for link in map(safe_link, event.links) if link), "")


def move_of(event: Event) -> Move:
    """Say what happened to the field of an event."""
    return _move(_Told(event))


def _move(told: _Told) -> Move:
    event = told.event
    sides = _rounded(event.field, [event.before or Side(), *told.between, event.after or Side()])
    said = [side_text(event.field, side) if side.state else "" for side in sides]
    units = {side.unit for side in sides if side.state}
    unit = ""
    if len(units) == 1 and all(side.state in ("", State.SOURCED) for side in sides):
        [unit] = units
        said = [text.replace(f" / {unit}", "", 1) for text in said]
    if event.kind is EventKind.TERMS_CHANGED and sides[0].promotional and not sides[-1].promotional:
        said[-1] += " regular"
    if event.kind in _GONE and not said[-1]:
        said[-1], unit = _GONE[event.kind], ""
        said[0] = side_text(event.field, sides[0])
    proof = next((side.evidence for side in reversed(sides) if side.evidence is not None), None)
    return Move(
        field=event.field,
        before=said[0],
        via=tuple(said[1:-1]),
        after=said[-1],
        unit=unit,
        percent=_minus(percent_text(event.percent)) if event.percent is not None else "",
        direction=_direction(event),
        link=safe_link(proof.address) if proof else "",
        quote=proof.quote if proof else "",
    )


_GONE: Final = {EventKind.NO_LONGER_SOURCED: "no longer stated", EventKind.CORRECTED: "not stated"}


def _rounded(field: str, sides: list[Side]) -> list[Side]:
    """Round amounts to what is meaningful beside each other, unless that hides a move."""
    values = [side.value for side in sides if side.value is not None]
    if not is_rate_key(field):
        return sides
    short = {value: plain(_MEANINGFUL.create_decimal(value)) for value in values}
    if len({Decimal(value) for value in short.values()}) < len({Decimal(value) for value in values}):
        return sides
    return [side if side.value is None else side.model_copy(update={"value": short[side.value]}) for side in sides]


def _direction(event: Event) -> str:
    if event.percent is not None and is_rate_key(event.field):
        return DOWN if event.percent < 0 else UP if event.percent > 0 else SAME
    return {EventKind.PRICE_DOWN: DOWN, EventKind.PRICE_UP: UP}.get(event.kind, SAME)


def short_amount(value: Decimal, currency: str) -> str:
    """Write the cost of one request: to three digits that say something."""
    if not value:
        return amount("0", currency)
    return amount(f"{value:.{max(2, 2 - value.adjusted())}f}", currency)


def _minus(text: str) -> str:
    return text.replace("-", "−")

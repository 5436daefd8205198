"""What a message says, in the order in which a person wants to know it: the same content for every layout.

First what waits for somebody or fails; then, provider by provider, prices that fell and rose, what is announced,
offers that came and went, and the rest counted. The greatest moves come first, and long lists end with how many more
there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal
from typing import Final

from scraper.alerts.lines import correction_text, percent_text, side_text
from scraper.alerts.message import Message
from scraper.events import Event, EventKind, Side, percent_of
from scraper.meters import is_rate_key
from scraper.publish.text import amount
from scraper.records import REFERENCE_FIELDS, State, iso, plain

OFFERS_SHOWN: Final = 6
"""So many entries of a section of a digest are shown in full; the rest is counted. A message of few has all."""
ATTENTION_SHOWN: Final = 3
FIELDS_SHOWN: Final = 4
NAMES_SHOWN: Final = 6
ALIKE_SHOWN: Final = 4
EVIDENCE_SHOWN: Final = 3

_MEANINGFUL: Final = Context(prec=6)

DOWN, UP, SAME = "down", "up", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What happened to one field: `before` and `after` in words, `unit` only where one unit holds for both.

    Where it moved several times, `via` is what it was between them. `percent` is text, `direction` is `DOWN`, `UP` or
    `SAME`. `link` is the address of the evidence, `quote` the text there; both are empty where there is none.
    """

    field: str
    before: str
    via: tuple[str, ...]
    after: str
    unit: str
    percent: str
    direction: str
    link: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An offer with what happened to it, or several to which the same happened; `more` fields are not shown."""

    name: str
    link: str
    offers: int = 1
    moves: tuple[Move, ...] = ()
    more: int = 0
    note: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is of one kind: `count` offers or sources, of which `items` are shown in full or `names` by name only.

    `hint` says what to do about it, where there is something.
    """

    key: str
    title: str
    count: int
    items: tuple[Item, ...] = ()
    names: tuple[str, ...] = ()
    hint: str = ""

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - sum(item.offers for item in self.items) - len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A page that says so, and the days of its captures."""

    address: str
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All that happened at one provider; `evidence` are its pages, of which `more` are not shown."""

    provider: str
    summary: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message as it is laid out. `lead` says what is in it in one line, `attention` what waits or fails.

    `rest` says what was left out and where all of it is, empty where nothing was; `rest_link` is its address. Where it
    `quotes`, the text of the evidence is shown with each value: in what is no digest of many.
    """

    title: str
    lead: str
    attention: tuple[Section, ...]
    groups: tuple[Group, ...]
    rest: str
    rest_link: str
    quotes: bool


_ATTENTION: Final = {
    "corrected": ("correction of what you were told", "corrections of what you were told"),
    "failing": ("source failing", "sources failing"),
    "stale": ("source not confirmed for too long", "sources not confirmed for too long"),
    "held": ("offer with values held for review", "offers with values held for review"),
}

_PRICES: Final = {
    "down": ("offer cheaper", "offers cheaper"),
    "up": ("offer dearer", "offers dearer"),
    "back": ("offer whose price moved and came back", "offers whose prices moved and came back"),
    "announced": ("offer with prices announced", "offers with prices announced"),
    "ends": ("offer whose promotion ends", "offers whose promotion ends"),
    "terms": ("offer on other terms", "offers on other terms"),
}

_OFFERS: Final = {"withdrawn": ("offer withdrawn", "offers withdrawn"), "new": ("new offer", "new offers")}

_STATED: Final = {"gone": ("offer of which less is stated", "offers of which less is stated")}

_REST: Final = {
    "sourced": ("offer of which more is stated", "offers of which more is stated"),
    "spec": ("offer with other specs", "offers with other specs"),
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

_LEAD: Final[tuple[tuple[EventKind, str, str], ...]] = (
    (EventKind.CORRECTED, "correction", "corrections"),
    (EventKind.PRICE_DOWN, "price cut", "price cuts"),
    (EventKind.PRICE_UP, "price rise", "price rises"),
    (EventKind.ANNOUNCED_PRICE, "announced price", "announced prices"),
    (EventKind.ANNOUNCEMENT_GONE, "announcement gone", "announcements gone"),
    (EventKind.PROMOTION_ENDS, "promotion that ends", "promotions that end"),
    (EventKind.TERMS_CHANGED, "change of terms", "changes of terms"),
    (EventKind.NEW_OFFER, "new offer", "new offers"),
    (EventKind.WITHDRAWN, "offer withdrawn", "offers withdrawn"),
    (EventKind.HOLD_NEEDS_REVIEW, "value held for review", "values held for review"),
    (EventKind.SOURCE_FAILING, "source failing", "sources failing"),
    (EventKind.SOURCE_STALE, "source stale", "sources stale"),
)


@dataclass(frozen=True, slots=True)
class _Told:
    """An event as it is told: several moves of one price, one after the other, are one with what was between them."""

    event: Event
    between: tuple[Side, ...] = ()

    @property
    def section(self) -> str:
        if self.between and not self.event.percent:
            return "back"
        return _SECTIONS[self.event.kind]


def digest_of(message: Message) -> Digest:
    """Lay out a message."""
    told = _joined([_page_first(event, message.list_url) for event in message.events])
    most = OFFERS_SHOWN if message.digest else len(message.events)
    providers: dict[str, list[_Told]] = {}
    for one in told:
        if one.section not in _ATTENTION:
            providers.setdefault(one.event.provider, []).append(one)
    ordered = sorted(providers.items(), key=lambda item: (-_weight(item[1]), item[0]))
    of_provider = {name: [event for event in message.events if event.provider == name] for name in providers}
    return Digest(
        # What a digest counts in its title, it says again in its lead, and there of all kinds.
        title=message.title.partition(": ")[0] if message.digest else message.title,
        lead=_lead(message),
        attention=tuple(_in_full(told, _ATTENTION, ATTENTION_SHOWN if message.digest else most)),
        groups=tuple(_group(name, of_provider[name], found, most) for name, found in ordered),
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
            told[number] = _Told(event)
    return list(told.values())


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


def _lead(message: Message) -> str:
    """Say of which days it is and what is in it: where it is not all, that this is what is shown."""
    shown = "shown here: " if message.omitted else ""
    return f"{_days(message.events)}{shown}{_counted(message.events)}"


def _days(events: Sequence[Event]) -> str:
    days = sorted({day_text(event.at) for event in events}, key=lambda day: day)
    if not days:
        return ""
    return f"{days[0]}: " if days[0] == days[-1] else f"{days[0]} to {days[-1]}: "


def day_text(at: datetime) -> str:
    """Write the day of a time, `2026-08-22`."""
    return iso(at)[:10]


def _counted(events: Iterable[Event]) -> str:
    counts = Counter(event.kind for event in events)
    parts = [_title(counts[kind], one, many) for kind, one, many in _LEAD if counts[kind]]
    if others := counts.total() - sum(counts[kind] for kind, _, _ in _LEAD):
        parts.append(_title(others, "other change", "other changes"))
    return ", ".join(parts) or "nothing"


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


def _group(provider: str, events: Sequence[Event], told: Sequence[_Told], most: int) -> Group:
    pages: dict[str, dict[str, None]] = {}
    for event in events:
        for side in (event.before, event.after):
            if side is not None and (proof := side.evidence) is not None and proof.captured_at == event.at:
                pages.setdefault(safe_link(proof.address), {})[day_text(proof.captured_at)] = None
    shown = [Evidence(address=address, days=tuple(sorted(days))) for address, days in pages.items() if address]
    return Group(
        provider=provider,
        summary=_counted(events),
        sections=(
            *_in_full(told, _PRICES, most),
            *_by_name(told),
            *_in_full(told, _STATED, most),
            *(section for key in _REST for section in _rest_of(told, key, most)),
        ),
        evidence=tuple(shown[:EVIDENCE_SHOWN]),
        more=len(shown[EVIDENCE_SHOWN:]),
    )


_Titles = Mapping[str, tuple[str, str]]
"""The titles of sections, for one and for several, by their keys."""


def _in_full(told: Sequence[_Told], titles: _Titles, most: int) -> Iterator[Section]:
    """Lay out sections that show what happened to each offer, the greatest moves first."""
    for key, (one, many) in titles.items():
        offers: dict[str, list[_Told]] = {}
        for found in told:
            if found.section == key:
                offers.setdefault(found.event.subject, []).append(found)
        if not offers:
            continue
        items = _alike([_item(offer, key) for offer in sorted(offers.values(), key=_by_move)])
        title = _title(len(offers), one, many)
        hint = _HINTS.get(key, "")
        yield Section(key=key, title=title, count=len(offers), items=tuple(items[:most]), hint=hint)


def _by_name(told: Sequence[_Told]) -> Iterator[Section]:
    """Lay out offers that came and went."""
    for key, (one, many) in _OFFERS.items():
        events = [found.event for found in told if found.section == key]
        if names := list(dict.fromkeys(event.model_id or event.name or event.source for event in events)):
            shown = tuple(names[:NAMES_SHOWN])
            yield Section(key=key, title=_title(len(names), one, many), count=len(names), names=shown)


def _rest_of(told: Sequence[_Told], key: str, most: int) -> Iterator[Section]:
    """Lay out what matters less: few offers in full, of many only how many have which field."""
    events = [found.event for found in told if found.section == key]
    offers = {event.subject for event in events}
    if len(offers) <= most:
        yield from _in_full(told, {key: _REST[key]}, most)
        return
    names = tuple(f"{field} ({count:,})" for field, count in Counter(event.field for event in events).most_common())
    yield Section(key=key, title=_title(len(offers), *_REST[key]), count=len(names), names=names[:NAMES_SHOWN])


def _by_move(offer: Sequence[_Told]) -> tuple[bool, Decimal, str]:
    """Order offers by their greatest move, those whose plain price moved before those where only a special one did."""
    plain = [one.event for one in offer if one.event.field in ("input", "output")]
    moves = [abs(one.percent) for one in plain or [one.event for one in offer] if one.percent is not None]
    return not plain, -max(moves, default=Decimal(0)), offer[0].event.subject


def _item(offer: Sequence[_Told], section: str) -> Item:
    first = offer[0].event
    ordered = sorted(offer, key=lambda one: _field_order(one.event.field))
    requests = [one.event.typical_request for one in offer if one.event.typical_request is not None]
    request = ""
    if requests:
        found = requests[-1]
        moved = f" ({percent_text(found.percent)})" if found.percent is not None else ""
        before, after = (short_amount(value, found.currency) for value in (found.before, found.after))
        request = f"1,000 tokens in and 500 out: {before} → {after}{_minus(moved)}"
    return Item(
        name=first.subject if section in _ATTENTION else first.model_id or first.name or first.source,
        link=link_of(first),
        moves=tuple(_move(one) for one in ordered[:FIELDS_SHOWN] if one.event.field),
        more=len(ordered[FIELDS_SHOWN:]),
        note=_note(ordered[0].event),
        request=request,
    )


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

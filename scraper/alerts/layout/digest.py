"""What a message says, in the order in which a person wants to know it: the same content for every layout.

First what waits for somebody or fails; then, provider by provider, prices that fell and rose, what is announced,
offers that came and went, and the rest counted. The greatest moves come first, and long lists end with how many more
there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from scraper.alerts.lines import percent_text, side_text
from scraper.alerts.message import Message
from scraper.events import Event, EventKind, Side
from scraper.meters import is_rate_key
from scraper.publish.text import amount
from scraper.records import REFERENCE_FIELDS, State, iso

OFFERS_SHOWN: Final = 10
"""So many offers of a section are shown with what happened to them; the rest is counted."""
FIELDS_SHOWN: Final = 4
NAMES_SHOWN: Final = 6
EVIDENCE_SHOWN: Final = 3

DOWN, UP, SAME = "down", "up", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What happened to one field: `before` and `after` in words, `unit` only where one unit holds for both.

    `percent` is text, `direction` is `DOWN`, `UP` or `SAME`. `link` is the address of the evidence, `quote` the text
    there; both are empty where there is none.
    """

    field: str
    before: str
    after: str
    unit: str
    percent: str
    direction: str
    link: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An offer, or a source, with what happened to it; `more` fields are not shown."""

    name: str
    link: str
    moves: tuple[Move, ...] = ()
    more: int = 0
    note: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is of one kind: `count` offers or sources, of which `items` are shown in full or `names` by name only."""

    key: str
    title: str
    count: int
    items: tuple[Item, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.items) - len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A page that says so, and the day of its capture."""

    address: str
    day: str


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


_Kinds = tuple[str, str, str, tuple[EventKind, ...]]
"""A section: its key, its title for one and for several, the kinds of events that are in it."""

_ATTENTION: Final[tuple[_Kinds, ...]] = (
    ("failing", "source failing", "sources failing", (EventKind.SOURCE_FAILING,)),
    ("stale", "source not confirmed for too long", "sources not confirmed for too long", (EventKind.SOURCE_STALE,)),
    ("held", "value held for review", "values held for review", (EventKind.HOLD_NEEDS_REVIEW,)),
)

_PRICES: Final[tuple[_Kinds, ...]] = (
    ("down", "offer cheaper", "offers cheaper", (EventKind.PRICE_DOWN,)),
    ("up", "offer dearer", "offers dearer", (EventKind.PRICE_UP,)),
    (
        "announced",
        "offer with prices announced",
        "offers with prices announced",
        (EventKind.ANNOUNCED_PRICE, EventKind.ANNOUNCEMENT_GONE),
    ),
    ("ends", "offer whose promotion ends", "offers whose promotion ends", (EventKind.PROMOTION_ENDS,)),
    ("terms", "offer on other terms", "offers on other terms", (EventKind.TERMS_CHANGED,)),
)

_OFFERS: Final[tuple[_Kinds, ...]] = (
    ("withdrawn", "offer withdrawn", "offers withdrawn", (EventKind.WITHDRAWN,)),
    ("new", "new offer", "new offers", (EventKind.NEW_OFFER,)),
)

_REST: Final[tuple[_Kinds, ...]] = (
    (
        "gone",
        "offer of which less is stated",
        "offers of which less is stated",
        (EventKind.NO_LONGER_SOURCED, EventKind.NOT_OFFERED_ANY_MORE),
    ),
    (
        "sourced",
        "offer of which more is stated",
        "offers of which more is stated",
        (EventKind.NEWLY_SOURCED, EventKind.NOT_OFFERED),
    ),
    ("spec", "offer with other specs", "offers with other specs", (EventKind.SPEC_CHANGED,)),
)

_LEAD: Final[tuple[tuple[EventKind, str, str], ...]] = (
    (EventKind.PRICE_DOWN, "price cut", "price cuts"),
    (EventKind.PRICE_UP, "price rise", "price rises"),
    (EventKind.ANNOUNCED_PRICE, "announced price", "announced prices"),
    (EventKind.ANNOUNCEMENT_GONE, "announcement gone", "announcements gone"),
    (EventKind.PROMOTION_ENDS, "promotion that ends", "promotions that end"),
    (EventKind.TERMS_CHANGED, "change of terms", "changes of terms"),
    (EventKind.NEW_OFFER, "new offer", "new offers"),
    (EventKind.WITHDRAWN, "offer withdrawn", "offers withdrawn"),
    (EventKind.NEWLY_SOURCED, "value newly sourced", "values newly sourced"),
    (EventKind.NOT_OFFERED, "value not offered", "values not offered"),
    (EventKind.NO_LONGER_SOURCED, "value no longer sourced", "values no longer sourced"),
    (EventKind.NOT_OFFERED_ANY_MORE, "value not offered any more", "values not offered any more"),
    (EventKind.SPEC_CHANGED, "spec changed", "specs changed"),
    (EventKind.HOLD_NEEDS_REVIEW, "value held for review", "values held for review"),
    (EventKind.SOURCE_FAILING, "source failing", "sources failing"),
    (EventKind.SOURCE_STALE, "source stale", "sources stale"),
)


def digest_of(message: Message) -> Digest:
    """Lay out a message."""
    attending = {kind for *_, kinds in _ATTENTION for kind in kinds}
    told = [event for event in message.events if event.kind not in attending]
    providers: dict[str, list[Event]] = {}
    for event in told:
        providers.setdefault(event.provider, []).append(event)
    groups = [_group(provider, events) for provider, events in providers.items()]
    groups.sort(key=lambda group: (-_weight(providers[group.provider]), group.provider))
    return Digest(
        title=message.title,
        lead=f"{_days(message.events)}{_counted(message.events)}",
        attention=tuple(_attention(message.events)),
        groups=tuple(groups),
        rest=_rest(message),
        rest_link=safe_link(message.list_url),
        quotes=not message.digest,
    )


def safe_link(address: str) -> str:
    """Return an address that may become a link: http or https, without blanks; else nothing."""
    if not address.startswith(("https://", "http://")) or any(c.isspace() or c in "<>\"'`|\\" for c in address):
        return ""
    return address


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
    parts = [f"{counts[kind]:,} {one if counts[kind] == 1 else many}" for kind, one, many in _LEAD if counts[kind]]
    return ", ".join(parts) or "nothing"


def _rest(message: Message) -> str:
    if not message.omitted:
        return ""
    where = f"; `{message.list_command}` lists all" if message.list_command else ""
    return f"{message.omitted:,} of {message.count:,} events are not in this message{where}."


def _weight(events: Iterable[Event]) -> int:
    """Order providers by how much happened to their prices."""
    return sum(100 if event.kind in (EventKind.PRICE_UP, EventKind.PRICE_DOWN) else 1 for event in events)


# What waits or fails.


def _attention(events: Sequence[Event]) -> Iterator[Section]:
    for key, one, many, of_kind in _of_kinds(events, _ATTENTION):
        items = tuple(
            Item(
                name=event.subject,
                link=link_of(event),
                moves=(move_of(event),) if event.field else (),
                note=event.note,
            )
            for event in of_kind[:OFFERS_SHOWN]
        )
        yield Section(key=key, title=_title(len(of_kind), one, many), count=len(of_kind), items=items)


def _of_kinds(events: Sequence[Event], kinds: Sequence[_Kinds]) -> Iterator[tuple[str, str, str, list[Event]]]:
    for key, one, many, wanted in kinds:
        if of_kind := [event for event in events if event.kind in wanted]:
            yield key, one, many, of_kind


def _title(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


# What happened at a provider.


def _group(provider: str, events: Sequence[Event]) -> Group:
    sections = [
        *(_in_full(*found) for found in _of_kinds(events, _PRICES)),
        *(_by_name(*found) for found in _of_kinds(events, _OFFERS)),
        *(_in_full(*found) for found in _of_kinds(events, _REST)),
    ]
    pages = dict.fromkeys(
        Evidence(address=safe_link(side.evidence.address), day=day_text(side.evidence.captured_at))
        for event in events
        for side in (event.after, event.before)
        if side is not None and side.evidence is not None and side.evidence.captured_at == event.at
    )
    shown = [page for page in pages if page.address]
    return Group(
        provider=provider,
        summary=_counted(events),
        sections=tuple(sections),
        evidence=tuple(shown[:EVIDENCE_SHOWN]),
        more=len(shown[EVIDENCE_SHOWN:]),
    )


def _in_full(key: str, one: str, many: str, events: Sequence[Event]) -> Section:
    offers: dict[str, list[Event]] = {}
    for event in events:
        offers.setdefault(event.subject, []).append(event)
    ordered = sorted(offers.values(), key=_by_move)
    return Section(
        key=key,
        title=_title(len(ordered), one, many),
        count=len(ordered),
        items=tuple(_item(offer) for offer in ordered[:OFFERS_SHOWN]),
    )


def _by_name(key: str, one: str, many: str, events: Sequence[Event]) -> Section:
    names = list(dict.fromkeys(event.model_id or event.name or event.source for event in events))
    return Section(key=key, title=_title(len(names), one, many), count=len(names), names=tuple(names[:NAMES_SHOWN]))


def _by_move(offer: Sequence[Event]) -> tuple[bool, Decimal, str]:
    """Order offers by their greatest move, those whose plain price moved before those where only a special one did."""
    plain = any(event.field in ("input", "output") for event in offer)
    greatest = max((abs(event.percent) for event in offer if event.percent is not None), default=Decimal(0))
    return not plain, -greatest, offer[0].subject


def _item(offer: Sequence[Event]) -> Item:
    first = offer[0]
    ordered = sorted(offer, key=lambda event: _field_order(event.field))
    requests = [event.typical_request for event in offer if event.typical_request is not None]
    request = ""
    if requests:
        one = requests[-1]
        moved = f" ({percent_text(one.percent)})" if one.percent is not None else ""
        before, after = (short_amount(value, one.currency) for value in (one.before, one.after))
        request = f"1,000 tokens in and 500 out: {before} → {after}{_minus(moved)}"
    return Item(
        name=first.model_id or first.name or first.source,
        link=link_of(first),
        moves=tuple(move_of(event) for event in ordered[:FIELDS_SHOWN]),
        more=len(ordered[FIELDS_SHOWN:]),
        note=first.note,
        request=request,
    )


def _field_order(field: str) -> tuple[int, int, str]:
    """Order fields as people ask for them: input and output first, plain ones before those with labels."""
    number = REFERENCE_FIELDS.index(field) if field in REFERENCE_FIELDS else len(REFERENCE_FIELDS)
    return number, field.count("=") if is_rate_key(field) else 9, field


def link_of(event: Event) -> str:
    """Return the address of the first link that an event has, the evidence first."""
    return next((link for link in map(safe_link, event.links) if link), "")


def move_of(event: Event) -> Move:
    """Say what happened to the field of an event."""
    before, after = event.before or Side(), event.after or Side()
    unit = ""
    said = [side_text(event.field, side) if side.state else "" for side in (before, after)]
    units = {side.unit for side in (before, after) if side.state == State.SOURCED and side.unit}
    if len(units) == 1:
        [unit] = units
        said = [text.replace(f" / {unit}", "", 1) for text in said]
    if event.kind is EventKind.NO_LONGER_SOURCED and not said[1]:
        said[1] = "no longer stated"
    proof = next((side.evidence for side in (after, before) if side.evidence is not None), None)
    return Move(
        field=event.field,
        before=said[0],
        after=said[1],
        unit=unit,
        percent=_minus(percent_text(event.percent)) if event.percent is not None else "",
        direction=_direction(event),
        link=safe_link(proof.address) if proof else "",
        quote=proof.quote if proof else "",
    )


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

"""What waits for a review, to people and as JSON: what stands and what was read instead, each with its evidence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scraper.errors import RatecardError
from scraper.holds import HoldStatus
from scraper.meters import is_rate_key, unit_of
from scraper.publish.objects import change_object
from scraper.publish.text import changes_text, said, who
from scraper.states import FieldView
from scraper.store.views import CaptureInfo, HoldView, OfferView
from scraper.words import Mark, Reason, State, iso

if TYPE_CHECKING:
    # What waits can be shown without what checks facts, and without what decides.
    from scraper.records import Fact
    from scraper.store.deciding import Decided

GROUPED_FROM: Final = 6
"""So many holds of one guard, source and capture are shown as one."""
SHOWN_OF_GROUP: Final = 3

_ID = re.compile(r"[0-9]{1,9}(?:-[0-9]{1,9})?")


def hold_object(hold: HoldView) -> dict[str, Any]:
    """Return a hold as JSON has it; `old` and `new` have their evidence, and are null where nothing is there."""
    return {
        "id": hold.id,
        "provider": hold.provider,
        "source": hold.source,
        "model_id": hold.model_id or None,
        "name": hold.name,
        "field": hold.field or None,
        "from": iso(hold.valid_from) if hold.valid_from else None,
        "check": hold.check,
        "message": hold.message,
        "old": _fact_object(hold.old, hold.old_capture),
        "new": _fact_object(hold.new, hold.last),
        "first_at": iso(hold.first.captured_at),
        "last_at": iso(hold.last.captured_at),
        "seen": hold.seen,
        "releases_after": hold.releases_after,
        "status": hold.status.value,
        "decided_by": hold.decided_by or None,
        "decided_at": iso(hold.decided_at) if hold.decided_at else None,
        "note": hold.note or None,
        "expires_at": iso(hold.expires_at) if hold.expires_at else None,
    }


def _fact_object(fact: Fact | None, capture: CaptureInfo | None) -> dict[str, Any] | None:
    if fact is None or capture is None:
        return None
    return {
        "state": fact.state.value,
        "reason": fact.reason.value if fact.reason else None,
        "value": fact.value,
        "currency": fact.currency,
        "until": iso(fact.valid_until) if fact.valid_until else None,
        "promotional": fact.promotional,
        "derived": fact.derived or None,
        "evidence": {
            "url": capture.url,
            "captured_at": iso(capture.captured_at),
            "capture": capture.sha256,
            "locator": fact.evidence.locator,
            "quote": fact.evidence.quote,
        },
    }


def holds_text(holds: Sequence[HoldView]) -> RenderableType:
    """Show holds side by side with both evidences, many of one kind as one with the first of them."""
    parts: list[RenderableType] = []
    for group in _groups(holds):
        if len(group) < GROUPED_FROM:
            for hold in group:
                parts += [hold_text(hold), Text()]
            continue
        first = group[0]
        title = Text.assemble((f"{ids_text(hold.id for hold in group)}  ", "bold"), _of_what(first))
        title.append(f"   {len(group):,} holds of {first.check}, the first of them:")
        parts += [title, *(Padding(hold_text(hold), (0, 0, 0, 2)) for hold in group[:SHOWN_OF_GROUP]), Text()]
    return Group(*parts)


def hold_text(hold: HoldView) -> RenderableType:
    """Show one hold: what it is about, why, what stands and what was read instead, and what was decided."""
    day = f" from {iso(hold.valid_from)[:10]}" if hold.valid_from else ""
    field = f"   {hold.field}{day}" if hold.field else "   the whole offer"
    head = Text.assemble((f"{hold.id}  ", "bold"), (who(hold.provider, hold.model_id, hold.name), "bold"), field)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for label, fact, capture, without in (
        ("stands", hold.old, hold.old_capture, "nothing" if hold.field else "what was last read of it"),
        ("read", hold.new, hold.last, "no longer stated"),
    ):
        if fact is None or capture is None:
            at = f"{iso(hold.last.captured_at)}  {hold.last.url}" if label == "read" else ""
            table.add_row(Text(label, style="dim"), without, "", at)
            continue
        quote = f"“{fact.evidence.quote[:80]}”"
        table.add_row(Text(label, style="dim"), said(fact), quote, f"{iso(capture.captured_at)}  {capture.url}")
    why = Text(f"{hold.check}: {hold.message}", style="yellow")
    return Group(head, *(Padding(part, (0, 0, 0, 4)) for part in (why, table, Text(_standing(hold), style="dim"))))


def held_text(holds: Sequence[HoldView]) -> RenderableType:
    """Show what waits of one field beside where its value comes from."""
    return Group(
        Text(), Text("  waits for a review", style="yellow"), *(Padding(hold_text(h), (0, 0, 0, 2)) for h in holds)
    )


def concerns(hold: HoldView, offer: OfferView, field: str) -> bool:
    """Say whether a hold is about a field of an offer, or about the offer as a whole."""
    same = hold.provider == offer.provider and hold.model_id == offer.model_id
    told_apart = hold.model_id and not hold.shared_id
    return same and (bool(told_apart) or hold.name == offer.name) and hold.field in ("", field)


def nothing_but_held(field: str) -> FieldView:
    """Return the view of a field of which nothing is published because its first value waits."""
    unit = unit_of(field) if is_rate_key(field) else ""
    return FieldView(field=field, state=State.NOT_SOURCED, reason=Reason.NOT_ON_PAGE, unit=unit, marks=(Mark.HELD,))


def decided_text(decided: Decided) -> RenderableType:
    """Show what was decided, and what that changed."""
    parts: list[RenderableType] = [hold_text(hold) for hold in decided.holds[:GROUPED_FROM]]
    if len(decided.holds) > GROUPED_FROM:
        parts.append(Text(f"… and {len(decided.holds) - GROUPED_FROM:,} more", style="dim"))
    if decided.changes:
        parts += [Text(), changes_text(decided.changes, each=12)]
    status = decided.holds[0].status.value
    run = f"Run {decided.run}: " if decided.run is not None else ""
    kept = "" if decided.run is not None else " What stood stays published."
    sentence = f"{run}{len(decided.holds):,} {status}, {len(decided.changes):,} changes.{kept}"
    return Group(*parts, Text(), Text(sentence, style="bold"))


def decided_object(decided: Decided) -> dict[str, Any]:
    """Return what was decided as JSON has it."""
    return {
        "run": decided.run,
        "holds": [hold_object(hold) for hold in decided.holds],
        "changes": [change_object(change) for change in decided.changes],
    }


def _standing(hold: HoldView) -> str:
    captures = f"{hold.seen} capture{'s' if hold.seen > 1 else ''} said so since {iso(hold.first.captured_at)[:10]}"
    if hold.status is HoldStatus.OPEN:
        if hold.releases_after is None:
            return f"{captures}; only a person lets it through"
        return f"{captures}; {hold.releases_after} let it through"
    when = f" at {iso(hold.decided_at)}" if hold.decided_at else ""
    by = f" by {hold.decided_by}" if hold.decided_by else ""
    until = f", counts until {iso(hold.expires_at)[:10]}" if hold.expires_at else ""
    note = f": {hold.note}" if hold.note else ""
    return f"{captures}; {hold.status.value}{by}{when}{until}{note}"


def _of_what(hold: HoldView) -> str:
    return f"{hold.provider} {hold.source} of {iso(hold.last.captured_at)}"


def _groups(holds: Sequence[HoldView]) -> Iterator[list[HoldView]]:
    """Yield the holds of one guard, source, capture and status together, in the order of their first."""

    def kind(hold: HoldView) -> tuple[str, ...]:
        last = hold.last
        return (hold.provider, hold.source, hold.check, last.sha256, iso(last.captured_at), hold.status)

    groups = [list(group) for _, group in groupby(sorted(holds, key=lambda hold: (kind(hold), hold.id)), key=kind)]
    yield from sorted(groups, key=lambda group: group[0].id)


def ids_text(ids: Iterable[int]) -> str:
    """Write numbers as the command takes them, those in a row as a range: `3,12-57`."""
    runs: list[list[int]] = []
    for number in sorted(set(ids)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def ids_meant(texts: Iterable[str], waiting: Collection[int]) -> list[int]:
    """Read numbers of holds: `12`, `12-57` (those of them that wait), `3,12-57`; each once, in order.

    Raises `RatecardError` for what is no number, and for a range in which nothing waits.
    """
    meant: set[int] = set()
    for part in (part.strip() for text in texts for part in text.split(",")):
        if not _ID.fullmatch(part):
            raise RatecardError(f"{part!r} is not the number of a hold; write 12, or 12-57 for all that wait of these.")
        first, _, last = part.partition("-")
        if not last:
            meant.add(int(first))
            continue
        found = {number for number in waiting if int(first) <= number <= int(last)}
        if not found:
            raise RatecardError(f"Of the holds {part} none waits; `ratecard review` lists those that do.")
        meant |= found
    return sorted(meant)

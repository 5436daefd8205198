"""What people read on a terminal: amounts rounded to what is meaningful, states in words, offers, changes, evidence."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scraper.diff import Kind
from scraper.meters import is_rate_key, unit_of
from scraper.states import FieldView, Observed
from scraper.store.views import ChangeView, OfferView, Statement
from scraper.words import REFERENCE_FIELDS, SPECS, Reason, State, iso, plain

if TYPE_CHECKING:
    # What is stored can be shown without what checks what is read.
    from scraper.records import Fact

_MEANINGFUL: Final = Context(prec=12)
WIDE: Final = 400
_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥"}

REASONS: Final = {
    Reason.NO_SOURCE: "no source of this provider publishes it",
    Reason.NOT_ON_PAGE: "published for other offers, not for this one",
    Reason.SOURCE_FAILING: "the source that would say it could not be read yet",
    Reason.ON_REQUEST: "sold, but its price is on request",
}


@lru_cache(maxsize=16384)
def amount(value: str, currency: str | None) -> str:
    """Write an amount for people: `$0.10`, `$0.003625`, `CN¥4.00`; float noise is rounded off."""
    number = _MEANINGFUL.create_decimal(Decimal(value)).normalize()
    digits = plain(number)
    whole, _, fraction = digits.partition(".")
    shown = f"{int(whole):,}.{fraction.ljust(2, '0')}"
    return f"{_SIGNS.get(currency or '', '')}{shown}" + ("" if currency in _SIGNS else f" {currency or ''}").rstrip()


def said(view: FieldView | Statement | Fact | Observed) -> str:
    """Write what is said of a field: its value, Free, Not offered, or Not sourced."""
    if view.state is State.NOT_OFFERED:
        return "Not offered"
    if view.state is State.NOT_SOURCED or view.value is None:
        return "Not sourced"
    if not is_rate_key(view.field):
        return _spec_said(view.field, view.value)
    if Decimal(view.value) == 0:
        return "Free"
    return f"{amount(view.value, view.currency)} / {unit_of(view.field)}"


def _spec_said(field: str, value: str) -> str:
    kind = SPECS.get(field)
    if kind not in ("tokens", "count"):
        return value
    return f"{int(value):,}" + (" tokens" if kind == "tokens" else "")


def who(provider: str, model_id: str, name: str) -> str:
    """Write an offer as the command takes it: `provider/model_id`, or its name where the provider prints no id."""
    return f"{provider}/{model_id or name}"


def offer_text(offer: OfferView) -> RenderableType:
    """Show an offer: every field with its value, its source and when it was last confirmed."""
    head = Text.assemble((who(offer.provider, offer.model_id, offer.name), "bold"))
    if offer.name != offer.model_id and offer.model_id:
        head.append(f"   {offer.name}")
    if not offer.model_id:
        head.append("   (the provider prints no id for it)", style="dim")
    if offer.model:
        head.append(f"   sells {offer.model}" + (f" ({offer.variant})" if offer.variant else ""), style="dim")
    if offer.withdrawn_at:
        missed = f", first missed {_day(offer.missed_at)}" if offer.missed_at else ""
        head.append(f"   withdrawn: last seen {_day(offer.last_seen)}{missed}", style="red")
    table = _table("field", "value", "confirmed", "", "said by")
    for view in offer.fields:
        table.add_row(
            view.field,
            Text(said(view), style=_style(view.state)),
            _day(view.last_seen),
            _terms(view),
            Text(view.source or (REASONS[view.reason] if view.reason else ""), style="" if view.source else "dim"),
        )
    parts: list[RenderableType] = [head, _indented(table)]
    if offer.announced:
        later = _table("announced", "value", "from", "", "said by")
        for view in offer.announced:
            later.add_row(view.field, said(view), _day(view.valid_from), _terms(view), view.source)
        parts += [Text(), _indented(later)]
    return Group(*parts)


def setup_text(facts: Mapping[str, Any], call: str) -> RenderableType:
    """Show how an offer is called: the install line, the key's variable, the call, what to mind."""
    table = _table("", "", head=False)
    for label, value in (("install", facts["install"]), ("key", facts["key_variable"]), ("address", facts["base_url"])):
        table.add_row(Text(label, style="dim"), value)
    table.add_row(Text("call", style="dim"), call)
    for line in facts["gotchas"]:
        table.add_row(Text("mind", style="dim"), line)
    return Group(Text(), _indented(table))


def _terms(view: FieldView) -> str:
    terms = [mark.value for mark in view.marks]
    if view.reason is Reason.ON_REQUEST:
        terms.append("price on request")
    if view.derived:
        terms.append(f"derived: {view.derived}")
    if view.valid_until:
        terms.append(f"until {iso(view.valid_until)[:10]}")
    return ", ".join(terms)


def _style(state: State) -> str:
    return {State.SOURCED: "green", State.NOT_OFFERED: "yellow", State.NOT_SOURCED: "dim"}[state]


def evidence_text(
    offer: OfferView, view: FieldView, now_said: Sequence[Statement], past: Sequence[Statement]
) -> RenderableType:
    """Show where a value comes from: address, time, capture, place, quote; other sources; what was said before."""
    head = Text.assemble((who(offer.provider, offer.model_id, offer.name), "bold"), f"   {view.field}\n")
    head.append(f"  {said(view)}", style=f"bold {_style(view.state)}")
    if view.state is State.NOT_SOURCED and view.reason:
        head.append(f"   {view.reason.value}: {REASONS[view.reason]}", style="dim")
    if terms := _terms(view):
        head.append(f"   {terms}", style="dim")
    parts: list[RenderableType] = [head]
    if view.captured_at is not None:
        facts = _table("", "", head=False)
        for label, text in (
            ("source", f"{offer.provider} {view.source}"),
            ("address", view.source_url),
            ("captured", f"{iso(view.captured_at)}   sha256 {view.capture}"),
            ("place", view.locator),
            ("quote", f"“{view.quote}”"),
            ("seen", f"{_day(view.first_seen)} to {_day(view.last_seen)}"),
        ):
            facts.add_row(Text(label, style="dim"), text)
        if view.agreeing:
            facts.add_row(Text("agreeing", style="dim"), ", ".join(view.agreeing))
        for other in view.disputing:
            disputed = (
                f"{other.source} says {said(other)}: “{other.quote}”  {iso(other.captured_at)}  {other.source_url}"
            )
            facts.add_row(Text("disputed", style="red"), disputed)
        parts += [Text(), _indented(facts)]
    others = [one for one in now_said if one.source != view.source or one.valid_from != view.valid_from]
    for title, statements in (("other statements", others), ("before", [one for one in past if one.closed_at])):
        if statements:
            table = _table(title, "from source", "seen", "quote")
            for one in statements:
                day = f"from {iso(one.valid_from)[:10]}" if one.valid_from else ""
                table.add_row(
                    f"{said(one)} {day}".strip(), one.source, f"{_day(one.first_seen)} to {_day(one.last_seen)}",
                    f"“{one.last.quote[:80]}”",
                )  # fmt: skip
            parts += [Text(), _indented(table)]
    return Group(*parts)


def _day(at: object) -> str:
    return str(at)[:10] if at else ""


_WEIGHT: Final = (
    Kind.CHANGED, Kind.TERMS, Kind.OFFER_WITHDRAWN, Kind.FIELD_REMOVED, Kind.OFFER_ADDED, Kind.FIELD_ADDED,
)  # fmt: skip


def by_weight(changes: Sequence[ChangeView]) -> list[ChangeView]:
    """Order changes for whoever reads only the first of them: prices that moved, what went, what came."""
    return sorted(changes, key=lambda change: (_WEIGHT.index(change.kind), not is_rate_key(change.field)))


def some_of_each(changes: Sequence[ChangeView], most: int) -> list[ChangeView]:
    """Return the first changes of each kind, so that many of one kind do not hide those of another."""
    met: Counter[Kind] = Counter()
    shown = []
    for change in by_weight(changes):
        met[change.kind] += 1
        if met[change.kind] <= most:
            shown.append(change)
    return shown


def changes_text(changes: Sequence[ChangeView], *, each: int | None = None) -> RenderableType:
    """Show changes: what was, what is, since when; offers that came and went. `each` is how many of a kind, at most."""
    table = _table("when", "what", "field", "before", "after")
    shown = changes if each is None else some_of_each(changes, each)
    for change in shown:
        offer = who(change.provider, change.model_id, change.name)
        what = {Kind.OFFER_ADDED: "new offer", Kind.OFFER_WITHDRAWN: "withdrawn"}.get(change.kind, change.field)
        style = {Kind.OFFER_ADDED: "green", Kind.OFFER_WITHDRAWN: "red"}.get(change.kind, "")
        before = said(change.before) if change.before else ("not stated" if change.kind is Kind.FIELD_ADDED else "")
        after = (
            said(change.after) if change.after else ("no longer stated" if change.kind is Kind.FIELD_REMOVED else "")
        )
        if change.kind is Kind.TERMS:
            before, after = said_with_terms(change.before), said_with_terms(change.after)
        if (percent := percent_moved(change)) is not None:
            after = f"{after}  ({percent_text(percent)})"
        table.add_row(iso(change.at)[:10], offer, Text(what, style=style), before, after)
    if len(changes) > len(shown):
        return Group(table, Text(f"… and {len(changes) - len(shown):,} more; `ratecard diff` lists all", style="dim"))
    return table


def said_with_terms(one: Statement | None) -> str:
    """Write what a source stated, whether it is a promotion, and until when; nothing where there is nothing."""
    if one is None:
        return ""
    until = f" until {iso(one.valid_until)[:10]}" if one.valid_until else ""
    return f"{said(one)}{' promotional' if one.promotional else ''}{until}"


def percent_moved(change: ChangeView) -> Decimal | None:
    """Return by how many per cent a price moved; None where that cannot be said, as from nothing."""
    one, other = change.before, change.after
    if change.kind is not Kind.CHANGED or one is None or other is None or not is_rate_key(change.field):
        return None
    if one.value is None or other.value is None or one.currency != other.currency or not Decimal(one.value):
        return None
    return (Decimal(other.value) / Decimal(one.value) - 1) * 100


def percent_text(percent: Decimal) -> str:
    """Write a per cent as far as it means something: `+20 %`, `-0.5 %`."""
    return f"{percent:+.0f} %" if abs(percent) >= 10 else f"{percent:+.1f} %"


def gaps_text(offers: Sequence[OfferView], *, each: bool) -> RenderableType:
    """Show what is not sourced: the sums by provider and field with their reasons and, if wanted, each offer's.

    What is stated of caches and batches, the prices that are left out most, stands at the end by provider.
    """
    parts: list[RenderableType] = []
    if each:
        table = _table("offer", "not sourced", "reason")
        for offer in offers:
            for view in gaps_of(offer):
                reason = f"{view.reason.value}: {REASONS[view.reason]}" if view.reason else ""
                table.add_row(who(offer.provider, offer.model_id, offer.name), view.field, reason)
        parts.append(table)
    parts += [gap_sums(offers), Text(), cache_and_batch(offers)]
    return Group(*parts)


def gaps_of(offer: OfferView) -> list[FieldView]:
    """Return the reference fields of an offer that are not sourced."""
    return [view for view in offer.fields if view.field in REFERENCE_FIELDS and view.state is State.NOT_SOURCED]


def gap_matrix(offers: Sequence[OfferView]) -> Table:
    """Return, for each provider and reference field, of how many offers it is not sourced; a dot stands for none."""
    totals = Counter(offer.provider for offer in offers)
    missing = Counter((offer.provider, view.field) for offer in offers for view in gaps_of(offer))
    table = _table("not sourced of", "offers", *(name.replace("{tier=batch}", " batch") for name in REFERENCE_FIELDS))
    for provider in sorted(totals):
        counts = (missing[provider, name] for name in REFERENCE_FIELDS)
        table.add_row(provider, str(totals[provider]), *(str(count) if count else "·" for count in counts))
    return table


def gap_sums(offers: Sequence[OfferView]) -> Table:
    """Return how many offers of each provider lack each reference field, with the reasons."""
    counts: Counter[tuple[str, str, str]] = Counter()
    totals = Counter(offer.provider for offer in offers)
    for offer in offers:
        for view in gaps_of(offer):
            counts[offer.provider, view.field, view.reason.value if view.reason else ""] += 1
    table = _table("provider", "field", "not sourced", "of offers", "reason")
    order = {name: number for number, name in enumerate(REFERENCE_FIELDS)}
    for (provider, name, reason), count in sorted(counts.items(), key=lambda item: (item[0][0], order[item[0][1]])):
        table.add_row(provider, name, f"{count:,}", f"{totals[provider]:,}", reason)
    return table


_CACHE_AND_BATCH: Final = ("cache_read", "cache_write", "input{tier=batch}", "output{tier=batch}")


def cache_and_batch(offers: Sequence[OfferView]) -> Table:
    """Return of how many offers each provider states the prices of caches and batches, or says that there are none.

    They are to be compared with how many have a price of input. A field that no source of a provider publishes says so.
    """
    by_provider: dict[str, list[OfferView]] = {}
    for offer in offers:
        by_provider.setdefault(offer.provider, []).append(offer)
    table = _table(
        "stated of", "offers", "input", *(name.replace("{tier=batch}", " batch") for name in _CACHE_AND_BATCH)
    )
    for provider, found in sorted(by_provider.items()):
        fields = [{view.field: view for view in offer.fields} for offer in found]
        counts = (_stated([views[name] for views in fields]) for name in ("input", *_CACHE_AND_BATCH))
        table.add_row(provider, f"{len(found):,}", *counts)
    return table


def _stated(views: Sequence[FieldView]) -> str:
    states = Counter(view.state for view in views)
    if not states[State.SOURCED] and {view.reason for view in views} == {Reason.NO_SOURCE}:
        return "no source"
    without = states[State.NOT_OFFERED]
    return f"{states[State.SOURCED]:,}" + (f" (and {without:,} not offered)" if without else "")


def history_text(statements: Iterable[Statement]) -> RenderableType:
    """Show all that was ever stated, newest first within a field."""
    table = _table("field", "value", "source", "first seen", "last seen", "first missed", "closed", "quote")
    for one in statements:
        table.add_row(
            one.field, said(one), one.source, _day(one.first_seen), _day(one.last_seen), _day(one.missed_at),
            _day(one.closed_at), f"“{one.last.quote[:60]}”",
        )  # fmt: skip
    return table


def _indented(what: RenderableType) -> RenderableType:
    return Padding(what, (0, 0, 0, 2))


def _table(*titles: str, head: bool = True) -> Table:
    table = Table(box=None, show_header=head, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def show(what: RenderableType) -> None:
    """Print to a terminal at its width; elsewhere without a limit and without blanks at the ends of lines."""
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        console.print(what)
        return
    plain_console = Console(highlight=False, markup=False, emoji=False, width=WIDE)
    with plain_console.capture() as captured:
        plain_console.print(what)
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))

"""What `ratecard crosscheck` prints: sums by provider and list, then each difference with both values and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scraper.crosscheck.compare import Comparison, Finding, Verdict
from scraper.meters import is_rate_key, unit_of
from scraper.opinions.opinion import Opinion
from scraper.publish.objects import field_object
from scraper.publish.text import amount, said, who

_QUOTE: Final = 80


def crosscheck_text(comparisons: Sequence[Comparison]) -> RenderableType:
    """Show the sums, then what differs, list by list."""
    parts: list[RenderableType] = [_sums(comparisons), Text()]
    for one in comparisons:
        differing = [finding for finding in one.findings if finding.verdict is Verdict.DIFFER]
        if differing:
            parts += [Text(f"differs from {_list_name(one)}", style="bold"), _differences(differing), Text()]
        if one.absent:
            parts.append(Text(f"{one.list.name} does not cover {', '.join(one.absent)}.", style="dim"))
        if one.nameless:
            few = f"{len(one.nameless):,} offers have no id of their own: no list can be asked for them."
            parts.append(Text(few, style="dim"))
        if unread := _unread(one):
            kinds = "kind of price" if len(unread) == 1 else "kinds of price"
            more = f"{len(unread):,} {kinds} in {one.list.name} that are not compared; --json lists them."
            parts.append(Text(more, style="dim"))
    counts = Counter(finding.verdict for one in comparisons for finding in one.findings)
    agreeing = counts[Verdict.AGREE] + counts[Verdict.ROUNDED]
    last = f"{agreeing:,} values agree, {counts[Verdict.ROUNDED]:,} of them rounded; {counts[Verdict.DIFFER]:,} differ."
    return Group(*parts, Text(last, style="bold"))


def _sums(comparisons: Iterable[Comparison]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("\nprovider", "\nlist"):
        table.add_column(title)
    for title in ("offers\nin both", "only\nours", "only\ntheirs"):
        table.add_column(title, justify="right")
    for title in ("values\nagree", "\nrounded", "\ndiffer", "only\nours", "only\ntheirs"):
        table.add_column(title, justify="right")
    rows = sorted((row for one in comparisons for row in _rows(one)), key=lambda row: (row["provider"], row["list"]))
    for row in rows:
        counts = (*row["offers"].values(), *row["values"].values())
        table.add_row(row["provider"], row["list"], *(f"{count:,}" if count else "·" for count in counts))
    return table


def _rows(one: Comparison) -> list[dict[str, Any]]:
    matched = Counter(offer.provider for offer in one.matched)
    unmatched = Counter(offer.provider for offer in one.unmatched)
    unknown = Counter(provider for provider, _ in {(entry.provider, entry.model_id) for entry in one.unknown})
    verdicts = Counter((finding.offer.provider, finding.verdict) for finding in one.findings)
    return [
        {
            "provider": provider,
            "list": _list_name(one),
            "offers": {
                "both": matched[provider], "only_ours": unmatched[provider], "only_theirs": unknown[provider],
            },
            "values": {verdict.value: verdicts[provider, verdict] for verdict in Verdict},
        }
        for provider in sorted({*matched, *unmatched, *unknown})
    ]  # fmt: skip


def _differences(findings: Iterable[Finding]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("offer", "field", "ours", "theirs", "our evidence", "where in the list"):
        table.add_column(title, overflow="fold")
    for finding in findings:
        ours, theirs = finding.ours, finding.theirs
        if ours is None or theirs is None:
            continue
        table.add_row(
            who(finding.offer.provider, finding.offer.model_id, finding.offer.name),
            finding.field,
            " ".join([said(ours), *(f"({mark.value})" for mark in ours.marks)]),
            their_value(theirs.opinion),
            f"{str(ours.captured_at)[:10]} “{ours.quote[:_QUOTE]}” {ours.source_url}",
            f"{theirs.entry.key} {theirs.opinion.name}",
        )
    return table


def their_value(opinion: Opinion) -> str:
    """Write a value of a list for people."""
    if not is_rate_key(opinion.field):
        return f"{int(opinion.value):,} tokens"
    return f"{amount(opinion.value, opinion.currency)} / {unit_of(opinion.field)}"


def crosscheck_object(comparisons: Iterable[Comparison]) -> dict[str, Any]:
    """Return all of it as `--json` prints it: sums, every value that is not simply equal, what is in one place only."""
    return {"lists": [_comparison_object(one) for one in comparisons]}


def _comparison_object(one: Comparison) -> dict[str, Any]:
    shown = [finding for finding in one.findings if finding.verdict is not Verdict.AGREE]
    return {
        "list": one.list.name,
        "version": one.list.version,
        "providers": [{key: value for key, value in row.items() if key != "list"} for row in _rows(one)],
        "not_covered": list(one.absent),
        "values": [_finding_object(finding) for finding in shown],
        "only_ours": [{"provider": offer.provider, "model_id": offer.model_id} for offer in one.unmatched],
        "only_theirs": [
            {"provider": entry.provider, "model_id": entry.model_id, "key": entry.key} for entry in one.unknown
        ],
        "no_id": [{"provider": offer.provider, "name": offer.name} for offer in one.nameless],
        "not_compared": _unread(one),
    }


def _finding_object(finding: Finding) -> dict[str, Any]:
    theirs = finding.theirs
    return {
        "provider": finding.offer.provider,
        "model_id": finding.offer.model_id,
        "field": finding.field,
        "verdict": finding.verdict.value,
        "ours": field_object(finding.ours) if finding.ours else None,
        "theirs": None
        if theirs is None
        else {
            "value": theirs.opinion.value,
            "currency": theirs.opinion.currency,
            "key": theirs.entry.key,
            "name": theirs.opinion.name,
            "source": theirs.entry.source or None,
        },
    }


def _unread(one: Comparison) -> dict[str, int]:
    """Return the prices of the compared providers that are not read, by the list's name, with how often they occur."""
    providers = {offer.provider for offer in (*one.matched, *one.unmatched)}
    counts: Counter[str] = Counter()
    for (provider, name), count in one.list.unread.items():
        counts[name] += count if provider in providers else 0
    return {name: count for name, count in sorted(counts.items()) if count}


def _list_name(one: Comparison) -> str:
    return f"{one.list.name} {one.list.version}"

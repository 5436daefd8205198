"""What a refresh says at its end: to people, and as `refresh --json` prints it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from scraper.outcomes import Outcome, Report, SourceReport
from scraper.publish.objects import change_object
from scraper.publish.review import hold_object
from scraper.publish.text import changes_text
from scraper.reread import Reread

SHOWN_OF_EACH = 12


def report_text(report: Report) -> RenderableType:
    """Show what changed, what is held, what failed, what was not understood, and one line that sums it up."""
    parts: list[RenderableType] = []
    if report.changes:
        parts += [changes_text(report.changes, each=SHOWN_OF_EACH), Text()]
    for source in report.sources:
        for note in source.notes[:5]:
            places = [f"page {note.page + 1}"] * (note.page > 0) + [note.locator] * (note.locator != "")
            place = f" ({', '.join(places)})" if places else ""
            parts.append(Text(f"not understood  {source.name}: {note.text}{place}", style="yellow"))
        if len(source.notes) > 5:
            more = f"… and {len(source.notes) - 5} more; `ratecard refresh --json` lists all"
            parts.append(Padding(Text(more, style="dim"), (0, 0, 0, 16)))
    parts += [_held_line(source) for source in report.sources if source.held]
    for source in report.failed:
        parts.append(Text(f"FAILED  {source.name} ({source.url}): {source.error}", style="red"))
    parts.append(Text(_summary(report), style="bold"))
    return Group(*parts)


def _summary(report: Report) -> str:
    counts = Counter(source.status for source in report.sources)
    values = sum(source.observations for source in report.sources)
    sources = [f"{counts[Outcome.OK] + counts[Outcome.UNCHANGED]} sources read"]
    sources += [f"{counts[Outcome.UNCHANGED]} of them with nothing new"] if counts[Outcome.UNCHANGED] else []
    sources += [f"{counts[Outcome.NOT_CAPTURED]} not captured"] if counts[Outcome.NOT_CAPTURED] else []
    sources += [f"{counts[Outcome.NEEDS_KEY]} in want of a key"] if counts[Outcome.NEEDS_KEY] else []
    sources += [f"{counts[Outcome.FAILED]} failed, what they published stays"] if counts[Outcome.FAILED] else []
    run = f"Run {report.run}" if report.run is not None else "Dry run, nothing written"
    return (
        f"{run}: {', '.join(sources)}. {report.offers:,} offers, {values:,} values, {len(report.changes):,} changes, "
        f"{len(report.held):,} held."
    )


def _held_line(source: SourceReport) -> Text:
    counts = Counter(hold.check for hold in source.held)
    checks = ", ".join(f"{count:,} by {check}" for check, count in counts.most_common())
    example = f"; {source.held[0].message}"
    return Text(f"held  {source.name}: {checks}{example}; see `ratecard review`", style="yellow")


def reread_text(result: Reread) -> RenderableType:
    """Show what reading again added to the history and took from it, what could not be read, and the sum."""
    parts: list[RenderableType] = []
    for title, changes in (("new in the history", result.came), ("gone from the history", result.went)):
        if changes:
            parts += [Text(title, style="bold"), changes_text(changes, each=SHOWN_OF_EACH), Text()]
    parts += [Text(f"left out  {result.provider} {skipped}", style="yellow") for skipped in result.skipped]
    return Group(*parts, Text(result.summary, style="bold"))


def report_object(report: Report) -> dict[str, Any]:
    """Return a report as `refresh --json` prints it."""
    return {
        "run": report.run,
        "offers": report.offers,
        "observations": sum(source.observations for source in report.sources),
        "changes": [change_object(change) for change in report.changes],
        "held": [hold_object(hold) for hold in report.held],
        "sources": [
            {
                "provider": source.provider,
                "source": source.source,
                "url": source.url,
                "status": source.status.value,
                "offers": source.offers if source.sells else 0,
                "held": len(source.held),
                "error": source.error or None,
                "notes": [
                    {"kind": note.kind, "text": note.text, "page": note.page, "locator": note.locator}
                    for note in source.notes
                ],
            }
            for source in report.sources
        ],
    }

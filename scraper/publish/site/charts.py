"""Prices over time as an inline SVG: steps, gaps where nothing was stated, no script and no style of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

from scraper.publish.text import amount

_WIDTH, _HEIGHT = 640, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 28
MOST_SERIES: Final = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A price that was stated from a time to a time."""

    start: datetime
    end: datetime
    value: Decimal


def chart(series: Mapping[str, Sequence[Span]], currency: str, title: str) -> Markup:
    """Draw prices of one currency over time; "" where all was seen at one moment only.

    `series` has the spans of each line by its name, from the oldest on.
    """
    spans = [span for line in series.values() for span in line]
    if not spans:
        return Markup("")
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    most = max(span.value for span in spans)
    if start == end or not most:
        return Markup("")
    across = (_WIDTH - _LEFT - _RIGHT) / (end - start).total_seconds()
    down = (_HEIGHT - _TOP - _BOTTOM) / float(most)

    def x(at: datetime) -> str:
        return f"{_LEFT + across * (at - start).total_seconds():.1f}"

    def y(value: Decimal) -> str:
        return f"{_HEIGHT - _BOTTOM - down * float(value):.1f}"

    head = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
    parts = [head, f"<title>{escape(title)}</title>"]
    for value in (Decimal(0), most / 2, most):
        told = escape(amount(f"{value:f}", currency))
        parts += [
            f'<path class="grid" d="M{_LEFT} {y(value)}H{_WIDTH - _RIGHT}"/>',
            f'<text x="{_LEFT - 8}" y="{y(value)}" dy="4" text-anchor="end">{told}</text>',
        ]
    parts.append(
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{start:%Y-%m-%d}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{end:%Y-%m-%d}</text>'
    )
    for number, line in enumerate(list(series.values())[:MOST_SERIES]):
        steps, last = [], None
        for span in line:
            steps.append(f"{'V' if last == span.start else f'M{x(span.start)} '}{y(span.value)}H{x(span.end)}")
            last = span.end
        parts.append(f'<path class="line s{number}" d="{"".join(steps)}"/>')
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704  every text in it is escaped


def joined(spans: Sequence[Span], ends: Sequence[datetime | None]) -> list[Span]:
    """Let each span last until what replaced it was seen: `ends` are the times at which they were closed."""
    ordered = sorted(zip(spans, ends, strict=True), key=lambda pair: pair[0].start)
    found = []
    for number, (span, end) in enumerate(ordered):
        following = ordered[number + 1][0].start if number + 1 < len(ordered) else None
        # What was closed when the next one was seen went over into it; anything else was gone for a time.
        until = following if following is not None and end == following else span.end
        found.append(Span(span.start, max(until, span.start), span.value))
    return found

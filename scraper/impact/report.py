"""What `ratecard impact` prints: each model's bill before and after, the sums by currency, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scraper.impact.bill import Billed, Impact, LeftOut, add
from scraper.publish.text import amount, said, who
from scraper.records import iso, plain

_SHORT: Final = Context(prec=3)
_CENT: Final = Decimal("0.01")


def impact_text(impact: Impact) -> RenderableType:
    """Show the bill by model, the sums, and every row that is not in them with the reason."""
    parts: list[RenderableType] = [Text(f"What {impact.changes} do to this bill", style="bold"), Text()]
    if impact.billed:
        parts += [_table(impact.billed), Text()]
    for row in impact.billed:
        parts += [Text(f"mind  line {row.usage.line}, {_who(row)}: {note}", style="dim") for note in row.notes]
    for left in impact.left_out:
        parts.append(Text(f"left out  line {left.usage.line}, {_who(left)}: {left.why}", style="yellow"))
    parts.append(Text(_summary(impact), style="bold"))
    return Group(*parts)


def _table(billed: Sequence[Billed]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("model", overflow="fold")
    for title in ("old", "new", "difference", "per cent"):
        table.add_column(title, justify="right")
    table.add_column("because", overflow="fold")
    for model, rows in _by_model(billed):
        because = dict.fromkeys(
            _move(move.field, said(move.before), said(move.after)) for r in rows for move in r.moves
        )
        table.add_row(model, *_sums(rows), ", ".join(because))
    for currency in sorted({row.currency for row in billed}):
        rows = [row for row in billed if row.currency == currency]
        table.add_row(*(Text(cell, style="bold") for cell in (f"total {currency}", *_sums(rows), "")))
    return table


def _move(field: str, before: str, after: str) -> str:
    return f"{field} {before.partition(' / ')[0]} → {after}"


def _by_model(billed: Iterable[Billed]) -> list[tuple[str, list[Billed]]]:
    """Return the rows of each model and currency, the greatest difference first."""
    models: dict[tuple[str, str], list[Billed]] = {}
    for row in billed:
        models.setdefault((_who(row), row.currency), []).append(row)
    found = [(model, rows) for (model, _), rows in models.items()]
    return sorted(found, key=lambda item: -abs(add(row.difference for row in item[1])))


def _sums(rows: Sequence[Billed]) -> tuple[str, str, str, str]:
    old, new = add(row.old for row in rows), add(row.new for row in rows)
    difference = add(row.difference for row in rows)
    currency = rows[0].currency
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    share = _percent(old, difference)
    return (
        _money(old, currency),
        _money(new, currency),
        f"{sign}{_money(abs(difference), currency)}",
        "" if share is None else f"{share:+.1f} %".replace("-", "−") if difference else "0 %",
    )


def _percent(old: Decimal, difference: Decimal) -> Decimal | None:
    return difference / old * 100 if old else None


def _money(value: Decimal, currency: str) -> str:
    """Write a sum to the cent; one below a cent to three digits, so that it is not shown as nothing."""
    shown = value.quantize(_CENT) if value >= _CENT or not value else _SHORT.create_decimal(value)
    return amount(plain(shown), currency)


def _summary(impact: Impact) -> str:
    told = f"{len(impact.billed):,} rows billed"
    if not impact.left_out:
        return f"{told}; none left out."
    return f"{told}; {len(impact.left_out):,} left out of the sums, as a price is lacking: nothing is estimated."


def _who(row: Billed | LeftOut) -> str:
    return who(row.usage.provider, row.usage.model, "")


def impact_object(impact: Impact) -> dict[str, Any]:
    """Return an impact as JSON has it: amounts are exact decimals as text, `percent` is rounded to four digits."""
    currencies = sorted({row.currency for row in impact.billed})
    return {
        "changes": impact.changes,
        "totals": [_total(currency, [r for r in impact.billed if r.currency == currency]) for currency in currencies],
        "models": [{"model": model, **_total(rows[0].currency, rows)} for model, rows in _by_model(impact.billed)],
        "rows": [_row(row) for row in impact.billed],
        "left_out": [
            {
                "line": left.usage.line,
                "provider": left.usage.provider,
                "model": left.usage.model,
                "fields": list(left.fields),
                "why": left.why,
            }
            for left in impact.left_out
        ],
    }


def _total(currency: str, rows: Sequence[Billed]) -> dict[str, Any]:
    old, difference = add(row.old for row in rows), add(row.difference for row in rows)
    share = _percent(old, difference)
    return {
        "currency": currency,
        "old": plain(old),
        "new": plain(add(row.new for row in rows)),
        "difference": plain(difference),
        "percent": None if share is None else plain(share.quantize(Decimal("0.0001"))),
    }


def _row(row: Billed) -> dict[str, Any]:
    return {
        "line": row.usage.line,
        "provider": row.usage.provider,
        "model": row.usage.model,
        **_total(row.currency, [row]),
        "moves": [
            {
                "field": move.field,
                "before": move.before.value,
                "after": move.after.value,
                "source_url": move.after.source_url,
                "captured_at": iso(move.after.captured_at) if move.after.captured_at else None,
                "quote": move.after.quote,
            }
            for move in row.moves
        ],
        "notes": list(row.notes),
    }

"""Tables whose rows are meters and whose columns are plans: a free tier, which is no price, and a paid one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scraper.extract.grid import Line
from scraper.extract.markup import Table
from scraper.extract.passage import Passage
from scraper.extract.tables import MONEY
from scraper.records import Fact, State


@dataclass(frozen=True, slots=True)
class PlanColumns:
    """The columns of a table whose rows are meters and whose columns are plans.

    `free` is None where there is none, `others` are the headings of further plans.
    """

    label: int
    paid: int
    free: int | None = None
    others: tuple[str, ...] = ()


def plan_columns(table: Table) -> PlanColumns | None:
    """Return the columns of the paid and the free tier by their headings; None where no one column is the paid tier."""
    heads = [" ".join(path).casefold() for path in table.grid.headers]
    paid = [n for n, head in enumerate(heads) if re.search(r"\bpaid\b|pay-as-you-go", head)]
    free = [n for n, head in enumerate(heads) if re.search(r"\bfree\b", head) and n not in paid]
    rest = [n for n in range(len(heads)) if n not in (*paid, *free)]
    # The column of the labels is the one without a heading, or else the only one left.
    labels = [n for n in rest if not heads[n]] or rest
    if len(paid) != 1 or len(labels) != 1 or len(free) > 1:
        return None
    others = tuple(heads[n] for n in rest if n != labels[0])
    return PlanColumns(labels[0], paid[0], free[0] if free else None, others)


def plans_contradict(line: Line, columns: PlanColumns) -> bool:
    """Say whether a row cannot stand under these headings: a free plan with a price, or only the paid one for free."""
    if columns.free is None:
        return False
    free, paid = line.cells[columns.free].line, line.cells[columns.paid].line
    return bool(MONEY.search(free)) or (_is_free(paid) and not _is_free(free))


def _is_free(text: str) -> bool:
    return text.casefold().startswith("free of charge")


def free_tier(cells: Sequence[Passage]) -> tuple[Fact, ...]:
    """Return what the free tier's cells of one model say, where they all say the same, as the spec `free_tier`."""
    said = {cell.line.casefold() for cell in cells}
    if said == {"not available"}:
        return (Fact(field="free_tier", state=State.NOT_OFFERED, evidence=cells[0].evidence()),)
    if said == {"free of charge"}:
        return (Fact(field="free_tier", state=State.SOURCED, value=cells[0].line, evidence=cells[0].evidence()),)
    return ()

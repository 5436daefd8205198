"""The dated rows of llm-prices.com (`historical-v1.json`): US dollars per million tokens, from a day until a day.

A row begins on the day on which its prices were first read; `to_date`, which is not in it any more, is the day on which
others were. A price of cached input that is not known is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from scraper.publish.formats.material import Material, Sold, in_dollars, json_text, no_place, sold
from scraper.store import Version

_FIELDS: Final = {"input": "input", "output": "output", "input_cached": "cache_read"}


def llm_prices(material: Material) -> str:
    """Write the rows, by vendor and id, the newest first."""
    versions = material.versions()
    rows: list[dict[str, Any]] = []
    for one in sold(material):
        no_place(material.report, one, set(_FIELDS.values()))
        mine = _rows(one, versions.get(one.offer.id, ()))
        rows += reversed(mine)
        material.report.written += bool(mine)
    return json_text({"prices": rows})


def _rows(one: Sold, versions: Sequence[Version]) -> list[dict[str, Any]]:
    told = [(version.since.date(), _prices(version)) for version in versions]
    # What is current may lack what is disputed by now, and is what the rest of this export goes by.
    told[-1:] = [(since, {name: one.rates.get(key) for name, key in _FIELDS.items()}) for since, _ in told[-1:]]
    dated: list[tuple[date, dict[str, Decimal | None]]] = []
    for since, prices in told:
        if dated and dated[-1][0] == since:
            dated.pop()  # several readings of one day: its last word counts
        if not dated or dated[-1][1] != prices:
            dated.append((since, prices))
    rows = []
    for number, (since, prices) in enumerate(dated):
        until = dated[number + 1][0] if number + 1 < len(dated) else None
        if prices["input"] is not None and prices["output"] is not None:
            name = one.offer.name or one.offer.model_id
            rows.append(
                {"id": one.offer.model_id, "vendor": one.offer.provider, "name": name, **prices,
                 "from_date": since.isoformat(), "to_date": until.isoformat() if until else None}
            )  # fmt: skip
    return rows


def _prices(version: Version) -> dict[str, Decimal | None]:
    return {name: in_dollars(version.fields.get(key)) for name, key in _FIELDS.items()}

"""Corrections for LiteLLM's JSON as a JSON merge patch (RFC 7396): key by key the fields that differ, and `source`.

Only what a maintainer can take over as it is: our value is sourced in US dollars, settled and current.
"""

from __future__ import annotations

import json
from decimal import Context, Decimal
from typing import Final

from scraper.crosscheck.compare import Comparison, Finding, Verdict
from scraper.meters import is_rate_key
from scraper.opinions.opinion import PER_TOKEN
from scraper.records import Mark, State

_UNSETTLED: Final = frozenset({Mark.STALE, Mark.DISPUTED, Mark.HELD, Mark.UNCONFIRMED, Mark.PROMOTIONAL})
_EXACT: Final = Context(prec=100)


def litellm_patch(comparison: Comparison) -> str:
    """Write the patch; `source` of a key is the addresses that its corrected values are from, blanks between them."""
    corrections: dict[str, dict[str, str]] = {}
    sources: dict[str, set[str]] = {}
    for finding in comparison.findings:
        corrected = _number(finding)
        if corrected is None or finding.theirs is None or finding.ours is None:
            continue
        key = finding.theirs.entry.key
        corrections.setdefault(key, {})[finding.theirs.opinion.name] = corrected
        sources.setdefault(key, set()).add(finding.ours.source_url)
    entries = []
    for key, fields in sorted(corrections.items()):
        lines = _nested(fields) | {"source": json.dumps(" ".join(sorted(sources[key])), ensure_ascii=False)}
        body = ",\n".join(f"        {json.dumps(name)}: {number}" for name, number in lines.items())
        entries.append(f"    {json.dumps(key, ensure_ascii=False)}: {{\n{body}\n    }}")
    return "{\n" + ",\n".join(entries) + "\n}\n" if entries else "{}\n"


def _number(finding: Finding) -> str | None:
    """Return our value as LiteLLM writes it, as a JSON number; None where it is no correction."""
    ours = finding.ours
    if finding.verdict is not Verdict.DIFFER or ours is None or ours.state is not State.SOURCED or ours.value is None:
        return None
    if _UNSETTLED & set(ours.marks):
        return None
    if is_rate_key(finding.field):
        if ours.currency != "USD":
            return None
        per_token = Decimal(ours.value).scaleb(-PER_TOKEN, _EXACT).normalize(_EXACT)
        return f"{per_token:e}" if per_token and abs(per_token) < Decimal("0.0001") else f"{per_token:f}"
    # Their max_input_tokens is not our context window: which of the two is meant has to be looked at.
    return ours.value if finding.field == "max_output_tokens" else None


def _nested(fields: dict[str, str]) -> dict[str, str]:
    """Write `object.field` names as the object that they are in."""
    flat = {name: number for name, number in fields.items() if "." not in name}
    inner: dict[str, list[str]] = {}
    for name, number in fields.items():
        if "." in name:
            outer, _, field = name.partition(".")
            inner.setdefault(outer, []).append(f"{json.dumps(field)}: {number}")
    return flat | {outer: "{" + ", ".join(parts) + "}" for outer, parts in inner.items()}

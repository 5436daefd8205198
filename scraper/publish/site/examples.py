"""How an offer is called: the provider's own example with the offer's own id in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from scraper.publish.site.cards import Card, cell_money

# An id with a quote or a backslash in it could be read as code.
_SAFE: Final = re.compile(r"[\w.:/@~+-]+", re.ASCII)


def python_call(facts: Mapping[str, Any], card: Card) -> str:
    """Return the provider's call with the offer's id, "" where the offer has no id, or one that is no plain text."""
    if not _SAFE.fullmatch(card.model_id):
        return ""
    written: str = facts["call"]
    return written.replace("{model_id}", card.model_id).strip()


def shell_call(facts: Mapping[str, Any], card: Card) -> str:
    """Return the call with curl: the provider's own, else that of OpenAI's API where it answers that; "" otherwise."""
    if not _SAFE.fullmatch(card.model_id):
        return ""
    if written := facts.get("curl", ""):
        return str(written).replace("{model_id}", card.model_id).strip()
    if facts["openai_compatible"] not in ("yes", "native") or cell_money(card.cell("output")) is None:
        return ""
    return "\n".join(
        (
            f"curl {facts['base_url']}/chat/completions \\",
            f'  -H "Authorization: Bearer ${facts["key_variable"]}" \\',
            '  -H "Content-Type: application/json" \\',
            f"""  -d '{{"model": "{card.model_id}", "messages": [{{"role": "user", "content": "Hello"}}]}}'""",
        )
    )

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
    """Return the call with curl: the provider's own, else that of OpenAI's API where it answers that; "" otherwise.

    A conversation is shown only of an offer whose output has a price.
    """
    converses = facts["openai_compatible"] in ("yes", "native")
    if not _SAFE.fullmatch(card.model_id) or (converses and cell_money(card.cell("output")) is None):
        return ""
    if written := facts.get("curl", ""):
        return str(written).replace("{model_id}", card.model_id).strip()
    # An address with a part in capitals is one that each customer fills in.
    if not converses or not facts["base_url"].islower():
        return ""
    return "\n".join(
        (
            f"curl {facts['base_url']}/chat/completions \\",
            f'  -H "Authorization: Bearer ${facts["key_variable"]}" \\',
            '  -H "Content-Type: application/json" \\',
            f"""  -d '{{"model": "{card.model_id}", "messages": [{{"role": "user", "content": "Hello"}}]}}'""",
        )
    )

"""Titles of sections that a page writes as plain texts: the short text above a table that is no sentence."""

from __future__ import annotations

import re
from typing import Final

from scraper.extract.markup import Table

_SENTENCE: Final = re.compile(r"^(?:说明|注意|注)$|[。；;，,：:！？!?]|\.\s")
_LONGEST: Final = 40


def title_of(table: Table) -> str:
    """Return the last text above a table that is a title: short, and no sentence; "" where there is none."""
    texts = (text.line for text in reversed(table.context.texts))
    return next((text for text in texts if 0 < len(text) <= _LONGEST and not _SENTENCE.search(text)), "")

"""Which model an offer sells: from the id that a caller sends to `creator/name`, by declared rules, or not at all.

Pure: no store, no page. Nothing is merged by likeness: an id resolves because a rule or a listed alias says so, and
what no rule covers stays unresolved. The words:

- the *model* is `creator/name`, in the creator's own spelling, lower-cased: `openai/gpt-4.1-nano`;
- an *attribute* is how this offer of it differs: `snapshot=2025-04-14`, `quantization=fp8`, `serving=turbo`,
  `variant=free`, `region=eu`. Two offers sell the same thing only where the model and all attributes are the same.

`creators.toml` says who makes what and how they spell it; `aliases.toml` lists ids that no rule covers.
"""

from __future__ import annotations

from scraper.identity.resolving import Identity, creator_name, is_own, resolve
from scraper.identity.rules import rules_digest

__all__ = ["Identity", "creator_name", "is_own", "resolve", "rules_digest"]

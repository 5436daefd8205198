"""Channels by the `type` that a table of `alerts.toml` names.

Each module has `Options`, a pydantic model of the keys that its table may have (`extra="forbid"`), by which tables are
checked when they are loaded, and `make(setup)`, which makes the channel when something is to be sent; it raises
`RatecardError` that names the key which cannot be used.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from scraper.errors import RatecardError

TYPES: Final = ("apprise", "email", "markdown", "slack", "stdout", "webhook")
"""Every type; its module has the same name."""


def module_of(kind: str) -> ModuleType:
    """Return the module of a type of channel; it is imported only now, since some need an extra."""
    if kind not in TYPES:
        raise RatecardError(f"there is no type of channel {kind!r}; there are {', '.join(TYPES)}")
    return import_module(f"scraper.alerts.channels.{kind}")

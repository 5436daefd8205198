"""Channels by the `type` that a table of `alerts.toml` names.

Each module has `OPTIONS`, a pydantic model of the keys that its table may have (`extra="forbid"`), by which tables are
checked when they are loaded, and `make(setup)`, which makes the channel when something is to be sent.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from scraper.errors import RatecardError

MODULES: Final = {
    "apprise": "apprise",
    "email": "email",
    "markdown": "markdown",
    "slack": "slack",
    "stdout": "stdout",
    "webhook": "webhook",
}
"""The module of every type."""


def module_of(kind: str) -> ModuleType:
    """Return the module of a type of channel; it is imported only now, since some need an extra."""
    if kind not in MODULES:
        raise RatecardError(f"there is no type of channel {kind!r}; there are {', '.join(MODULES)}")
    return import_module(f"scraper.alerts.channels.{MODULES[kind]}")

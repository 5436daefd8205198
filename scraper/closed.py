"""Providers that sell no more: they have no sources, and are known by the day and the evidence of their end."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Closed:
    """One of them. `closed_on` is a day (2024-10-31), a month (2026-05), or empty where neither is known."""

    slug: str
    name: str
    closed_on: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.name} closed" + (f" on {self.closed_on}" if self.closed_on else "") + f" ({self.evidence})"


@lru_cache(maxsize=1)
def closed() -> dict[str, Closed]:
    """Return the closed providers by their slugs, in the order of their names."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["closed"]
    return {one.slug: one for one in sorted((Closed(**row) for row in rows), key=lambda one: one.name)}

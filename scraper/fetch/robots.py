"""robots.txt by RFC 9309: what its answer comes to, and whether it lets us have an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from protego import Protego

from scraper.fetch.capture import FailureKind
from scraper.remembered import RememberedRobots

LIMIT: Final = 500 * 1024
"""As many bytes of a robots.txt are read; what comes after them does not count."""

_FRESH: Final = {"rules": timedelta(hours=24), "allow": timedelta(hours=24), "disallow": timedelta(hours=1)}
"""How long a decision is good for. One for want of an answer is good for the run that met it, and no other."""


def of_text(body: bytes, at: datetime) -> RememberedRobots:
    """Return the decision on a robots.txt that was answered with 200; a page in its place is none."""
    text = body.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\0", "")
    if text.lstrip().startswith("<"):
        return RememberedRobots("allow", "is a page, not rules", "", at)
    return RememberedRobots("rules", "answered 200", text, at)


def of_status(status: int, at: datetime) -> RememberedRobots:
    """Return the decision where robots.txt was answered with another status.

    There is none (4xx), or nothing in it (204): all is allowed. The server fails (5xx), wants to be asked less (429),
    or leads nowhere (3xx): nothing is, now.
    """
    absent = status // 100 in (2, 4) and status != 429
    return RememberedRobots("allow" if absent else "disallow", f"answered {status}", "", at)


def of_failure(reason: str, at: datetime) -> RememberedRobots:
    """Return the decision where robots.txt could not be had at all: nothing is allowed, now."""
    return RememberedRobots("disallow", reason, "", at)


def agent_of(user_agent: str) -> str:
    """Return the product that robots.txt files know us by: the name that the User-Agent begins with."""
    match = re.match(r"[A-Za-z_-]+", user_agent)
    return match[0] if match else user_agent


@dataclass(frozen=True, slots=True)
class Rules:
    """A decision in force; `kind` is how a fetch fails that it does not allow."""

    remembered: RememberedRobots
    kind: FailureKind
    _parsed: Protego | None = field(repr=False)

    @classmethod
    def of(cls, remembered: RememberedRobots, kind: FailureKind = "refused") -> Rules:
        """Put a decision in force."""
        return cls(remembered, kind, Protego.parse(remembered.text) if remembered.decision == "rules" else None)

    def fresh(self, now: datetime) -> bool:
        """Say whether the decision still counts."""
        return timedelta(0) <= now - self.remembered.fetched_at < _FRESH[self.remembered.decision]

    def allows(self, url: str, agent: str) -> bool:
        """Say whether an address may be fetched."""
        if self._parsed is None:
            return self.remembered.decision == "allow"
        return self._parsed.can_fetch(url, agent)

    def delay(self, agent: str) -> float:
        """Return the seconds that are asked for between two requests."""
        wanted = self._parsed.crawl_delay(agent) if self._parsed is not None else None
        return max(0.0, wanted or 0.0)

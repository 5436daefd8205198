"""What a fetch needs to know of earlier ones: of a page, and of a site's robots.txt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Decision = Literal["rules", "allow", "disallow"]
"""What a robots.txt comes to: its rules count; all is allowed (there is none); nothing is (it could not be had)."""


@dataclass(frozen=True, slots=True)
class RememberedPage:
    """The last whole answer of an address: what to ask with next time, and the hash and type that it had.

    `etag` and `last_modified` are as sent, or empty. `since_full` counts the answers since then that said "not
    modified".
    """

    etag: str
    last_modified: str
    sha256: str
    content_type: str
    since_full: int = 0


@dataclass(frozen=True, slots=True)
class RememberedRobots:
    """A decision on a site's robots.txt: why, the text where its rules count, and when it was fetched (aware UTC)."""

    decision: Decision
    reason: str
    text: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What fetches found out that is to be remembered: pages by address, robots.txt files by origin, and by host the
    time before which it does not want to be asked again.
    """

    pages: dict[str, RememberedPage] = field(default_factory=dict)
    robots: dict[str, RememberedRobots] = field(default_factory=dict)
    not_before: dict[str, datetime] = field(default_factory=dict)

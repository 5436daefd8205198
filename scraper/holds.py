"""What guards see of what stands, and what they keep apart: a new value that looks wrong, or something that vanished.

Pure words between the guards, which judge a reading, and the store, which remembers what waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scraper.words import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """One field of one offer as a source states it now, as the guards see it.

    `earlier` are the other values of the field that were accepted from this source within its last three readings
    before the newest, newest first.
    """

    model_id: str
    name: str
    field: str
    state: State
    value: str | None
    currency: str | None
    valid_from: datetime | None
    promotional: bool
    last_seen: datetime
    earlier: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something of a reading that must not touch what is published before it is settled.

    It names a fact by its offer (`model_id`, `name`), `field` and `valid_from`. Where the reading does not state that
    fact, what is held is that it vanished; an empty `field` means the whole offer. `check` is the guard's name and
    `message` one sentence. `releases_after` counts the captures, the first one among them, that have to say the same
    until it is let through without a person; None: only a person may.
    """

    model_id: str
    name: str
    field: str
    valid_from: datetime | None
    check: str
    message: str
    releases_after: int | None


class HoldStatus(StrEnum):
    """How a hold stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    RELEASED = "released"  # a later capture said the same
    LAPSED = "lapsed"  # the source does not say so any more

"""What goes into the store and what comes out of it, as types. Times are aware UTC, amounts text, digit for digit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from scraper.diff import Kind
from scraper.holds import HoldStatus
from scraper.states import FieldView
from scraper.words import Reason, State

if TYPE_CHECKING:
    # What is held is told as facts; who only shows an offer needs none of what checks them.
    from scraper.records import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInfo:
    """What a provider module declares of a source; `fields` is its contract, `url` its current address.

    One that only tells of models `sells` nothing: what it lists are no offers.
    """

    provider: str
    name: str
    url: str
    fields: frozenset[str]
    rank: int = 0
    fresh_days: int = 14
    sells: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureInfo:
    """The identity of an archived answer; `size` in bytes, `sha256` as 64 hexadecimal digits.

    Of a source with several pages it is the first one, and `further` are the captures of the others, in their order.
    """

    sha256: str
    url: str
    captured_at: datetime
    content_type: str
    size: int
    further: tuple[CaptureInfo, ...] = ()

    @property
    def pages(self) -> tuple[CaptureInfo, ...]:
        """All pages: this one and the further ones."""
        return (self, *self.further)

    @property
    def newest_at(self) -> datetime:
        """The time for which all pages together stand: that of the newest one."""
        return max(page.captured_at for page in self.pages)

    @property
    def pages_sha256(self) -> str:
        """What tells these pages apart from others: the hash of their list, empty where there is one page only."""
        if not self.further:
            return ""
        listed = "\n".join(f"{page.sha256} {page.captured_at.isoformat()} {page.url}" for page in self.pages)
        return hashlib.sha256(listed.encode()).hexdigest()


class Status(StrEnum):
    """How a source's last refresh went."""

    OK = "ok"
    FAILED = "failed"
    NOT_CAPTURED = "not_captured"


class CaptureOutcome(StrEnum):
    """How reading a capture of a source went.

    `UNREAD` is a backfilled copy that no history has been built with yet; `PASSED_OVER` one of an address for which a
    better one had a copy by then.
    """

    OK = "ok"
    FAILED = "failed"
    UNREAD = "unread"
    PASSED_OVER = "passed_over"


class CopyState(StrEnum):
    """How far a copy in a web archive has come: `GONE` is one that its archive does not give out."""

    FOUND = "found"
    FETCHED = "fetched"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyInfo:
    """A dated copy of a source in a web archive, as the archive's index lists it.

    `address` is the source's address by which it was found, `original` the one that was copied; `digest` is the
    archive's own.
    """

    address: str
    original: str
    captured_at: datetime
    mimetype: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """A copy that is known to the store; `error` says why it could not be fetched, the last time that was tried."""

    id: int
    copy: CopyInfo
    state: CopyState
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCapture:
    """A capture that belongs to a source. `address` is the address of whose copy it is; empty for our own captures."""

    source: str
    capture: CaptureInfo
    outcome: CaptureOutcome
    error: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source as it stands. `offers` counts those that it lists now; `last_at` is the last capture read or tried.

    `last_capture` has all of its pages.
    """

    provider: str
    name: str
    url: str
    rank: int
    fresh_days: int
    fields: frozenset[str]
    status: Status
    error: str
    last_at: datetime | None
    last_success_at: datetime | None
    last_capture: CaptureInfo | None
    offers: int
    sells: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer with what is published of it at the time asked for. `id` is the store's own, for `history`.

    `model` is what it sells, `creator/name`, None where no rule says so; `variant` is how this offer of it differs
    ("quantization=fp8,serving=turbo"), empty where it does not.
    `missed_at` is when a source of it first did not show it after it was last seen, None where none has missed it.
    """

    id: int
    provider: str
    model_id: str
    name: str
    shared_id: bool
    model: str | None
    variant: str
    first_seen: datetime
    last_seen: datetime
    missed_at: datetime | None
    withdrawn_at: datetime | None
    fields: tuple[FieldView, ...]
    announced: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Evidence with the capture it is in."""

    capture: CaptureInfo
    locator: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One observation: what a source said of a field, from when to when, first and newest evidence.

    `closed_at` is None while it stands; `misses` counts the fresh readings that did not show it and left it standing,
    `missed_at` is the first of them. What was removed has two dates: it was last seen, and then first missed.
    """

    id: int
    offer_id: int
    source: str
    rank: int
    field: str
    state: State
    reason: Reason | None
    value: str | None
    currency: str | None
    unit: str
    derived: str
    promotional: bool
    valid_from: datetime | None
    valid_until: datetime | None
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None
    misses: int
    missed_at: datetime | None
    first: Proof
    last: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change. `field` is empty, and nothing is before or after it, where it is of the offer as a whole.

    The evidence of what was before is `before.last`, of what is after `after.first`.
    """

    id: int
    run: int
    at: datetime
    provider: str
    source: str
    offer_id: int
    model_id: str
    name: str
    field: str
    kind: Kind
    before: Statement | None
    after: Statement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """Something that the latest reading of a source met and did not turn into a value."""

    provider: str
    source: str
    capture: CaptureInfo
    kind: str
    text: str
    locator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedValue:
    """One published claim with all that is needed to find it again: `value` is there exactly where it is sourced."""

    provider: str
    model_id: str
    name: str
    source: str
    field: str
    state: State
    value: str | None
    currency: str | None
    derived: str
    valid_from: datetime | None
    capture: CaptureInfo
    locator: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """What a guard (`check`) held and why. `old` is what stood, `new` what was read instead, each with its evidence.

    Without `new` it vanished, without `old` nothing stood; with an empty `field` the offer vanished as a whole.
    `seen` counts the captures that said so, from `first` to `last`, in which the evidence of `new` is; at
    `releases_after` of them it is let through without a person. What a person decided counts until `expires_at`.
    """

    id: int
    provider: str
    source: str
    model_id: str
    name: str
    shared_id: bool
    field: str
    valid_from: datetime | None
    check: str
    message: str
    releases_after: int | None
    old: Fact | None
    old_capture: CaptureInfo | None
    new: Fact | None
    first: CaptureInfo
    last: CaptureInfo
    seen: int
    status: HoldStatus
    decided_by: str
    decided_at: datetime | None
    note: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What recording one reading did, in counts of observations, the changes it wrote, and what of its source waits.

    `repeated` says that this capture, with all of its pages, was the last one read, so that nothing was touched.
    """

    offers: int
    observations: int
    opened: int = 0
    confirmed: int = 0
    missed: int = 0
    closed: int = 0
    repeated: bool = False
    changes: tuple[ChangeView, ...] = ()
    held: tuple[HoldView, ...] = ()

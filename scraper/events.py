"""The words of alerts as types: an event is something that happened to a price or a source, with the evidence of it.

Pure: no clock, no database, no network. An event's id says what happened and nothing else, so that the same thing has
the same id after a history is read again, and on another machine with the same captures.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from scraper.records import iso, plain

_PERCENT: Final = Context(prec=12)


class EventKind(StrEnum):
    """What happened."""

    PRICE_UP = "price_up"
    PRICE_DOWN = "price_down"
    NEW_OFFER = "new_offer"
    WITHDRAWN = "withdrawn"
    NEWLY_SOURCED = "newly_sourced"
    NO_LONGER_SOURCED = "no_longer_sourced"
    NOT_OFFERED_ANY_MORE = "not_offered_any_more"
    NOT_OFFERED = "not_offered"  # said for the first time of a field of which nothing was said
    SPEC_CHANGED = "spec_changed"
    TERMS_CHANGED = "terms_changed"  # the same amount on other terms, or a price in another currency
    ANNOUNCED_PRICE = "announced_price"
    ANNOUNCEMENT_GONE = "announcement_gone"
    PROMOTION_ENDS = "promotion_ends"
    HOLD_NEEDS_REVIEW = "hold_needs_review"
    SOURCE_FAILING = "source_failing"
    SOURCE_STALE = "source_stale"
    CORRECTED = "corrected"  # what was told before had been read wrongly


class Severity(StrEnum):
    """How much an event matters, least first."""

    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """A number that grows with the severity."""
        return list(Severity).index(self)


def _plain_text(number: Decimal) -> str:
    return plain(number)


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


DecimalText = Annotated[Decimal, PlainSerializer(_plain_text, return_type=str, when_used="json")]
Time = Annotated[
    AwareDatetime, AfterValidator(_second), PlainSerializer(lambda at: iso(at), return_type=str, when_used="json")
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventEvidence(_Part):
    """Where a value stands: the address and the time of the capture, its SHA-256, the place in it, the text there."""

    address: str
    captured_at: Time
    capture: str
    locator: str
    quote: str


class Side(_Part):
    """What was said before or after. `value` is text, digit for digit, and there exactly where the state is `sourced`.

    `unit` is that of an amount ("1M tokens"), empty for a spec. `state` is `sourced`, `not_offered` or `not_sourced`,
    and empty where the event is of an offer or a source as a whole. `valid_from` is the day of an announced price.
    """

    state: str = ""
    value: str | None = None
    currency: str | None = None
    unit: str = ""
    promotional: bool = False
    valid_from: Time | None = None
    valid_until: Time | None = None
    evidence: EventEvidence | None = None


class TypicalRequest(_Part):
    """What 1,000 input and 500 output tokens cost before and after, in one currency, by the same source."""

    before: DecimalText
    after: DecimalText
    currency: str

    @property
    def percent(self) -> Decimal | None:
        """By how many per cent it moved; None where it cost nothing before."""
        return percent_of(self.before, self.after)


class Corrected(_Part):
    """What a correction takes back: the event that was told, and what it said, with its evidence.

    `side` is which of its values had been read wrongly: `after`, what it said that there is now, or `before`, what it
    said that there had been. `message` is the id of the message in which the subscriber got it; it is known once the
    correction is sent to one, and empty where that is longer ago than messages are kept.
    """

    event: str
    message: str = ""
    kind: EventKind
    at: Time
    before: Side | None = None
    after: Side | None = None
    side: Literal["before", "after"] = "after"


INPUT_TOKENS: Final = 1_000
OUTPUT_TOKENS: Final = 500
"""What a typical request has."""


class Event(_Part):
    """Something that happened. `at` is the time of the capture that shows it, for a source the time of the notice.

    `model_id` and `name` are empty where it is of a source; `model` is `creator/name`, empty where that is not known.
    Where several offers have one id (`shared_id`), the name tells them apart. `field` is a rate key or a spec, empty
    where it is of an offer or a source as a whole. `percent` is how far an amount moved, None where it
    cannot be said (from nothing, or between currencies). `note` is one sentence where there is more to say: why
    something is held, how a source fails. `links` are addresses, the evidence first. Of a
    correction, `before` is what was said wrongly, `after` what the evidence says, and `corrects` what it takes back.
    """

    id: str
    kind: EventKind
    at: Time
    provider: str
    source: str
    model_id: str = ""
    name: str = ""
    model: str = ""
    shared_id: bool = False
    field: str = ""
    before: Side | None = None
    after: Side | None = None
    percent: DecimalText | None = None
    typical_request: TypicalRequest | None = None
    severity: Severity
    note: str = ""
    links: tuple[str, ...] = ()
    corrects: Corrected | None = None

    @property
    def offer(self) -> str:
        """The offer as the command takes it, `provider/model_id`; empty where the event is of a source."""
        shown = self.model_id or self.name
        return f"{self.provider}/{shown}" if shown else ""

    @property
    def subject(self) -> str:
        """What it is about: the offer, else the source."""
        return self.offer or f"{self.provider}/{self.source}"

    @property
    def creator(self) -> str:
        """Who makes the model, empty where that is not known."""
        return self.model.partition("/")[0]

    def to_json(self) -> str:
        """Return it as one line of JSON; `from_json` gives the same event back."""
        return json.dumps(self.to_object(), ensure_ascii=False, separators=(",", ":"))

    def to_object(self) -> dict[str, Any]:
        """Return it as JSON values: amounts and per cents are text, times ISO 8601 in UTC."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls.model_validate_json(text)


def event_id(kind: EventKind, *what: str | None) -> str:
    """Return the id of something that happened; `what` are its parts, always in the same order."""
    told = json.dumps([kind.value, *what], ensure_ascii=False)
    return f"evt_{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def percent_of(before: Decimal, after: Decimal) -> Decimal | None:
    """Return by how many per cent an amount moved, to twelve digits; None where there was nothing before."""
    if not before:
        return None
    moved = _PERCENT.multiply(_PERCENT.subtract(_PERCENT.divide(after, before), Decimal(1)), Decimal(100))
    return moved.normalize(_PERCENT) if moved else Decimal(0)

"""What may be asked: the parameters of each address, with their limits. What is not among them is refused."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, field_validator

from scraper.errors import RatecardError
from scraper.records import REFERENCE_FIELDS
from scraper.times import parse_at, read_time

MOST: Final = 200
NO_CURSOR: Final = "the cursor is not one that this API gave"
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f]+$"


def _moment(text: str) -> str:
    try:
        parse_at(text)
    except (RatecardError, OverflowError) as error:
        raise ValueError(f"{text!r} is neither a date nor a date-time") from error
    return text


def moment(text: str | None) -> datetime | None:
    """Return a time that was asked for."""
    return parse_at(text) if text is not None else None


def start(text: str | None) -> datetime | None:
    """Return a time from which on was asked: a day counts from its beginning."""
    return read_time(text, time()) if text is not None else None


Name = Annotated[str, Field(pattern=_PRINTABLE, min_length=1, max_length=300)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Time = Annotated[
    str,
    AfterValidator(_moment),
    WithJsonSchema(
        {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}], "examples": ["2026-09-01"]}
    ),
]
Cursor = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=2000)]
Limit = Annotated[int, Field(ge=1, le=MOST)]
MeterName = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z]+)?(\{[^{}\x00-\x1f]+\})?$", max_length=100)]
Count = Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,9})?$", examples=["5000"])]
"""A count as text: whole, or with a point."""

Whole = Annotated[int, Field(ge=0, le=10**15)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Page(_Asked):
    limit: Limit = Field(default=50, description="How many there are on a page, at most.")
    cursor: Cursor | None = Field(default=None, description="`next` of the page before.")


class OffersAsked(_Page):
    """Which offers."""

    provider: Slug | None = Field(default=None, examples=["openai"])
    model: Name | None = Field(default=None, description="Offers of this model: creator/name.")
    q: Name | None = Field(default=None, description="A part of an id or a name, in any case.")
    sourced: Name | None = Field(default=None, description="Only offers whose source states this field now.")
    as_of: Time | None = Field(default=None, description="As it was published at a date or date-time.")


class OfferAsked(_Asked):
    """Which offer: its id as a caller sends it, or its name where the provider prints none."""

    provider: Slug = Field(examples=["openai"])
    id: Name = Field(examples=["gpt-4.1-nano"])
    as_of: Time | None = Field(default=None, description="As it was published at a date or date-time.")


class FieldAsked(OfferAsked):
    """Which field of which offer."""

    field: Name = Field(examples=["input"])


class HistoryAsked(_Asked):
    """Which offer, and which field of it; all where none is named."""

    provider: Slug = Field(examples=["openai"])
    id: Name = Field(examples=["gpt-4.1-nano"])
    field: Name | None = Field(default=None, examples=["input"])


class ModelsAsked(_Page):
    """A page of models."""


class ModelAsked(_Asked):
    """Which model: creator/name."""

    model: Name = Field(examples=["openai/gpt-4.1-nano"])
    as_of: Time | None = Field(default=None, description="As it was published at a date or date-time.")


class ChangesAsked(_Page):
    """Which changes."""

    provider: Slug | None = Field(default=None, examples=["openai"])
    since: Time | None = Field(default=None, description="Only from this day, or this time, on.")


class GapsAsked(_Page):
    """Which gaps; a page has those of so many offers."""

    provider: Slug | None = Field(default=None, examples=["openai"])
    field: Literal[REFERENCE_FIELDS] | None = None  # type: ignore[valid-type]
    reason: Literal["no_source", "not_on_page", "source_failing", "on_request"] | None = None


class CostAsked(OfferAsked):
    """What a request uses. Counts are of disjoint things: cached tokens are not input tokens, too."""

    input: Count = Field(default="0", description="Tokens that are neither read from a cache nor written to one.")
    output: Count = "0"
    cache_read: Count = "0"
    cache_write: Count = "0"
    tier: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$", max_length=40)] | None = Field(
        default=None, examples=["batch"]
    )

    @property
    def usage(self) -> dict[str, Decimal]:
        """The counts by meter."""
        return {name: Decimal(getattr(self, name)) for name in ("input", "output", "cache_read", "cache_write")}


class UsageAsked(_Asked):
    """What a request uses, by meter: `input`, `output`, `input.audio`, `cache_write{ttl=1h}`, `images`, `searches`."""

    provider: Slug
    id: Name
    tier: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$", max_length=40)] | None = None
    as_of: Time | None = None
    usage: dict[MeterName, Whole | Count] = Field(
        min_length=1, max_length=50, json_schema_extra={"additionalProperties": False}
    )

    @field_validator("usage", mode="before")
    @classmethod
    def _no_flags(cls, usage: object) -> object:
        if isinstance(usage, dict) and any(isinstance(count, bool) for count in usage.values()):
            raise ValueError("a count is a number")
        return usage

    @property
    def counts(self) -> dict[str, Decimal]:
        """The counts by meter."""
        return {name: Decimal(count) for name, count in self.usage.items()}


def cursor_of(place: Any) -> str | None:
    """Write a place as a cursor; None where there is no further page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).rstrip(b"=").decode()


def place_in(cursor: str | None, *types: type) -> Any:
    """Read a cursor back, whose parts have these types; raise `ValueError` where it is none of ours."""
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise ValueError(NO_CURSOR) from error
    fits = isinstance(place, list) and [type(part) for part in place] == [*types]
    if not fits or not all(map(_can_be_stored, place)):
        raise ValueError(NO_CURSOR)
    return tuple(place)


def _can_be_stored(part: str | int) -> bool:
    """Say whether a database takes a part of a cursor: no large number, no NUL, no half of a character."""
    if isinstance(part, int):
        return abs(part) < 2**31
    return re.search("[\0\ud800-\udfff]", part) is None

"""The words of the project as types: what a source states about an offer, and how sure we are of a field.

A parser makes `Fact`s; each has its evidence. Amounts are decimals in the unit of their rate key, kept as text with
the digits of the source. Nothing here reads a page, a clock or a database.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Final, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from scraper.meters import is_rate_key
from scraper.words import ABOUT_MODELS, REFERENCE_FIELDS, SPECS, Mark, Reason, State, iso, plain

__all__ = [
    "ABOUT_MODELS",
    "MAX_DIGITS",
    "MAX_QUOTE",
    "REFERENCE_FIELDS",
    "SPECS",
    "Evidence",
    "Fact",
    "Mark",
    "Name",
    "Note",
    "Offer",
    "Reading",
    "Reason",
    "State",
    "check_amount",
    "clean",
    "iso",
    "plain",
]

MAX_DIGITS: Final = 40
MAX_QUOTE: Final = 2000
_SHORT: Final = 100
"""Characters of a text of which it is remembered how it reads when it is clean, of a value that it can be one."""

# Characters that change how the text around them is shown, or show nothing at all; halves of characters, too.
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u061c\u180e\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # all of the category Cc


def clean(text: str) -> str:
    """Return text fit to be stored and shown: NFC, blanks collapsed, no control or direction-changing characters."""
    return _clean_short(text) if len(text) <= _SHORT else _cleaned(text)


# The same texts stand in cell after cell, and each is asked for several times: as a text, as a quote.
@lru_cache(maxsize=16384)
def _clean_short(text: str) -> str:
    return _cleaned(text)


def _cleaned(text: str) -> str:
    if not text.isprintable():  # none of the characters of either pattern is
        text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _is_date(text: str) -> bool:
    """Say whether a text is a day of the calendar, a month or a year in ISO form."""
    if not re.fullmatch(r"[0-9]{4}(?:-[0-9]{2}){0,2}", text):
        return False
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        return False
    return True


def check_amount(amount: Decimal) -> Decimal:
    """Return the amount where it can be a price: finite, not negative, of at most 40 digits; else `ValueError`."""
    if not amount.is_finite() or amount.is_signed():
        raise ValueError(f"{amount} is not an amount: it must be a finite number, not negative")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and abs(exponent) > MAX_DIGITS:  # before it is written out: 1e999999999 is a gigabyte
        raise ValueError(f"{amount} is not a price: it has an exponent of {exponent}")
    if (digits := len(plain(amount).replace(".", ""))) > MAX_DIGITS:
        raise ValueError(f"an amount of {digits} digits is not a price")
    return amount


def _shown(text: str) -> str:
    cleaned = clean(text)
    if len(cleaned) > 300:
        raise ValueError(f"a name of {len(cleaned)} characters is not a name: {cleaned[:60]!r}…")
    return cleaned


def _quoted(text: str) -> str:
    cleaned = clean(text)
    if not cleaned:
        raise ValueError(f"{text!r} shows nothing, so it is no quote")
    return cleaned


Name = Annotated[str, AfterValidator(_shown)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __copy__(self) -> Self:
        """Copy the fields: a record has nothing else, which pydantic would look for."""
        copied = type(self).__new__(type(self))
        object.__setattr__(copied, "__dict__", self.__dict__.copy())
        object.__setattr__(copied, "__pydantic_extra__", None)
        object.__setattr__(copied, "__pydantic_fields_set__", self.__pydantic_fields_set__.copy())
        object.__setattr__(copied, "__pydantic_private__", None)
        return copied


class Evidence(_Record):
    """Where in a capture a value stands, and the text there as published.

    `page` counts the pages of a document that has several; the first one is 0.
    """

    locator: str = Field(min_length=1, max_length=400)
    quote: Annotated[str, AfterValidator(_quoted)] = Field(max_length=MAX_QUOTE)
    page: int = Field(default=0, ge=0)

    @classmethod
    def of(cls, locator: str, quote: str) -> Evidence:
        """Make evidence, as calling the class does: that takes half as long again."""
        made: Evidence = cls.__pydantic_validator__.validate_python({"locator": locator, "quote": quote})
        return made


class Fact(_Record):
    """One field of an offer as one document states it.

    `value` is text: a plain decimal for a rate, a whole number, an ISO date, or words for a spec. It is there exactly
    where the state is `sourced`. `derived` names the rule by which a stated rule gave the value. A price that holds
    only for a time has `valid_until`; one that is announced has `valid_from`.
    """

    field: str
    state: State
    value: str | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    reason: Reason | None = None
    evidence: Evidence
    derived: str = ""
    promotional: bool = False
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None

    @classmethod
    def sourced(
        cls, field: str, value: str, evidence: Evidence, *, currency: str | None = None, **more: object
    ) -> Fact:
        """Make the fact of a value that is sourced, as calling the class does: that takes half as long again."""
        fields: dict[str, object] = {"field": field, "state": _SOURCED, "value": value}
        if currency is not None:
            fields["currency"] = currency
        fields["evidence"] = evidence
        made: Fact = cls.__pydantic_validator__.validate_python(fields | more)
        return made

    @model_validator(mode="after")
    def _whole(self) -> Self:
        value = self.value
        if value and len(value) <= _SHORT and self.state is _SOURCED and self.reason is None:
            _check_sourced(self.field, value, self.currency)
        else:
            _check_stated(self.field, self.state, value, self.currency, self.reason)
        return self


_SOURCED: Final = State.SOURCED


def _check_stated(field: str, state: State, value: str | None, currency: str | None, reason: Reason | None) -> None:
    """Raise `ValueError` where a field cannot be stated so."""
    if not is_rate_key(field) and field not in SPECS:
        raise ValueError(f"{field!r} is neither a rate key nor a spec")
    if (state is State.SOURCED) != (value is not None):
        raise ValueError(f"{field} is {state} with the value {value!r}")
    if (state is State.NOT_SOURCED) != (reason is Reason.ON_REQUEST) or (reason not in (None, Reason.ON_REQUEST)):
        raise ValueError("a document states that a price is on request, or it states nothing")
    if value is not None and is_rate_key(field):
        _check_price(field, value, currency)
    elif value is not None:
        _check_spec(field, value, currency)


# The same few values stand in offer after offer, on page after page.
@lru_cache(maxsize=16384)
def _check_sourced(field: str, value: str, currency: str | None) -> None:
    _check_stated(field, State.SOURCED, value, currency, None)


def _check_price(field: str, value: str, currency: str | None) -> None:
    if currency is None:
        raise ValueError(f"{field} has an amount without a currency")
    try:
        amount = check_amount(Decimal(value))
    except InvalidOperation as error:
        raise ValueError(f"{field} has the value {value!r}, which is not a decimal") from error
    if plain(amount) != value:
        raise ValueError(f"{field}: {value!r} is not written as a plain decimal")


def _check_spec(field: str, value: str, currency: str | None) -> None:
    kind = SPECS[field]
    if currency is not None:
        raise ValueError(f"{field} is a spec and has no currency")
    if kind == "tokens" and not re.fullmatch(r"[1-9][0-9]{0,11}", value):
        raise ValueError(f"{field} must be a whole number of tokens, not {value!r}")
    if kind == "count" and not re.fullmatch(r"[1-9][0-9]{0,15}", value):
        raise ValueError(f"{field} must be a whole number, not {value!r}")
    if kind == "flag" and value not in ("yes", "no"):
        raise ValueError(f"{field} must be yes or no, not {value!r}")
    if kind == "date" and not _is_date(value):
        raise ValueError(f"{field} must be an ISO date, not {value!r}")
    if not value or value != clean(value):
        raise ValueError(f"{field} has the value {value!r}, which is empty or not clean text")


class Offer(_Record):
    """One model as one provider sells it, as one document states it.

    `model_id` is what a caller sends, exactly as printed; it is empty where the document prints only a name.
    `shared_id` says that the document prints this id for several products with different prices: the offer is then
    told apart by its name.
    """

    model_id: Name
    name: Name
    shared_id: bool = False
    facts: tuple[Fact, ...]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.model_id and not self.name:
            raise ValueError("an offer needs a model id or a name")
        if len(self.model_id.split()) > 1:  # a name has none at its ends
            raise ValueError(f"{self.model_id!r} cannot be a model id: it has blanks")
        if len({(fact.field, fact.valid_from) for fact in self.facts}) != len(self.facts):
            raise ValueError(f"{self.model_id or self.name} states a field twice")
        return self


class Note(_Record):
    """Something that a reading met and did not turn into a value; shown with the reading. `page` as in `Evidence`."""

    kind: str = Field(pattern=r"^(unknown_heading|unreadable|conflict|off_contract)$")
    text: str = Field(max_length=MAX_QUOTE)
    locator: str = ""
    page: int = Field(default=0, ge=0)


class Reading(_Record):
    """All that one parser made of one document: of one capture, or of one for each page."""

    offers: tuple[Offer, ...]
    notes: tuple[Note, ...] = ()

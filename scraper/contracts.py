"""What a good reading of a source has, as its provider's TOML file says: the contract that guards hold readings to.

[contract.models]                       # a source by its name, or a pattern of names: "endpoints/*"
offers = [300, 900]                     # a reading has at least and at most so many offers
must_have = ["gpt-*", "o?-*"]           # each pattern is the id or the name of at least one offer
covered = { input = 0.8, output = 0.8 } # the share of the offers that has a sourced value
currencies = ["USD"]                    # amounts are in these; without them, in any

[[contract.models.exception]]           # what one guard is not to object to, and why
check = "cache_read_above_input"
offers = ["some-model-*"]               # ids or names; without them, all, also where the guard fails the source
fields = ["cache_read*"]
reason = "…"
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from scraper.errors import RatecardError
from scraper.meters import is_rate_key
from scraper.records import SPECS

EVERYTHING: Final = ("*",)

Pattern = Annotated[str, Field(min_length=1)]
Share = Annotated[Decimal, Field(gt=0, le=1)]


def _field(name: str) -> str:
    if not is_rate_key(name) and name not in SPECS:
        raise ValueError(f"{name!r} is neither a rate key nor a spec")
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exemption(_Part):
    """What one guard is not to object to; `offers` match ids or names, `fields` match rate keys and specs."""

    check: Pattern
    offers: tuple[Pattern, ...] = EVERYTHING
    fields: tuple[Pattern, ...] = EVERYTHING
    reason: Annotated[str, Field(min_length=10)]

    def covers(self, check: str, model_id: str, name: str, field: str) -> bool:
        """Say whether an objection of a guard to a field of an offer is excepted."""
        return (
            self.check == check
            and any(_named(pattern, model_id, name) for pattern in self.offers)
            and any(_matches(pattern, field) for pattern in self.fields)
        )


class Contract(_Part):
    """What a good reading of one source has. The empty contract asks for nothing."""

    offers: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)]] | None = None
    must_have: tuple[Pattern, ...] = ()
    covered: dict[Annotated[str, AfterValidator(_field)], Share] = Field(default_factory=dict)
    currencies: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = ()
    exception: tuple[Exemption, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.offers and self.offers[0] > self.offers[1]:
            raise ValueError(f"offers must be [least, most], not {list(self.offers)}")
        return self

    def excepts(self, check: str, model_id: str, name: str, field: str) -> bool:
        """Say whether this contract lists an objection of a guard to a field of an offer as no objection."""
        return any(exemption.covers(check, model_id, name, field) for exemption in self.exception)

    def waives(self, check: str) -> bool:
        """Say whether this contract has no use for a guard at all."""
        return any(e.check == check and e.offers == e.fields == EVERYTHING for e in self.exception)

    def lacks(self, names: Mapping[str, str]) -> tuple[str, ...]:
        """Return the patterns of `must_have` that match none of the offers (names by id, or by name without one)."""
        return tuple(
            pattern for pattern in self.must_have if not any(_named(pattern, key, name) for key, name in names.items())
        )


def _matches(pattern: str, text: str) -> bool:
    # Rate keys have no brackets, and names that have them are meant as they are written.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _named(pattern: str, model_id: str, name: str) -> bool:
    return (bool(model_id) and _matches(pattern, model_id)) or (bool(name) and _matches(pattern, name))


def contracts_of(tables: object, file: str) -> dict[str, Contract]:
    """Read the `[contract.…]` tables of a file; raise `RatecardError` naming the file and the key that is wrong."""
    if not isinstance(tables, dict):
        raise RatecardError(f"{file}: the key 'contract' must be a table for each source, as in [contract.models]")
    found = {}
    for source, table in tables.items():
        try:
            found[source] = Contract.model_validate(table)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(("contract", source, *(str(part) for part in first["loc"] if part != "[key]")))
            said = "is not known" if first["type"] == "extra_forbidden" else f"is wrong: {first['msg']}"
            raise RatecardError(f"{file}: the key {key!r} {said}") from error
    return found


def contract_for(contracts: Mapping[str, Contract], source: str) -> Contract:
    """Return the contract of a source: under its own name, else the first pattern that matches, else an empty one."""
    if source in contracts:
        return contracts[source]
    return next((contract for pattern, contract in contracts.items() if _matches(pattern, source)), Contract())

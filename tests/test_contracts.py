"""Contracts in the providers' TOML files: what they say, what is refused, and that real pages keep them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scraper import providers
from scraper.checks import GUARDS
from scraper.contracts import Contract, contract_for, contracts_of
from scraper.errors import RatecardError


def test_a_contract_is_found_by_its_sources_name_and_then_by_the_first_pattern() -> None:
    contracts = contracts_of(
        {
            "endpoints/*": {"offers": [1, 1]},
            "endpoints/acme/*": {"offers": [2, 2]},
            "endpoints/acme/nova": {"offers": [3, 3], "covered": {"input": Decimal("0.8")}},
        },
        "acme.toml",
    )
    named = contract_for(contracts, "endpoints/acme/nova")
    assert (named.offers, named.covered) == ((3, 3), {"input": Decimal("0.8")})
    assert contract_for(contracts, "endpoints/acme/other").offers == (1, 1)
    assert contract_for(contracts, "models") == Contract()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"models": {"offer": [1, 2]}}, "acme.toml: the key 'contract.models.offer' is not known"),
        ({"models": {"offers": [1]}}, "acme.toml: the key 'contract.models.offers.1' is wrong: Field required"),
        ({"models": {"offers": [3, 2]}}, r"acme.toml: the key 'contract.models' is wrong: .*\[least, most\]"),
        ({"models": {"offers": [-1, 2]}}, "acme.toml: the key 'contract.models.offers.0' is wrong"),
        ({"models": {"covered": {"input": 2}}}, "acme.toml: the key 'contract.models.covered.input' is wrong"),
        ({"models": {"covered": {"inptu": 1}}}, "acme.toml: the key 'contract.models.covered.inptu' is wrong"),
        ({"models": {"currencies": ["usd"]}}, "acme.toml: the key 'contract.models.currencies.0' is wrong"),
        ({"models": {"must_have": [""]}}, "acme.toml: the key 'contract.models.must_have.0' is wrong"),
        (
            {"models": {"exception": [{"check": "bounds"}]}},
            "acme.toml: the key 'contract.models.exception.0.reason' is wrong: Field required",
        ),
        (
            {"models": {"exception": [{"check": "bounds", "reason": "too short"}]}},
            "acme.toml: the key 'contract.models.exception.0.reason' is wrong",
        ),
        (
            {"models": {"exception": [{"check": "bounds", "reason": "long enough", "fied": []}]}},
            "acme.toml: the key 'contract.models.exception.0.fied' is not known",
        ),
        ({"models": 3}, "acme.toml: the key 'contract.models' is wrong"),
        (3, "acme.toml: the key 'contract' must be a table for each source"),
    ],
)
def test_f43_what_a_contract_cannot_say_is_refused_with_file_and_key(table: object, said: str) -> None:
    with pytest.raises(RatecardError, match=said):
        contracts_of(table, "acme.toml")


def test_must_have_patterns_match_ids_and_names_as_they_are_written() -> None:
    contract = Contract(must_have=("gpt-*", "Nova [1]*"))
    assert contract.lacks({"gpt-5": "", "nova-1": "Nova [1] Pro"}) == ()
    assert contract.lacks({"GPT-5": "", "nova-1": "Nova 1"}) == ("gpt-*", "Nova [1]*")


def test_an_exception_is_for_one_check() -> None:
    contract = Contract.model_validate(
        {"exception": [{"check": "bounds", "fields": ["input{*}"], "reason": "it really costs that much"}]}
    )
    assert contract.excepts("bounds", "m", "", "input{tier=priority}")
    assert not contract.excepts("bounds", "m", "", "input")
    assert not contract.excepts("dates", "m", "", "input{tier=priority}")
    assert not contract.waives("bounds")
    assert not contract.waives("dates")


@pytest.mark.parametrize("provider", providers.every())
def test_contracts_of_providers_name_their_sources_and_real_guards(provider: str) -> None:
    names = [source.name for source in providers.sources(provider)]
    written = providers.contracts(provider)
    for key in written:
        assert any(contract_for({key: written[key]}, name) is written[key] for name in names), key
    guards = {guard.__name__ for guard in GUARDS}
    for source in providers.sources(provider):
        contract = providers.contract_of(provider, source.name)
        assert {exemption.check for exemption in contract.exception} <= guards
        assert contract.covered.keys() <= source.publishes


@pytest.mark.parametrize("provider", providers.every())
def test_each_source_has_a_contract(provider: str) -> None:
    for source in providers.sources(provider):
        contract = providers.contract_of(provider, source.name)
        assert contract.offers, source.name
        assert contract.currencies or not any(field in ("input", "output") for field in source.publishes), source.name

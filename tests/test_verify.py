"""Verifying: a number is in a quote in any unit of ten, or it is not verified."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scraper.verify import states_amount


@pytest.mark.parametrize(
    ("quote", "amount"),
    [
        ("$2.50 / MTok", "2.50"),
        ("$0.0001 / 1K tokens", "0.1"),
        ("0.00000025", "0.25"),
        ("1e-7", "0.1"),
        ("0.3¢", "0.003"),
        ("$1,250 per request", "1250"),
        ("~~$1.74~~ $0.435 (75% off)", "0.435"),
        ("MAXIMUM: 384K", "384000"),
        ("Free", "0"),
        ("0", "0"),
        ("$0.00 per 1K tokens", "0"),
        ('"pricePerUnit": {"USD": "0.0000000000"}', "0"),
        ("2.9999999999999997e-05", "29.999999999999997"),
        ('{"id": "7e12345678", "also": "3e99999999999999999999", "price": "0.000002"}', "2"),
    ],
)
def test_an_amount_is_found_in_its_quote(quote: str, amount: str) -> None:
    assert states_amount(quote, Decimal(amount))


@pytest.mark.parametrize(
    ("quote", "amount"),
    [
        ("$2.50 / MTok", "2.51"),
        ("$2.50 / MTok", "0"),
        ("$0.05", "0"),
        ('{"USD": "0.05"}', "0"),
        ("Contact sales", "1"),
        ("$12.5", "2.5"),
        ("10 free", "1.1"),
        ("an id, 7e12345678", "1.2345678"),
    ],
)
def test_another_amount_is_not(quote: str, amount: str) -> None:
    assert not states_amount(quote, Decimal(amount))

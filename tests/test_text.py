"""What people read: amounts rounded to what is meaningful, states never confused."""

from __future__ import annotations

import pytest

from scraper.publish.text import amount, said
from scraper.records import State
from scraper.states import FieldView


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("0.1", "USD", "$0.10"),
        ("2.50", "USD", "$2.50"),
        ("0.003625", "USD", "$0.003625"),
        ("29.999999999999997", "USD", "$30.00"),
        ("1250", "USD", "$1,250.00"),
        ("4", "CNY", "CN¥4.00"),
        ("4", "JPY", "4.00 JPY"),
        ("0.0000001", "USD", "$0.0000001"),
    ],
)
def test_amounts(value: str, currency: str, shown: str) -> None:
    assert amount(value, currency) == shown


def test_unknown_free_and_not_offered_are_never_confused() -> None:
    shown = {
        said(FieldView(field="input", state=State.NOT_SOURCED)),
        said(FieldView(field="input", state=State.NOT_OFFERED)),
        said(FieldView(field="input", state=State.SOURCED, value="0", currency="USD")),
        said(FieldView(field="input", state=State.SOURCED, value="0.1", currency="USD")),
    }
    assert shown == {"Not sourced", "Not offered", "Free", "$0.10 / 1M tokens"}


def test_specs_are_shown_as_people_write_them() -> None:
    assert said(FieldView(field="context_window", state=State.SOURCED, value="1047576")) == "1,047,576 tokens"
    assert said(FieldView(field="released", state=State.SOURCED, value="2025-04")) == "2025-04"

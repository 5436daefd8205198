"""What people read: amounts rounded to what is meaningful, states never confused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scraper.diff import Kind
from scraper.publish.text import amount, said, some_of_each
from scraper.records import State
from scraper.states import FieldView
from scraper.store import ChangeView


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


def change(kind: Kind, number: int, field: str = "") -> ChangeView:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    return ChangeView(
        id=number, run=1, at=at, provider="acme", source="pricing", offer_id=number, model_id=f"m{number}", name="",
        field=field, kind=kind, before=None, after=None,
    )  # fmt: skip


def test_many_changes_of_one_kind_do_not_hide_those_of_another() -> None:
    changes = [change(Kind.OFFER_ADDED, number) for number in range(50)]
    changes += [change(Kind.CHANGED, 50, "context_window"), change(Kind.CHANGED, 51, "input")]
    changes += [change(Kind.OFFER_WITHDRAWN, 52)]
    shown = some_of_each(changes, 3)
    assert [one.model_id for one in shown] == ["m51", "m50", "m52", "m0", "m1", "m2"]

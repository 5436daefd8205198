"""The pricing page of Perplexity: fees have the unit that their section states, and no other."""

from __future__ import annotations

import pytest

from scraper.extract.document import Document
from scraper.providers.perplexity import read_pricing
from scraper.records import Reading

FEES = """
| Model     | Low Context Size | High Context Size |
| --------- | ---------------- | ----------------- |
| Sonar Pro | $6               | $14               |
"""
FORMULA = "Total cost per query = token costs + request fee."
EXPECTED = {"requests{mode=low-context}": "0.006", "requests{mode=high-context}": "0.014"}


def read(markdown: str) -> Reading:
    return read_pricing(Document(f"# Pricing\n\n## Sonar\n\n{markdown}", "markdown"))


def values(reading: Reading) -> dict[str, str | None]:
    return {fact.field: fact.value for offer in reading.offers for fact in offer.facts}


@pytest.mark.parametrize(
    "page",
    [
        f"Fees are per 1,000 requests.\n{FEES}",
        f"Fees are per 1K requests.\n\n{FORMULA}\n{FEES}",
        f"{FEES}\n{FORMULA} Fees are per 1,000 requests.",
        FEES.replace("Size |", "Size ($/1K requests) |"),
    ],
)
def test_fees_are_for_a_thousand_requests_where_the_section_says_so(page: str) -> None:
    reading = read(page)
    assert values(reading) == EXPECTED
    assert not reading.notes


@pytest.mark.parametrize("page", [FEES, f"{FORMULA}\n{FEES}", f"{FEES}\n## Search\n\nFees are per 1,000 requests."])
def test_fees_without_a_unit_are_noted(page: str) -> None:
    reading = read(page)
    assert reading.offers == ()
    assert {note.kind for note in reading.notes} == {"unreadable"}


def test_an_older_table_has_one_fee() -> None:
    head = "| Model | Input Tokens (Per Million Tokens) | Price per 1000 requests |\n|---|---|---|\n"
    assert values(read(f"{head}| sonar | $1 | $5 |\n")) == {"input": "1", "requests": "0.005"}

"""Tables of pricing pages with tiers: payloads beside shown tables, captions of Markdown twins, long context."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from scraper.extract.document import Document
from scraper.extract.offers import Offers
from scraper.extract.prompt_lengths import read_suffix
from scraper.extract.tables import read_table
from scraper.extract.tiered import tiered_tables
from scraper.extract.vocabulary import VOCABULARY, labelled
from scraper.records import Reading

WORDS = VOCABULARY.extended({"long context": labelled()})


def read(document: Document) -> Reading:
    offers = Offers()
    for table, scale in tiered_tables(document, WORDS, offers, optional={"cache writes"}):
        read_table(table, offers, scale=scale, vocabulary=WORDS)
    return offers.reading()


def values(reading: Reading) -> dict[str, dict[str, str]]:
    return {
        offer.model_id or offer.name: {fact.field: fact.value or fact.state.value for fact in offer.facts}
        for offer in reading.offers
    }


def wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return [0, {key: wrapped(inner) for key, inner in value.items()}]
    return [1, [wrapped(inner) for inner in value]] if isinstance(value, list) else [0, value]


def island(shown: str, **props: Any) -> str:
    attribute = html.escape(json.dumps({key: wrapped(value) for key, value in props.items()}))
    return f'<astro-island props="{attribute}">{shown}</astro-island>'


def page(*parts: str) -> Document:
    return Document(f"<body><h2>Models</h2><p>Prices per 1M tokens.</p>{''.join(parts)}</body>", "html")


def shown(headings: str, *rows: str) -> str:
    head = "".join(f"<th>{text}</th>" for text in headings.split("|"))
    body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row.split("|")) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def test_rows_of_a_payload_take_the_headings_of_the_table_shown_in_its_place() -> None:
    table = shown("Model|Input|Cached input|Cache writes|Output", "new|$5.00|$0.50|$6.25|$30.00")
    rows = [["new", 5, 0.5, 6.25, 30], ["old", 2, 0.5, 8], ["older", 10, None, 30], ["odd", 1]]
    reading = read(page(island(table, rows=rows)))
    assert values(reading) == {
        "new": {"input": "5.00", "cache_read": "0.50", "cache_write": "6.25", "output": "30.00"},
        "old": {"input": "2", "cache_read": "0.5", "output": "8"},
        "older": {"input": "10", "output": "30"},
    }
    assert [note.text for note in reading.notes] == ["a row of 2 cells does not fit 5 headings: odd"]


def test_a_payload_that_disagrees_with_the_shown_table_is_a_conflict() -> None:
    reading = read(page(island(shown("Model|Input|Output", "a|$5.00|$30.00"), rows=[["a", 4, 30]])))
    # Which of the two rows is right is not known, so that nothing of either is taken.
    assert values(reading) == {}
    assert {note.kind for note in reading.notes} == {"conflict"}


def test_the_threshold_of_long_context_is_what_a_hint_says() -> None:
    def group(label: str, hint: str) -> dict[str, Any]:
        return {"label": {"hinted": {"label": label, "tooltip": hint}}, "colSpan": 2}

    groups = [{"label": "", "colSpan": 1}, group("Short context", "≤300K input tokens"), group("Long context", "x")]
    labels = ["Model", "Input", "Output", "Input", "Output"]
    rows = [{"model": "a", "rows": [[1, 2, 3, 4]]}]
    found = values(read(page(island("", headingGroups=groups, headingLabels=labels, groups=rows))))
    assert found == {
        "a": {"input": "1", "output": "2", "input{prompt_gt=300000}": "3", "output{prompt_gt=300000}": "4"}
    }


def test_prices_of_long_context_without_a_threshold_are_noted_and_left_out() -> None:
    markdown = """Prices per 1M tokens.

|  | Short context |  | Long context |  |
|---|---|---|---|---|
| Model | Input | Output | Input | Output |
| a | $1 | $2 | $3 | $4 |
"""
    reading = read(Document(markdown, "markdown"))
    assert values(reading) == {"a": {"input": "1", "output": "2"}}
    assert [note.text for note in reading.notes] == ["the page states no threshold for its prices of long context"]


def test_a_header_that_a_rendering_cut_short_gives_no_price() -> None:
    markdown = """Prices per 1M tokens.

|  | Short context | Long context |
|---|---|---|
| Model | Input | Output | Input | Output |
| a | $1 | $2 | $3 | $4 |
"""
    reading = read(Document(markdown, "markdown"))
    assert reading.offers == ()
    assert reading.notes


def test_captions_of_markdown_leave_the_tier_to_the_lines_above() -> None:
    table = "| Model | Input |\n|---|---|\n| {} |\n\n"
    markdown = (
        "Prices per 1M tokens.\n\nStandard\n\n### Standard pricing data\n\n"
        + table.format("a | $4")
        + "Batch\n\n### Batch pricing data\n\n"
        + table.format("a | $2")
        + "Hyperfast\n\n### Hyperfast pricing data\n\n"
        + table.format("a | $9")
        + "Other models\n\nPrices per 1M tokens.\n\n### Grouped Pricing Table data\n\n"
        + table.format("b | $1")
        + "Batch\n\n### Grouped Pricing Table data\n\n"
        + table.format("b | $0.50")
    )
    reading = read(Document(markdown, "markdown"))
    assert values(reading) == {
        "a": {"input": "4", "input{tier=batch}": "2"},
        "b": {"input": "1", "input{tier=batch}": "0.50"},
    }
    assert [note.kind for note in reading.notes] == ["unknown_heading"]


def test_a_tab_of_a_switch_that_names_no_known_tier_gives_no_price() -> None:
    switch = island("", options=[{"label": "Standard", "value": "a"}, {"label": "Hyperfast", "value": "b"}])
    first, second = shown("Model|Input", "a|$4.00"), shown("Model|Input", "a|$9.00")
    reading = read(page(switch, f"<div>Standard</div>{first}<div>Hyperfast</div>{second}"))
    assert values(reading) == {"a": {"input": "4.00"}}
    assert [note.kind for note in reading.notes] == ["unknown_heading"]


def test_a_tier_may_stand_in_the_heading() -> None:
    def section(heading: str, price: str) -> str:
        return f"<h2>{heading}</h2><p>Price per 1M tokens</p>{shown('Model|Input', f'a|{price}')}"

    parts = section("Text tokens", "$4"), section("Text tokens (Flex Processing)", "$3"), section("Batch pricing", "$2")
    found = values(read(page(*parts)))
    assert found == {"a": {"input": "4", "input{tier=flex}": "3", "input{tier=batch}": "2"}}


def test_what_stands_between_tiers_in_a_bar_of_tabs_is_a_tab() -> None:
    first, second = shown("Model|Input", "a|$4.00"), shown("Model|Input", "b|$9.00")
    reading = read(page("<p>BatchHyperfastStandard</p>", f"<p>Batch</p>{first}<p>Hyperfast</p>{second}"))
    assert values(reading) == {"a": {"input{tier=batch}": "4.00"}}
    assert [note.kind for note in reading.notes] == ["unknown_heading"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-5.5 (<272K context length)", ("gpt-5.5", 0)),
        ("gpt-5.5 (>272K context length)", ("gpt-5.5", 272_000)),
        ("gpt-5.5", ("gpt-5.5", 0)),
        ("gpt-5.5 (preview)", ("gpt-5.5 (preview)", 0)),
    ],
)
def test_a_suffix_of_a_name_is_a_threshold(name: str, expected: tuple[str, int]) -> None:
    assert read_suffix(name) == expected

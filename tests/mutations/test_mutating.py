"""Each mutation by what it does to a small page."""

from __future__ import annotations

import pytest

from scraper.mutating import MUTATIONS
from scraper.mutating.written import headings_of, tables_of, with_tables

HTML = """<html><body><main><h2 class="a">Model pricing</h2>
<p>Prices per 1M tokens.</p>
<table id="t" class="b"><thead><tr><th>Model</th><th>Input</th><th>Output</th></tr></thead><tbody>
<tr><td>one</td><td>$1.50</td><td>$6 / MTok</td></tr>
<tr><td>two</td><td>$2</td><td>$8 / MTok</td></tr>
</tbody></table>
<h2>Batch pricing</h2>
<div><table><tr><td>Model</td><td>Batch input</td></tr><tr><td>one</td><td>$0.75</td></tr></table></div>
</main></body></html>"""
MARKDOWN = """# Pricing

## Model pricing

Prices per 1M tokens.

| Model | Input | Output |
| --- | --: | :-- |
| one | $1.50 | $6 / MTok |
| two \\| deux | $2 | $8 / MTok |

## Batch pricing

| Model | Batch input |
|---|---|
| one | $0.75 |
"""
JSON = '{"data": [{"id": "a", "pricing": {"prompt": "0.000001", "completion": 2.50}}, {"id": "b", "name": "B"}]}'


def mutated(name: str, page: str, kind: str, seed: int = 1) -> str:
    found = MUTATIONS[name].apply(page, kind, seed)
    assert found is not None
    assert found == MUTATIONS[name].apply(page, kind, seed)
    return found


@pytest.mark.parametrize(("page", "kind"), [(HTML, "html"), (MARKDOWN, "markdown")])
def test_a_page_is_written_again_as_it_was(page: str, kind: str) -> None:
    tables = tables_of(page, kind)
    assert with_tables(page, tables) == page
    assert [table.header for table in tables] == [("Model", "Input", "Output"), ("Model", "Batch input")]
    assert [heading.text for heading in headings_of(page, kind)][-2:] == ["Model pricing", "Batch pricing"]


@pytest.mark.parametrize(
    ("name", "kind", "there", "gone"),
    [
        ("unit-changed", "html", ["Prices per 1K tokens.", "$6 / KTok"], ["1M", "MTok"]),
        ("unit-changed", "markdown", ["Prices per 1K tokens.", "$6 / KTok"], ["1M", "MTok"]),
        ("decimal-comma", "html", ["$1,50", "$0,75"], ["$1.50"]),
        ("decimal-comma", "markdown", ["$1,50", "$0,75"], ["$1.50"]),
        ("batch-as-standard", "html", ["Standard pricing"], ["Batch pricing"]),
        ("batch-as-standard", "markdown", ["## Standard pricing"], ["## Batch pricing"]),
        ("headings-down", "html", ['<h3 class="a">Model pricing</h3>'], ["<h2"]),
        ("headings-down", "markdown", ["## Pricing", "### Model pricing"], ["\n# "]),
        ("header-row-removed", "html", ["<td>$1.50</td>"], ["<th>Input"]),
        ("header-row-removed", "markdown", ["| one | $1.50 | $6 / MTok |\n| --- | --: | :-- |\n| two"], ["Input |"]),
        ("headings-swapped", "html", ["<th>Output</th><th>Input</th>"], []),
        ("headings-swapped", "markdown", ["| Model | Output | Input |"], []),
        ("tabs", "html", ['role="tablist"', ">Batch pricing</button>"], ["<h2"]),
        ("tabs", "markdown", ['<Tab title="Batch pricing">'], ["## "]),
        ("struck-prices", "html", ["$3.00"], []),
        ("struck-prices", "markdown", ["~~\\$3.00~~ $1.50"], []),
        ("rows-dropped", "html", [], []),
        ("rows-dropped", "markdown", [], []),
        ("rows-reordered", "html", ["<td>one</td><td>$1.50</td>"], []),
        ("rows-reordered", "markdown", ["| two \\| deux | $2 | $8 / MTok |\n| one | $1.50 |"], []),
        ("comments-inside", "html", ["$<!-- -->1.50"], []),
        ("feed-unit-scaled", "json", [], ['"0.000001"']),
        ("feed-key-renamed", "json", ["_price"], []),
        ("feed-keys-swapped", "json", ['"completion": "0.000001"', '"prompt": 2.50'], []),
        ("unknown-keys", "json", ["x_rank", "2.50"], []),
    ],
)
def test_what_a_mutation_does(name: str, kind: str, there: list[str], gone: list[str]) -> None:
    page = {"html": HTML, "markdown": MARKDOWN, "json": JSON}[kind]
    found = mutated(name, page, kind)
    assert all(part in found for part in there), found
    assert not any(part in found for part in gone), found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("page", "kind"), [(HTML, "html"), (MARKDOWN, "markdown")])
def test_headings_and_cells_move_together(page: str, kind: str, seed: int) -> None:
    first = tables_of(mutated("columns-reordered", page, kind, seed), kind)[0]
    for row, input_price in zip(first.body, ("$1.50", "$2"), strict=True):
        assert row.cells[first.header.index("Input")].text == input_price
    first = tables_of(mutated("foreign-column", page, kind, seed), kind)[0]
    assert len(first.header) == 4
    assert [row.cells[first.header.index("Output")].text for row in first.body] == ["$6 / MTok", "$8 / MTok"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_does_not_apply_changes_nothing(name: str) -> None:
    mutation = MUTATIONS[name]
    assert mutation.summary
    for page, kind in (("<p>Hello</p>", "html"), ("Hello", "markdown"), ("{}", "json")):
        found = mutation.apply(page, kind, 1)
        assert found is None or found != page
    other = "json" if "json" not in mutation.kinds else "html"
    assert mutation.apply(JSON if other == "json" else HTML, other, 1) is None


def test_a_feed_may_begin_with_a_byte_order_mark() -> None:
    for mutation in MUTATIONS.values():
        if "json" in mutation.kinds:
            assert mutation.apply(f"\ufeff{JSON}", "json", 1) == mutation.apply(JSON, "json", 1)


def test_headings_without_a_row_around_them_are_headings() -> None:
    page = HTML.replace("<thead><tr>", "<thead>").replace("</tr></thead>", "</thead>")
    assert page != HTML
    assert [table.written() for table in tables_of(page, "html")] == [
        page[table.start : table.end] for table in tables_of(page, "html")
    ]
    first = tables_of(page, "html")[0]
    assert (first.head, first.header) == (1, ("Model", "Input", "Output"))


def test_of_a_table_whose_headings_stand_in_a_table_above_it_every_row_is_of_the_body() -> None:
    page = HTML.replace("</thead><tbody>", "</thead></table><table><tbody>")
    assert page != HTML
    first = tables_of(page, "html")[0]
    assert (first.head, len(first.body), first.is_plain) == (0, 2, False)


def test_what_scripts_hold_is_not_wrapped() -> None:
    script = "<script>{'a': '<p>b</p>', 'c': '<h2>d</h2>'}</script>"
    found = mutated("wrapper-elements", HTML.replace("<main>", f"<main>{script}"), "html")
    assert script in found
    assert '<div class="text"><p><span>Prices per 1M tokens.</span></p></div>' in found


def test_rows_that_a_cell_spans_stay_together() -> None:
    page = (
        "<table><tr><th>Model</th><th>Type</th><th>Input</th></tr>"
        '<tr><td rowspan="2">a</td><td>Text</td><td>$1</td></tr>'
        '<tr><td>Audio</td><td>$2</td></tr><tr><td rowspan="2">b</td><td>Text</td><td>$3</td></tr>'
        "<tr><td>Audio</td><td>$4</td></tr></table>"
    )
    found = mutated("rows-reordered", page, "html")
    assert found.index("$3") < found.index("$4") < found.index("$1") < found.index("$2")
    assert MUTATIONS["columns-reordered"].apply(page, "html", 1) is None

"""Tables as grids: spans, header rows, row headers, turned round, Markdown, rows that are cut short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.extract.document import Document
from scraper.extract.grid import Grid, header_group_continued, spread
from scraper.extract.markup import Table
from scraper.extract.passage import Passage


def table(text: str, kind: str = "html") -> Table:
    (found,) = Document(text, kind).tables
    return found


def words(grid: Grid) -> list[list[str]]:
    return [[cell.line for cell in row] for row in grid.rows]


def test_spans_are_spread_over_the_places_they_cover() -> None:
    found = table(
        "<table><tr><th>Model</th><th>Kind</th><th>Price</th></tr>"
        "<tr><td rowspan=2>a</td><td>in</td><td>$1</td></tr><tr><td>out</td><td>$2</td></tr>"
        "<tr><td>b</td><td colspan=2>free</td></tr></table>"
    )
    assert words(found.grid) == [
        ["Model", "Kind", "Price"],
        ["a", "in", "$1"],
        ["a", "out", "$2"],
        ["b", "free", "free"],
    ]
    assert found.grid.rows[2][0].locator == found.grid.rows[1][0].locator == "table[1]/row[2]/cell[1]"


@pytest.mark.parametrize("span", ["0", "-1", "1.5", "x", "", "100000"])
def test_a_span_that_is_none_is_one(span: str) -> None:
    found = table(f'<table><tr><th>a</th><th>b</th></tr><tr><td colspan="{span}">1</td><td>2</td></tr></table>')
    assert words(found.grid) == [["a", "b"], ["1", "2"]]


def test_a_rowspan_ends_with_the_table() -> None:
    found = table("<table><tr><th>a</th><th>b</th></tr><tr><td rowspan=9>1</td><td>2</td></tr></table>")
    assert words(found.grid) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize("span", ["5", "0", " 2", "2 ", "70000", "٢"])
def test_a_rowspan_ends_with_the_body_that_it_stands_in(span: str) -> None:
    found = table(
        f'<table><tr><th>a</th><th>b</th></tr><tbody><tr><td rowspan="{span}">1</td><td>2</td></tr>'
        "<tr><td>3</td></tr></tbody><tbody><tr><td>4</td><td>5</td></tr></tbody></table>"
    )
    second = ["3", ""] if span == "٢" else ["1", "3"]
    assert words(found.grid) == [["a", "b"], ["1", "2"], second, ["4", "5"]]


def test_a_span_is_the_digits_that_it_begins_with() -> None:
    found = table('<table><tr><th>a</th><th colspan="2px">b</th></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>')
    assert words(found.grid)[0] == ["a", "b", "b"]


def test_several_header_rows_give_paths() -> None:
    found = table(
        "<table><thead><tr><th rowspan=2>Model</th><th colspan=2>Standard</th><th colspan=2>Batch</th></tr>"
        "<tr><th>Input</th><th>Output</th><th>Input</th><th>Output</th></tr></thead>"
        "<tbody><tr><td>a</td><td>$1</td><td>$2</td><td>$3</td><td>$4</td></tr></tbody></table>"
    )
    assert found.grid.headers == (
        ("Model",), ("Standard", "Input"), ("Standard", "Output"), ("Batch", "Input"), ("Batch", "Output")
    )  # fmt: skip
    (line,) = found.grid.lines
    assert [(path, cell.line) for path, cell in line][3] == (("Batch", "Input"), "$3")


def test_without_marks_the_first_row_is_the_header() -> None:
    found = table("<table><tr><td>Model</td><td>Input</td></tr><tr><td>a</td><td>$1</td></tr></table>")
    assert (found.grid.header_rows, found.grid.headers) == (1, (("Model",), ("Input",)))


def test_row_headers_do_not_make_a_row_a_header() -> None:
    found = table("<table><tr><th>Model</th><th>Input</th></tr><tr><th>a</th><td>$1</td></tr></table>")
    assert found.grid.header_rows == 1
    assert words(Grid(found.grid.rows[1:])) == [["a", "$1"]]


def test_a_table_whose_columns_are_models_is_turned_round() -> None:
    found = table(
        "<table><tr><td colspan=2>MODEL</td><td>a</td><td>b</td></tr>"
        "<tr><td colspan=2>CONTEXT</td><td colspan=2>1M</td></tr>"
        "<tr><td rowspan=2>PRICING</td><td>INPUT</td><td>$1</td><td>$2</td></tr>"
        "<tr><td>OUTPUT</td><td>$3</td><td>$4</td></tr></table>"
    ).transposed(2)
    assert found.grid.headers == (("MODEL",), ("CONTEXT",), ("PRICING", "INPUT"), ("PRICING", "OUTPUT"))
    assert words(found.grid)[2:] == [["a", "1M", "$1", "$3"], ["b", "1M", "$2", "$4"]]
    assert found.grid.rows[3][3].locator == "table[1]/row[4]/cell[3]"


def test_markdown_gives_the_same_grid_as_html() -> None:
    markdown = table("| Model | Input |\n| --- | ---: |\n| a | \\$1 |\n| b | ~~$3~~ $2 |\n", "markdown")
    html = table(
        "<table><thead><tr><th>Model</th><th>Input</th></tr></thead>"
        "<tbody><tr><td>a</td><td>$1</td></tr><tr><td>b</td><td><del>$3</del> $2</td></tr></tbody></table>"
    )
    assert words(markdown.grid) == words(html.grid) == [["Model", "Input"], ["a", "$1"], ["b", "$2"]]
    assert markdown.grid.rows[2][1].struck == html.grid.rows[2][1].struck == ("$3",)


def test_a_group_heading_of_markdown_goes_on_to_the_right() -> None:
    rows = tuple(
        tuple(Passage(text, text, f"table[1]/row[{n}]/cell[{m}]") for m, text in enumerate(row, 1))
        for n, row in enumerate([["", "Short", "", "Long", ""], ["Model", "In", "Out", "In", "Out"], list("a1234")], 1)
    )
    found = header_group_continued(Grid(rows, 2))
    assert found.headers == (("Model",), ("Short", "In"), ("Short", "Out"), ("Long", "In"), ("Long", "Out"))


def test_a_short_row_stands_to_the_right_where_its_cells_say_so() -> None:
    found = table(
        "| Model | Kind | Input | Output |\n| --- | --- | --- | --- |\n| a | text | $1 | $2 |\n| audio | $3 | $4 |\n",
        "markdown",
    )
    assert words(found.grid)[2] == ["a", "audio", "$3", "$4"]


def test_a_short_row_that_may_stand_either_way_stays_as_it_is() -> None:
    found = table("| Model | Kind | Note |\n| --- | --- | --- |\n| a | b | c |\n| d | e |\n", "markdown")
    assert words(found.grid)[2] == ["d", "e", ""]


def test_a_table_in_a_cell_is_not_part_of_the_table() -> None:
    inner = "<table><tr><td>x</td><td>y</td></tr></table>"
    found = table(f"<table><tr><th>a</th></tr><tr><td>{inner}</td></tr></table>")
    assert len(found.grid.rows) == 2


@pytest.mark.parametrize("html", ["<table></table>", "<table><tr></tr></table>", "<table><thead></thead></table>"])
def test_an_empty_table_has_no_lines(html: str) -> None:
    document = Document(html, "html")
    (found,) = document.blocks
    assert isinstance(found, Table)
    assert (found.grid.width, found.grid.lines) == (0, ())
    assert document.tables == ()


def test_each_cell_is_found_again_at_its_locator() -> None:
    document = Document(
        "<p>x</p><table><tr><th>a</th><th>b</th></tr><tr><td colspan=2>$1<sup>2</sup></td></tr></table>", "html"
    )
    (found,) = document.tables
    for row in found.grid.rows:
        for cell in row:
            assert document.at(cell.locator) == cell
    assert document.at("table[1]").quote == "a | b / $1 [2]"


def test_a_link_keeps_what_it_shows() -> None:
    cell = table(
        '<table><tr><td><a href="/docs/model/x-1">Name <b>X</b></a>New<code>x-1</code></td></tr></table>'
    ).grid.rows[0][0]
    assert (cell.text, cell.links, cell.link_texts, cell.codes) == (
        "Name XNewx-1", ("/docs/model/x-1",), ("Name X",), ("x-1",)
    )  # fmt: skip


cells = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(st.lists(st.lists(cells, max_size=5), max_size=6))
def test_any_spans_give_a_rectangle_in_which_no_cell_is_lost(rows: list[list[tuple[int, int]]]) -> None:
    made = [
        (
            [(Passage(f"{n}.{m}", f"{n}.{m}", f"r{n}c{m}"), down, across) for m, (down, across) in enumerate(row)],
            False,
            False,
        )
        for n, row in enumerate(rows)
    ]
    grid = spread(made)
    assert len(grid.rows) == len(rows)
    assert {len(row) for row in grid.rows} <= {grid.width}
    placed = {cell.locator for row in grid.rows for cell in row if cell}
    assert placed == {passage.locator for row, _, _ in made for passage, _, _ in row}
    assert Grid(grid.transposed().rows).transposed().rows == grid.rows or not grid.width

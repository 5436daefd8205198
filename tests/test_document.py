"""Documents: every passage is found again at its locator; kinds in spite of content types that lie; odd input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.extract import Unreadable
from scraper.extract.document import Document, kind_of
from scraper.extract.markup import Heading, Island, Table, Text
from scraper.extract.passage import Passage

PAGE = """<!doctype html><html><head><title>Prices</title></head><body>
<nav>Home</nav><h1>Prices <sup>1</sup></h1><p>Per <b>1M</b> tokens.<br>In USD.</p>
<h2>Text</h2><table><thead><tr><th rowspan=2>Model</th><th colspan=2>Price</th></tr>
<tr><th>In</th><th>Out</th></tr></thead><tbody>
<tr><td rowspan=2><code>a-1</code></td><td>$1</td><td><del>$3</del> $2</td></tr><tr><td>-</td><td></td></tr>
</tbody></table>
<ul><li>one</li><li>two<ul><li>three</li></ul></li></ul>loose text <a href="/x">link</a>
<table><tr><td><table><tr><td>inner</td></tr></table></td></tr></table>
<script type="application/json">{"a": [{"b": "c"}], "n": 1.50}</script></body></html>"""
MARKDOWN = """---
title: x
---
# Prices

Per 1M tokens.

| Model | In |
| --- | --- |
| a | $1 |
| b | ~~$3~~ $2 |

- one
- two
"""
JSON = '{"data": [{"id": "a", "price": 1e-7, "x/y": {"~": "deep"}}], "n": 2.50}'


def passages(document: Document) -> list[Passage]:
    found: list[Passage] = []
    for block in document.blocks:
        if isinstance(block, Heading | Text):
            found.append(block.passage)
        elif isinstance(block, Table):
            found.extend(cell for row in block.grid.rows for cell in row if cell.locator)
    return found


def assert_found_again(document: Document) -> None:
    found = passages(document)
    for passage in found:
        assert document.at(passage.locator) == passage
    again = Document(document.text, document.kind, document.url)
    assert [again.at(passage.locator) for passage in found] == found


def test_a_raised_mark_in_markdown_is_a_footnote_mark() -> None:
    document = Document("| a^\\*^ | b |\n| --- | --- |\n| $1.50^2^ | 2^10^ |\n", "markdown")
    (table,) = document.tables
    (head, _), (price, _) = table.grid.rows
    assert (head.line, head.footnotes) == ("a", ("*",))
    assert (price.line, price.footnotes) == ("$1.50", ("2",))


@pytest.mark.parametrize(("text", "kind"), [(PAGE, "html"), (MARKDOWN, "markdown")])
def test_every_passage_is_found_again_at_its_locator(text: str, kind: str) -> None:
    document = Document(text, kind)
    assert_found_again(document)
    assert {passage.locator.partition("[")[0] for passage in passages(document)} == {"heading", "text", "table"}


def test_locators_count_each_kind_of_block_from_one() -> None:
    document = Document(PAGE, "html")
    assert document.at("heading[1]").line == "Prices"
    assert document.at("heading[1]").footnotes == ("1",)
    assert document.at("heading[2]").line == "Text"
    assert document.at("text[1]").lines == ("Per 1M tokens.", "In USD.")
    assert document.at("table[1]/row[3]/cell[3]").quote == "~~$3~~ $2"
    assert document.at("table[1]/row[4]/cell[1]").line == "-"
    assert "a-1 | $1 | ~~$3~~ $2" in document.at("table[1]").quote
    assert document.at("payload[1]#/n").quote == "1.50"
    assert len(document.headings) == 2
    assert [text.passage.line for text in document.texts][1:] == ["one", "two", "three", "loose text link"]


def test_payload_and_json_pointers_are_found_again() -> None:
    page = Document(PAGE, "html")
    for pointer, quote in (("/a/0/b", "c"), ("/n", "1.50")):
        assert page.at(page.payloads[0].passage(pointer).locator).quote == quote
    document = Document(JSON, "json")
    for pointer, quote in (("/data/0/id", "a"), ("/data/0/price", "1e-7"), ("/data/0/x~1y/~0", "deep"), ("/n", "2.50")):
        passage = document.at_pointer(pointer)
        assert (passage.locator, passage.quote) == (f"#{pointer}", quote)
        assert document.at(passage.locator) == passage


@pytest.mark.parametrize(
    "locator",
    [
        "",
        "heading[0]",
        "heading[99]",
        "text[-1]",
        "table[9]",
        "table[1]/row[1]",
        "table[1]/row[9]/cell[1]",
        "payload[1]",
        "payload[9]#/a",
        "payload[1]#/zzz",
        "payload[1]#/a/9",
        "#/a",
        "#nonsense/a",
        "nonsense",
        "#/data/0/nothing",
        "text[1]#/a",
    ],
)
@pytest.mark.parametrize(("text", "kind"), [(PAGE, "html"), (JSON, "json")])
def test_a_locator_that_leads_nowhere_is_refused(text: str, kind: str, locator: str) -> None:
    with pytest.raises(Unreadable):
        Document(text, kind).at(locator)


def test_a_page_is_not_json_and_json_is_not_a_page() -> None:
    with pytest.raises(Unreadable, match="JSON"):
        _ = Document(JSON, "json").blocks
    with pytest.raises(Unreadable, match="html"):
        _ = Document(PAGE, "html").json


HTML, DOCS = "https://example.com/pricing", "https://example.com/pricing.md"


@pytest.mark.parametrize(
    ("content_type", "url", "text", "kind"),
    [
        ("text/html; charset=utf-8", HTML, PAGE, "html"),
        ("text/html", HTML, "<div>part of a page</div>", "html"),
        ("text/html", HTML, "", "html"),
        ("text/plain", HTML, PAGE, "html"),
        ("text/markdown", DOCS, PAGE, "html"),
        ("application/json", HTML, "\n\n <!DOCTYPE HTML><title>Just a moment...</title>", "html"),
        ("application/json", HTML, "<html lang=en>", "html"),
        ("application/octet-stream", HTML, "<?xml version='1.0'?><html/>", "html"),
        ("", HTML, "<main>x</main>", "html"),
        ("application/json; charset=utf-8", HTML, JSON, "json"),
        ("application/vnd.api+json", HTML, JSON, "json"),
        ("text/html", HTML, JSON, "json"),
        ("text/plain", HTML, '[\n  {\n  "id": 1}]', "json"),
        ("", HTML, "\ufeff {}", "json"),
        ("text/plain", HTML, "[]\n", "json"),
        ("application/json", HTML, "", "json"),
        ("text/markdown; charset=utf-8", HTML, MARKDOWN, "markdown"),
        ("text/plain", DOCS, "# Prices", "markdown"),
        ("text/plain", DOCS + "?plain=1", "<Card>x</Card>", "markdown"),
        ("text/markdown", DOCS, "<Header />\n\n# Prices", "markdown"),
        ("text/markdown", DOCS, "<heading>x</heading>", "markdown"),
        ("text/plain", DOCS, "{/* a comment */}\n# Prices", "markdown"),
        ("text/plain", HTML, "[a link](https://example.com) and text", "markdown"),
        ("text/plain", HTML, "[{{ name }}] and text", "markdown"),
        ("text/markdown", DOCS, '{"id": 1}', "markdown"),
    ],
)
def test_the_kind_is_known_in_spite_of_what_the_content_type_says(
    content_type: str, url: str, text: str, kind: str
) -> None:
    assert kind_of(content_type, url, text) == kind


ODD = {
    "nothing": "",
    "blanks": " \n\t\r\n\u00a0",
    "nul": "<p>a\0b</p><h1>\0</h1>",
    "not closed": "<table><tr><td>$1<td>$2<tr><td>$3",
    "closed too often": "</div></table></p>text</h1>",
    "wrong characters": "<p>Ã©\ufffd\x93\x94</p>",
    "halves of characters": "<p>a\ud83d</p><p>\udc00b</p>",
    "direction": "<h1>\u202eecirP</h1><p>a\u200bb\u061c</p>",
    "byte order mark": "\ufeff<p>text</p>",
    "line ends": "<p>a\r\nb\rc</p>",
    "decomposed": "<p>e\u200b\u0301</p>",
    "spans": "<table><tr><td colspan=999999 rowspan=-1>a</td></tr><tr><td rowspan=0>b</td></tr></table>",
    "script in a cell": "<table><tr><td><script>x</script>$1</td></tr></table>",
    "frames": "<frameset><frame></frameset>",
    "comment": "<!-- <p>no</p> --><p>yes",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("kind", ["html", "markdown"])
def test_f09_odd_input_is_read_and_found_again(name: str, kind: str) -> None:
    document = Document(ODD[name], kind)
    assert_found_again(document)
    for passage in passages(document):
        passage.quote.encode()
        assert not set("\0\ud83d\u202e\u200b\u061c") & set(passage.quote + passage.text)


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert Document("\ufeff" + JSON, "json").at("#/n").quote == "2.50"


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, "1" * 5000, PAGE])
def test_broken_json_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        _ = Document(text, "json").json


@pytest.mark.parametrize("text", ["<div>" * 20_000 + "x", "<table><tr><td>" * 2_000 + "x", "<b>" * 20_000 + "x"])
def test_markup_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="too deep"):
        _ = Document(text, "html").blocks


PIECES = st.sampled_from(
    [
        "<h1>",
        "</h1>",
        "<h2>",
        "<p>",
        "</p>",
        "<table>",
        "</table>",
        "<tr>",
        "<td>",
        "<th rowspan=2>",
        "<td colspan=2>",
        "<del>",
        "</del>",
        "<sup>",
        "</sup>",
        "<br>",
        "<a href=x>",
        "</a>",
        "<div role=tabpanel aria-label=Batch>",
        "</div>",
        "<script type=application/json>",
        "</script>",
        '{"a":1}',
        "$1.50",
        " ",
        "Batch",
        "é",
        "\ufeff",
        "\x00",
        "&lt;",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=30))
def test_whatever_the_markup_every_passage_is_found_again(pieces: list[str]) -> None:
    document = Document("".join(pieces), "html")
    assert_found_again(document)
    assert all(isinstance(block, Heading | Text | Table | Island) for block in document.blocks)


@pytest.mark.parametrize("kind", ["html", "markdown"])
def test_a_table_without_cells_is_none(kind: str) -> None:
    document = Document("<table></table>\n\n<table><tr><td>$2</td></tr></table>\n", kind)
    assert [table.locator for table in document.tables] == ["table[2]"]

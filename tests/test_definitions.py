"""Cards of labels and prices as tables: which price a length of prompt holds for."""

from __future__ import annotations

import pytest

from scraper.extract.definitions import definition_tables
from scraper.extract.document import Document
from scraper.extract.vocabulary import VOCABULARY

SHORT, LONG = "Prompts ≤ 200K tokens", "Prompts > 200K tokens"


def read(*texts: str) -> list[tuple[str, str]]:
    """The prices of one card: the rate key that each stands under, and its text."""
    html = "<h3>A model</h3>" + "".join(f"<div>{text.replace('>', '&gt;')}</div>" for text in texts)
    found = []
    for table in definition_tables(Document(html, "html"), VOCABULARY):
        for path, cell in table.grid.lines[0]:
            meaning = VOCABULARY.meaning_of_path(path)
            found.append((str(meaning.key) if meaning else "", cell.line))
    return found


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Input", "$1", "Output", "$5"], [("input", "$1"), ("output", "$5")]),
        (["Input", "Learn more", "$1", "Output", "$5"], [("output", "$5")]),
        (["$1", "Output", "$5", "$6"], [("output", "$5")]),
        (["Input", SHORT, "$1", LONG, "$2"], [("input", "$1"), ("input{prompt_gt=200000}", "$2")]),
        (
            [SHORT, "Input", "$1", "Output", "$5", LONG, "Input", "$2", "Output", "$6"],
            [
                ("input", "$1"),
                ("output", "$5"),
                ("input{prompt_gt=200000}", "$2"),
                ("output{prompt_gt=200000}", "$6"),
            ],
        ),
        # A length that stood before a value is not that of the next label.
        (["Input", LONG, "$2", "Output", "$5"], [("input{prompt_gt=200000}", "$2"), ("output", "$5")]),
    ],
)
def test_a_length_holds_for_the_value_or_the_labels_after_it(texts: list[str], expected: list[tuple[str, str]]) -> None:
    assert read(*texts) == expected


@pytest.mark.parametrize(("tab", "key"), [("Batch", "input{tier=batch}"), ("Standard", "input"), ("Fast mode", "")])
def test_the_name_of_a_tab_holds_for_what_stands_below_it(tab: str, key: str) -> None:
    assert read("Input", "$1", tab, "Input", "$2") == [("input", "$1"), (key, "$2")]


def test_a_length_ends_with_its_card() -> None:
    html = f"<h3>A</h3><p>{LONG}</p><p>Input</p><p>$2</p><h3>B</h3><p>Input</p><p>$1</p>"
    tables = list(definition_tables(Document(html, "html"), VOCABULARY))
    assert [table.grid.headers for table in tables] == [((LONG, "Input"),), (("Input",),)]

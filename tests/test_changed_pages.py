"""Pages that are laid out a little differently: their values stay the same, or are missing with a note."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scraper import providers
from scraper.extract.document import Document
from scraper.records import Reading
from tests.readings import FIXTURES, pages

Values = dict[tuple[str, str, object], object]

_ROW = re.compile(r"(<tr\b[^>]*>)(.*?)(</tr>)", re.DOTALL)
_CELL = re.compile(r"<t[dh]\b.*?</t[dh]>", re.DOTALL)


def values(reading: Reading) -> Values:
    return {
        (offer.model_id or offer.name.casefold(), fact.field, fact.valid_from): fact.value or fact.state
        for offer in reading.offers
        for fact in offer.facts
    }


def changed(provider: str, name: str, change: Callable[[str], str]) -> tuple[Values, Values, Reading]:
    """The values of a fixture, those of the changed fixture, and the reading of the latter."""
    page = next(page for page in pages(FIXTURES / provider) if page.file.name == name)
    source = next(source for source in providers.sources(provider) if page.url in source.addresses)
    text = change(page.document.text)
    assert text != page.document.text
    reading = source.read(Document(text, page.document.kind, page.url))
    return values(source.read(page.document)), values(reading), reading


def cells(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """Change the cells of each row of a page's tables."""
    return lambda text: _ROW.sub(lambda row: f"{row[1]}{''.join(change(_CELL.findall(row[2])))}{row[3]}", text)


def markdown_cells(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    def line(match: re.Match[str]) -> str:
        return f"| {' | '.join(change(match[1].split(' | ')))} |"

    return lambda text: re.sub(r"^\| (.*) \|$", line, text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "change",
    [
        cells(lambda row: row[::-1]),
        cells(lambda row: [row[0], *row[:0:-1]]),
        cells(lambda row: [*row[:2], "<td>$9.99</td>" if "<td" in row[0] else "<th>Reserved</th>", *row[2:]]),
        lambda text: re.sub(r"(<(?:h2|h3|th)\b[^>]*>)([^<]+)", lambda match: match[1] + match[2].upper(), text),
        lambda text: re.sub(r"<td>(\$[\d.]+)</td>", r"<td>\1 [1]</td>", text),
        lambda text: re.sub(r"<td>(\$[\d.]+)<", r"<td><del>$99</del> \1<", text),
        lambda text: text.replace("Context caching price", "Cached input price"),
        lambda text: text.replace("<br>", "</p><p>"),
    ],
)
def test_google_reads_the_same_values(change: Callable[[str], str]) -> None:
    before, after, _ = changed("google", "pricing.2026-09-08.html", change)
    assert after == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: re.sub(r"(<h3[^>]*>)Batch", r"\1Turbo", text),
        lambda text: text.replace("Context caching price", "Price of what is remembered"),
        lambda text: text.replace(", per 1M tokens in USD", ""),
        lambda text: re.sub(r"<td>(\$[\d.]+)</td>", r"<td>from \1</td>", text),
        lambda text: re.sub(r"<td>(\$[\d.]+)</td>", r"<td>$99 \1</td>", text),
    ],
)
def test_google_says_what_it_leaves_out(change: Callable[[str], str]) -> None:
    before, after, reading = changed("google", "pricing.2026-09-08.html", change)
    assert after.items() < before.items()
    assert reading.notes


@pytest.mark.parametrize(
    "change",
    [
        markdown_cells(lambda row: row[::-1]),
        markdown_cells(lambda row: [*row[:2], "---" if row[0].startswith("--") else "Region", *row[2:]]),
        lambda text: text.replace("MODEL ID", "Model ID").replace("PRICE PER", "Pricing per"),
        lambda text: re.sub(r"(\$[\d.]+) input", r"~~$9.99 input~~ \1^\\*^ input", text),
    ],
)
def test_groq_reads_the_same_values(change: Callable[[str], str]) -> None:
    before, after, _ = changed("groq", "docs-models.2026-09-01.md", change)
    assert after == before


@pytest.mark.parametrize("to", [r"\1 / \2", r"Input \1 Output \2", r"\1 \2.99"])
def test_groq_refuses_two_prices_that_are_not_told_apart(to: str) -> None:
    before, after, reading = changed(
        "groq", "docs-models.2026-09-01.md", lambda text: re.sub(r"(\$[\d.]+) input(\$[\d.]+) output", to, text)
    )
    assert after.items() < before.items()
    assert reading.notes


def test_deepseek_reads_the_same_values_where_the_models_change_places() -> None:
    before, after, _ = changed(
        "deepseek",
        "pricing.2026-09-01.html",
        cells(lambda row: row if 'colspan="2"' in row[-1] else [*row[:-2], row[-1], row[-2]]),
    )
    assert after == before


def test_deepseek_refuses_rows_that_lost_a_span() -> None:
    page = """
| MODEL | deepseek-a1 | deepseek-b1 |
| --- | --- | --- |
| CONTEXT LENGTH | 1M |
| FEATURES | Json Output | ✓ | ✓ |
| PRICING | 1M INPUT TOKENS (CACHE HIT) | OFF-PEAK | $0.003 | $0.022 |
| PEAK | $0.006 | $0.044 |
| 1M INPUT TOKENS (CACHE MISS) | OFF-PEAK | $0.15 | $0.66 |
"""
    (source,) = providers.sources("deepseek")
    reading = source.read(Document(page, "markdown", source.addresses[0]))
    assert values(reading) == {("deepseek-a1", "context_window", None): "1000000"}
    assert {note.locator.split("/")[1] for note in reading.notes} == {"row[3]", "row[4]", "row[5]", "row[6]"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("<p>output</p>", "<p>OUTPUT</p>").replace("<p>Model</p>", "<p>Models</p>"),
        cells(lambda row: row[::-1]),
        lambda text: text.replace(" (cached)", " cached input"),
        lambda text: text.replace("<p>Input</p>", "<p>Input price</p>"),
    ],
)
def test_together_reads_the_same_values(change: Callable[[str], str]) -> None:
    def with_row(text: str) -> str:
        """The page writes its header cells without a row."""
        return change(re.sub(r"<thead>(.*?)</thead>", r"<thead><tr>\1</tr></thead>", text))

    before, after, _ = changed("together", "pricing.2026-09-01.html", with_row)
    assert after == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Price per 1M tokens", "Price"),
        lambda text: text.replace("Price per 1M tokens", "Price per image"),
        lambda text: text.replace(" (cached)", " (remembered)"),
        lambda text: text.replace("<p>Input</p>", "<p>What goes in</p>"),
    ],
)
def test_together_says_what_it_leaves_out(change: Callable[[str], str]) -> None:
    before, after, reading = changed("together", "pricing.2026-09-01.html", change)
    assert len(reading.notes) > 2  # two cells of $0.00 are noted anyway
    assert {key: value for key, value in after.items() if key in before}.items() <= before.items()
    assert len(set(after) & set(before)) < len(before)

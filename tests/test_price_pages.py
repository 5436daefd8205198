"""Pages of prices that changed: what is not known is noted, and never taken for the plain price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scraper.extract import Unreadable
from scraper.extract.captions import tier_above
from scraper.extract.document import Document
from scraper.extract.passage import plain_passage
from scraper.extract.per_lines import priced_lines
from scraper.extract.price_pages import read_price_tables
from scraper.extract.prices import Scale
from scraper.meters import Unit
from scraper.providers import anthropic, openai
from scraper.records import Reading


def values(reading: Reading) -> dict[str, dict[str, str]]:
    return {
        offer.model_id or offer.name: {fact.field: fact.value or fact.state.value for fact in offer.facts}
        for offer in reading.offers
    }


def markdown(*lines: str) -> Document:
    return Document("\n".join(lines) + "\n", "markdown")


TABLE = ("| Model | Input | Output |", "| --- | --- | --- |", "| Claude Opus 5 | $9 / MTok | $45 / MTok |")


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        ("Model pricing", {"input": "9", "output": "45"}),
        ("Batch processing", {"input{tier=batch}": "9", "output{tier=batch}": "45"}),
        ("Fast mode pricing", {"input{tier=fast}": "9", "output{tier=fast}": "45"}),
    ],
)
def test_the_section_says_what_prices_are_for(heading: str, fields: dict[str, str]) -> None:
    reading = anthropic.read_pricing(markdown(f"## {heading}", "", *TABLE))
    assert values(reading) == {"Claude Opus 5": fields}
    assert reading.notes == ()


def test_a_size_is_written_in_one_way() -> None:
    table = "| Model | Resolution | Output |", "| --- | --- | --- |", "| Acme Draw | 1024 × 1024 | $0.04 / image |"
    reading = read_price_tables(markdown("## Images", "", *table).tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"Acme Draw": {"images{resolution=1024x1024}": "0.04"}}


TIERED = "| Model | Input |", "| --- | --- |", "| Acme Late | $0.10 / 1M tokens |"


@pytest.mark.parametrize(
    ("headings", "field"),
    [
        (("Batch",), "input{tier=batch}"),
        (("Batch API (50% off)",), "input{tier=batch}"),
        (("Batch", "Text models"), "input{tier=batch}"),
        (("Batch", "Standard"), "input"),
    ],
)
def test_the_tier_of_a_table_is_that_of_the_headings_above_it(headings: tuple[str, ...], field: str) -> None:
    above = [line for level, text in enumerate(headings, 2) for line in (f"{'#' * level} {text}", "")]
    reading = read_price_tables(markdown(*above, *TIERED).tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"Acme Late": {field: "0.10"}}


def test_a_heading_that_speaks_of_a_tier_in_other_words_does_not_make_plain_prices() -> None:
    page = markdown("## Save with batch jobs", "", *TIERED)
    offers = read_price_tables(page.tables, scale=Scale(), ignored={})
    assert "which tier it is of, 'Save with batch jobs' above it does not say" in offers.reading().notes[0].text
    with pytest.raises(Unreadable, match="it has no table of prices that is understood: a table of prices: which tier"):
        offers.reading(needed="table of prices")


def test_tables_are_ignored_by_their_heading_in_any_case() -> None:
    tables = markdown("## Fine-Tuning fees", "", *TIERED, "", "## Models", "", *TABLE).tables
    reading = read_price_tables(tables, scale=Scale(), ignored={"Fine-tuning": "no price of use"}).reading()
    assert list(values(reading)) == ["Claude Opus 5"]


@pytest.mark.parametrize(
    ("above", "tier"),
    [
        ("## Batch pricing\n\n### GPT models", "batch"),
        ("## Batch pricing\n\n### Standard", ""),
        ("## Pricing\n\n### GPT models", ""),
        ('## Pricing\n\n<Tab title="Batch">', "batch"),
        ('## Batch pricing\n\n<Tab title="Reserved">', None),
    ],
)
def test_the_tab_or_the_nearest_heading_that_names_one_says_the_tier(above: str, tier: str | None) -> None:
    (table,) = markdown(above, "", *TABLE).tables
    assert tier_above(table) == tier


def html_table(*rows: str) -> Document:
    body = "".join(f"<tr>{row}</tr>" if row.startswith("<td") else row for row in rows)
    head = "<tr><th>Model</th><th>Input</th><th>Output</th></tr>"
    return Document(f"<p>Prices per 1M tokens.</p><table>{head}{body}</table>", "html")


def test_what_is_struck_out_is_no_price() -> None:
    page = html_table(
        '<td>A</td><td style="text-decoration: line-through">$5</td><td>$3</td>',
        '<td>B</td><td class="old line-through">$5</td><td>$4</td>',
        '<tr style="text-decoration: line-through"><td>C</td><td>$1</td><td>$2</td></tr>',
    )
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"A": {"output": "3"}, "B": {"output": "4"}}
    assert page.at("table[1]/row[2]/cell[2]").quote == "~~$5~~"


def test_a_model_that_is_struck_out_is_not_the_one_above_it() -> None:
    page = html_table("<td>A</td><td>$5</td><td></td>", "<td><s>B</s></td><td></td><td>$7</td>")
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"A": {"input": "5"}}
    assert [note.text for note in reading.notes] == ["a line of prices names no model"]


def test_a_line_over_all_columns_says_the_tier_of_those_below_it() -> None:
    prices = "<td>A</td><td>$2</td><td>$4</td>"
    tiers = (
        "<td colspan=3>Batch</td>",
        prices,
        "<tr><th colspan=3>Standard</th></tr>",
        prices,
        "<td colspan=3>GPT</td>",
    )
    reading = read_price_tables(html_table(*tiers).tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"A": {"input{tier=batch}": "2", "output{tier=batch}": "4", "input": "2", "output": "4"}}
    assert [note.text for note in reading.notes] == ["Input: 'GPT' has no price", "Output: 'GPT' has no price"]


def test_what_stands_below_other_headings_is_not_read_under_the_first_ones() -> None:
    first, second = "<td>A</td><td>$1</td><td>$2</td>", "<td>B</td><td>$4</td><td>$3</td>"
    page = html_table(first, "<td>Model</td><td>Output</td><td>Input</td>", second)
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"A": {"input": "1", "output": "2"}}
    assert [note.text for note in reading.notes] == ["what stands below a line of other headings is not read"]


def test_texts_above_a_table_that_name_several_units_name_none() -> None:
    table = "| Model | Input |", "| --- | --- |", "| Acme | $9 |"
    page = markdown("Prices are per 1M tokens.", "", "Images are up to 560 tokens per image.", "", *table)
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert reading.offers == ()
    assert [note.text for note in reading.notes] == ["Input: '$9' has no unit, and its table names none"]


def test_a_line_and_a_heading_that_name_different_units_have_no_price() -> None:
    head = "| Model | Unit | Output (per 1M tokens) |", "| --- | --- | --- |"
    page = markdown(*head, "| A | image | $0.04 |", "| B | 1M tokens | $2 |", "| C | | $3 |", "| D | lot | $4 |")
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"B": {"output": "2"}, "C": {"output": "3"}}
    assert [note.text for note in reading.notes] == [
        "Output (per 1M tokens): its line is per 'image', and its heading per 1M tokens",
        "Output (per 1M tokens): its line is per 'lot', and its heading per 1M tokens",
    ]


@pytest.mark.parametrize(
    "prices",
    ["1.80 | 7.20", "CAD 1.80 | CAD 7.20", "1.80 AUD | 7.20 AUD", "₩1,800 | ₩7,200", "kr 18 | kr 72", "S/1.8 | S/7"],
)
def test_a_table_without_a_money_that_is_known_is_noted_and_does_not_take_the_others_along(prices: str) -> None:
    bare = "| Model | Input | Output |", "| --- | --- | --- |", f"| Acme | {prices} |"
    page = markdown("## Prices per 1M tokens", "", *TABLE, "", "## More, per 1M tokens", "", *bare)
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert values(reading) == {"Claude Opus 5": {"input": "9", "output": "45"}}
    assert [(note.kind, note.locator) for note in reading.notes] == [("unreadable", "table[2]")]
    assert "prices in Input, Output without a sign of money that is known" in reading.notes[0].text


@pytest.mark.parametrize(
    ("currency", "price"),
    [
        ("USD", "USD 2.50"), ("USD", "USD2.50"), ("USD", "2.50$"), ("USD", "＄2.50"),
        ("EUR", "2.50 EUR"), ("GBP", "GBP 2.50"),
    ],
)  # fmt: skip
def test_a_table_of_prices_is_known_by_any_money_however_it_is_written(currency: str, price: str) -> None:
    page = markdown("## Prices per 1M tokens", "", "| Model | Input |", "| --- | --- |", f"| Acme | {price} |")
    [offer] = read_price_tables(page.tables, scale=Scale(), ignored={}).reading().offers
    [said] = offer.facts
    assert (said.field, said.value, said.currency, said.evidence.quote) == ("input", "2.50", currency, price)


@pytest.mark.parametrize(
    ("above", "value"),
    [
        (["# Prices per 1M tokens"], "2.50"),
        (["# Prices per 1K tokens"], "2500"),
        (["# Prices per 1M tokens", "", "## Prices per 1K tokens"], "2500"),
        (["# Prices per 1M tokens", "", "## Models", "", "Prices per 1K tokens."], "2500"),
        (["# Prices"], "0.250"),
    ],
)
def test_the_unit_of_a_table_is_that_of_the_nearest_words_above_it(above: list[str], value: str) -> None:
    page = markdown(*above, "", "| Model | Input |", "| --- | --- |", "| Acme | $2.50 |")
    reading = read_price_tables(page.tables, scale=Scale(Unit(Decimal(10_000_000), "token")), ignored={}).reading()
    assert values(reading) == {"Acme": {"input": value}}


@pytest.mark.parametrize("price", ["CA$2.50", "A$2.50", "HK$2.50", "$2.50 CAD", "R$ 2.50", "￥2.50"])
def test_another_countrys_money_is_not_taken_for_dollars(price: str) -> None:
    page = markdown("## Prices per 1M tokens", "", "| Model | Input |", "| --- | --- |", f"| Acme | {price} |")
    reading = read_price_tables(page.tables, scale=Scale(), ignored={}).reading()
    assert reading.offers == ()
    assert [note.text[:5] for note in reading.notes if note.kind == "unreadable"] == ["Input"]


def test_prices_of_a_section_that_is_not_known_are_noted() -> None:
    reading = anthropic.read_pricing(markdown("## Turbo mode pricing", "", *TABLE))
    assert reading.offers == ()
    assert [note.kind for note in reading.notes] == ["unknown_heading"]


def test_a_card_under_another_heading_is_noted() -> None:
    page = "<h3>For teams</h3><p>Input</p><p>$5 / MTok</p><h3>Verse 6</h3><p>Input</p><p>$7 / MTok</p>"
    reading = anthropic.read_cards(Document(page, "html"))
    assert values(reading) == {"Claude Verse 6": {"input": "7"}}
    assert [note.kind for note in reading.notes] == ["unknown_heading"]


@pytest.mark.parametrize("cached", ["Cached input", "Cache reads"])
@pytest.mark.parametrize("heading", ["| Model | Training |", "| Model | Notes |"])
def test_the_price_of_a_tuned_model_is_never_that_of_its_base(heading: str, cached: str) -> None:
    lines = f"{heading} Input | {cached} |", "| --- | --- | --- | --- |", "| gpt-4.1 | - | $3.00 | $0.75 |"
    found = values(openai.read_pricing(markdown("## Fine-tuning", "", "Prices per 1M tokens.", "", *lines)))
    used = {key: value for key, value in found["gpt-4.1"].items() if key != "training"}
    assert used == {"input{variant=fine-tuned}": "3.00", "cache_read{variant=fine-tuned}": "0.75"}


def test_words_in_brackets_that_are_not_understood_name_no_model() -> None:
    lines = "| Model | Input |", "| --- | --- |", "| gpt-5 | $1.25 |", "| gpt-5 (at night) | $0.50 |"
    reading = openai.read_pricing(markdown("Prices per 1M tokens.", "", *lines))
    assert values(reading) == {"gpt-5": {"input": "1.25"}}
    assert [note.text for note in reading.notes] == ["a line of prices names no model"]


def test_a_quantity_that_may_be_thousands_or_one_is_refused() -> None:
    (line,) = priced_lines(plain_passage("$0.35 per 1,000 tokens", "text[1]"))
    assert (line.quantity, line.thing) == (Decimal(1000), "tokens")
    with pytest.raises(Unreadable, match=r"^'1\.000' may mean thousands or decimals$"):
        list(priced_lines(plain_passage("$0.35 per 1.000 tokens", "text[1]")))

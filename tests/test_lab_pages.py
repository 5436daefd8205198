"""Pages of labs and hosts that change their columns, words and numbers: the same values, or fewer and a note."""

from __future__ import annotations

import re

import pytest

from scraper.extract import Unreadable
from scraper.extract.chinese import heading_in_english, in_english
from scraper.extract.document import Document
from scraper.providers import sources
from scraper.records import Reading
from tests.test_changed_pages import cells, changed, markdown_cells

MARKDOWN = [
    ("zai", "pricing.2026-09-01.md"),
    ("minimax", "pricing-paygo.2026-09-01.md"),
    ("fireworks", "pricing.2026-09-01.md"),
    ("voyage", "pricing.2026-09-01.md"),
]
HTML = [
    ("moonshot-cn", "chat-k27-code.2026-09-01.rendered.html"),
    ("zhipu", "pricing.2026-09-01.rendered.html"),
    ("minimax-cn", "token-plan.2026-09-01.rendered.html"),
    ("cloudflare", "pricing.2026-09-01.html"),
    ("digitalocean", "pricing.2026-09-01.html"),
]
CARDS = [("mistral", "pricing-api.2026-09-01.html"), ("ai21", "pricing.2026-09-01.html")]


def read(provider: str, url: str, text: str, kind: str) -> Reading:
    source = next(source for source in sources(provider) if url in source.addresses)
    return source.read(Document(text, kind, url))


@pytest.mark.parametrize(("provider", "name"), MARKDOWN)
def test_columns_of_markdown_change_places(provider: str, name: str) -> None:
    before, after, _ = changed(provider, name, markdown_cells(lambda row: row[::-1]))
    assert after == before


@pytest.mark.parametrize(("provider", "name"), HTML)
def test_columns_of_html_change_places(provider: str, name: str) -> None:
    before, after, _ = changed(provider, name, cells(lambda row: row[::-1]))
    assert after == before


@pytest.mark.parametrize(("provider", "name"), HTML)
def test_a_new_column_of_prices_is_noted(provider: str, name: str) -> None:
    def added(row: list[str]) -> list[str]:
        price = "<td>¥7.77</td>" if re.search("[¥元]", "".join(row)) else "<td>$7.77</td>"
        return [*row[:1], price if row and "<td" in row[0] else "<th>Reserved</th>", *row[1:]]

    before, after, reading = changed(provider, name, cells(added))
    assert after == before
    assert reading.notes


@pytest.mark.parametrize(("provider", "name"), [*MARKDOWN, *HTML, *CARDS])
@pytest.mark.parametrize("to", [r"from \1\2", r"\g<1>99 \1\2", r"\g<1>0.00"])
def test_what_is_no_exact_price_is_left_out_with_a_note(provider: str, name: str, to: str) -> None:
    try:
        before, after, reading = changed(
            provider, name, lambda text: re.sub(r"(?<![\d.~(])(\\?[$¥])\s?([\d.]+)", to, text)
        )
    except AssertionError:
        return  # a page with another sign of money
    assert {key: after[key] for key in after if after[key] != before.get(key)} == {}
    assert len(after) < len(before)
    assert reading.notes


def test_a_table_without_cells_takes_nothing_from_the_others() -> None:
    before, after, _ = changed("anthropic", "overview.2026-09-01.md", lambda text: f"{text}\n\n<table></table>\n")
    assert after == before


@pytest.mark.parametrize(
    ("provider", "name", "heading", "other"),
    [
        ("anthropic", "overview.2026-09-01.md", "| Feature | Claude Sonnet", "| Aspect | Claude Sonnet"),
        ("openai", "deprecations.2026-09-01.html", "Shutdown date</th>", "Gone on</th>"),
    ],
)
def test_a_table_with_another_heading_is_noted(provider: str, name: str, heading: str, other: str) -> None:
    before, after, reading = changed(provider, name, lambda text: text.replace(heading, other))
    assert after.items() < before.items()
    assert any(note.kind == "unknown_heading" for note in reading.notes)


def test_a_table_of_data_that_is_written_otherwise_is_left_alone() -> None:
    columns = '{[{ title: "Model" }, { title: "Input Price" }]}'
    page = f"# Pricing\n\n<DocTable\n  columns={columns}\n  rows={{[\n[1, 2, 3],\n]}}\n/>\n"
    with pytest.raises(Unreadable):
        read("moonshot", "https://platform.kimi.ai/docs/pricing/chat.md", page, "markdown")


def test_a_unit_of_a_line_that_is_not_known_gives_no_price() -> None:
    rows = "| kimi-a1 | a while | $1 | 8,192 tokens |"
    page = f"| Model | Unit | Input Price | Context Window |\n|---|---|---|---|\n{rows}\n"
    reading = read("moonshot", "https://platform.kimi.ai/docs/pricing/chat.md", page, "markdown")
    assert [fact.field for offer in reading.offers for fact in offer.facts] == ["context_window"]
    assert reading.notes


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("输入单价\n(百万tokens)", "input (per 1M tokens)"),
        ("缓存存储(百万tokens/小时)", "cache storage (per 1M tokens/ hour)"),
        ("单价 / 万字符", "price (per 10K characters)"),
        ("输入价格（缓存命中）", "cache hit"),
        ("Model", "Model"),
    ],
)
def test_chinese_headings(chinese: str, english: str) -> None:
    assert heading_in_english(chinese) == english


def test_chinese_cells_keep_their_numbers() -> None:
    assert in_english("5 元 / 百万Tokens") == "5 CNY / 1M tokens"
    assert in_english("限时免费") == "limited-time free"


def test_a_region_that_differs_has_its_own_price_and_one_that_agrees_has_none() -> None:
    row = '{"name": "grok-a1", "promptTextTokenPrice": "%s", "maxPromptLength": 1000}'
    clusters = ", ".join(
        f'{{"clusterName": "{name}", "languageModels": [{row % price}]}}'
        for name, price in (("east", "20000"), ("west", "20000"), ("far", "22000"))
    )
    page = f'<html><body><script>globalThis.__MODELS__={{"clusterConfigs": [{clusters}]}};</script></body></html>'
    (offer,) = read("xai", "https://docs.x.ai/developers/models", page, "html").offers
    assert {fact.field: fact.value for fact in offer.facts} == {
        "input": "2.0000",
        "input{region=far}": "2.2000",
        "context_window": "1000",
    }


def test_three_prices_without_their_order_are_not_read() -> None:
    before, after, reading = changed(
        "fireworks", "pricing.2026-09-01.md", lambda text: text.replace("prices are **input", "see **input")
    )
    assert after.items() < before.items()
    assert reading.notes


def _training_exchanged_with_output(text: str) -> str:
    """Exchange two headings in the shown table of training; its payload has the numbers under headings of its own."""
    head = re.search(r"<tr><th><span[^>]*>Model</span></th><th><span[^>]*>Training</span>.*?</tr>", text)
    assert head
    names = {"Training": "Output", "Output": "Training"}
    return text.replace(head[0], re.sub("Training|Output", lambda name: names[name[0]], head[0]), 1)


def test_training_is_paid_by_tokens_or_by_hours_and_never_by_both() -> None:
    before, after, reading = changed("openai", "pricing.2026-09-01.html", _training_exchanged_with_output)
    assert [key[:2] for key in before.keys() ^ after.keys()] == [("o4-mini-2025-04-16", "training_hours")]
    assert any(
        "training '$16.00' and training_hours '$100.00 / hour', of which only one can be" in note.text
        for note in reading.notes
    )


def test_a_column_of_prices_of_a_tier_that_is_not_known_is_noted() -> None:
    before, after, reading = changed(
        "fireworks", "pricing.2026-09-01.md", lambda text: text.replace("| Priority |", "| Turbo |")
    )
    assert after.items() < before.items()
    assert {note.text for note in reading.notes} >= {"the heading 'Turbo' of prices names no tier"}


def test_a_price_of_a_card_without_an_id_goes_to_no_other_card() -> None:
    page = "<h3>Libraries</h3><p>OCR</p><span>$3</span><p>Words.</p><p>More.</p><h3>Leanstral</h3><p>labs-lean-1</p>"
    with pytest.raises(Unreadable):
        read("mistral", "https://mistral.ai/pricing/api/", f"<html><body>{page}</body></html>", "html")

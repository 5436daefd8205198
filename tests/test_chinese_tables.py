"""Chinese price pages: headings in several rows, ranges of the prompt's length, marked-down prices."""

from __future__ import annotations

import pytest

from scraper.extract import Unreadable
from scraper.extract.chinese_tables import WORDS, cells_in_english, flat_heads, reduced, title_of
from scraper.extract.conditional_rows import conditional_rows
from scraper.extract.document import Document
from scraper.extract.offers import Offers
from scraper.extract.prices import Scale
from scraper.extract.prompt_lengths import length_of


def document(body: str) -> Document:
    return Document(f"<html><body>{body}</body></html>", "html")


def table(*rows: str) -> str:
    cells = "".join(f"<tr>{''.join(row.split(' | '))}</tr>" for row in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def td(text: str, down: int = 1, across: int = 1) -> str:
    return f'<td rowspan="{down}" colspan="{across}">{text}</td>'


@pytest.mark.parametrize(
    ("text", "unit", "length"),
    [
        ("0<Token≤128K", 1, 0),
        ("32K<Token≤128K", 1, 32_000),
        ("256K < Token ≤ 1M", 1, 256_000),
        ("输入长度 [0, 32]", 1000, 0),
        ("输入长度 (32, 128]", 1000, 32_000),
        ("输入长度 (128,+∞)", 1000, 128_000),
        ("输入长度（0, 512k]", 1, 0),
        ("输入长度 512k+", 1, 512_000),
        ("0 ≤ 输入长度 ＜ 32k", 1, 0),
        ("输入长度 ≥ 32k", 1, 32_000),
        ("Input<=32k", 1, 0),
        ("32k<Input<=128k", 1, 32_000),
        ("256k<输入<=1m", 1, 256_000),
        ("Default", 1, 0),
        ("无阶梯计价", 1, 0),
        ("-", 1, 0),
    ],
)
def test_a_range_of_prompts_begins_where_it_says(text: str, unit: int, length: int) -> None:
    assert length_of(text, unit) == length


@pytest.mark.parametrize(
    "text", ["输入长度 [0, 32]\n且输出长度 [0, 0.2]", "生成数量 ≤ 25张", "", "32K", "Token", "10:00-18:00"]
)
def test_what_is_no_range_of_prompts_alone_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        length_of(text)


def test_a_marked_down_price_is_what_is_paid() -> None:
    assert reduced("原价12元 限时5折") == "6元 limited-time discount"
    assert reduced("原价0.45元/秒\n限时6折") == "0.27元/秒 limited-time discount"
    assert reduced("原价2元 限时8.5折") == "1.7元 limited-time discount"
    assert reduced("12元") == "12元"
    assert reduced("限时5折") == "限时5折"


def test_headings_in_two_rows_are_one_with_the_unit() -> None:
    page = document(
        table(
            f"{td('模型 ID（Model ID）', 2)} | {td('输入单价（每百万Token）', 1, 2)}"
            f" | {td('输出单价（每百万Token） 思维链+回答', 2)}",
            f"{td('文本')} | {td('音频')}",
            f"{td('some-model')} | {td('1.8元')} | {td('15.8元')} | {td('6.9元')}",
        )
    )
    flat = flat_heads(page.tables[0])
    assert [cell.line for cell in flat.grid.rows[0]] == [
        "model id",
        "input (per 1M tokens)",
        "audio input (per 1M tokens)",
        "output (per 1M tokens)",
    ]
    assert [cell.line for cell in cells_in_english(flat).grid.rows[1]] == [
        "some-model",
        "1.8 CNY",
        "15.8 CNY",
        "6.9 CNY",
    ]
    assert flat.grid.rows[1][1].locator == "table[1]/row[3]/cell[2]"


def test_a_heading_that_is_not_known_stays_and_is_noted() -> None:
    page = document(table(f"{td('模型')} | {td('新的价格项')}", f"{td('some-model')} | {td('1元')}"))
    offers = Offers()
    rows = list(
        conditional_rows(
            flat_heads(page.tables[0]),
            offers,
            scale=Scale(currency="CNY"),
            vocabulary=WORDS,
            condition=lambda _: {},
        )
    )
    assert len(rows) == 1
    assert [note.kind for note in offers.reading().notes] == ["unknown_heading"]


def test_rows_are_labelled_by_their_condition_and_one_that_is_refused_is_left_out() -> None:
    page = document(
        table(
            f"{td('模型')} | {td('条件（千 token）')} | {td('输入 元/百万token')}",
            f"{td('m', 3)} | {td('输入长度 [0, 32]')} | {td('0.6')}",
            f"{td('输入长度 (32, 128]')} | {td('0.9')}",
            f"{td('输入长度 (128, 256] 且输出长度 (0.2,+∞)')} | {td('1.8')}",
        )
    )
    offers = Offers()
    rows = conditional_rows(
        cells_in_english(flat_heads(page.tables[0])),
        offers,
        scale=Scale(currency="CNY"),
        vocabulary=WORDS,
        condition=lambda text: {"prompt_gt": length_of(text, 1000) or ""},
    )
    stated = [(fact.field, fact.value) for row in rows for fact in row.stated.facts]
    assert stated == [("input", "0.6"), ("input{prompt_gt=32000}", "0.9")]
    assert [note.kind for note in offers.reading().notes] == ["unreadable"]


def test_an_empty_cell_that_another_one_spans_is_no_cell() -> None:
    page = document(
        "<table><tr><td>a</td><td>b</td></tr><tr><td rowspan='2'>x</td><td>1</td></tr>"
        "<tr><td rowspan='0' colspan='0'><br></td><td>2</td></tr></table>"
    )
    assert [[cell.line for cell in row] for row in page.tables[0].grid.rows] == [["a", "b"], ["x", "1"], ["x", "2"]]
    assert page.tables[0].grid.rows[2][1].locator == "table[1]/row[3]/cell[2]"


def test_the_title_of_a_table_is_the_last_short_text_above_it() -> None:
    page = document("<p>批量推理</p><p>说明</p><p>按 token 后付费，计算方式如下：</p>" + table(td("x"), td("1")))
    assert title_of(page.tables[0]) == "批量推理"
    assert title_of(document(table(td("x"), td("1"))).tables[0]) == ""


@pytest.mark.parametrize(
    ("heading", "cell", "said"),
    [
        ("输入（美元/百万tokens）", "0.5", "0.5 USD"),
        ("输入（元/百万tokens）", "0.5", "0.5 CNY"),
        ("输入（元/百万tokens）", "0.5元", "0.5元"),
        ("输入（每百万tokens）", "0.5", "0.5"),
        ("输入（美元/百万tokens）", "-", "-"),
    ],
)
def test_a_bare_number_is_in_the_money_of_its_heading(heading: str, cell: str, said: str) -> None:
    (found,) = document(table(td("模型") + " | " + td(heading), td("acme") + " | " + td(cell))).tables
    _, (_, price) = flat_heads(found).grid.rows
    assert (price.text, price.quote) == (said, cell)

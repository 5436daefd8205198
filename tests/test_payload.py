"""Data embedded in pages: each form that sites use, and what is broken or odd in them."""

from __future__ import annotations

import json

import pytest

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.payload import flight_rows, from_astro


def page(*scripts: str) -> Document:
    return Document("<html><body><h1>Prices</h1>" + "".join(scripts) + "</body></html>", "html")


def island(props: object, export: str = "Table") -> str:
    text = (props if isinstance(props, str) else json.dumps(props)).replace("&", "&amp;").replace('"', "&quot;")
    return f'<astro-island component-export="{export}" props="{text}"></astro-island>'


def push(text: str) -> str:
    return f"<script>self.__next_f.push([1,{json.dumps(text)}])</script>"


def test_json_scripts_are_payloads_in_reading_order() -> None:
    document = page(
        '<script type="application/json" id="one">{"price": 1.50}</script>',
        '<script type="application/ld+json">{"@type": "Product"}</script>',
        "<script>var price = 3;</script>",
        '<script type="application/json">[]</script>',
    )
    assert [(payload.kind, payload.name, payload.locator) for payload in document.payloads] == [
        ("json", "one", "payload[1]"),
        ("json", "application/ld+json", "payload[2]"),
        ("json", "application/json", "payload[3]"),
    ]
    assert document.at("payload[1]#/price").quote == "1.50"
    assert document.payloads[0].context.heading == "Prices"


@pytest.mark.parametrize(
    "broken", ["", "{", "{'price': 1}", "null, null", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 5000]
)
def test_a_broken_json_script_is_left_out(broken: str) -> None:
    document = page(f'<script type="application/json">{broken}</script>', '<script type="application/json">{}</script>')
    assert [payload.value for payload in document.payloads] == [{}]


def test_scripts_in_the_head_are_payloads_too() -> None:
    html = '<html><head><script type="application/json">{"a": 1}</script></head><body><p>Text</p></body></html>'
    assert Document(html, "html").payloads[0].value == {"a": 1}


def test_next_data_is_a_payload() -> None:
    data = '{"props": {"pageProps": {"prices": [{"input": 0.1}]}}}'
    document = page(f'<script id="__NEXT_DATA__" type="application/json">{data}</script>')
    (payload,) = document.payloads
    assert (payload.kind, payload.places["input"]) == ("next", ["/props/pageProps/prices/0"])
    assert document.at("payload[1]#/props/pageProps/prices/0/input").quote == "0.1"


def test_broken_next_data_is_refused() -> None:
    with pytest.raises(Unreadable, match="not whole JSON"):
        _ = page('<script id="__NEXT_DATA__" type="application/json">{"props": </script>').payloads


@pytest.mark.parametrize(
    ("props", "value"),
    [
        ({"a": [0, "text"]}, {"a": "text"}),
        ({"a": [0, {"b": [0, 1]}]}, {"a": {"b": 1}}),
        ({"a": [1, [[0, 1], [1, [[0, 2]]]]]}, {"a": [1, [2]]}),
        ({"a": [1, "[[0,1],[0,2]]"]}, {"a": [1, 2]}),
        ({"a": [0]}, {"a": None}),
        ({"a": [0, None]}, {"a": None}),
        ({"a": [3, "2026-01-01T00:00:00.000Z"]}, {"a": "2026-01-01T00:00:00.000Z"}),
        ({"a": [7, "https://example.com/"]}, {"a": "https://example.com/"}),
        ({}, {}),
    ],
)
def test_the_wrapping_of_island_props_is_undone(props: object, value: object) -> None:
    assert from_astro(json.dumps(props)) == value


@pytest.mark.parametrize(
    "props",
    [
        "[]",
        '"text"',
        '{"a": 1}',
        '{"a": []}',
        '{"a": ["0", 1]}',
        '{"a": [true, []]}',
        '{"a": [1, null]}',
        '{"a": [1, "[[0"]}',
        '{"a": [1, [1]]}',
        '{"a": [4, []]}',
    ],
)
def test_island_props_that_are_something_else_are_refused(props: str) -> None:
    with pytest.raises(Unreadable):
        from_astro(props)


def test_island_props_may_be_deep() -> None:
    found = from_astro('{"a": ' + "[1,[" * 300 + "[0,1]" + "]]" * 300 + "}")["a"]
    for _ in range(300):
        (found,) = found
    assert found == 1


def test_island_props_keep_the_digits_of_numbers_and_the_place() -> None:
    document = page(island({"rows": [1, [[1, [[0, "gpt"], [0, 2.5]]]]]}), island({}), "<p>After</p>")
    assert [(payload.kind, payload.name) for payload in document.payloads] == [("astro", "Table"), ("astro", "Table")]
    assert document.at("payload[1]#/rows/0/0").quote == "gpt"
    text = island('{"price": [0, 2.50]}')
    assert page(text).at("payload[1]#/price").quote == "2.50"


def test_an_island_lends_its_tables() -> None:
    html = '<astro-island props="{}"><table><tr><th>Model</th></tr><tr><td>a</td></tr></table></astro-island>'
    (payload,) = page(html).payloads
    assert [table.locator for table in payload.tables] == ["table[1]"]


def test_flight_chunks_are_joined_before_they_are_read() -> None:
    document = page(push('0:["$","div",null,{"pri'), push('ce":"$0.10"}]\n1:I[123,["a.js"]]\n2:{"b'), push('":2.50}\n'))
    (payload,) = document.payloads
    assert payload.kind == "flight"
    assert payload.value["0"][3] == {"price": "$0.10"}
    assert "1" not in payload.value
    assert document.at("payload[1]#/2/b").quote == "2.50"


@pytest.mark.parametrize(
    "text", ["plain", "two\nlines\n", "Preis: 3 € – für 1 Mio.", "日本語のテキスト\n", "😀😀", "3:{}\n"]
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_text_rows_are_as_long_in_bytes_as_they_say(text: str, size: int) -> None:
    stream = f'0:"before"\n5:T{len(text.encode()):x},{text}6:["after"]\n'
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert flight_rows(chunks) == {"0": "before", "5": text, "6": ["after"]}


def test_a_character_cut_in_two_halves_is_joined() -> None:
    high, low = "\ud83d", "\ude00"
    assert flight_rows([f'0:"a{high}', f'{low}b"\n']) == {"0": "a😀b"}
    (alone,) = flight_rows([f'0:"a{high}b"\n']).values()
    assert alone.encode()


@pytest.mark.parametrize("stream", ["", "\n\n", "no row\n", "0:{broken\n", "0:HL[1]\n", "zz:{}\n", "0:\n"])
def test_lines_that_are_no_data_are_passed_over(stream: str) -> None:
    assert flight_rows([stream, "1:[2]\n"]) == {"1": [2]}


def test_a_text_row_that_is_cut_short_gives_what_is_there() -> None:
    assert flight_rows(["0:[1]\n1:Tff,short"]) == {"0": [1], "1": "short"}


def test_broken_and_binary_chunks_are_left_out() -> None:
    document = page(
        "<script>(self.__next_f=self.__next_f||[]).push([0])</script>",
        "<script>self.__next_f.push([1,])</script>",
        '<script>self.__next_f.push([3,"AAEC"])</script>',
        push('0:{"a":1}\n'),
    )
    assert [payload.value for payload in document.payloads] == [{"0": {"a": 1}}]


def test_values_are_passages() -> None:
    data = {
        "text": " two \n lines ",
        "markup": "<b>$3.00</b> <s>$5.00</s> per&nbsp;image",
        "cell": {"html": "$1 &amp; more"},
        "null": None,
        "yes": True,
        "more": {"a": "1", "b": "2"},
        "a/b~c": "slash",
        "half": "a\ud83d",
    }
    document = page(f'<script type="application/json">{json.dumps(data)}</script>')
    assert document.at("payload[1]#/text").lines == ("two", "lines")
    assert document.at("payload[1]#/markup").line == "$3.00 per image"
    assert document.at("payload[1]#/markup").quote == "$3.00 ~~$5.00~~ per image"
    assert document.at("payload[1]#/cell").line == "$1 & more"
    assert document.at("payload[1]#/null").text == ""
    assert document.at("payload[1]#/yes").quote == "true"
    assert document.at("payload[1]#/a~1b~0c").quote == "slash"
    assert document.at("payload[1]#/half").quote == "a"
    for pointer in ("/more", "", "/none", "/text/0", "/more/c"):
        with pytest.raises(Unreadable):
            document.at(f"payload[1]#{pointer}")


def test_markup_nested_too_deep_is_refused() -> None:
    document = page(f'<script type="application/json">{{"a": "{"<b>" * 5000}x"}}</script>')
    with pytest.raises(Unreadable, match="too deep"):
        document.at("payload[1]#/a")


def test_places_know_every_object_in_reading_order() -> None:
    document = page(
        '<script type="application/json">{"p": 0, "a": [{"p": 1}, {"b": {"p": 2}}], "c": {"p": 3}}</script>'
    )
    assert document.payloads[0].places["p"] == ["", "/a/0", "/a/1/b", "/c"]
    deep = page(f'<script type="application/json">{"[" * 500}{{"p": 1}}{"]" * 500}</script>')
    assert deep.payloads[0].places["p"] == ["/0" * 500]


def test_several_chunks_in_one_script_are_all_read() -> None:
    calls = "".join(f"self.__next_f.push([1,{json.dumps(text)}]);" for text in ('0:{"a":', "1}\n"))
    document = page(f"<script>{calls}</script>")
    assert document.payloads[0].value == {"0": {"a": 1}}

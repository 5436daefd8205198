"""Bytes become text as they declare it, or not at all."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.fetch.decode import Undecodable, decode

TEXT = "Input ¥8 / 1M tokens · 输入价格 元"
CHINESE = "模型价格:输入每百万 tokens 八元,输出每百万 tokens 二十四元。上下文缓存另计。" * 3


def html(text: str, charset: str, meta: str = "") -> bytes:
    return f"<html><head>{meta}</head><body>{text}</body></html>".encode(charset)


def test_the_header_says_the_charset() -> None:
    for content_type in ("text/html; charset=utf-8", 'text/html; charset="UTF8"', "text/html;Charset = 'utf-8'; x=y"):
        assert decode(TEXT.encode(), content_type) == TEXT
    for label in ("gbk", "GB2312", "gb18030"):
        assert decode("输入 ￥8 元".encode("gbk"), f"text/html; charset={label}") == "输入 ￥8 元"
    assert decode(CHINESE.encode("gbk"), "text/html; charset=gb2312") == CHINESE
    assert decode("価格 円".encode("cp932"), "text/html;charset=Shift_JIS") == "価格 円"
    assert decode("Цена 5".encode("cp1251"), "text/html; charset=windows-1251") == "Цена 5"


def test_a_euro_on_a_page_labelled_latin_1_is_what_browsers_show() -> None:
    assert decode(b"\x80 5", "text/html; charset=ISO-8859-1") == "€ 5"


def test_the_byte_order_mark_wins_over_everything() -> None:
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ):
        assert decode(mark + TEXT.encode(codec), "text/html; charset=gbk") == TEXT
    with pytest.raises(Undecodable, match="mark of utf-16-le"):
        decode(codecs.BOM_UTF16_LE + b"odd", "")


@pytest.mark.parametrize(
    "meta", ['<meta charset="gbk">', "<META content='text/html; charset=GB2312' http-equiv=content-type>"]
)
def test_f09_meta_counts_where_the_header_is_silent_or_wrong(meta: str) -> None:
    page = html(CHINESE, "gbk", meta)
    for content_type in ("", "text/html", "text/html; charset=utf-8", "text/html; charset=nonsense"):
        assert CHINESE in decode(page, content_type)


def test_a_declared_charset_that_decodes_cleanly_is_taken_over_any_other() -> None:
    page = html("Prix 5 €", "iso8859-15", '<meta charset="windows-1251">')
    assert "Prix 5 €" in decode(page, "text/html; charset=iso-8859-15")


def test_f09_utf_8_under_another_label_is_refused_rather_than_garbled() -> None:
    for label in ("iso-8859-1", "windows-1252", "gbk", "utf-16le"):
        with pytest.raises(Undecodable, match=f"declared as {label}, but its bytes are UTF-8"):
            decode("¥8 ".encode() * 2, f"text/html; charset={label}")
    assert decode(b"Input $8", "text/html; charset=iso-8859-1") == "Input $8"
    with pytest.raises(Undecodable, match="bytes are UTF-8"):
        decode(b"Input $8", "text/html; charset=utf-16")


def test_f09_mixed_bytes_are_refused() -> None:
    mixed = "输入".encode() + "输出".encode("gbk")
    for content_type in ("text/html; charset=utf-8", "text/html; charset=utf-8; x"):
        with pytest.raises(Undecodable, match="declared as utf-8 but has bytes that are not"):
            decode(mixed, content_type)
    with pytest.raises(Undecodable, match="declared as utf-8 and gbk"):
        decode(html("", "utf-8", "<meta charset=gbk>") + b"\xff\xff\xff", "text/html; charset=utf-8")


def test_a_replacement_character_is_not_text() -> None:
    with pytest.raises(Undecodable):
        decode("Input \ufffd8".encode(), "text/html; charset=utf-8")
    with pytest.raises(Undecodable):
        decode("Input \ufffd8".encode(), "")
    with pytest.raises(Undecodable):
        decode(b"Input \x008", "text/html; charset=utf-8")


def test_undeclared_bytes_are_utf_8_where_they_can_be_and_detected_where_not() -> None:
    assert decode(TEXT.encode(), "") == TEXT
    assert decode(b'{"a": 1}', "application/json") == '{"a": 1}'
    assert decode(CHINESE.encode("gbk"), "text/html") == CHINESE
    assert decode(b"", "text/html") == ""


def test_undeclared_bytes_that_no_charset_fits_are_refused() -> None:
    with pytest.raises(Undecodable, match="declares no charset"):
        decode(b"%PDF-1.7\n" + bytes(range(256)) * 20, "application/pdf")


def test_the_charset_of_a_page_inside_json_is_not_that_of_the_json() -> None:
    body = '{"html": "<meta charset=gbk>价格"}'.encode()
    assert decode(body, "application/json") == body.decode()


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/html; charset=utf-8", "text/html; charset=gbk", "x; charset=l1"]),
)
def test_any_bytes_are_text_without_damage_or_refused(body: bytes, content_type: str) -> None:
    try:
        text = decode(body, content_type)
    except Undecodable:
        return
    assert "\ufffd" not in text
    assert "\0" not in text

"""From bytes to text, without a guess where the bytes say what they are.

The order is: byte order mark, the charset of the header, the charset of a `<meta>` element, UTF-8, and only where
nothing was declared the detection of charset-normalizer. A declared charset that decodes cleanly is taken.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

import charset_normalizer

_BOMS: Final = (
    # The mark of UTF-32 begins with the one of UTF-16, so it is looked for first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What browsers take a label for: pages labelled with a small charset use the larger one that contains it, and "€" of
# a page labelled ISO-8859-1 is a byte that only windows-1252 knows.
_CODECS: Final = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1"), "cp1252"),
    **dict.fromkeys(("windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs"), "big5hkscs"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j"), "cp932"),
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **{f"windows-{page}": f"cp{page}" for page in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874"), "cp874"),
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
}

_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';,]+)""", re.IGNORECASE)
_META_CHARSET = re.compile(rb"""<meta\s[^<>]*?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_META_WITHIN = 4096


class Undecodable(Exception):
    """Bytes that are not text in any charset that they are declared to be in; the message says which."""


def decode(body: bytes, content_type: str) -> str:
    """Return the text of a body, without a byte order mark.

    `content_type` is the header as sent, or empty. Raises `Undecodable` where no declared charset decodes the bytes
    cleanly (no invalid byte, no U+FFFD, no NUL), or where the label contradicts what the bytes provably are.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            text = _clean(body[len(mark) :], codec)
            if text is None:
                raise Undecodable(f"it begins with the mark of {codec} but is not whole {codec}")
            return text
    declared = _declared(body, content_type)
    for label, codec in declared.items():
        text = _clean(body, codec)
        if text is not None:
            _refuse_misread(body, label, codec)
            return text
    if declared:
        raise Undecodable(f"it is declared as {' and '.join(declared)} but has bytes that are not")
    text = _clean(body, "utf-8")
    return _detected(body) if text is None else text


def _clean(body: bytes, codec: str) -> str | None:
    try:
        text = body.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if "\ufffd" in text or "\0" in text else text


def _declared(body: bytes, content_type: str) -> dict[str, str]:
    """Return the declared labels that are known, with their codecs, in the order in which they count."""
    found: dict[str, str] = {}
    header = _HEADER_CHARSET.search(content_type)
    if header and (codec := _CODECS.get(header[1].casefold())):
        found[header[1].casefold()] = codec
    # JSON may hold the markup of another page in a string; that page's charset is not its own.
    if "json" not in content_type.partition(";")[0].casefold():
        meta = _META_CHARSET.search(body[:_META_WITHIN])
        label = meta[1].decode("ascii").casefold() if meta else ""
        if codec := _CODECS.get(label):
            # A label that could be read byte by byte does not stand in UTF-16; browsers take it as UTF-8.
            found.setdefault(label, "utf-8" if codec.startswith("utf-16") else codec)
    return found


def _refuse_misread(body: bytes, label: str, codec: str) -> None:
    """Refuse UTF-8 under another label that happens to fit: read as GBK, "¥8" would become "楼8"."""
    if codec == "utf-8" or (body.isascii() and not codec.startswith("utf-16")):
        return
    if body and _clean(body, "utf-8") is not None:
        raise Undecodable(f"it is declared as {label}, but its bytes are UTF-8; read as {label} they would be garbled")


def _detected(body: bytes) -> str:
    best = charset_normalizer.from_bytes(body).best()
    text = _clean(body, best.encoding) if best is not None else None
    if text is None:
        raise Undecodable("it declares no charset, is not UTF-8, and no other charset fits its bytes")
    return text.removeprefix("\ufeff")

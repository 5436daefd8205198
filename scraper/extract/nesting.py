"""How deep markup is nested, told before it is parsed.

The parser's time grows with the square of the depth (a megabyte of open tags takes it minutes), and it cannot be
interrupted. Browsers flatten what is nested deeper than 512 elements, so no page that people read is.
"""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 512
"""Elements inside each other."""

# Every alternative runs to the end of the text where its end is missing, so that one pass is all it takes. It jumps
# from one character that can end something to the next: most of a page is scripts, and theirs are many.
_MARKUP: Final = re.compile(
    r"""<(?:
      (?=[sintxSINTX])(?P<raw>(?ai:script|style|textarea|title|xmp|iframe|noembed|noframes))(?=[\s/>])
      [^<]*+(?:<(?!/(?ai:(?P=raw))[\s/>])[^<]*+)*+(?:</(?ai:(?P=raw))|\Z)
    | (?P<tag>/?[a-zA-Z][^\s/>]*)[^=>]*+(?:=\s*+(?:"[^"]*+"?|'[^']*+'?)?+[^=>]*+)*+>?
    | !--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+(?:--!?>|\Z))
    )""",
    re.DOTALL | re.VERBOSE,
)
# Elements that hold nothing, and elements whose end may be left out: they close each other instead of nesting.
_FLAT: Final = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
        "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "caption", "colgroup", "option", "rp", "rt",
        "html", "head", "body",
    }
)  # fmt: skip
_FLAT_TAGS: Final = _FLAT | {f"/{name}" for name in _FLAT}
_FOREIGN: Final = frozenset({"svg", "math"})


def nested_too_deep(html: str) -> bool:
    """Say whether elements are nested deeper than `MAX_DEPTH`; in time that grows with the length alone."""
    if html.count("<") <= MAX_DEPTH:
        return False
    inside: list[str] = []
    for match in _MARKUP.finditer(html):
        tag = match["tag"]
        if tag is None or tag in _FLAT_TAGS or (tag := tag.lower()) in _FLAT_TAGS:
            continue
        if tag[0] == "/":
            name = tag[1:]
            if name in inside:
                while inside.pop() != name:
                    pass
        elif not (html.startswith("/>", match.end() - 2) and not _FOREIGN.isdisjoint(inside)):
            inside.append(tag)
            if len(inside) > MAX_DEPTH:
                return True
    return False

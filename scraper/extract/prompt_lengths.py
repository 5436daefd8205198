"""Ranges of the prompt's length as sources write them: "32K<Token≤128K", "输入长度 (32, 128]", "32k<Input<=128k"."""

from __future__ import annotations

import re
from typing import Final

from scraper.extract import Unreadable

_SIZE: Final = r"(\d+)\s*([km]?)"
_LENGTHS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_SIZE}[<＜≤](?:tokens?|输入长度|输入|input)(?:[<＜≤]|<=){_SIZE}",
        rf"输入长度[\[(（]{_SIZE},(?:{_SIZE}|\+∞)[\])）]",
        rf"输入长度{_SIZE}\+",
        rf"输入长度[>＞≥]{_SIZE}",
    )
)
_ANY_LENGTH: Final = re.compile(r"[-–—/]|无阶梯计价|不区分阶梯|default|(?:input|输入)<=\d+[km]?", re.IGNORECASE)
_SCALES: Final = {"": 1, "k": 1_000, "m": 1_000_000}


def length_of(text: str, unit: int = 1) -> int:
    """Return from how many tokens of prompt a row's prices hold (0 for the base).

    `unit` is how many tokens a number without a K or an M counts. Raises `Unreadable` for what is no range of prompts
    alone.
    """
    compact = "".join(text.split())
    if _ANY_LENGTH.fullmatch(compact):
        return 0
    for pattern in _LENGTHS:
        match = pattern.fullmatch(compact)
        if match:
            scale = _SCALES[match[2].casefold()]
            return int(match[1]) * (unit if scale == 1 else scale)
    raise Unreadable(f"{text!r} is no range of prompts alone")

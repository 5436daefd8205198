"""A passage: a piece of text of a document that knows its place."""

from __future__ import annotations

import re
from typing import NamedTuple

from scraper.records import MAX_QUOTE, Evidence, clean

STRUCK = "\u0335"  # put around struck text while a passage is built; no page writes it itself


class Passage(NamedTuple):
    """The text of a table cell, a heading, a paragraph or a value in a payload.

    `text` is what counts: without struck prices and footnote marks, its lines apart. `quote` is the text as
    published, on one line, with struck text as ~~this~~ and footnote marks as [1]. `tag` is `th`, `td`, `h2`, `p`…
    `links` are the targets of its links, `link_texts` what each of them shows; `spans` what its spans show. It is a
    named tuple because a page has thousands of them, which a frozen dataclass takes three times as long to make.
    """

    text: str
    quote: str
    locator: str
    tag: str = ""
    struck: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    link_texts: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the text, without empty ones."""
        return tuple(line for line in self.text.split("\n") if line)

    def evidence(self, part: str | None = None) -> Evidence:
        """Return this passage as evidence; of a long one only `part`, which must stand in it."""
        quote = self.quote if part is None else clean(part)
        if part is not None and quote not in self.quote:
            raise ValueError(f"{quote!r} does not stand in {self.quote!r}")
        return Evidence.of(self.locator, quote[:MAX_QUOTE])

    def with_text(self, text: str) -> Passage:
        """Return the passage reduced to a part of its text; its place and its quote stay."""
        return self if text == self.text else Passage(text, *self[1:])

    def __bool__(self) -> bool:
        return bool(self.text)


def tidy_lines(text: str) -> str:
    """Collapse blanks inside each line and drop empty lines."""
    text = text.strip()
    if "\n" not in text:
        return clean(text)
    lines = (clean(line) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def plain_passage(text: str, locator: str) -> Passage:
    """Return a passage for text without markup, such as a value in a JSON document."""
    return Passage(text=tidy_lines(text), quote=clean(text), locator=locator)


_STRUCK = re.compile(f"{STRUCK}([^{STRUCK}]*){STRUCK}")


def struck(raw: str) -> str:
    """Put struck marks around a text; what is struck twice is struck once, and a blank one not at all."""
    return f"{STRUCK}{raw.replace(STRUCK, '')}{STRUCK}" if raw.strip() else raw


def unstruck(raw: str) -> tuple[str, tuple[str, ...], str]:
    """Split text with struck marks into (text without it, the struck parts, the quote with ~~ around them)."""
    if STRUCK not in raw:
        return raw, (), raw
    struck = tuple(clean(part) for part in _STRUCK.findall(raw))
    return _STRUCK.sub(" ", raw), struck, _STRUCK.sub(lambda m: f" ~~{clean(m[1])}~~ ", raw)

"""Tables that a content system sends as data: an object whose `rows` have `cells`, between blocks of text.

{"blocks": [{"style": "h2", "children": [{"text": "Pricing"}]},
            {"rows": [{"cells": ["Model", "Input"]}, {"cells": ["A*", "$1/M tokens"]}]},
            {"style": "normal", "children": [{"text": "*A preview"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from scraper.extract import jsontext
from scraper.extract.document import Document
from scraper.extract.grid import Grid
from scraper.extract.jsontext import Json
from scraper.extract.markup import Context, Table
from scraper.extract.passage import Passage
from scraper.extract.payload import Payload


def cms_tables(document: Document) -> Iterator[Table]:
    """Yield the tables in the data of a page, the first row as their header.

    The context is the heading before a table and the texts after it, up to the next table or heading.
    """
    for payload in document.payloads:
        for pointer in payload.places.get("rows", ()):
            rows = jsontext.at(payload.value, pointer)["rows"]
            widths = {len(row["cells"]) for row in rows if _has_cells(row)} if isinstance(rows, list) else set()
            if len(widths) == 1 and all(_has_cells(row) for row in rows):
                grid = tuple(
                    tuple(_cell(payload, f"{pointer}/rows/{n}/cells/{place}") for place in range(len(row["cells"])))
                    for n, row in enumerate(rows)
                )
                yield Table(Grid(grid), f"{payload.locator}#{pointer}", _context(payload, pointer))


def _has_cells(row: Json) -> bool:
    return isinstance(row, dict) and isinstance(row.get("cells"), list)


def _cell(payload: Payload, pointer: str) -> Passage:
    """A text that begins with a dollar has two in a flight stream."""
    cell = payload.passage(pointer)
    return cell.with_text(cell.text[1:]) if payload.kind == "flight" and cell.text.startswith("$$") else cell


def _context(payload: Payload, pointer: str) -> Context:
    parent, _, place = pointer.rpartition("/")
    blocks = jsontext.at(payload.value, parent)
    if not isinstance(blocks, list):
        return payload.context
    number = int(place)
    above = [n for n in range(number) if _is_heading(blocks[n])]
    below = takewhile(lambda n: not _is_heading(blocks[n]) and "rows" not in blocks[n], range(number + 1, len(blocks)))
    headings = tuple(text for n in above[-1:] for text in _texts(payload, f"{parent}/{n}"))
    return Context(headings, "", tuple(text for n in below for text in _texts(payload, f"{parent}/{n}")))


def _is_heading(block: Json) -> bool:
    return isinstance(block, dict) and str(block.get("style")) in {"h1", "h2", "h3", "h4", "h5", "h6"}


def _texts(payload: Payload, pointer: str) -> Iterator[Passage]:
    block = jsontext.at(payload.value, pointer)
    children = block.get("children") if isinstance(block, dict) else None
    for number, child in enumerate(children if isinstance(children, list) else []):
        if isinstance(child, dict) and isinstance(child.get("text"), str) and child["text"]:
            yield payload.passage(f"{pointer}/children/{number}/text")

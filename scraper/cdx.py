"""Finding older copies of a page in a web archive, through its CDX index (one JSON list a copy, page by page)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from scraper.errors import RatecardError
from scraper.fetch.capture import Fetched, Fetcher
from scraper.store import CopyInfo

FIELDS: Final = ("timestamp", "original", "mimetype", "statuscode", "digest")
"""What is asked for of each copy, in this order."""

STAMP: Final = "%Y%m%d%H%M%S"
_STAMPED: Final = re.compile("[0-9]{14}")
PAGE: Final = 1000
MAX_PAGES: Final = 200

_NO_DIGEST: Final = ("", "-")


class IndexFailed(RatecardError):
    """An index did not answer, or not in the form of a CDX index."""


def find_copies(
    fetcher: Fetcher, index: str, address: str, since: datetime, until: datetime, *, page: int = PAGE
) -> list[CopyInfo]:
    """Return the copies of an address from a time to another (both included), by time.

    Of copies with equal bytes that follow each other only the first is there. `page` is how many are asked for at once.
    Raises `IndexFailed` where the index cannot be read.
    """
    rows = [row for rows in _pages(fetcher, index, address, since, until, page) for row in rows]
    copies = (_copy(address, row) for row in rows if row["statuscode"] == "200")
    # The index was asked for all of this, too; not every one does it, and none does it across its pages.
    wanted = sorted({copy for copy in copies if since <= copy.captured_at <= until}, key=_order)
    return [
        copy
        for before, copy in zip([None, *wanted], wanted, strict=False)
        if before is None or copy.digest in _NO_DIGEST or copy.digest != before.digest
    ]


def _order(copy: CopyInfo) -> tuple[datetime, str]:
    return copy.captured_at, copy.original


def _pages(
    fetcher: Fetcher, index: str, address: str, since: datetime, until: datetime, page: int
) -> Iterator[list[dict[str, str]]]:
    asked = {
        "url": address,
        "output": "json",
        "fl": ",".join(FIELDS),
        "filter": "statuscode:200",
        "collapse": "digest",
        "from": since.strftime(STAMP),
        "to": until.strftime(STAMP),
        "limit": str(page),
        "showResumeKey": "true",
    }
    met: set[str] = set()
    key = ""
    while True:
        query = urlencode(asked | ({"resumeKey": key} if key else {}))
        rows, key = _read(_ask(fetcher, f"{index}{'&' if '?' in index else '?'}{query}"), address)
        yield rows
        if not key:
            return
        if key in met or len(met) >= MAX_PAGES:
            raise IndexFailed(f"the index of copies of {address} does not come to an end; name a later --since")
        met.add(key)


def _ask(fetcher: Fetcher, query: str) -> bytes:
    answer = fetcher.fetch([query])
    if isinstance(answer, Fetched):
        return answer.body
    raise IndexFailed(f"the index of copies cannot be read: {answer.message}")


def _read(body: bytes, address: str) -> tuple[list[dict[str, str]], str]:
    """Return the rows of one page of an index by field, and the key of the next page, empty on the last one."""
    lines = _lines(body, address)
    key = ""
    # The key stands at the end, on a line of its own after an empty one.
    if len(lines) >= 2 and not lines[-2] and len(lines[-1]) == 1:
        key = lines[-1][0]
        lines = lines[:-2]
    if not lines:
        return [], key
    head, *rows = lines
    if missing := [field for field in FIELDS if field not in head]:
        raise IndexFailed(f"the index of copies of {address} has no column {', '.join(missing)}")
    if any(len(row) != len(head) for row in rows):
        raise IndexFailed(f"the index of copies of {address} has rows of other lengths than its first one")
    return [dict(zip(head, row, strict=True)) for row in rows], key


def _lines(body: bytes, address: str) -> list[list[str]]:
    if not body.strip():
        return []
    try:
        lines = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise IndexFailed(f"the index of copies of {address} is not JSON: {error}") from error
    if not isinstance(lines, list) or not all(_is_texts(line) for line in lines):
        raise IndexFailed(f"the index of copies of {address} is no list of lists of texts")
    return lines


def _is_texts(line: object) -> bool:
    return isinstance(line, Sequence) and not isinstance(line, str) and all(isinstance(cell, str) for cell in line)


def _time(stamp: str) -> datetime:
    # A shorter one would be read as another time: "202501020304" as 03:00:04.
    if _STAMPED.fullmatch(stamp) is None:
        raise ValueError(f"{stamp!r} has not fourteen digits")
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def _copy(address: str, row: dict[str, str]) -> CopyInfo:
    try:
        captured_at = _time(row["timestamp"])
    except ValueError as error:
        raise IndexFailed(f"the index of copies of {address} has {row['timestamp']!r} for a time") from error
    return CopyInfo(
        address=address,
        original=row["original"],
        captured_at=captured_at,
        mimetype=row["mimetype"],
        digest=row["digest"],
    )

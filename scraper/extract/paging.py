"""Sources that are sent in several pages: which page comes after one, and whether all of them are there.

A page that does not say clearly whether another one follows is refused: taken for the last one, it would silently
shorten what a source sells.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from scraper.extract import Unreadable, jsontext
from scraper.extract.document import Document

NextPage = Callable[[Document], str | None]
"""Gives the address of the page after a page, as the page says it, or None for the last one. Raises `Unreadable`."""


def next_link(path: str, *, optional: bool = False) -> NextPage:
    """Return what finds the address of the next page at a path of keys (`NextPageLink`, `links/next`) of JSON.

    The last page has null or an empty text there; with `optional`, it may also lack the key.
    """
    return partial(_link, path, optional)


def next_number(parameter: str, *, page: str, size: str, total: str) -> NextPage:
    """Return what counts the pages of JSON that says its own number from 1 on, and how many rows it has in all.

    `page`, `size` (rows on a page) and `total` (rows on all pages) are paths of keys; the number of a page is the
    `parameter` of its address.
    """
    return partial(_number, parameter, page, size, total)


def next_counted(parameter: str, *, size: str, total: str) -> NextPage:
    """Return what counts the pages of JSON that says only how many rows it has in all, at a path of keys.

    The number of a page, from 1 on, and the rows on a page are parameters of its address.
    """
    return partial(_counted, parameter, size, total)


def check_whole(document: Document, next_page: NextPage | None) -> None:
    """Raise `Unreadable` unless a document has all of its pages: every one but the last names another."""
    for number, page in enumerate(document.pages, start=1):
        is_last = number == len(document.pages)
        follows = next_page is not None and next_page(page) is not None
        if follows and is_last:
            raise Unreadable(f"it has more pages than the {number} that were captured")
        if not follows and not is_last:
            raise Unreadable(f"it ends with page {number}, and {len(document.pages)} pages were captured for it")


def _link(path: str, optional: bool, document: Document) -> str | None:
    parent, _, key = f"/{path}".rpartition("/")
    holder = jsontext.at(document.json, parent)
    if not isinstance(holder, dict) or (key not in holder and not optional):
        raise Unreadable(f"it does not say whether another page follows: there is no {path}")
    link = holder.get(key)
    if link is not None and not isinstance(link, str):
        raise Unreadable(f"{path} is {str(link)[:60]!r} where the address of the next page was expected")
    return link or None


def _counted(parameter: str, size: str, total: str, document: Document) -> str | None:
    query = dict(parse_qsl(urlsplit(document.url).query))
    if not all(query.get(name, "").isdecimal() for name in (parameter, size)):
        raise Unreadable(f"its address does not say which page it is: {document.url}")
    return _after(document, parameter, int(query[parameter]), int(query[size]), _count(document, total))


def _number(parameter: str, page: str, size: str, total: str, document: Document) -> str | None:
    return _after(document, parameter, *(_count(document, path) for path in (page, size, total)))


def _after(document: Document, parameter: str, number: int, rows: int, in_all: int) -> str | None:
    if number < 1 or rows < 1:
        raise Unreadable(f"it says to be page {number} of {rows} rows each, which cannot be")
    if number * rows >= in_all:
        return None
    parts = urlsplit(document.url)
    wanted = f"{parameter}={number + 1}"
    query = [wanted if one.partition("=")[0] == parameter else one for one in parts.query.split("&") if one]
    if wanted not in query:
        query.append(wanted)
    return urlunsplit(parts._replace(query="&".join(query)))


def _count(document: Document, path: str) -> int:
    value = jsontext.at(document.json, f"/{path}")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unreadable(f"{path} is {str(value)[:60]!r} where a number was expected")
    return value

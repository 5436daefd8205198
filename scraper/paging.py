"""The way from page to page of a source: what may be followed, and when it does not come to an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

from scraper.extract.source import Source
from scraper.fetch.capture import Fetched
from scraper.fetch.replay import address_key

MAX_PAGES: Final = 100
MAX_BYTES: Final = 128 * 1024 * 1024
"""As much may all pages of a source have together: they are read at once."""

_PORTS: Final = {"http": 80, "https": 443}


class Astray(Exception):
    """A page leads where it must not; the message says where, as the end of a sentence that begins with the page."""


def address_after(pages: Sequence[Fetched], named: str, source: Source) -> str:
    """Return the whole address that the last of some pages names as the next one.

    Raises `Astray` where it is not on the source's own site, was met before, or would be one page too many.
    """
    try:
        address = urljoin(pages[-1].capture.url, named.strip())
    except ValueError as error:
        raise Astray(f"names {named[:200]!r} as the next page, which is no address") from error
    _check_site(address, source)
    if address_key(address) in {address_key(page.capture.url) for page in pages}:
        raise Astray(f"names {address[:200]} as the next page, which was there before: the pages go in a circle")
    if len(pages) >= MAX_PAGES:
        raise Astray(f"names yet another page after {MAX_PAGES}, as many as are followed")
    return address


def check_page(pages: Sequence[Fetched], page: Fetched, source: Source) -> None:
    """Raise `Astray` where an answer is no further page: from another site, one that was there before, or too much."""
    _check_site(page.capture.url, source)
    if address_key(page.capture.url) in {address_key(one.capture.url) for one in pages}:
        raise Astray(f"led to {page.capture.url}, which was there before: the pages go in a circle")
    if page.capture.sha256 in {one.capture.sha256 for one in pages}:
        raise Astray("has the very bytes of a page that was there before")
    if sum(one.capture.size for one in (*pages, page)) > MAX_BYTES:
        raise Astray(f"makes more than {MAX_BYTES:,} bytes together with those before it")


def _check_site(address: str, source: Source) -> None:
    own = [_site(one) for one in source.addresses]
    site = _site(address)
    if site is None or site not in own:
        raise Astray(f"leads to {address[:200]}, which is not on the site of {source.addresses[0]}; it is not followed")


def _site(address: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an address, None where it has none."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port or _PORTS.get(parts.scheme)) if parts.hostname else None

"""From archived bytes to a document that can be read; the same for a refresh and for whoever checks it later."""

from __future__ import annotations

from scraper.extract.document import Document, kind_of
from scraper.fetch.decode import decode


def document_of(body: bytes, content_type: str, url: str) -> Document:
    """Return bytes as a document; raises `Undecodable` for bytes that are no text."""
    text = decode(body, content_type)
    return Document(text, kind_of(content_type, url, text), url)

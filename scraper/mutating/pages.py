"""The pages that mutations are tried on: captures in folders, with the sources that read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scraper import providers
from scraper.errors import RatecardError
from scraper.extract.document import Document
from scraper.extract.source import Source
from scraper.fetch.capture import Fetched
from scraper.fetch.replay import CapturedFile, address_key, captured_files
from scraper.sandbox import read_here
from scraper.steps import Refused, read, read_document


@dataclass(frozen=True, slots=True)
class Page:
    """A capture that a source reads; `name` is its file with its provider."""

    provider: str
    source: Source
    name: str
    answer: Fetched
    document: Document


def pages_of(folders: Sequence[Path], wanted: Sequence[str] = (), *, feeds: bool = True) -> Iterator[Page]:
    """Yield the captures in the folders that a source of the wanted providers (all, where none is named) reads.

    Of a JSON feed only the newest capture of each folder; none with `feeds=False`. Captures that are no page, or have
    no offers, are left out.
    """
    known = {
        address_key(address): (provider, source)
        for provider in wanted or providers.names()
        for source in providers.sources(provider)
        for address in source.addresses
    }
    for folder in folders:
        files = [file for file in captured_files(folder) if address_key(file.url) in known]
        newest = {address_key(file.url): file for file in sorted(files, key=lambda file: file.captured_at)}
        for file in files:
            key = address_key(file.url)
            if _is_feed(file) and (not feeds or newest[key] is not file):
                continue
            page = _page(*known[key], file)
            if page is not None:
                yield page


def page_of(file: Path) -> Page:
    """Return the page in a file of a folder of captures; raise `RatecardError` where no source reads it."""
    for folder in (file.parent, *file.parents):
        if (folder / "MANIFEST.csv").exists():
            inside = file.relative_to(folder).as_posix()
            for row in captured_files(folder):
                for provider in providers.names():
                    for source in providers.sources(provider):
                        if row.file == inside and address_key(row.url) in map(address_key, source.addresses):
                            page = _page(provider, source, row)
                            if page is not None:
                                return page
            break
    raise RatecardError(f"{file} is no page that a source reads; name one that the MANIFEST.csv of its folder lists.")


def _is_feed(file: CapturedFile) -> bool:
    return "json" in file.content_type or file.file.endswith(".json")


def _page(provider: str, source: Source, file: CapturedFile) -> Page | None:
    answer = file.answer()
    try:
        document = read_document(answer)
        reading = read(read_here, source, document)
    except Refused:
        return None
    name = file.file if file.file.startswith(provider) else f"{provider}/{file.file}"
    return Page(provider, source, name, answer, document) if reading.offers else None

"""Replay: every fetch answered from folders of captures, as of a time, without a network.

A folder holds files and a `MANIFEST.csv` with at least the columns `url`, `captured_on`, `content_type` and `file`; one
without a manifest of its own may hold such folders (`fixtures/PROVIDER/MANIFEST.csv`).
A `captured_on` of a day only counts as 00:00 UTC of that day. Where one address has two captures of the same time, the
later row wins, and a row of a folder given later wins over one of a folder given earlier.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path, PureWindowsPath
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from scraper.errors import RatecardError
from scraper.fetch.capture import Fetched, NotFetched, fetched
from scraper.records import iso
from scraper.times import read_time

COLUMNS: Final = ("url", "captured_on", "content_type", "file")
"""The columns that a manifest must have."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_GZIP_TYPES = ("application/gzip", "application/x-gzip")


def address_key(url: str) -> str:
    """Return the form in which addresses are compared.

    Case of scheme and host, a default port, a slash at the end of the path, the case of percent-encoding and the
    fragment make no difference; the query does. A text that is no address is its own key.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    if not parts.scheme or not parts.netloc:
        return url
    userinfo, at_sign, _ = parts.netloc.rpartition("@")
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    suffix = f":{port}" if port is not None and port != _DEFAULT_PORTS.get(parts.scheme) else ""
    path, query = (
        re.sub("%[0-9a-fA-F]{2}", lambda code: code[0].upper(), part)
        for part in (parts.path.removesuffix("/"), parts.query)
    )
    return urlunsplit((parts.scheme, f"{userinfo}{at_sign}{host}{suffix}", path, query, ""))


def captured_files(folder: Path) -> list[CapturedFile]:
    """Return what a folder of captures (or the folders in it) has; raise `RatecardError` for an unusable manifest."""
    return [row for part in _parts(folder) for row in _rows_of(part)]


class Replay:
    """A fetcher that answers from capture folders: the newest capture of an address not later than `at`.

    Reads every manifest at once and raises `RatecardError` for one that is missing or unusable; captured files are
    opened when they are asked for.
    """

    def __init__(self, folders: Sequence[Path], at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError(f"the time of a replay must be aware, not {at!r}")
        self.at = at.astimezone(UTC)
        self._rows: dict[str, list[CapturedFile]] = {}
        for folder in folders:
            for part in _parts(folder):
                for row in _rows_of(part):
                    self._rows.setdefault(address_key(row.url), []).append(row)

    def fetch(self, addresses: Sequence[str], *, browser: bool = False) -> Fetched | NotFetched:  # noqa: ARG002
        """Return the capture of the first address that any folder has; one that a browser made lies there as such.

        Raises `RatecardError` where the file of that capture is not there or cannot be read.
        """
        if not addresses:
            raise ValueError("a fetch needs at least one address")
        for address in addresses:
            known = [row for row in self._rows.get(address_key(address), []) if row.captured_at <= self.at]
            if known:
                # Of equal times the first one met wins: from the end, that is the later row of the later folder.
                row = max(reversed(known), key=lambda row: row.captured_at)
                return row.answer()
        return NotFetched("not_captured", self._missing(addresses), addresses[0])

    def ahead(
        self,
        many: Sequence[Sequence[str]],  # noqa: ARG002
    ) -> AbstractContextManager[Callable[[Sequence[str]], None]]:
        """Do nothing: what lies in a folder is there when it is asked for."""
        return nullcontext(lambda _: None)

    def _missing(self, addresses: Sequence[str]) -> str:
        others = f" (nor of its {len(addresses) - 1} other addresses)" if len(addresses) > 1 else ""
        later = [row.captured_at for address in addresses for row in self._rows.get(address_key(address), [])]
        hint = f"; the first one is of {iso(min(later))}" if later else ""
        return f"no replay folder has a capture of {addresses[0]}{others} from {iso(self.at)} or before{hint}"


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """One row of a manifest; its file is opened when it is read."""

    folder: Path
    url: str
    captured_at: datetime
    content_type: str
    file: str

    def answer(self) -> Fetched:
        """Return the capture with its bytes; raise `RatecardError` where the file cannot be read."""
        return fetched(self.read(), url=self.url, captured_at=self.captured_at, content_type=self.content_type)

    def read(self) -> bytes:
        """Return the bytes of the file, unpacked; raise `RatecardError` where it cannot be read."""
        manifest = self.folder / "MANIFEST.csv"
        path = self.folder / self.file
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise RatecardError(f"{manifest} names {self.file!r}, which leads out of the folder; take the row out")
            body = path.read_bytes()
        except OSError as error:
            raise RatecardError(
                f"{manifest} names {self.file!r} for {self.url}, which cannot be read ({error.strerror or error}); "
                "put the file back or take the row out"
            ) from error
        declared = self.content_type.partition(";")[0].strip().casefold()
        if not self.file.endswith(".gz") or declared in _GZIP_TYPES:
            return body
        try:
            return gzip.decompress(body)
        except (OSError, EOFError, zlib.error) as error:
            raise RatecardError(f"{path} is not a whole gzip file; put the file back or take its row out") from error


def _parts(folder: Path) -> list[Path]:
    """Return the folders that have the manifests: the folder itself, or else those folders in it that have one."""
    if not folder.is_dir():
        raise RatecardError(f"there is no folder {folder}; give a folder of captures")
    if (folder / "MANIFEST.csv").exists():
        return [folder]
    return sorted(manifest.parent for manifest in folder.glob("*/MANIFEST.csv")) or [folder]


def _rows_of(folder: Path) -> list[CapturedFile]:
    manifest = folder / "MANIFEST.csv"
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (table.fieldnames or ())]
            if missing:
                raise RatecardError(
                    f"{manifest} lacks the column {', '.join(missing)}; its first line must name {', '.join(COLUMNS)}"
                )
            return [_row(folder, cells, f"{manifest}, line {table.line_num}") for cells in table]
    except FileNotFoundError as error:
        raise RatecardError(
            f"{folder} has no MANIFEST.csv; give a folder of captures, as `ratecard capture` makes one: its manifest "
            f"has the columns {','.join(COLUMNS)}"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RatecardError(f"{manifest} cannot be read as a CSV file in UTF-8: {error}") from error


def _row(folder: Path, cells: dict[str, str | None], place: str) -> CapturedFile:
    url, captured_on, content_type, file = (cells[column] or "" for column in COLUMNS)
    if not url or not file:
        raise RatecardError(f"{place} names no {'file' if url else 'url'}; complete the row or take it out")
    if file.startswith(("/", "\\")) or PureWindowsPath(file).drive or ".." in re.split(r"[/\\]", file):
        raise RatecardError(f"{place} names {file!r}, which leads out of the folder; files must lie inside it")
    try:
        captured_at = read_time(captured_on, time())
    except RatecardError as error:
        raise RatecardError(f"{place}: captured_on: {error}") from error
    return CapturedFile(folder, url, captured_at, content_type, file)

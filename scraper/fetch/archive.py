"""The archive: every captured body, under its SHA-256, compressed, written once and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from scraper.errors import RatecardError
from scraper.failpoints import failpoint

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".zst"
_UNFINISHED = ".tmp"


class ArchiveError(RatecardError):
    """The archive cannot be written, or a body in it is missing or is not what it was."""


class Archive:
    """A folder of bodies at `aa/bb/HASH.zst`, where aa and bb are the first bytes of the hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, body: bytes) -> str:
        """Keep a body and return its SHA-256 (hex); keeping it again changes nothing, unless the kept one is broken.

        The file appears whole or not at all. Raises `ArchiveError` where it cannot be written.
        """
        sha = hashlib.sha256(body).hexdigest()
        path = self._path(sha)
        # A broken file is written again: the bytes at hand are the repair.
        if path.exists() and self._problem(sha) is None:
            return sha
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, zstd.compress(body))
        except OSError as error:
            raise ArchiveError(
                f"cannot write to the archive {self.folder}: {error.strerror or error}; "
                "free space or grant write permission there, or set another archive folder, and run again"
            ) from error
        return sha

    def get(self, sha: str) -> bytes:
        """Return the body with this SHA-256, verified; raise `ArchiveError` where it is missing or broken."""
        path = self._path(sha)
        restore = "restore the file from a backup of the archive"
        try:
            packed = path.read_bytes()
        except FileNotFoundError as error:
            raise ArchiveError(f"capture {sha} is not in the archive: {path} is missing; {restore}") from error
        except OSError as error:
            raise ArchiveError(f"capture {sha} cannot be read from {path}: {error.strerror or error}") from error
        if not packed:
            raise ArchiveError(f"capture {sha} is lost: {path} is empty; {restore}")
        try:
            body = zstd.decompress(packed)
        except zstd.ZstdError as error:
            raise ArchiveError(f"capture {sha} is corrupted: {path} cannot be decompressed; {restore}") from error
        if hashlib.sha256(body).hexdigest() != sha:
            raise ArchiveError(f"capture {sha} is corrupted: {path} holds other bytes; {restore}")
        return body

    def hashes(self) -> Iterator[str]:
        """Yield the SHA-256 of every body in the archive, in order, without opening them."""
        for path in sorted(self.folder.glob(f"??/??/*{_SUFFIX}")):
            if _HASH.fullmatch(path.stem) and path == self._path(path.stem):
                yield path.stem

    def check(self) -> Iterator[str]:
        """Yield one sentence for each thing that is wrong: broken bodies, unfinished and foreign files."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_dir():
                continue
            if path.name.startswith(".") and path.suffix == _UNFINISHED:
                yield f"{path} was left unfinished by an interrupted run; delete it when no run is going on"
            elif not _HASH.fullmatch(path.stem) or path != self._path(path.stem):
                yield f"{path} does not belong in the archive; move it away"
            elif (problem := self._problem(path.stem)) is not None:
                yield problem

    def _problem(self, sha: str) -> str | None:
        try:
            self.get(sha)
        except ArchiveError as error:
            return str(error)
        return None

    def _path(self, sha: str) -> Path:
        if not _HASH.fullmatch(sha):
            raise ArchiveError(f"{sha!r} is not a capture: captures are named by 64 hexadecimal digits in lower case")
        return self.folder / sha[:2] / sha[2:4] / f"{sha}{_SUFFIX}"


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there, so that readers and crashes never meet a half of it."""
    unfinished = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        failpoint("after_archive_write")
        unfinished.replace(path)
        failpoint("after_archive_rename")
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise

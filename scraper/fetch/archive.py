"""The archive: every captured body, under its SHA-256, compressed, written once and never changed."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scraper.errors import RatecardError
from scraper.fetch.storage import UNFINISHED, Folder, Storage

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = ".zst"


class ArchiveError(RatecardError):
    """The archive cannot be written, or a body in it is missing or is not what it was."""


class Archive:
    """Bodies at `aa/bb/HASH.zst`, where aa and bb are the first bytes of the hash: in a folder, or in another storage.

    It may be used by several threads.
    """

    def __init__(self, place: Path | Storage) -> None:
        self._storage: Storage = Folder(place) if isinstance(place, Path) else place

    @property
    def shown(self) -> str:
        """Where it is, as people call it."""
        return self._storage.shown

    def put(self, body: bytes) -> str:
        """Keep a body and return its SHA-256 (hex); keeping it again changes nothing, unless the kept one is broken.

        The file appears whole or not at all. Raises `ArchiveError` where it cannot be written.
        """
        sha = hashlib.sha256(body).hexdigest()
        # A broken file is written again: the bytes at hand are the repair.
        if self._problem(sha) is None:
            return sha
        try:
            self._storage.write(_name(sha), zstd.compress(body))
        except OSError as error:
            raise ArchiveError(
                f"cannot write to the archive {self.shown}: {error.strerror or error}; {self._storage.hint}"
            ) from error
        return sha

    def get(self, sha: str) -> bytes:
        """Return the body with this SHA-256, verified; raise `ArchiveError` where it is missing or broken."""
        name = _name(sha)
        place = self._storage.where(name)
        restore = "restore the file from a backup of the archive"
        try:
            packed = self._storage.read(name)
        except FileNotFoundError as error:
            raise ArchiveError(f"capture {sha} is not in the archive: {place} is missing; {restore}") from error
        except OSError as error:
            raise ArchiveError(f"capture {sha} cannot be read from {place}: {error.strerror or error}") from error
        if not packed:
            raise ArchiveError(f"capture {sha} is lost: {place} is empty; {restore}")
        try:
            body = zstd.decompress(packed)
        except zstd.ZstdError as error:
            raise ArchiveError(f"capture {sha} is corrupted: {place} cannot be decompressed; {restore}") from error
        if hashlib.sha256(body).hexdigest() != sha:
            raise ArchiveError(f"capture {sha} is corrupted: {place} holds other bytes; {restore}")
        return body

    def hashes(self) -> Iterator[str]:
        """Yield the SHA-256 of every body in the archive, in order, without opening them."""
        for name in self._names():
            if sha := _hash_in(name):
                yield sha

    def check(self) -> Iterator[str]:
        """Yield one sentence for each thing that is wrong: broken bodies, unfinished and foreign files."""
        for name in self._names():
            place = self._storage.where(name)
            path = PurePosixPath(name)
            if path.name.startswith(".") and path.suffix == UNFINISHED:
                yield (
                    f"{place} was left unfinished by an interrupted run, unless one is going on; delete it, or leave "
                    "it: what is older than a day is removed by the next run that writes"
                )
            elif not (sha := _hash_in(name)):
                yield f"{place} does not belong in the archive; move it away"
            elif (problem := self._problem(sha)) is not None:
                yield problem

    def _names(self) -> Iterator[str]:
        try:
            yield from self._storage.names()
        except OSError as error:
            raise ArchiveError(
                f"cannot list the archive {self.shown}: {error.strerror or error}; {self._storage.hint}"
            ) from error

    def _problem(self, sha: str) -> str | None:
        try:
            self.get(sha)
        except ArchiveError as error:
            return str(error)
        return None


def open_archive(place: Path | str, endpoint: str | None = None) -> Archive:
    """Return the archive in a folder, or at an address like `s3://BUCKET/PREFIX`; nothing is asked or written yet.

    `endpoint` is the address of a server that speaks S3, where it is not Amazon's. Raises `RatecardError` where what
    buckets need is not installed.
    """
    if isinstance(place, Path):
        return Archive(place)
    try:
        # An extra: it is imported where it is used.
        from scraper.fetch.bucket import Bucket
    except ImportError as error:
        raise RatecardError(
            f"the archive {place} needs what is not installed ({error.name}); run pip install 'ratecard[s3]', or name "
            "a folder by RATECARD_ARCHIVE"
        ) from error
    return Archive(Bucket(place, endpoint))


def _name(sha: str) -> str:
    if not _HASH.fullmatch(sha):
        raise ArchiveError(f"{sha!r} is not a capture: captures are named by 64 hexadecimal digits in lower case")
    return f"{sha[:2]}/{sha[2:4]}/{sha}{_SUFFIX}"


def _hash_in(name: str) -> str | None:
    """Return the hash of the body in a file of this name, None where no body has it."""
    sha = PurePosixPath(name).stem
    return sha if _HASH.fullmatch(sha) and name == _name(sha) else None

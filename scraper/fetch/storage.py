"""Where an archive keeps its files: a folder. A bucket in the network does the same (see `scraper.fetch.bucket`)."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from scraper.failpoints import failpoint

UNFINISHED: Final = ".tmp"
"""The ending of files that are still being written, or whose writer was killed."""

_LEFT_BEHIND_SECONDS: Final = 86400.0


class Storage(Protocol):
    """Holds files under names like `aa/bb/c.zst`. What cannot be done raises `OSError`."""

    @property
    def shown(self) -> str:
        """What people call the place."""
        ...

    @property
    def hint(self) -> str:
        """What to do where it cannot be written."""
        ...

    def where(self, name: str) -> str:
        """Return what people call the place of a file."""
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes of a file; raise `FileNotFoundError` where there is none."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file, so that it is there as a whole or not at all, also after a power cut."""
        ...

    def names(self) -> Iterator[str]:
        """Yield the names of all files that are there, in order."""
        ...


class Folder:
    """A folder of files. Files that are being written are at its top, so that those left behind are found fast."""

    hint: Final = "free space or grant write permission there, or set another archive folder, and run again"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._swept = False

    @property
    def shown(self) -> str:
        """The path."""
        return str(self._path)

    def where(self, name: str) -> str:
        """Return the path of a file."""
        return str(self._path / name)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return (self._path / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write a file beside its place and move it there, so that readers and crashes never meet a half of it."""
        place = self._path / name
        unfinished = self._path / f".{place.stem}.{secrets.token_hex(4)}{UNFINISHED}"
        _make(place.parent)
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            failpoint("after_archive_write")
            self._sweep(unfinished)
            unfinished.replace(place)
            failpoint("after_archive_rename")
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _keep_names(place.parent)

    def names(self) -> Iterator[str]:
        """Yield the names of all files in the folder and below."""
        for path in sorted(self._path.rglob("*")):
            if not path.is_dir():
                yield path.relative_to(self._path).as_posix()

    def _sweep(self, fresh: Path) -> None:
        """Remove, once, what killed writers left: what is a day older than a file that was just written there."""
        if self._swept:
            return
        self._swept = True
        # By the clock of the file system, which may be another machine's.
        now = fresh.stat().st_mtime
        for path in self._path.glob(f".*{UNFINISHED}"):
            # Somebody else may be faster, or have another user's file there.
            with suppress(OSError):
                if now - path.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                    path.unlink()


def _make(folder: Path) -> None:
    """Make a folder and those above it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _keep_names(folder.parent)


def _keep_names(folder: Path) -> None:
    """Let the names in a folder outlast a power cut; what a file holds is written down apart from its name."""
    if sys.platform == "win32":  # where folders cannot be opened
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        # Some file systems of networks know no such thing.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(opened)

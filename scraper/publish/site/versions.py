"""Versions of a site: each one whole in a folder of its own, and the name that people use leads to the newest one.

`DIR` is a symbolic link to `.DIR.versions/NUMBER`. A version is written beside the others and the link is moved to it
when it is whole, so that a reader meets the one or the other, and a writer that is killed leaves the old one in place.
Files that are the same as in the version before are hard links to them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scraper.errors import RatecardError
from scraper.failpoints import failpoint

KEPT: Final = 3
"""How many versions are kept, the newest one among them: whoever began to read an older one can go on."""


@dataclass(slots=True)
class Files:
    """The files of a version by path: their hashes, and the bytes of those that may differ from the version before."""

    hashes: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def add(self, path: str, body: bytes) -> None:
        """Add a file that was made anew."""
        self.hashes[path] = hashlib.blake2b(body, digest_size=16).hexdigest()
        self.bodies[path] = body

    def keep(self, path: str, known: str) -> None:
        """Add a file that is as it was; `known` is its hash."""
        self.hashes[path] = known


@dataclass(frozen=True, slots=True)
class Written:
    """What a new version cost: files in it, and how many of them were written (the others are as they were)."""

    files: int
    written: int


class Versions:
    """The versions that a name leads to. `known` is what the newest one remembers, empty where there is none."""

    def __init__(self, target: Path) -> None:
        self.target = Path(os.path.abspath(target))  # noqa: PTH100  the link itself is meant, not what it leads to
        self._folder = self.target.with_name(f".{self.target.name}.versions")
        self.known: dict[str, Any] = {}
        self._current = self._read()

    @property
    def hashes(self) -> Mapping[str, str]:
        """The hashes of the newest version's files by path."""
        found: dict[str, str] = self.known.get("files", {})
        return found

    def _read(self) -> Path | None:
        """Find the newest version; refuse a folder that is something else."""
        if self.target.is_symlink():
            current = self._folder / Path(os.readlink(self.target)).name  # noqa: PTH115  only its name counts
            if Path(os.readlink(self.target)).parent.name != self._folder.name:  # noqa: PTH115
                raise RatecardError(f"{self.target} is a link to something else than a site; name another folder.")
            with contextlib.suppress(OSError, ValueError):
                if current.is_dir():
                    self.known = json.loads((self._folder / f"{current.name}.json").read_text(encoding="utf-8"))
            return current if self.known else None
        if self.target.exists() and (not self.target.is_dir() or any(self.target.iterdir())):
            raise RatecardError(f"{self.target} is there already and is no site of ours; name another folder.")
        return None

    def write(self, files: Files, remembered: Mapping[str, Any]) -> Written:
        """Write a new version and switch to it; nothing is written where it would be the same.

        Raises `RatecardError` where it cannot be written; the version before is in place then.
        """
        if self._current is not None and files.hashes == self.hashes:
            return Written(len(files.hashes), 0)
        place = self._begin()
        try:
            written = self._fill(place, files)
            told = self._folder / f"{place.name}.json"
            unfinished = told.with_suffix(".tmp")
            text = json.dumps({**remembered, "files": files.hashes}, ensure_ascii=False, separators=(",", ":"))
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(told)
            failpoint("publish.written")
            self._switch(place)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise RatecardError(
                f"{self.target} cannot be written ({error.strerror or error}); the version before stays. "
                "Name another folder, or make room."
            ) from error
        failpoint("publish.switched")
        self._prune(place)
        return Written(len(files.hashes), written)

    def _begin(self) -> Path:
        """Make the folder of the next version."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            names = [path.name for path in self._folder.iterdir() if path.is_dir() and path.name.isdigit()]
            place = self._folder / f"{1 + max(map(int, names), default=0):08d}"
            place.mkdir()
        except FileExistsError as error:
            raise RatecardError(f"{self.target} is being written by somebody else; wait until it is done.") from error
        except OSError as error:
            raise RatecardError(
                f"{self._folder} cannot be used ({error.strerror or error}); name another folder."
            ) from error
        return place

    def _fill(self, place: Path, files: Files) -> int:
        """Write the files of a version, or link those that are as they were; return how many were written."""
        folders = {path.rpartition("/")[0] for path in files.hashes}
        for name in sorted(folders):
            (place / name).mkdir(parents=True, exist_ok=True)
        before, old, written = str(self._current), self.hashes if self._current else {}, 0
        for path, known in files.hashes.items():
            new = f"{place}/{path}"
            if old.get(path) == known and self._link(f"{before}/{path}", new):
                continue
            body = files.bodies.get(path)
            if body is None:
                raise RatecardError(
                    f"{before}/{path} is gone; remove {self._folder} and {self.target}, and publish again."
                )
            with open(new, "wb") as file:  # noqa: PTH123  thousands of them
                file.write(body)
            written += 1
            if written == 1:
                failpoint("publish.begun")
        return written

    @staticmethod
    def _link(old: str, new: str) -> bool:
        try:
            os.link(old, new)
        except FileNotFoundError:
            return False
        except OSError:
            # A file system without hard links, or a file with as many as there can be.
            shutil.copyfile(old, new)
        return True

    def _switch(self, place: Path) -> None:
        """Let the name lead to a version, in one step."""
        link = self._folder / f"{place.name}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(self._folder.name) / place.name, target_is_directory=True)
        if self.target.is_dir() and not self.target.is_symlink():
            self.target.rmdir()
        link.replace(self.target)

    def _prune(self, newest: Path) -> None:
        """Remove old versions, and what a killed writer left; it does no harm where that fails."""
        kept = sorted(path for path in self._folder.glob("[0-9]*") if path.is_dir())[-KEPT:]
        names = {path.name for path in kept} | {newest.name}
        for path in self._folder.iterdir():
            if path.name.partition(".")[0] in names:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

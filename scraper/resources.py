"""Where the folders are that the command needs beside its code: in a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the folder `migrations`, `schedules` or `fixtures`; raise `FileNotFoundError` where it is missing."""
    for base in (_PACKAGE / "_bundled", _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(f"the folder {name!r} is missing from this installation of ratecard; install it again")

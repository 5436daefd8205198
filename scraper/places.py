"""Where things are kept that nobody names: the folder of a user's data, and the database in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from scraper.errors import RatecardError

PREFIX: Final = "RATECARD_"

_READ_HERE: Final = frozenset((f"{PREFIX}DB", f"{PREFIX}DATA_DIR", f"{PREFIX}DEBUG"))


def user_data_dir() -> Path:
    """Return the platform's folder for a user's data, with ours in it; nothing is created."""
    xdg = os.environ.get("XDG_DATA_HOME", "")
    if Path(xdg).is_absolute():
        return Path(xdg) / "ratecard"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise RatecardError("there is no home folder to keep data in; set RATECARD_DATA_DIR") from error
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "ratecard"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ratecard"
    return home / ".local" / "share" / "ratecard"


def database_in(data_dir: Path) -> str:
    """Return the address of the database that is kept in a data folder."""
    return f"sqlite:///{(data_dir / 'ratecard.db').as_posix()}"


def database_alone(db: str | None) -> str | None:
    """Return the address of the database, where the environment sets nothing else that could be right or wrong.

    None where it does, or where the address is an empty one: then the settings are to be read, which takes longer.
    """
    if db == "" or any(name.upper().startswith(PREFIX) and name not in _READ_HERE for name in os.environ):
        return None
    data_dir = os.environ.get(f"{PREFIX}DATA_DIR")
    default = database_in(Path(data_dir).expanduser() if data_dir else user_data_dir())
    return db or os.environ.get(f"{PREFIX}DB") or default

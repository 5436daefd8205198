"""What the commands share: options, opening the store, the clock, printing, writing files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scraper import providers
from scraper.cli.lazy import imported
from scraper.errors import RatecardError
from scraper.places import database_alone
from scraper.times import parse_at, read_time

if TYPE_CHECKING:
    from scraper.settings import Settings
    from scraper.store import Store

Db = Annotated[
    str | None, typer.Option("--db", metavar="URL", help="Database: sqlite:///FILE or postgresql://HOST/NAME.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Ref = Annotated[str, typer.Argument(metavar="PROVIDER/MODEL_ID", help="An offer; its name where it has no id.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="As it was published at a date or date-time.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides; you, by your login name.")]


@dataclass(frozen=True)
class Opened:
    """The store of a command, and the settings, which are read when they are asked for."""

    store: Store
    db: str | None

    @cached_property
    def settings(self) -> Settings:
        """The settings of the command; a database URL given to it wins."""
        return _settings(self.db)


def _settings(db: str | None) -> Settings:
    # Most that is only looked at needs none, and to load what checks them takes a fifth of the time of a short command.
    load: Callable[[str | None], Settings] = imported("scraper.settings").load_settings
    return load(db)


@contextmanager
def opening(db: str | None) -> Iterator[Opened]:
    """Give the settings and the store that they name, opened; a database URL given here wins."""
    # What is only looked at may be found without it, and it takes half of the time of a short command to load.
    open_store: Callable[[str], Store] = imported("scraper.store.opening").open_store
    with open_store(database_alone(db) or _settings(db).db) as store:
        yield Opened(store, db)


def clock() -> datetime:
    """Return the time as it is now, aware UTC."""
    return datetime.now(UTC)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


def moment_of(at: str | None) -> datetime | None:
    """Read a time as people give it, where they give one."""
    return parse_at(at) if at else None


def start_of(since: str) -> datetime:
    """Read a time from which on something counts: a day counts from its beginning."""
    return read_time(since, time())


def write_whole(file: Path, written: bytes) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads a half of it."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(written)
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise RatecardError(f"{file} cannot be written ({error.strerror or error}); name another file.") from error


def say(what: str) -> None:
    """Say on stderr how a command gets on."""
    typer.echo(what, err=True)


def say_nothing(what: str) -> None:
    """Keep to oneself how a command gets on."""


def chosen(wanted: Sequence[str] | None) -> Sequence[str]:
    """Return the providers that are wanted, each once, all where none is named; refuse an unknown one."""
    for name in wanted or ():
        providers.check(name)
    return list(dict.fromkeys(wanted)) if wanted else providers.every()

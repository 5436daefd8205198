"""Reading schedules: the TOML files that say how often which source is refreshed.

    every = "7d"                          # defaults, for every source
    [provider.openrouter]                 # for the sources of one provider
    every = "1d"
    [source."openai/deprecations"]        # for one source
    manual = true

The keys are the same at all three levels: `every`, `blackout`, `after_promotion`, `escalate_after`, `manual`. Several
files are read as one; a key that is set twice for the same thing is refused, as is everything that names nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scraper import providers
from scraper.due import WEEK, Key, Plan, Window, merged, offset_of
from scraper.errors import RatecardError
from scraper.times import DAY_MINUTES, read_hours

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": WEEK}
_SHORTEST: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The plan of every source, and the folder that it was read from."""

    folder: Path
    plans: Mapping[Key, Plan]


def load_schedule(folder: Path) -> Schedule:
    """Read all `*.toml` of a folder; raise `RatecardError` naming the file and the key that cannot be used."""
    check_providers()
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise RatecardError(
            f"there is no schedule in {folder} (no *.toml); name another folder by RATECARD_SCHEDULES, or put one there"
        )
    said = _Said()
    for file in files:
        said.add(file, _parse(file))
    return Schedule(folder, {key: said.plan(key) for key in _keys()})


def cadence(plan: Plan) -> str:
    """Return a plan's cadence as a schedule writes it: `7d`, `12h`, `manual`."""
    if plan.manual:
        return "manual"
    unit = "d" if plan.every % _UNITS["d"] == timedelta() else "h"
    return f"{plan.every // _UNITS[unit]}{unit}"


def check_providers(folder: Path = Path(providers.__file__).parent) -> None:
    """Raise `RatecardError` where a provider has a module without its facts (NAME.toml), or facts without a module."""
    facts = {file.stem for file in folder.glob("*.toml")}
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__"}
    for name in sorted(facts ^ modules):
        there, missing = (f"{name}.toml", f"{name}.py") if name in facts else (f"{name}.py", f"{name}.toml")
        raise RatecardError(
            f"{folder / there} has no {missing} beside it; a provider needs both: add it or remove {there}"
        )


def _duration(value: object) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,4})([hdw])", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a number of hours, days or weeks, such as "12h", "7d" or "2w"')
    length = int(found[1]) * _UNITS[found[2]]
    if not _SHORTEST <= length <= _LONGEST:
        raise ValueError("must be at least 1h and at most 400d")
    return length


def _windows(value: object) -> tuple[Window, ...]:
    if not isinstance(value, list):
        raise ValueError(f"must be a list of times (UTC), such as {_SUCH_AS}")  # noqa: TRY004  pydantic tells this one
    windows = merged(window for text in value for window in _window(text))
    if windows == (Window(timedelta(), WEEK),):
        raise ValueError("leaves no time of the week for a refresh")
    return windows


_SUCH_AS: Final = '"Mon-Fri 13:00-17:00", "22:30-02:00" or "Sat,Sun"'


def _window(text: object) -> Iterator[Window]:
    hours = read_hours(text, f"(UTC) like {_SUCH_AS}")
    minutes = hours.end - hours.begin
    length = timedelta(minutes=minutes if minutes > 0 else minutes + DAY_MINUTES)
    for day in sorted(hours.days):
        start = timedelta(days=day, minutes=hours.begin)
        yield Window(start, min(start + length, WEEK))
        if start + length > WEEK:
            yield Window(timedelta(), start + length - WEEK)


_Duration = Annotated[timedelta, BeforeValidator(_duration)]


class _Terms(BaseModel):
    """What can be said at each level; None where it is not said."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    every: _Duration | None = None
    blackout: Annotated[tuple[Window, ...], BeforeValidator(_windows)] | None = None
    after_promotion: Annotated[bool, Field(strict=True)] | None = None
    escalate_after: _Duration | None = None
    manual: Annotated[bool, Field(strict=True)] | None = None


class _File(_Terms):
    provider: dict[str, _Terms] = Field(default_factory=dict)
    source: dict[str, _Terms] = Field(default_factory=dict)


class _Said:
    """What all files say: for each level (a provider, a source, or everything: "") its terms and where each stands."""

    def __init__(self) -> None:
        self._terms: dict[tuple[str, str], dict[str, Any]] = {}
        self._files: dict[tuple[str, str, str], Path] = {}

    def add(self, file: Path, said: _File) -> None:
        """Take what a file says; refuse what names nothing, and what another file has said already."""
        self._take(file, ("", ""), said)
        for name, terms in said.provider.items():
            if name not in providers.every():
                raise RatecardError(
                    f"{file}: the key 'provider.{name}' names no provider; they are {', '.join(providers.every())}"
                )
            self._take(file, ("provider", name), terms)
        for name, terms in said.source.items():
            if Key(*_split(name)) not in _keys():
                provider = _split(name)[0]
                near = [str(key) for key in _keys() if key.provider == provider] or providers.every()
                raise RatecardError(
                    f"{file}: the key 'source.\"{name}\"' names no PROVIDER/SOURCE; there are {', '.join(near)}"
                )
            self._take(file, ("source", name), terms)

    def plan(self, key: Key) -> Plan:
        """Return the plan of a source: what is said of it, else of its provider, else of everything."""
        levels = (("", ""), ("provider", key.provider), ("source", str(key)))
        terms: dict[str, Any] = {}
        for level in levels:
            terms |= self._terms.get(level, {})
        every = terms.pop("every", WEEK)
        return Plan(
            every=every,
            offset=offset_of(key, every),
            escalate_after=terms.pop("escalate_after", 2 * every),
            **terms,
        )

    def _take(self, file: Path, level: tuple[str, str], terms: _Terms) -> None:
        for name in _Terms.model_fields:
            value = getattr(terms, name)
            if value is None:
                continue
            first = self._files.setdefault((*level, name), file)
            if first != file:
                where = f"of {level[0]} {level[1]}" if level[0] else "for everything"
                raise RatecardError(f"{file}: the key {name!r} {where} is already set in {first}; keep one of them")
            self._terms.setdefault(level, {})[name] = value


def _parse(file: Path) -> _File:
    try:
        with file.open("rb") as opened:
            return _File.model_validate(tomllib.load(opened))
    except OSError as error:
        raise RatecardError(f"the schedule {file} cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RatecardError(f"the schedule {file} is not TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = _File if len(problem["loc"]) == 1 else _Terms
            raise RatecardError(
                f"{file}: there is no key {key!r}; the keys there are {', '.join(known.model_fields)}"
            ) from error
        said = problem["msg"].removeprefix("Value error, ")
        raise RatecardError(f"{file}: the key {key!r} is not usable: {said}") from error


def _split(name: str) -> tuple[str, str]:
    provider, _, source = name.partition("/")
    return provider, source


def _keys() -> list[Key]:
    return [Key(provider, source.name) for provider in providers.every() for source in providers.sources(provider)]

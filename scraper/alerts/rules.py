"""Reading `alerts.toml`: who is told of what, how often, and through which channels; all of it checked when loaded.

    [[subscriber]]
    name = "platform"
    channels = ["team"]
    [[subscriber.rule]]
    kinds = ["price_up"]
    percent = 5
    [channels.team]
    type = "stdout"

A key that does not exist, a value that cannot be, and a name that names nothing are refused with the file and the line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from scraper.alerts.channels import module_of
from scraper.alerts.timing import DigestTime, read_digest, read_quiet
from scraper.errors import RatecardError
from scraper.events import Event, EventKind, Severity
from scraper.times import Hours

_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7)}
_SECRETS: Final = frozenset({"password", "secret", "secrets", "token"})
"""Keys of channels whose values are never written into the file."""

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_duration(value: object) -> timedelta:
    """Read a length of time such as `90m`, `12h`, `3d` or `2w`; raise `ValueError` where it is none."""
    found = re.fullmatch(r"([1-9]\d{0,4})([mhdw])", value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a number of minutes, hours, days or weeks, such as "12h", "3d" or "2w"')
    return int(found[1]) * _UNITS[found[2]]


def _patterns(value: object) -> object:
    """Take one pattern for a list of one."""
    return [value] if isinstance(value, str) else value


def _pattern(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write one like Europe/Berlin or UTC") from error


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("must be an amount, such as 0.50")  # noqa: TRY004  pydantic tells this one
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError("must be an amount, such as 0.50") from error
    if not number.is_finite() or number < 0:
        raise ValueError("must not be negative")
    return number


Patterns = Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_patterns)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Rule(_Table):
    """What an event has to be like; what is not said does not matter. Patterns have `*` and `?`, one of them must fit.

    `model` is matched with `provider/id` and with `creator/name`. `percent` and `absolute` are how far an amount moved
    at least, either way; from nothing it moved without a limit. `channels` are those of the subscriber where not said.
    """

    provider: Patterns = ()
    model: Patterns = ()
    creator: Patterns = ()
    field: Patterns = ()
    kinds: Annotated[tuple[EventKind, ...], BeforeValidator(_patterns)] = ()
    direction: Literal["up", "down"] | None = None
    percent: Amount | None = None
    absolute: Amount | None = None
    severity: Severity = Severity.INFO
    my_models_only: Annotated[bool, Field(strict=True)] = False
    channels: Annotated[tuple[str, ...], BeforeValidator(_patterns)] | None = None

    def fits(self, event: Event, my_models: Sequence[str]) -> bool:
        """Say whether an event is of this kind."""
        return (
            event.severity.rank >= self.severity.rank
            and (not self.kinds or event.kind in self.kinds)
            and _any_fits(self.provider, [event.provider])
            and _any_fits(self.model, models_of(event))
            and _any_fits(self.creator, [event.creator])
            and _any_fits(self.field, [event.field])
            and (not self.my_models_only or is_mine(event, my_models))
            and self._moved_enough(event)
        )

    def _moved_enough(self, event: Event) -> bool:
        if self.direction is None and self.percent is None and self.absolute is None:
            return True
        moved = _moved(event)
        if moved is None:
            return False
        if self.direction is not None and (moved > 0) != (self.direction == "up"):
            return False
        if self.absolute is not None and abs(moved) < self.absolute:
            return False
        return self.percent is None or event.percent is None or abs(event.percent) >= self.percent


class Subscriber(_Table):
    """Who is told. Without a rule: of everything, or of everything of `my_models` where those are said.

    Times are those of `time_zone`. More than `flood` events at one time make one digest, and so does what waited for
    quiet hours to end or for a channel to work again. A digest shows the `most` important events and counts the others.
    A message that does not arrive is tried again for `give_up_after`.
    """

    name: Name
    channels: Annotated[tuple[str, ...], BeforeValidator(_patterns)] = ()
    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)] = ZoneInfo("UTC")
    digest: Annotated[DigestTime, BeforeValidator(read_digest)] = DigestTime()
    quiet: Annotated[tuple[Hours, ...], BeforeValidator(read_quiet)] = ()
    my_models: Patterns = ()
    flood: Annotated[int, Field(strict=True, ge=1, le=1000)] = 20
    most: Annotated[int, Field(strict=True, ge=1, le=1000)] = 50
    give_up_after: Duration = timedelta(days=3)
    rule: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.channels and not all(rule.channels for rule in self.rules):
            raise ValueError("names no channels, neither here nor in each of its rules")
        return self

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, with the one that holds where there is none."""
        return self.rule or (Rule(my_models_only=bool(self.my_models)),)

    def channels_for(self, event: Event) -> tuple[str, ...]:
        """Return the channels through which the subscriber is told of an event, none where it is of no interest."""
        found = [
            name
            for rule in self.rules
            if rule.fits(event, self.my_models)
            for name in (self.channels if rule.channels is None else rule.channels)
        ]
        return tuple(dict.fromkeys(found))

    @property
    def all_channels(self) -> tuple[str, ...]:
        """Every channel that a rule can choose."""
        named = [name for rule in self.rules for name in (rule.channels or self.channels)]
        return tuple(dict.fromkeys(named))


class Watch(_Table):
    """When to tell of what no reading shows: how long a source fails or is not read, how soon a promotion ends.

    Without `stale_after`, a source is stale after its own freshness window. What goes on is told again every `remind`.
    """

    failing_after: Duration = timedelta(days=2)
    stale_after: Duration | None = None
    promotion_ends_in: Duration = timedelta(days=3)
    remind: Duration = timedelta(days=7)


SHORTEST_KEPT: Final = timedelta(days=30)


class Outbox(_Table):
    """How long it is known who was told what: so long messages can be corrected, and are listed and tried again."""

    keep: Duration = timedelta(days=400)

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        if self.keep < SHORTEST_KEPT:
            raise ValueError(f"keep must be {SHORTEST_KEPT.days}d at least")
        return self


class _File(_Table):
    subscriber: tuple[Subscriber, ...] = ()
    channels: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    watch: Watch = Watch()
    outbox: Outbox = Outbox()


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """A channel as `alerts.toml` has it, its secrets not put in."""

    name: str
    kind: str
    options: Mapping[str, Any]

    def filled(self, environ: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the options with `${VARIABLE}` replaced, and what was put in.

        Raises `RatecardError` where a variable is not set.
        """
        secrets: list[str] = []

        def put(found: re.Match[str]) -> str:
            secret = environ.get(found[1], "")
            if not secret:
                raise RatecardError(
                    f"the channel {self.name!r} needs the environment variable {found[1]}, which is not set"
                )
            secrets.append(secret)
            return secret

        return {key: _replaced(value, put) for key, value in self.options.items()}, tuple(secrets)

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it names."""
        found: list[str] = []

        def note(match: re.Match[str]) -> str:
            found.append(match[1])
            return ""

        for value in self.options.values():
            _replaced(value, note)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Alerts:
    """All that `alerts.toml` says."""

    file: Path
    subscribers: Mapping[str, Subscriber]
    channels: Mapping[str, ChannelTable]
    watch: Watch
    outbox: Outbox

    def subscriber(self, name: str) -> Subscriber:
        """Return a subscriber by name; raise `RatecardError` with those there are."""
        if name not in self.subscribers:
            raise RatecardError(f"{self.file} has no subscriber {name!r}; it has {', '.join(self.subscribers)}")
        return self.subscribers[name]


def load_alerts(file: Path, environ: Mapping[str, str]) -> Alerts:
    """Read `alerts.toml`; raise `RatecardError` naming the file, the line and the key that cannot be used.

    `environ` has the secrets that channels name. One that is not set is told only when its channel is used.
    """
    try:
        text = file.read_text(encoding="utf-8")
        said = _File.model_validate(tomllib.loads(text, parse_float=Decimal))
    except OSError as error:
        raise RatecardError(
            f"the alerts file {file} cannot be read ({error.strerror or error}); correct or unset RATECARD_ALERTS"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RatecardError(f"the alerts file {file} is not TOML: {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        raise RatecardError(_sentence(file, text, problem["loc"], problem["type"], problem["msg"])) from error
    return _checked(file, text, said, environ)


def _checked(file: Path, text: str, said: _File, environ: Mapping[str, str]) -> Alerts:
    channels = {}
    for name, table in said.channels.items():
        channels[name] = _channel(file, text, name, table, environ)
    subscribers: dict[str, Subscriber] = {}
    for number, one in enumerate(said.subscriber):
        place: tuple[str | int, ...] = ("subscriber", number)
        if one.name in subscribers:
            raise RatecardError(f"{_at(file, text, (*place, 'name'))}: there are two subscribers {one.name!r}")
        _check_channels(file, text, (*place, "channels"), one.channels, channels)
        for index, rule in enumerate(one.rule):
            _check_rule(file, text, (*place, "rule", index), one, rule)
            _check_channels(file, text, (*place, "rule", index, "channels"), rule.channels or (), channels)
        subscribers[one.name] = one
    if not subscribers:
        raise RatecardError(f"{file} has no [[subscriber]]; nobody would be told of anything")
    return Alerts(file, subscribers, channels, said.watch, said.outbox)


def _check_rule(file: Path, text: str, place: tuple[str | int, ...], subscriber: Subscriber, rule: Rule) -> None:
    if rule.my_models_only and not subscriber.my_models:
        where = _at(file, text, (*place, "my_models_only"))
        raise RatecardError(f"{where}: the subscriber {subscriber.name!r} has no my_models; say which those are")


def _check_channels(
    file: Path, text: str, place: tuple[str | int, ...], names: Sequence[str], channels: Mapping[str, ChannelTable]
) -> None:
    for name in names:
        if name not in channels:
            known = ", ".join(channels) or "none"
            raise RatecardError(f"{_at(file, text, place)}: there is no channel {name!r}; there are: {known}")


def _channel(file: Path, text: str, name: str, table: dict[str, Any], environ: Mapping[str, str]) -> ChannelTable:
    place = ("channels", name)
    kind = table.get("type")
    if not isinstance(kind, str):
        raise RatecardError(f"{_at(file, text, place)}: the channel {name!r} has no type")
    try:
        module = module_of(kind)
    except RatecardError as error:
        raise RatecardError(f"{_at(file, text, (*place, 'type'))}: {error}") from error
    channel = ChannelTable(name, kind, {key: value for key, value in table.items() if key != "type"})
    for key in _SECRETS & channel.options.keys():
        values = channel.options[key]
        listed = values if isinstance(values, list) else [values]
        if not all(isinstance(one, str) and _VARIABLE.search(one) for one in listed):
            where = _at(file, text, (*place, key))
            raise RatecardError(f"{where}: {key!r} is secret; name an environment variable that has it, as ${{NAME}}")
    complete = all(environ.get(variable) for variable in channel.variables)
    options, secrets = channel.filled(environ) if complete else (dict(channel.options), ())
    try:
        module.Options.model_validate(options)
    except ValidationError as error:
        # What is not filled in cannot be judged, but for its keys.
        problems = [one for one in error.errors() if complete or one["type"] in ("extra_forbidden", "missing")]
        if problems:
            loc = (*place, *problems[0]["loc"])
            said = problems[0]["msg"]
            for secret in secrets:
                said = said.replace(secret, "***")
            known = ("type", *module.Options.model_fields)
            raise RatecardError(_sentence(file, text, loc, problems[0]["type"], said, known)) from None
    return channel


def _replaced(value: Any, put: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(put, value)
    if isinstance(value, list):
        return [_replaced(one, put) for one in value]
    if isinstance(value, dict):
        return {key: _replaced(one, put) for key, one in value.items()}
    return value


# What an event is like.


def models_of(event: Event) -> list[str]:
    """Return by what names a pattern of models can mean an event."""
    return [name for name in (event.offer, event.model) if name] or [""]


def is_mine(event: Event, my_models: Sequence[str]) -> bool:
    """Say whether an event concerns models; one of a source concerns all models of its provider."""
    if event.offer:
        return any(fnmatchcase(name, pattern) for name in models_of(event) for pattern in my_models)
    return any(fnmatchcase(event.provider, pattern.partition("/")[0]) for pattern in my_models)


def _any_fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _moved(event: Event) -> Decimal | None:
    """Return how far an amount moved, None where that cannot be said."""
    before, after = event.before, event.after
    if before is None or after is None or not after.unit or before.currency != after.currency:
        return None
    if before.value is None or after.value is None:
        return None
    return (Decimal(after.value) - Decimal(before.value)) or None


# Where something stands in the file.

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*\]\]?\s*(?:#.*)?")  # fmt: skip  # noqa: E501
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_PART: Final = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")

Loc = tuple[str | int, ...]


def _at(file: Path, text: str, loc: Sequence[str | int]) -> str:
    line = line_of(text, tuple(loc))
    return f"{file}, line {line}" if line else str(file)


def line_of(text: str, loc: Loc) -> int:
    """Return the line of a TOML text in which a key stands, else the nearest table around it; 0 where there is none."""
    lines = _lines(text)
    while loc and loc not in lines:
        loc = loc[:-1]
    return lines.get(loc, 0)


def _lines(text: str) -> dict[Loc, int]:
    found: dict[Loc, int] = {}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = ()
            parts = [part.strip("\"'") for part in _PART.findall(header[2])]
            for index, part in enumerate(parts):
                table = (*table, part)
                if header[1] == "[[" and index == len(parts) - 1:
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
            found[table] = number
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1].strip("\"'")), number)
    return found


def _sentence(
    file: Path, text: str, loc: Sequence[str | int], kind: str, message: str, known: Sequence[str] | None = None
) -> str:
    where = _at(file, text, loc)
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return f"{where}: there is no key {key!r}; the keys there are {', '.join(known or _keys_at(loc))}"
    named = next((part for part in reversed(loc) if isinstance(part, str)), "")
    said = message.removeprefix("Value error, ")
    if kind == "missing":
        return f"{where}: the key {key!r} is missing"
    return f"{where}: the key {named!r} is not usable: {said}"


def _keys_at(loc: Sequence[str | int]) -> list[str]:
    names = [part for part in loc[:-1] if isinstance(part, str)]
    model: type[BaseModel] = _File
    if names == ["subscriber"]:
        model = Subscriber
    elif names == ["subscriber", "rule"]:
        model = Rule
    elif names == ["watch"]:
        model = Watch
    elif names == ["outbox"]:
        model = Outbox
    return list(model.model_fields)

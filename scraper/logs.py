"""Structured logs: one event a line on stderr, as JSON or for people, and never a secret in it."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TextIO
from urllib.parse import unquote, urlsplit

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Form = Literal["auto", "json", "console"]

HIDDEN: Final = "***"
_SHORTEST_SECRET: Final = 6
_SECRET_NAME: Final = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|COOKIE|DB$|DATABASE|PROXY", re.IGNORECASE)
# A user without a password may be a token.
_USER_INFO: Final = re.compile(r"(?<=://)(?:[^\s/@]*:[^\s/@]*|[^\s/@?#]+)(?=@)")


def set_up_logs(
    form: Form = "auto",
    *,
    level: Literal["info", "warning"] = "info",
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """Say how events are written from now on: `auto` is for people on a terminal and JSON elsewhere.

    What `secrets` has, what the environment holds under the name of a key, a password or a token, and the user and
    password of any address are replaced by stars, wherever in an event they stand.
    """
    terminal = (stream or sys.stderr).isatty()
    people = structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback)
    console = form == "console" or (form == "auto" and terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hider({*secrets, *secrets_of(os.environ)}),
            people if console else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(stream),
        cache_logger_on_first_use=False,
    )


def log() -> FilteringBoundLogger:
    """Return the logger."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def adopt(*names: str) -> None:
    """Write what other programs' loggers of these names warn of like our own events, without tracebacks."""
    for name in names:
        other = logging.getLogger(name)
        other.handlers = [_Adopted(logging.WARNING)]
        other.propagate = False


class _Adopted(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        error = record.exc_info[1] if record.exc_info else None
        said = {} if error is None else {"error": f"{type(error).__name__}: {error}"}
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(log(), level)(record.getMessage(), logger=record.name, **said)


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Return what must not be shown of an environment: keys, tokens, and the passwords inside addresses."""
    found = set()
    for name, value in environment.items():
        if not _SECRET_NAME.search(name):
            continue
        if "://" in value:
            found |= passwords_of(value)
        elif not value.isdigit():
            found.add(value)
    return {value for value in found if len(value) >= _SHORTEST_SECRET}


def passwords_of(address: str) -> set[str]:
    """Return the password of an address, as it stands there and as it is meant; nothing where there is none."""
    try:
        password = urlsplit(address).password
    except ValueError:
        return set()
    return {password, unquote(password)} if password else set()


class _Lines:
    """Writes lines to a stream, or to stderr. One that is gone keeps nobody from working."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one line at once."""
        with suppress(OSError, ValueError):
            # In one piece, since threads write at the same time.
            (self._stream or sys.stderr).write(f"{line}\n")
            (self._stream or sys.stderr).flush()

    debug = info = warning = error = critical = exception = msg


def _hider(secrets: set[str]) -> Processor:
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    known = re.compile("|".join(re.escape(secret) for secret in longest_first)) if longest_first else None

    def text(value: str) -> str:
        value = known.sub(HIDDEN, value) if known else value
        return _USER_INFO.sub(HIDDEN, value)

    def hide(value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {text(str(key)): hide(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [hide(inner) for inner in value]
        return text(str(value))

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: hide(value) for key, value in event.items()}

    return process

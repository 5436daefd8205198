"""What a fetch gives: a capture with its bytes, or an honest failure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Protocol

FailureKind = Literal[
    "not_captured",
    "needs_key",
    "refused",
    "later",
    "too_large",
    "timeout",
    "status",
    "network",
    "broken",
]
"""Why there are no bytes: no replay folder has the address; it wants a key that is not in the environment; we or the
address's own rules refuse it; its host wants to be left alone for now; over the size limit; over the deadline; an
answer other than 200; no connection; an answer that is cut short or malformed."""

KEPT_HEADERS: Final = ("content-language", "date", "etag", "last-modified")
"""The answer's headers that are kept with a capture, in lower case."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What is known of the bytes of one answer.

    `sha256` names the bytes in the archive; `url` is the address that gave them, after redirects; `captured_at` is
    aware UTC; `content_type` is as sent, or empty; `size` counts decompressed bytes.
    """

    sha256: str
    url: str
    captured_at: datetime
    content_type: str
    size: int
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.captured_at.utcoffset() != timedelta(0):
            raise ValueError(f"a capture's time must be aware UTC, not {self.captured_at!r}")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A capture and its bytes. Of a source with several pages it is the first one, and `further` are the others."""

    capture: Capture
    body: bytes
    further: tuple[Fetched, ...] = ()

    @property
    def pages(self) -> tuple[Fetched, ...]:
        """All pages in their order: this one and the further ones."""
        return (self, *self.further)


@dataclass(frozen=True, slots=True)
class NotFetched:
    """No bytes, and why: `message` is one sentence for people. `status` is the HTTP status where that is the reason."""

    kind: FailureKind
    message: str
    url: str
    status: int | None = None


class Fetcher(Protocol):
    """Anything that answers addresses: the live client, or a replay of captures."""

    def fetch(self, addresses: Sequence[str], *, browser: bool = False) -> Fetched | NotFetched:
        """Return the bytes of one source, whose addresses are given with the current one first.

        With `browser`, they are what a browser makes of the page.
        """
        ...


def fetched(
    body: bytes,
    *,
    url: str,
    captured_at: datetime,
    content_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """Make the capture of a body. `captured_at` must be aware; of the headers only those worth keeping are kept."""
    if captured_at.tzinfo is None:
        raise ValueError(f"a capture's time must be aware, not {captured_at!r}")
    capture = Capture(
        sha256=hashlib.sha256(body).hexdigest(),
        url=url,
        captured_at=captured_at.astimezone(UTC),
        content_type=content_type,
        size=len(body),
        status=status,
        headers=kept_headers(headers or {}),
    )
    return Fetched(capture, body)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of an answer's headers that are worth keeping."""
    return {name: headers[name] for name in KEPT_HEADERS if name in headers}

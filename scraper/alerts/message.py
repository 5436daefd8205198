"""What a channel is given, and what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scraper.events import Event
from scraper.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one subscriber is told at once: `events` in the order in which they happened.

    `id` is the same however often the message is sent. A `digest` is of many events: `count` of them, of which the
    `omitted` least important ones are not in `events`. `title` is one line. `list_url` is where all of them are
    listed, empty where no site is set; `list_command` prints them.
    """

    id: str
    subscriber: str
    events: tuple[Event, ...]
    digest: bool
    title: str
    count: int
    omitted: int = 0
    list_url: str = ""
    list_command: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The channel did not take the message. `error` is one sentence without a secret in it.

    `retry_after` is for how many seconds it asks to be left alone. `permanent` says that it will never take one again
    (410 Gone): it is disabled for this subscriber until a person asks it again. `refused` says that it certainly does
    not have the message; else it may have arrived all the same.
    """

    error: str
    retry_after: float | None = None
    permanent: bool = False
    refused: bool = False


class Channel(Protocol):
    """Where messages go. Sending takes at most half a minute, and raises nothing that is expected."""

    def send(self, message: Message) -> Sent | Failed:
        """Send a message, whole or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetup:
    """What a channel is made of: its `name` and its table in `alerts.toml` without `type`, secrets put in.

    `secrets` are the values that came from the environment, so that they can be left out of whatever is printed.
    """

    name: str
    options: Mapping[str, Any]
    secrets: tuple[str, ...]
    settings: Settings

    def mask(self, text: str) -> str:
        """Return a text without any secret in it."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def message_id(subscriber: str, event_ids: Sequence[str]) -> str:
    """Return the id of the message with these events for a subscriber."""
    told = "\n".join((subscriber, *event_ids))
    return f"msg_{hashlib.sha256(told.encode()).hexdigest()[:32]}"

"""Signed webhooks by the Standard Webhooks specification; `docs/schemas/webhook-2.json` is the schema of their body.

Whoever gets one checks it with any library of that specification. While a secret is replaced, both are in `secrets`,
and each message is signed with both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from scraper.alerts.channels.posting import Target, post, target_of
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.errors import RatecardError
from scraper.records import iso
from scraper.times import utc_now

VERSION: Final = 2
PREFIX: Final = "whsec_"
MOST_BYTES: Final = 1024 * 1024

_SECRET_BYTES: Final = range(24, 65)


class Options(BaseModel):
    """`url` is where to post to, `secrets` are what it is signed with, the newest first: `whsec_` and base64."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1)
    secrets: list[str] = Field(min_length=1, max_length=8)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts messages as signed JSON. `keys` are the decoded secrets."""

    setup: ChannelSetup
    target: Target
    keys: tuple[bytes, ...]
    clock: Callable[[], datetime]

    def send(self, message: Message) -> Sent | Failed:
        """Post a message; it has the same id and the same body however often it is sent."""
        now = self.clock()
        body = body_of(message)
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self.keys, message.id, timestamp, body),
        }
        return post(self.target, body, headers, self.setup, now)


def signature(keys: Sequence[bytes], message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signatures of a message, one for each key, as the header has them."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def key_of(secret: str) -> bytes:
    """Decode a secret. Raises `ValueError`, which does not repeat it, where it is none."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"must begin with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"must be base64 after {PREFIX}") from error
    if len(key) not in _SECRET_BYTES:
        raise ValueError(f"must be {_SECRET_BYTES[0]} to {_SECRET_BYTES[-1]} bytes long, and it has {len(key)}")
    return key


def body_of(message: Message) -> bytes:
    """Write a message as the body of a webhook; where it is larger than a megabyte, its last events are left out."""
    events = [event.to_object() for event in message.events]
    while len(body := _written(message, events)) > MOST_BYTES:
        events = events[: len(events) * MOST_BYTES // len(body)]
    return body


def _written(message: Message, events: Sequence[dict[str, Any]]) -> bytes:
    newest = max((event.at for event in message.events), default=datetime.fromtimestamp(0, UTC))
    value = {
        "type": "ratecard.digest" if message.digest else "ratecard.events",
        "timestamp": iso(newest),
        "data": {
            "version": VERSION,
            "id": message.id,
            "subscriber": message.subscriber,
            "title": message.title,
            "count": message.count,
            "omitted": message.omitted + len(message.events) - len(events),
            "list_url": message.list_url,
            "events": events,
        },
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def make(setup: ChannelSetup, clock: Callable[[], datetime] = utc_now) -> Channel:
    """Make the channel; `clock` gives the time that a message is signed with."""
    options = Options.model_validate(setup.options)
    keys = []
    for number, secret in enumerate(options.secrets, 1):
        try:
            keys.append(key_of(secret))
        except ValueError as error:
            raise RatecardError(f"secret {number} of the channel {setup.name!r} {error}") from error
    return Webhook(setup, target_of(options.url, setup.name, setup.settings), tuple(keys), clock)

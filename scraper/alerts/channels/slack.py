"""Slack, through an incoming webhook: blocks, and a line for notifications."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from scraper.alerts.channels.posting import Target, post, target_of
from scraper.alerts.channels.webhook import masked
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.slack import slack_body
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.settings import Settings


class Options(BaseModel):
    """`url` is the address of the incoming webhook, a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1)


OPTIONS = Options


@dataclass(frozen=True, slots=True)
class Slack:
    """Posts messages as blocks."""

    setup: ChannelSetup
    target: Target
    settings: Settings
    clock: Callable[[], datetime]

    def send(self, message: Message) -> Sent | Failed:
        """Post a message."""
        body = json.dumps(slack_body(digest_of(message)), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        sent = post(self.target, body, headers, self.settings, self.clock())
        return sent if isinstance(sent, Sent) else masked(sent, self.setup)


def _now() -> datetime:
    return datetime.now(UTC)


def make(setup: ChannelSetup, clock: Callable[[], datetime] = _now) -> Channel:
    """Make the channel."""
    options = Options.model_validate(setup.options)
    return Slack(setup, target_of(options.url, setup.name, setup.settings), setup.settings, clock)

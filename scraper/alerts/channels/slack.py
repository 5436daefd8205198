"""Slack, through an incoming webhook: blocks, and a line for notifications."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from scraper.alerts.channels.posting import Target, post, target_of
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.slack import slack_body
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.times import utc_now


class Options(BaseModel):
    """`url` is the address of the incoming webhook, a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Slack:
    """Posts messages as blocks."""

    setup: ChannelSetup
    target: Target
    clock: Callable[[], datetime]

    def send(self, message: Message) -> Sent | Failed:
        """Post a message."""
        body = json.dumps(slack_body(digest_of(message)), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return post(self.target, body, headers, self.setup, self.clock())


def make(setup: ChannelSetup, clock: Callable[[], datetime] = utc_now) -> Channel:
    """Make the channel."""
    options = Options.model_validate(setup.options)
    return Slack(setup, target_of(options.url, setup.name, setup.settings), clock)

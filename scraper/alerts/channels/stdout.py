"""Standard output: for cron, which mails what is printed, and for trying rules out."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.plain import text_of
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent


class Options(BaseModel):
    """There is nothing to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Stdout:
    """Prints messages."""

    def send(self, message: Message) -> Sent | Failed:
        """Print a message and a line of nothing after it."""
        try:
            sys.stdout.write(f"{text_of(digest_of(message))}\n")
            sys.stdout.flush()
        except OSError as error:
            return Failed(error=f"standard output cannot be written ({error.strerror or error})")
        return Sent()


def make(_setup: ChannelSetup) -> Channel:
    """Make the channel."""
    return Stdout()

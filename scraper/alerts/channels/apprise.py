"""Everything that Apprise speaks (Teams, Discord, Telegram, ntfy, PagerDuty, …), by its address for the service.

Apprise's services connect as they like and take their time. So each message is sent by a process of its own
(`apprise_process`), which may connect to public addresses only, has no keys in its environment, and is ended when its
time is over.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

import scraper
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.html import html_of
from scraper.alerts.layout.markdown import markdown_of
from scraper.alerts.layout.parts import Digest
from scraper.alerts.layout.plain import text_of
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.errors import RatecardError

SECONDS: Final = 28.0
_SECRET_LENGTH: Final = 6
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class Options(BaseModel):
    """`url` is what Apprise calls the URL of a service: `discord://…`, `tgram://…`, `ntfys://…`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Apprise:
    """Sends messages through one service of Apprise."""

    setup: ChannelSetup
    url: str
    seconds: float = SECONDS

    def send(self, message: Message) -> Sent | Failed:
        """Send a message: as HTML, Markdown or text, whichever the service shows, and as much as it takes."""
        digest = digest_of(message)
        settings = self.setup.settings
        proxy = settings.proxy.get_secret_value() if settings.proxy else ""
        wanted: dict[str, Any] = {
            "url": self.url,
            "title": digest.title,
            **_bodies(digest),
            "all": message.list_url or message.list_command,
            "allowed": sorted(settings.allow_private_hosts),
            "proxy": proxy,
        }
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment["PYTHONPATH"] = str(Path(scraper.__file__).parents[1])
        if proxy:
            environment |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
        try:
            ran = subprocess.run(
                [sys.executable, "-P", "-m", "scraper.alerts.channels.apprise_process"],
                input=json.dumps(wanted).encode(),
                capture_output=True,
                env=environment,
                timeout=self.seconds,
                check=False,
            )
            answer = json.loads(ran.stdout)
        except subprocess.TimeoutExpired:
            return Failed(
                error=f"the service of the channel {self.setup.name!r} did not answer within {self.seconds:g} s"
            )
        except ValueError:
            return Failed(
                error=f"the process that sends for the channel {self.setup.name!r} ended with {ran.returncode}"
            )
        if answer["sent"]:
            return Sent()
        return Failed(error=self._masked(f"Apprise could not send it: {answer['error']}"))

    def _masked(self, text: str) -> str:
        """Leave out whatever of the address may be a secret, also where it came from no variable."""
        parts = {part for part in re.split(r"[/:@?&=,#]", self.url) if len(part) >= _SECRET_LENGTH}
        for part in sorted(parts, key=len, reverse=True):
            text = text.replace(part, "***")
        return " ".join(self.setup.mask(text).split())[:300]


def _bodies(digest: Digest) -> dict[str, str]:
    return {
        "text": text_of(digest, heading=False, wide=False),
        "markdown": markdown_of(digest, heading=False, tables=False),
        "html": html_of(digest),
    }


def make(setup: ChannelSetup) -> Channel:
    """Make the channel."""
    options = Options.model_validate(setup.options)
    if find_spec("apprise") is None:
        raise RatecardError(f"the channel {setup.name!r} needs Apprise; install it with pip install 'ratecard[alerts]'")
    if not re.match(r"[A-Za-z][A-Za-z0-9]*://", options.url):
        raise RatecardError(f"the address of the channel {setup.name!r} must be one of Apprise's, such as ntfys://…")
    return Apprise(setup, options.url)

"""Markdown, as a report or as the body of an issue: into a folder, a file for each message, or on standard output."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.markdown import markdown_of
from scraper.alerts.message import Channel, ChannelSetup, Failed, Message, Sent
from scraper.records import iso

ISSUE_TITLE: Final = 250
ISSUE_BODY: Final = 65_000


class Options(BaseModel):
    """`folder` is where the files go, standard output where it is not set.

    `form` is `report`, or `issue`: the title alone in the first line, then the body of an issue on GitHub, within its
    limits and with the message's id in a comment, by which a second one is known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str = ""
    form: Literal["report", "issue"] = "report"


@dataclass(frozen=True, slots=True)
class Markdown:
    """Writes messages."""

    folder: Path | None
    form: str

    def send(self, message: Message) -> Sent | Failed:
        """Write a message; the same one has the same file, however often it is written."""
        written = issue_of(message) if self.form == "issue" else markdown_of(digest_of(message))
        place = "standard output" if self.folder is None else str(self.folder)
        try:
            if self.folder is None:
                sys.stdout.write(f"{written}\n")
                sys.stdout.flush()
            else:
                _write_whole(self.folder, _name_of(message), written)
        except OSError as error:
            return Failed(error=f"{place} cannot be written ({error.strerror or error})")
        return Sent()


def issue_of(message: Message) -> str:
    """Return the title of an issue, an empty line, and its body."""
    title = " ".join(message.title.split())[:ISSUE_TITLE]
    body = markdown_of(digest_of(message), heading=False)
    if len(body) > ISSUE_BODY:
        body = f"{body[:ISSUE_BODY].rpartition(chr(10))[0]}\n\n… and more than fits into an issue.\n"
    return f"{title}\n\n{body}\n<!-- ratecard {message.id} -->\n"


def _name_of(message: Message) -> str:
    days = sorted(iso(event.at)[:10] for event in message.events)
    return f"{days[-1] if days else 'empty'}-{message.id}.md"


def _write_whole(folder: Path, name: str, written: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.{os.getpid()}.tmp"
    try:
        unfinished.write_text(written, encoding="utf-8")
        unfinished.replace(folder / name)
    finally:
        unfinished.unlink(missing_ok=True)


def make(setup: ChannelSetup) -> Channel:
    """Make the channel."""
    options = Options.model_validate(setup.options)
    return Markdown(Path(options.folder).expanduser() if options.folder else None, options.form)

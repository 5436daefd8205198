"""Feeds of what happened, as Atom, RSS and JSON Feed 1.1: of everything, of one provider, of one model.

An entry is an event and has its id, whatever feed it is in and however often that is written. Everything that a
provider wrote is escaped; only http and https become links.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed

from scraper.alerts.layout.digest import link_of, move_of, safe_link
from scraper.alerts.layout.plain import moved_text
from scraper.alerts.lines import HAPPENED, event_line
from scraper.events import Event, EventKind, Side
from scraper.records import iso

Form = Literal["atom", "rss", "json"]

ENTRIES: Final = 200
"""So many entries a feed has, the newest."""

_INTERNAL: Final = (
    EventKind.HOLD_NEEDS_REVIEW, EventKind.SOURCE_FAILING, EventKind.SOURCE_STALE, EventKind.CORRECTED,
)  # fmt: skip
_JSON_FEED: Final = "https://jsonfeed.org/version/1.1"
_AUTHOR: Final = "ratecard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Which feed it is: of a provider, of a model (an offer's id, its name, or `creator/name`), of both, or of all.

    `site_url` is where the site is published, and feeds below it in `feeds/`.
    """

    site_url: str
    provider: str = ""
    model: str = ""

    @property
    def title(self) -> str:
        """What it is called."""
        of = " ".join(part for part in (self.provider, self.model) if part)
        return f"LLM price changes: {of}" if of else "LLM price changes"

    @property
    def home(self) -> str:
        """The address of the site."""
        return self.site_url.rstrip("/") + "/"

    def path(self, form: Form) -> str:
        """Return where the feed is, below the site: `feeds/changes.atom`, `feeds/openai.atom`, …"""
        parts = [part for part in (self.provider, self.model) if part] or ["changes"]
        return f"feeds/{'/'.join(_segment(part) for part in parts)}.{form}"

    def has(self, event: Event) -> bool:
        """Say whether an event belongs into it: what holds.

        How sources fare and what is held concerns nobody outside, and corrections only those who got what they are of.
        """
        if event.kind in _INTERNAL:
            return False
        if self.provider and event.provider != self.provider:
            return False
        return not self.model or self.model in (event.model_id, event.model, event.name)


def _segment(text: str) -> str:
    """Return a part of a path that is a name of a file everywhere, and leads nowhere else."""
    shown = quote(text, safe="-_.~").replace("%", "~")
    return shown.replace(".", "~2E", 1) if shown.startswith(".") else shown


def feed_text(form: Form, feed: Feed, events: Iterable[Event], at: datetime) -> str:
    """Write a feed of the newest events that belong into it; `at` is when one without any is of."""
    chosen = sorted((event for event in events if feed.has(event)), key=lambda event: event.id)
    chosen = sorted(chosen, key=lambda event: event.at, reverse=True)[:ENTRIES]
    if form == "json":
        return _json_feed(feed, chosen)
    made: SyndicationFeed
    common = {"title": feed.title, "link": feed.home, "description": _description(feed), "language": "en"}
    updated = chosen[0].at if chosen else at
    if form == "atom":
        made = _Atom(
            **common, author_name=_AUTHOR, feed_url=feed.home + feed.path(form), feed_guid=feed.home + feed.path(form),
            updated=updated,
        )  # fmt: skip
    else:
        made = _Rss(**common, feed_url=feed.home + feed.path(form), updated=updated)
    for event in chosen:
        title = event_line(event)
        made.add_item(
            # Some readers take a title of RSS for HTML.
            title=title if form == "atom" else escape(title, quote=False),
            link=link_of(event) or feed.home,
            description=content_of(event),
            unique_id=entry_id(feed, event),
            unique_id_is_permalink=False,
            pubdate=event.at,
            updateddate=event.at,
            categories=[event.kind.value, event.provider],
        )
    return str(made.writeString("utf-8"))


class _Atom(Atom1Feed):  # type: ignore[misc]
    """Atom whose time does not depend on when it is written."""

    def latest_post_date(self) -> datetime:
        moment: datetime = self.feed["updated"]
        return moment


class _Rss(Rss201rev2Feed):  # type: ignore[misc]
    """RSS whose time does not depend on when it is written."""

    def latest_post_date(self) -> datetime:
        moment: datetime = self.feed["updated"]
        return moment


def _description(feed: Feed) -> str:
    of = f" of {feed.provider}" if feed.provider else ""
    return f"What changed in the published prices and specs{of}, with the evidence of both sides."


def entry_id(feed: Feed, event: Event) -> str:
    """Return the id of an entry: a tag URI of the site with the event's id."""
    return f"tag:{urlsplit(feed.home).hostname},2026:{event.id}"


def content_of(event: Event) -> str:
    """Return what happened, and the evidence of both sides, as HTML in which everything is escaped."""
    move = move_of(event)
    said = moved_text(move) if event.field else ""
    percent = f" ({move.percent})" if move.percent else ""
    what = f"{event.field}: {HAPPENED[event.kind]} {said}{percent}"
    parts = [f"<p><b>{escape(event.subject)}</b> {escape(what)}</p>"]
    if event.note:
        parts.append(f"<p>{escape(event.note)}</p>")
    parts += [_proof(label, side) for label, side in (("was", event.before), ("is", event.after)) if side is not None]
    return "".join(parts)


def _proof(label: str, side: Side) -> str:
    proof = side.evidence
    if proof is None:
        return ""
    page = escape(proof.address)
    link = f'<a href="{page}">{page}</a>' if safe_link(proof.address) else page
    captured = f"captured {iso(proof.captured_at)}, SHA-256 {escape(proof.capture)}"
    return f"<p>{label}: <q>{escape(proof.quote)}</q><br>{link}, {captured}</p>"


def _json_feed(feed: Feed, events: Sequence[Event]) -> str:
    items = [
        {
            "id": entry_id(feed, event),
            "url": link_of(event) or feed.home,
            "title": event_line(event),
            "content_html": content_of(event),
            "date_published": iso(event.at),
            "tags": [event.kind.value, event.provider],
            "_ratecard": event.to_object(),
        }
        for event in events
    ]
    value = {
        "version": _JSON_FEED,
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.home + feed.path("json"),
        "description": _description(feed),
        "language": "en",
        "authors": [{"name": _AUTHOR}],
        "items": items,
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"

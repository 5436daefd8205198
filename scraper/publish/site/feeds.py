"""The feeds of what happened: of everything, of each provider, and of each model that anything happened to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scraper.alerts import feeds
from scraper.events import Event
from scraper.publish.site.addresses import model_path, provider_path

MOST: Final = 5000
"""Of so many events there are feeds, the newest."""

_FORMS: Final[dict[feeds.Form, tuple[str, str]]] = {
    "atom": ("application/atom+xml", "Atom"),
    "rss": ("application/rss+xml", "RSS"),
    "json": ("application/feed+json", "JSON Feed"),
}

Link = tuple[str, str, str]
"""What leads to a feed: its path within the site, its type, its title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that is written with the site and linked from it; `path` is within the site."""

    path: str
    content_type: str
    title: str
    body: bytes

    @property
    def link(self) -> Link:
        """What leads to it."""
        return self.path, self.content_type, self.title


def links_of_all(site_url: str) -> tuple[Link, ...]:
    """Return what leads to the feeds of everything; none where nobody knows where the site is."""
    return tuple(_link(feeds.Feed(site_url=site_url), form) for form in _FORMS) if site_url else ()


def written_feeds(
    site_url: str, told: Sequence[Event], last: Mapping[str, datetime], models: Sequence[str], at: datetime
) -> Iterator[tuple[str, Feed]]:
    """Yield feeds, each with the path of the page that it belongs to ("" for that of everything).

    A feed without entries is of the time at which its provider, or any of them, was last read (`last`), else of
    `at`. Models have feeds where anything happened to them; `models` have them anyhow.
    """
    public = [event for event in told if feeds.Feed(site_url=site_url).has(event)]
    by_provider: dict[str, list[Event]] = defaultdict(list)
    by_model: dict[str, list[Event]] = {model: [] for model in models}
    for event in public:
        by_provider[event.provider].append(event)
        if event.model:
            by_model.setdefault(event.model, []).append(event)
    newest = max(last.values(), default=at)
    yield from _forms("", feeds.Feed(site_url=site_url), public, newest)
    for provider, read_at in last.items():
        of = feeds.Feed(site_url=site_url, provider=provider)
        yield from _forms(provider_path(provider), of, by_provider[provider], read_at)
    for model, mine in sorted(by_model.items()):
        yield from _forms(model_path(model), feeds.Feed(site_url=site_url, model=model), mine, newest)


def _forms(page: str, of: feeds.Feed, told: Sequence[Event], at: datetime) -> Iterator[tuple[str, Feed]]:
    for form in _FORMS:
        path, kind, title = _link(of, form)
        body = feeds.feed_text(form, of, told, at).encode()
        yield page, Feed(path=path, content_type=kind, title=title, body=body)


def _link(of: feeds.Feed, form: feeds.Form) -> Link:
    kind, name = _FORMS[form]
    return of.path(form), kind, f"{of.title} ({name})"

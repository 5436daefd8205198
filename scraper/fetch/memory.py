"""What is remembered from one run to the next: pages, robots.txt files, and hosts that want to be left alone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from scraper.remembered import News, RememberedPage, RememberedRobots


class Memory(Protocol):
    """Remembers across runs. Times are aware UTC; an origin is `https://example.com`, a host is without a scheme."""

    def page(self, address: str) -> RememberedPage | None:
        """Return what is known of the last whole answer of an address."""
        ...

    def not_before(self, host: str) -> datetime | None:
        """Return the time before which a host does not want to be asked again, which may be over."""
        ...

    def robots(self, origin: str) -> RememberedRobots | None:
        """Return the last decision on the robots.txt of an origin, however old it is."""
        ...

    def keep(self, news: News) -> None:
        """Remember all of the news, in the place of what was known before."""
        ...


class ShortMemory:
    """A memory that ends with the process."""

    def __init__(self) -> None:
        self._known = News()

    def page(self, address: str) -> RememberedPage | None:
        """Return what is known of the last whole answer of an address."""
        return self._known.pages.get(address)

    def not_before(self, host: str) -> datetime | None:
        """Return the time before which a host does not want to be asked again."""
        return self._known.not_before.get(host)

    def robots(self, origin: str) -> RememberedRobots | None:
        """Return the last decision on the robots.txt of an origin."""
        return self._known.robots.get(origin)

    def keep(self, news: News) -> None:
        """Remember all of the news."""
        self._known.pages.update(news.pages)
        self._known.robots.update(news.robots)
        self._known.not_before.update(news.not_before)

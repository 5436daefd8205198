"""The static reference site: pages of offers, models and providers, made of what is stored and of nothing else.

- `publish_site(store, target, at, site_url="", upcoming=None, feeds=()) -> Published` writes it; see there.
- `Feed` is a feed that is written along and linked.
"""

from __future__ import annotations

from scraper.publish.site.building import Published, publish_site
from scraper.publish.site.feeds import Feed

__all__ = ["Feed", "Published", "publish_site"]

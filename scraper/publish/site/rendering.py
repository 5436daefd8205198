"""The templates: HTML escaped by Jinja2, Markdown by us, and what every page has around it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from scraper.publish.site import fragments, markdown, words
from scraper.publish.site.addresses import up, web_address
from scraper.publish.site.cards import json_line
from scraper.publish.site.lines import Line

_HERE: Final = Path(__file__).parent

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'"
)


def json_text(value: Any) -> Markup:
    """Write JSON so that it can stand in a script element: nothing in it ends the element."""
    return script_safe(json_line(value))


def script_safe(text: str) -> Markup:
    """Make a JSON text safe within a script element."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704  escaped above


def _value(line: Line, shown: str = "") -> Markup:
    return Markup(fragments.value(line, shown))  # noqa: S704  escaped there


_FRAGMENTS: Final = (
    fragments.answered,
    fragments.boxes,
    fragments.change_rows,
    fragments.compared_row,
    fragments.fact_rows,
    fragments.feed_links,
    fragments.history_rows,
    fragments.links,
    fragments.listed_row,
    fragments.popups,
    fragments.price_rows,
    fragments.spec_rows,
    fragments.tag_items,
)
_ROWS: Final = (
    markdown.answered,
    markdown.history_rows,
    markdown.listed_row,
    markdown.price_rows,
    markdown.spec_rows,
)
_GLOBALS: Final = {"reference": words.REFERENCE, "counted": words.counted}
"""All that templates have beside what they are given: each rendering copies it, and Jinja2's own ones are not used."""


@lru_cache(maxsize=1)
def _html() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(json=json_text, web=web_address, day=words.day, value=_value)
    made.filters.update((write.__name__, write) for write in _FRAGMENTS)
    made.globals = dict(_GLOBALS)
    return made


@lru_cache(maxsize=1)
def _markdown() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=False,  # noqa: S701  `finalize` escapes for Markdown what autoescape does for HTML
        undefined=StrictUndefined,
        finalize=markdown.escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    made.filters.update(code=markdown.code, block=markdown.block, link=markdown.link, raw=markdown.Raw, day=words.day)
    made.filters.update((write.__name__, write) for write in _ROWS)
    made.globals = dict(_GLOBALS)
    return made


@lru_cache(maxsize=64)
def template(name: str) -> Template:
    """Return a template: those that end in `.md` escape for Markdown, all others for HTML."""
    return (_markdown() if name.endswith(".md") else _html()).get_template(name)


@lru_cache(maxsize=1)
def assets() -> dict[str, tuple[str, bytes]]:
    """Return the bundled files by name, each with its path in the site (its hash is in it) and its bytes."""
    found = {}
    for file in sorted((_HERE / "assets").iterdir()):
        body = file.read_bytes()
        mark = hashlib.sha256(body).hexdigest()[:10]
        found[file.name] = (f"assets/{file.stem}.{mark}{file.suffix}", body)
    return found


@dataclass(frozen=True)
class Around:
    """What all pages of one folder have in common, rendered once."""

    head: Markup
    top: Markup
    foot: Markup
    assets: dict[str, str]


@dataclass(frozen=True)
class Frame:
    """What stands around all pages of a site: `site_url` where it is known, and the feeds (path, type, title)."""

    site_url: str
    feeds: tuple[tuple[str, str, str], ...] = ()

    def page(self, name: str, path: str, **context: Any) -> bytes:
        """Render an HTML page that will be at `path` (with its ending)."""
        root = up(path)
        around = _around(self, root, "" if root else path)
        made = template(name).render(
            context,
            root=root,
            path=path,
            twin=f"{root}{path.removesuffix('.html')}.md",
            canonical=f"{self.site_url}/{path}" if self.site_url else "",
            picture=f"{self.site_url}/{assets()['social.png'][0]}" if self.site_url else "",
            around=around,
            assets=around.assets,
            feeds=self.feeds,
            own_feeds=context.get("own_feeds", ()),
        )
        return made.encode()

    def twin(self, name: str, path: str, **context: Any) -> bytes:
        """Render the Markdown of a page."""
        return template(name).render(context, root=up(path), path=path).encode()


@lru_cache(maxsize=64)
def _around(frame: Frame, root: str, path: str) -> Around:
    own = {name: f"{root}{found[0]}" for name, found in assets().items()}
    context = {"root": root, "path": path, "assets": own, "feeds": frame.feeds, "csp": CSP}
    return Around(piece("head.html", **context), piece("top.html", **context), piece("foot.html", **context), own)


def piece(name: str, **context: Any) -> Markup:
    """Render a part of a page that others put into theirs."""
    return Markup(template(name).render(context))  # noqa: S704  the template escapes


def code_digest() -> str:
    """Return a hash of all that makes pages of what is stored: this package with its data and templates."""
    package = Path(__file__).parents[2]
    found = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".toml", ".html", ".md", ".css", ".js", ".svg", ".png"):
            found.update(file.relative_to(package).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:20]

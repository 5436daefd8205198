"""The templates: HTML escaped by Jinja2, Markdown by us, and what every page has around it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from scraper.publish.site import words
from scraper.publish.site.addresses import up, web_address

_HERE: Final = Path(__file__).parent
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~&])")

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'"
)


class Raw(str):
    """Markdown that is not escaped again."""

    __slots__ = ()


def markdown(value: object) -> str:
    """Escape what stands in Markdown: no link, tag, table cell or heading comes of it."""
    if isinstance(value, Raw):
        return value
    text = _SPECIAL.sub(r"\\\1", str(value)).replace("://", ":\\//")
    return " ".join(text.split())


def code(text: object) -> Raw:
    """Write a text as Markdown code on one line, also within a table."""
    shown = " ".join(str(text).split())
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return Raw(f"{fence}{blank}{shown}{blank}{fence}".replace("|", "\\|"))


def block(text: str) -> Raw:
    """Write lines as a block of Markdown code."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return Raw(f"{fence}\n{text}\n{fence}")


def link(address: str) -> Raw:
    """Write an address of the web as a Markdown link, any other as code."""
    usable = web_address(address)
    if not usable or re.search(r"[\s<>]", usable):
        return code(address)
    return Raw(f"<{usable}>")


def json_text(value: Any) -> Markup:
    """Write JSON so that it can stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return script_safe(text)


def script_safe(text: str) -> Markup:
    """Make a JSON text safe within a script element."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704  escaped above


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
    made.filters.update(json=json_text, web=web_address)
    made.globals.update(words=words, counted=words.counted)
    return made


@lru_cache(maxsize=1)
def _markdown() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=False,  # noqa: S701  `finalize` escapes for Markdown what autoescape does for HTML
        undefined=StrictUndefined,
        finalize=markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    made.filters.update(code=code, block=block, link=link, raw=Raw)
    made.globals.update(words=words, counted=words.counted)
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


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around all pages of a site: `site_url` where it is known, feeds, the day for which it is made."""

    site_url: str
    feeds: tuple[tuple[str, str, str], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    def page(self, name: str, path: str, **context: Any) -> bytes:
        """Render an HTML page that will be at `path` (with its ending)."""
        root = up(path)
        return (
            template(name)
            .render(
                context,
                root=root,
                path=path,
                twin=f"{root}{path.removesuffix('.html')}.md",
                canonical=f"{self.site_url}/{path}" if self.site_url else "",
                picture=f"{self.site_url}/{assets()['social.png'][0]}" if self.site_url else "",
                assets={name: f"{root}{found[0]}" for name, found in assets().items()},
                csp=CSP,
                feeds=self.feeds,
            )
            .encode()
        )

    def twin(self, name: str, path: str, **context: Any) -> bytes:
        """Render the Markdown of a page."""
        return template(name).render(context, root=up(path), path=path).encode()


def code_digest() -> str:
    """Return a hash of all that makes pages of what is stored: this package with its data and templates."""
    package = Path(__file__).parents[2]
    found = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".toml", ".html", ".md", ".css", ".js", ".svg", ".png"):
            found.update(file.relative_to(package).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:20]

"""A digest as the HTML of an e-mail: styles in the line, readable in light and in dark, and everything escaped."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from scraper.alerts.layout.parts import COLUMNS, Digest
from scraper.alerts.layout.plain import fields_text, names_in_short


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("scraper.alerts", "layout"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.globals |= {"fields": fields_text, "names_in_short": names_in_short, "columns": COLUMNS}
    environment.filters["breakable"] = _breakable
    return environment.get_template("email.html")


def _breakable(field: str) -> Markup:
    """Let a long field be broken before its labels and between them."""
    return Markup(escape(field).replace("{", Markup("<wbr>{")).replace(",", Markup(",<wbr>")))  # noqa: S704  escaped


def html_of(digest: Digest) -> str:
    """Write a digest as an HTML document that refers to nothing outside itself but by links."""
    return _template().render(digest=digest) + "\n"

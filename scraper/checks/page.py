"""Pages that are not pages: what an answer with status 200 may hold instead of what was asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from scraper.meters import is_rate_key
from scraper.records import clean

KINDS: Final = ("html", "markdown", "json")
"""What can be expected; HTML and Markdown are both pages, and one in place of the other is no problem."""

SHORT: Final = 1500
"""Characters of visible text up to which a page may be nothing but a notice."""

_BEGINNING: Final = 16 * 1024
"""Characters of markup that show more text than that on most pages."""

_CHALLENGE_TITLE = re.compile(
    r"just a moment|attention required|checking your browser|one moment, please|verify(ing)? you are human|"
    r"please wait.*cloudflare",
    re.IGNORECASE,
)
# Ordinary pages load the challenge platform's beacon; only a challenge page sets the options of a challenge.
_CHALLENGE_SCRIPT = re.compile(r"cf[-_]chl|challenge-platform", re.IGNORECASE)
_CHALLENGE_OPTIONS = re.compile(r"_cf_chl_opt|cf-chl-|__cf_chl_", re.IGNORECASE)


@dataclass(frozen=True)
class _Wall:
    """A kind of notice in place of a page: `title` decides alone, `words` only on a short page without a table."""

    what: str
    title: re.Pattern[str]
    words: re.Pattern[str]


def _wall(what: str, title: str, words: str) -> _Wall:
    return _Wall(what, re.compile(title, re.IGNORECASE), re.compile(words, re.IGNORECASE))


_WALLS: Final = (
    _wall(
        "a captcha page",
        r"\bcaptcha\b|are you (a )?(human|robot)|robot check|security check|human verification",
        r"\bcaptcha\b|verify (that )?you('re| are) (a )?human|are you a robot|not a robot|unusual traffic|"
        r"confirm (that )?you('re| are) (a )?human",
    ),
    _wall(
        "a notice that access is denied",
        r"access (to this page has been |is |was )?(denied|blocked)|^(error )?403\b|^forbidden\b|request blocked|"
        r"you have been blocked",
        r"access (to this page has been |is |was )?denied|you do(n't| not) have permission to access|403 forbidden|"
        r"(request|you) (was|were|has been|have been) blocked|request blocked",
    ),
    _wall(
        "a notice that it is not available in our region",
        r"(not|n't|un)\s?(available|supported) in your (country|region|location|area)|unsupported (country|region)",
        r"(not|n't|un)\s?(yet |currently )?(available|supported|accessible) (in|from) your (current )?"
        r"(country|region|location|area)|(country|region|territory)( is|,.{0,40}) not supported|unsupported_country",
    ),
    _wall(
        "a login page",
        r"^(log|sign)[ -]?(in|on)\b|\b(log|sign)[ -]?in$|^登录|^登入",
        r"(please |must |need to |have to )(log|sign)[ -]?in\b|(log|sign)[ -]?in (to|with) (your|continue|view|access)|"
        r"you('re| are) not (logged|signed) in|(must|need to) be (logged|signed) in",
    ),
)
_CONSENT = _wall(
    "a consent notice",
    r"^before you continue\b|\b(cookie|privacy) (consent|notice|settings|preferences)$|^(we value )?your privacy$|"
    r"^consent\b",
    r"before you continue to|(accept|agree to|allow) (all |our |the )*cookies (to|before|and) continu|"
    r"(need|require|ask for) your consent",
)
_NOTICES: Final = (*_WALLS, _CONSENT)
_PASSWORD_FIELD = re.compile(r"""<input\b[^<>]*\btype\s*=\s*["']?password\b""", re.IGNORECASE)
_MARKED = re.compile(r"[$€£¥￥]\s?\d")  # the price that most pages have, found at a tenth of the cost
_PRICE = re.compile(r"(?:[$€£¥￥]|US\$|USD|RMB|CNY)\s?\d|\d\s?(?:元|USD\b|[€¥])|元\s?/\s?\S")

_TITLE = re.compile(r"<title\b[^<>]*>([^<]*)", re.IGNORECASE)
_HEADING = re.compile(r"<h[12]\b[^<>]*>([^<]*)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_JSX_TEXT = re.compile(r"""\{["']([^"'{}]*)["']\}""")
_TABLE = re.compile(r"<table\b|\|\s*:?-{3,}", re.IGNORECASE)
_ENTITIES: Final = {
    **dict.fromkeys(("’", "&rsquo;", "&apos;", "&#39;", "&#x27;"), "'"),
    **dict.fromkeys(("&dollar;", "&#36;", "&#x24;"), "$"),
    **dict.fromkeys(("&yen;", "&#165;", "&#xA5;", "&#xa5;"), "¥"),
    **dict.fromkeys(("&euro;", "&#8364;"), "€"),
    "&nbsp;": " ",
}


def problem_with_bytes(body: bytes) -> str | None:
    """Say what a body is that cannot be text worth decoding: nothing, or a PDF; None where it may be a page."""
    if not body.strip():
        return "an empty answer, not the page"
    if body[:1024].lstrip().startswith(b"%PDF-"):
        return "a PDF file, not the page"
    return None


def problem_with(body: bytes, text: str, content_type: str, expected_kind: str) -> str | None:
    """Say in one phrase what was got instead of the page ("a login page …, not the page"), or None for a page.

    `text` is the decoded body, `content_type` the header as sent, `expected_kind` one of `html`, `markdown`, `json`.
    """
    if expected_kind not in KINDS:
        raise ValueError(f"{expected_kind!r} is not a kind of page; the kinds are {', '.join(KINDS)}")
    if problem := problem_with_bytes(body):
        return problem
    start = text.lstrip("\ufeff \t\r\n\f\v")
    if not start.strip():
        return "an empty answer, not the page"
    if _is_json(start, content_type):
        return None if expected_kind == "json" else "JSON where a page was expected"
    if expected_kind == "json" and start.startswith(("{", "[")):
        return None  # broken JSON: whoever reads it says where it breaks
    if problem := _notice(text):
        return problem
    if expected_kind == "json":
        return "an HTML page where JSON was expected" if start.startswith("<") else "text where JSON was expected"
    return None


def problem_with_address(asked: Sequence[str], answered: str) -> str | None:
    """Say where an answer came from instead of the page, None where it came from one of the hosts that were asked.

    `asked` are the addresses of a source, `answered` is the address that gave the answer after redirects. What has
    moved to another host, or to the home page, may be anything: the source's addresses are to be looked at again.
    """
    asked_parts, answer = [urlsplit(address) for address in asked], urlsplit(answered)
    hosts = {_host(parts.hostname) for parts in asked_parts}
    if _host(answer.hostname) not in hosts:
        return f"an answer from another host ({answered}), not the page; the source's address has probably moved"
    if answer.path.strip("/") or answer.query or any(not parts.path.strip("/") for parts in asked_parts):
        return None
    return f"the home page ({answered}), not the page; the source's address has probably moved"


def _host(name: str | None) -> str:
    return (name or "").casefold().removeprefix("www.")


def problem_without_prices(text: str, kind: str, publishes: Iterable[str]) -> str | None:
    """Say that a page has no price at all, None where it has one or its source does not publish any.

    `text` is the decoded body with its scripts, which may carry the page's data; `publishes` are the source's fields.
    A feed (`kind` is `json`) has amounts without marks.
    """
    if kind == "json" or not any(is_rate_key(field) for field in publishes):
        return None
    if _MARKED.search(text) or _PRICE.search(text):  # as on most pages, without taking them apart
        return None
    text = html.unescape(text)
    text = _JSX_TEXT.sub(r"\1", text)
    if _PRICE.search(text) or _PRICE.search(_TAG.sub("", text)):
        return None
    return "a page without a single price, not the price list"


def _is_json(start: str, content_type: str) -> bool:
    if not start.startswith(("{", "[")):
        return False
    if content_type.partition(";")[0].strip().casefold().endswith("json"):
        return True
    try:
        json.loads(start)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _notice(text: str) -> str | None:
    """Say what notice stands in place of the page. A price in the visible text proves that it is no mere notice."""
    found = _TITLE.search(text) or _HEADING.search(text)
    title = clean(found[1]) if found else ""
    challenged = _CHALLENGE_TITLE.search(title) is not None
    markup = _shown_markup(text)
    if not challenged and not any(wall.title.search(title) for wall in _NOTICES) and _is_long(markup):
        return None  # as most pages, without taking them apart
    visible = _visible(markup)
    short = len(visible) <= SHORT
    shown = f'("{(title or visible)[:80].strip()}"), not the page'
    if challenged and _CHALLENGE_SCRIPT.search(text):
        return f"a Cloudflare challenge page {shown}"
    if short and _CHALLENGE_OPTIONS.search(text):
        return f"a Cloudflare challenge page {shown}"
    if _PRICE.search(visible):
        return None
    short = short and not _TABLE.search(text)
    for wall in _NOTICES:
        if wall.title.search(title) or (short and wall.words.search(visible)):
            return f"{wall.what} {shown}"
    if short and _PASSWORD_FIELD.search(text):
        return f"a login page {shown}"
    return None


def _is_long(markup: str) -> bool:
    """Say whether the visible text is certainly not short, by the beginning of it, cut where no tag is cut."""
    return len(_visible(markup[: max(0, markup.rfind("<", 0, _BEGINNING))])) > SHORT


def _shown_markup(text: str) -> str:
    """Return the text without scripts and styles, in one pass for each however broken the markup is."""
    lowered = _lowered(text)
    for element in ("script", "style", "svg"):
        if f"<{element}" in lowered:
            text = _without(text, lowered, element)
            lowered = _lowered(text)
    return text


def _lowered(text: str) -> str:
    lowered = text.lower()
    # A letter whose lower case is longer would shift every place after it.
    return lowered if len(lowered) == len(text) else text


def _visible(markup: str) -> str:
    """Return the text outside of tags."""
    text = _TAG.sub(" ", markup)
    for written, meant in _ENTITIES.items():
        text = text.replace(written, meant)
    return clean(text)


def _without(text: str, lowered: str, element: str) -> str:
    kept, position = [], 0
    while (start := lowered.find(f"<{element}", position)) >= 0:
        kept.append(text[position:start])
        closing = lowered.find(f"</{element}", start)
        end = lowered.find(">", closing) if closing >= 0 else -1
        if end < 0:
            return "".join(kept)
        position = end + 1
    return "".join([*kept, text[position:]])

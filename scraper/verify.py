"""Verifying what is published: each quote stands at its place in the archived bytes, each number in its quote."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from scraper.diff import NOISE
from scraper.errors import RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.fetch.archive import Archive
from scraper.fetch.decode import Undecodable
from scraper.meters import is_rate_key
from scraper.pages import document_of
from scraper.records import SPECS, State
from scraper.store import CaptureInfo, PublishedValue, Store, published_values

# Its exponent is only its unit, and may be none: an id such as "7e12345678" is no number of ours.
_NUMBER: Final = re.compile(r"(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_FREE: Final = re.compile(
    r"""\bfree\b|no charge|免费|限免|^-?0(?:\.0+)?$|(?:[$€£¥￥]\s?|"[A-Z]{3}": "?)0(?:\.0+)?(?![\d.])""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Verification:
    """How many published values were checked, in how many captures, and one sentence for each that failed."""

    values: int
    captures: int
    problems: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in one line."""
        found = self.values - len(self.problems)
        share = f"{100 * found / self.values:.1f} %" if self.values else "nothing to check"
        return f"{found:,} of {self.values:,} published values found again in {self.captures:,} captures ({share})"

    def to_object(self) -> dict[str, Any]:
        """Return the result as JSON has it."""
        return {"values": self.values, "captures": self.captures, "problems": list(self.problems)}


def verify_store(store: Store, archive: Archive, at: datetime, provider: str | None = None) -> Verification:
    """Check every published value of a store against the archive; each capture is opened once."""
    by_capture: dict[CaptureInfo, list[PublishedValue]] = defaultdict(list)
    for value in published_values(store, at, provider):
        by_capture[value.capture].append(value)
    problems = [problem for capture, values in by_capture.items() for problem in _verify(capture, values, archive)]
    return Verification(sum(map(len, by_capture.values())), len(by_capture), tuple(problems))


def _verify(capture: CaptureInfo, values: list[PublishedValue], archive: Archive) -> list[str]:
    try:
        document = document_of(archive.get(capture.sha256), capture.content_type, capture.url)
    except (RatecardError, Undecodable) as error:
        return [f"{_who(value)}: {error}" for value in values]
    found = ((value, problem_with(value, document)) for value in values)
    return [
        f"{_who(value)}: {problem} ({capture.url}, capture {capture.sha256[:12]})"
        for value, problem in found
        if problem
    ]


def _who(value: PublishedValue) -> str:
    return f"{value.provider}/{value.model_id or value.name} {value.field}"


def problem_with(value: PublishedValue, document: Document) -> str | None:
    """Return why a value is not verified by the document that its evidence names, or None where it is."""
    try:
        passage = document.at(value.locator)
    except Unreadable as problem:
        return str(problem)
    if value.quote not in passage.quote:
        return f"at {value.locator} stands {passage.quote[:120]!r}, not {value.quote[:120]!r}"
    if value.state is not State.SOURCED or value.derived or value.value is None:
        return None
    number = is_rate_key(value.field) or SPECS.get(value.field) in ("tokens", "count")
    if number and not states_amount(value.quote, Decimal(value.value)):
        return f"the quote {value.quote[:120]!r} does not have the number {value.value}"
    return None


def states_amount(quote: str, amount: Decimal) -> bool:
    """Say whether a quote has an amount, in any unit of ten: "$0.0001 / 1K tokens" has 0.1 for 1M tokens."""
    if amount == 0:
        return _FREE.search(quote) is not None
    wanted = _digits(amount)
    numbers = (Decimal(match["digits"].replace(",", "")) for match in _NUMBER.finditer(quote))
    return any(number and abs(_digits(number) - wanted) <= wanted * NOISE for number in numbers)


def _digits(amount: Decimal) -> Decimal:
    """Return an amount scaled to lie from 1 up to 10."""
    return amount.scaleb(-amount.adjusted())

"""What benchmarks stand on: rows with goals, their table, and pages that every reader of a crawl must read alike."""

from __future__ import annotations

import pytest

from benchmarks import made_pages
from benchmarks.__main__ import Result, section, table
from benchmarks.measuring import Row, alone, beside, in_turn
from scraper.checks.judging import judge
from scraper.contracts import contract_for
from scraper.extract.document import Document
from tests.selling import START


@pytest.mark.parametrize(("ours", "met"), [([2.0, 9.0, 1.0], True), ([2.0, 9.0, 9.0], False)])
def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians(ours: list[float], met: bool) -> None:
    row = beside("CPU", ours, [1.0, 3.0, 1.0], "ms", at_most=2)

    assert row.ratio == ("2.00×" if met else "3.00×")
    assert row.spread == ("1.00 to 3.00" if met else "2.00 to 9.00")
    assert row.met is met
    assert row.goal == "≤ 2×"


def test_what_should_be_more_is_missed_where_it_is_less() -> None:
    assert beside("pages", [3.0], [2.0], "", at_least=2).met is False
    assert beside("pages", [5.0], [2.0], "", at_least=2).met is True
    assert beside("pages", [5.0], [2.0], "").met is None


def test_what_is_compared_takes_turns() -> None:
    order: list[str] = []

    results = in_turn(2, lambda: order.append("one"), lambda: order.append("other"))

    assert order == ["one", "other", "one", "other"]
    assert results == [[None, None], [None, None]]


def test_a_goal_that_is_missed_is_shown_with_its_profile_and_the_next_step() -> None:
    rows = [alone("slowest", [300.0], "ms", at_most=250), Row(what="no goal", ours="1")]
    result = Result("reading", "Reading alone", rows, ["50 %  walk"], "walk less.", 1.0)

    shown = section(result)

    assert table(rows)[2].split("|")[1:3] == [" slowest ", " 300 ms "]
    assert "**missed**" in shown
    assert "50 %  walk" in shown
    assert "Next step: walk less." in shown


def test_what_could_not_be_measured_says_why() -> None:
    assert "no server" in section(Result("scale", "Scale", [], [], "", 1.0, "OSError: no server"))


def test_what_is_not_installed_is_said_in_one_sentence() -> None:
    shown = section(Result("crawl", "left out", [], [], "", 0.0, lacking="scrapy"))
    assert "Not measured: scrapy is not installed; `make bench` installs it." in shown
    assert "|" not in shown


@pytest.mark.parametrize("number", [0, 1, 999])
def test_made_pages_are_read_whole_and_no_guard_objects(number: int) -> None:
    body = made_pages.page(number)

    reading = made_pages.read(Document(body.decode(), "html"))

    assert 60_000 <= len(body) <= 220_000
    assert len(reading.offers) == made_pages.rows_of(number)
    assert {fact.field for offer in reading.offers for fact in offer.facts} == made_pages.FIELDS
    assert not reading.notes
    judgement = judge(reading, contract_for({}, "made"), [], START)
    assert not judgement.failures
    assert not judgement.holds

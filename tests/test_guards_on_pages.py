"""Guards on real readings: nothing of them is doubted as they are; misread, nothing of them is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest

from scraper import providers
from scraper.checks import judge
from scraper.diff import same_value
from scraper.extract import Unreadable
from scraper.holds import Stood
from scraper.meters import RateKey
from scraper.records import Fact, Offer, Reading, plain
from tests.judging import published, standing
from tests.readings import CAPTURES, FIXTURES, pages

# Each process that has some of these tests reads all pages: one is enough.
pytestmark = pytest.mark.xdist_group("guards")
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures (../shared/captures) are not here")


class Read(NamedTuple):
    """A page as its source reads it."""

    provider: str
    source: str
    file: str
    at: datetime
    reading: Reading


def _read(folder: Path, provider: str) -> Iterator[Read]:
    for page in pages(folder):
        source = next((one for one in providers.sources(provider) if page.url in one.addresses), None)
        if source is None or "challenge" in page.file.name:
            continue
        try:
            reading = source.read(page.document)
        except Unreadable:
            continue
        at = datetime.fromisoformat(page.captured_on).replace(tzinfo=UTC)
        if reading.offers:
            yield Read(provider, source.name, page.file.name, at, reading)


@lru_cache(maxsize=1)
def fixtures() -> tuple[Read, ...]:
    return tuple(read for provider in providers.every() for read in _read(FIXTURES / provider, provider))


@lru_cache(maxsize=1)
def captures() -> tuple[Read, ...]:
    return tuple(read for provider in providers.every() for read in _read(CAPTURES, provider))


def assert_undoubted(reads: tuple[Read, ...]) -> None:
    assert len(reads) > 20
    for read in reads:
        judgement = judge(read.reading, providers.contract_of(read.provider, read.source), (), read.at)
        assert (judgement.failures, [hold.message for hold in judgement.holds]) == ((), []), read.file


def test_nothing_of_the_fixtures_is_doubted() -> None:
    assert_undoubted(fixtures())


@needs_captures
def test_nothing_of_the_real_captures_is_doubted_when_it_is_read_first() -> None:
    assert_undoubted(captures())


def series(provider: str, source: str) -> list[Read]:
    found = [read for read in captures() if (read.provider, read.source) == (provider, source)]
    return sorted(found, key=lambda read: (read.at, read.file))


def stood_after(reads: list[Read]) -> list[Stood]:
    """What stands after readings that were all accepted, with the values before."""
    earlier: dict[tuple[str, str], list[str]] = {}
    for read in reversed(reads[-4:-1]):
        for offer in read.reading.offers:
            for said in offer.facts:
                if said.value is not None:
                    earlier.setdefault((offer.model_id, said.field), []).append(said.value)
    return standing(reads[-1].reading, at=reads[-1].at, earlier=earlier)


@needs_captures
def test_the_tenfold_cut_of_luna_is_held_until_three_captures_say_so() -> None:
    reads = [read for read in series("openrouter", "models") if read.at < datetime(2026, 8, 9, tzinfo=UTC)]
    newest = reads.pop()
    assert (reads[-1].at.date().isoformat(), newest.at.date().isoformat()) == ("2026-07-17", "2026-08-08")
    judgement = judge(newest.reading, providers.contract_of("openrouter", "models"), stood_after(reads), newest.at)
    assert judgement.failures == ()
    holds = {hold.field: hold for hold in judgement.holds if hold.model_id == "openai/gpt-5.6-luna"}
    assert holds["input"].message == "input of openai/gpt-5.6-luna fell from 1 to 0.1 USD per 1M tokens, about a tenth"
    assert {"input", "output", "cache_read", "cache_write"} <= holds.keys()
    assert {hold.check for hold in holds.values()} == {"scale_jump"}
    assert {hold.releases_after for hold in holds.values()} == {3}


@needs_captures
def test_of_real_changes_few_are_doubted_and_no_source_fails() -> None:
    moved, doubted = 0, Counter[str]()
    for provider in providers.every():
        for source in providers.sources(provider):
            reads = series(provider, source.name)
            for n in range(1, len(reads)):
                stood = stood_after(reads[:n])
                before = {(one.model_id, one.name, one.field, one.valid_from): one.value for one in stood}
                read = reads[n]
                judgement = judge(read.reading, providers.contract_of(provider, source.name), stood, read.at)
                assert judgement.failures == (), read.file
                doubted.update(hold.check for hold in judgement.holds)
                for offer in read.reading.offers:
                    for said in offer.facts:
                        old = before.get((offer.model_id, offer.name, said.field, said.valid_from))
                        moved += old is not None and not same_value(said.field, old, said.value)
    assert moved > 1000
    # The captures lie months apart, so that many offers are gone from one to the next.
    assert doubted.keys() <= {"scale_jump", "flapping", "offers_lost", "field_lost", "column_moved"}
    assert doubted["scale_jump"] + doubted["column_moved"] < 0.1 * moved


@needs_captures
def test_two_captures_of_one_page_with_the_same_prices_give_nothing() -> None:
    for read in captures():
        contract = providers.contract_of(read.provider, read.source)
        judgement = judge(read.reading, contract, standing(read.reading, at=read.at), read.at + timedelta(hours=9))
        assert (judgement.failures, judgement.holds) == ((), ())


# Misreadings.


def each(reading: Reading, change: Callable[[Offer], list[Fact]]) -> Reading:
    offers = [offer.model_copy(update={"facts": tuple(change(offer))}) for offer in reading.offers]
    return reading.model_copy(update={"offers": tuple(offers)})


def is_price(fact: Fact) -> bool:
    return fact.currency is not None and fact.valid_from is None and fact.value is not None


def fields_of(reading: Reading) -> list[str]:
    return list(dict.fromkeys(fact.field for offer in reading.offers for fact in offer.facts if is_price(fact)))


def scaled(reading: Reading, change: Callable[[str], str], fields: list[str]) -> Reading:
    def facts(offer: Offer) -> list[Fact]:
        return [
            fact.model_copy(update={"value": change(fact.value or "")})
            if is_price(fact) and fact.field in fields
            else fact
            for fact in offer.facts
        ]

    return each(reading, facts)


def renamed(reading: Reading, names: dict[str, str]) -> Reading:
    return each(
        reading,
        lambda offer: [
            fact.model_copy(update={"field": names.get(fact.field, fact.field)}) if is_price(fact) else fact
            for fact in offer.facts
        ],
    )


def shifted(reading: Reading, by: int) -> Reading:
    """The cells of each row one column to the side."""

    def facts(offer: Offer) -> list[Fact]:
        cells = [fact for fact in offer.facts if is_price(fact)]
        moved = [
            cells[n + by].model_copy(update={"field": fact.field})
            for n, fact in enumerate(cells)
            if 0 <= n + by < len(cells)
        ]
        return [fact for fact in offer.facts if not is_price(fact)] + moved

    return each(reading, facts)


def batch_as_standard(reading: Reading) -> Reading:
    def facts(offer: Offer) -> list[Fact]:
        batch = {
            str(RateKey.parse(fact.field).with_labels(tier=None)): fact
            for fact in offer.facts
            if is_price(fact) and "tier=batch" in fact.field
        }
        kept = [fact for fact in offer.facts if fact.field not in batch and fact not in batch.values()]
        return kept + [fact.model_copy(update={"field": field}) for field, fact in batch.items()]

    return each(reading, facts)


def in_euros(reading: Reading) -> Reading:
    return each(
        reading,
        lambda offer: [fact.model_copy(update={"currency": "EUR"}) if is_price(fact) else fact for fact in offer.facts],
    )


def every_second(reading: Reading) -> Reading:
    return reading.model_copy(update={"offers": reading.offers[::2]})


def without_point(value: str) -> str:
    """A price whose decimal comma was taken for one between thousands."""
    return value.replace(".", "").lstrip("0") or "0"


def times(factor: str) -> Callable[[str], str]:
    return lambda value: plain(Decimal(value) * Decimal(factor))


def wrong(read: Read, misread: Reading) -> list[str]:
    """What would be published of a misreading after two more captures of it and is not what the page says."""
    stood = standing(read.reading, at=read.at)
    truth = {(one.model_id, one.name, one.field, one.valid_from): one for one in stood}
    judgement = judge(misread, providers.contract_of(read.provider, read.source), stood, read.at + timedelta(days=7))
    assert all(hold.releases_after is None or hold.releases_after > 2 for hold in judgement.holds)
    found = []
    for offer, fact in published(misread, judgement):
        said = truth.get((offer.model_id, offer.name, fact.field, fact.valid_from))
        if said is None or not same_value(fact.field, said.value, fact.value) or said.currency != fact.currency:
            found.append(f"{offer.model_id or offer.name} {fact.field} {said and said.value} {fact.value}")
    return found


def assert_nothing_wrong(misreadings: Callable[[Reading], Iterator[Reading]], *, at_least: int) -> None:
    count = 0
    for read in fixtures():
        for misread in misreadings(read.reading):
            if misread.offers and misread != read.reading:
                count += 1
                assert wrong(read, misread) == [], (read.provider, read.file)
    assert count >= at_least


@pytest.mark.parametrize(
    "change", [times("1000"), times("1e6"), times("100"), times("0.01"), times("0.001"), times("1e-6")]
)
def test_f16_no_price_of_any_fixture_changes_its_unit(change: Callable[[str], str]) -> None:
    def misreadings(reading: Reading) -> Iterator[Reading]:
        fields = fields_of(reading)
        yield scaled(reading, change, fields)
        for field in fields[:2]:
            yield scaled(reading, change, [field])

    assert_nothing_wrong(misreadings, at_least=100)


def test_f16_no_price_of_any_fixture_loses_its_decimal_point() -> None:
    def misreadings(reading: Reading) -> Iterator[Reading]:
        yield scaled(reading, without_point, fields_of(reading))
        for field in fields_of(reading)[:4]:
            yield scaled(reading, without_point, [field])

    assert_nothing_wrong(misreadings, at_least=100)


def test_f17_no_price_of_any_fixture_changes_its_currency() -> None:
    assert_nothing_wrong(lambda reading: iter([in_euros(reading)]), at_least=30)


def test_f21_no_two_headings_of_any_fixture_change_places() -> None:
    def misreadings(reading: Reading) -> Iterator[Reading]:
        for one, other in combinations(fields_of(reading)[:5], 2):
            if "upstream" not in one:  # entries of a feed, which no heading tells apart
                yield renamed(reading, {one: other, other: one})

    assert_nothing_wrong(misreadings, at_least=100)


def test_f21_no_cell_of_any_fixture_is_read_under_the_heading_beside_it() -> None:
    assert_nothing_wrong(lambda reading: iter([shifted(reading, 1), shifted(reading, -1)]), at_least=40)


def test_f21_no_batch_price_of_any_fixture_is_taken_for_the_standard_one() -> None:
    assert_nothing_wrong(lambda reading: iter([batch_as_standard(reading)]), at_least=8)


def test_f15_of_no_fixture_half_the_offers_vanish_with_a_change() -> None:
    assert_nothing_wrong(lambda reading: iter([every_second(reading)]), at_least=20)

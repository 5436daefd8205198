"""Feeds by contract: every digit of a number arrives, and what is no price is never one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.feed import MILLION_TOKENS, Feed, Price, Spec, as_text, read_feed, whole_tokens
from scraper.extract.offers import Named, Offers
from scraper.extract.regions import ByRegion
from scraper.extract.router import PRICES, expiry, is_discounted, is_free, modalities_of, overrides
from scraper.extract.specs import day_of_epoch
from scraper.extract.ticks import discounted_batch, ticks
from scraper.meters import Unit
from scraper.providers.openrouter import read_endpoints
from scraper.providers.openrouter import read_models as read_openrouter
from scraper.providers.perplexity import read_models as read_perplexity
from scraper.providers.vercel import read_models as read_vercel
from scraper.records import Evidence, Fact, Reading

PER_TOKEN = Feed(rows="/data", prices=(Price(path="pricing/in", key="input", may_be_free=True),))
PER_MILLION = Feed(rows="/data", prices=(Price(path="pricing/in", key="input", unit=MILLION_TOKENS),))


def read(text: str, feed: Feed) -> Reading:
    return read_feed(Document(text, "json"), feed).reading()


def one_price(number: str, feed: Feed) -> Reading:
    """The reading of a feed whose one row has this number, in the letters given here."""
    return read(f'{{"data": [{{"id": "a/b", "pricing": {{"in": {number}}}}}]}}', feed)


def values(reading: Reading) -> dict[str, str | None]:
    return {fact.field: fact.value for offer in reading.offers for fact in offer.facts}


def rows(*found: Mapping[str, object]) -> Document:
    return Document(json.dumps({"data": found}), "json")


@pytest.mark.parametrize(
    ("number", "per_token", "per_million"),
    [
        ("0.1234567890123456789", "123456.7890123456789", "0.1234567890123456789"),
        ("2.50", "2500000", "2.50"),
        ("1e-7", "0.1", "0.0000001"),
        ("1E-7", "0.1", "0.0000001"),
        ("0.000000025", "0.025", "0.000000025"),
        ("2.9999999999999997e-05", "29.999999999999997", "0.000029999999999999997"),
        ("0.0000000833333333333333", "0.0833333333333333", "0.0000000833333333333333"),
        ("3", "3000000", "3"),
    ],
)
def test_a_number_keeps_every_digit(number: str, per_token: str, per_million: str) -> None:
    for sent in (number, f'"{number}"'):
        for feed, expected in ((PER_TOKEN, per_token), (PER_MILLION, per_million)):
            reading = one_price(sent, feed)
            assert values(reading) == {"input": expected}
            assert reading.offers[0].facts[0].evidence.quote == number
            assert not reading.notes


def test_evidence_points_at_the_number_as_it_was_sent() -> None:
    document = Document('{"data": [{"id": "a", "pricing": {"in": 2.50}}]}', "json")
    (fact,) = read_feed(document, PER_TOKEN).reading().offers[0].facts
    assert fact.evidence.locator == "#/data/0/pricing/in"
    assert document.at(fact.evidence.locator).quote == "2.50"


@pytest.mark.parametrize("number", ["0", "0.0", '"0"', '"0.00"', "0e-9", "-1", '"-1"', "-1000000", '"-0.5"', "null"])
def test_a_placeholder_is_no_price(number: str) -> None:
    reading = one_price(number, PER_TOKEN)
    assert reading.offers == ()
    assert reading.notes == ()


def test_0_is_free_only_in_a_row_that_is_free_and_for_a_price_that_may_be() -> None:
    prices = (Price(path="in", key="input", may_be_free=True), Price(path="search", key="requests", unit=ONE))
    feed = Feed(rows="/data", prices=prices, free=lambda row: row["id"].endswith(":free"))
    text = '{"data": [{"id": "a:free", "in": "0", "search": "0"}, {"id": "b", "in": "0", "search": "0"}]}'
    reading = read(text, feed)
    assert [(offer.model_id, [fact.field for fact in offer.facts]) for offer in reading.offers] == [
        ("a:free", ["input"])
    ]
    assert values(reading) == {"input": "0"}


ONE = Unit(Decimal(1), "request")


@pytest.mark.parametrize(
    "number",
    [
        '"NaN"', '"Infinity"', '"-Infinity"', '"sNaN"', '""', '"free"', '"$3"', '"1,000"', '"1_000"', '"１"', '".5"',
        '"0x10"', '"3 USD"', "true", "false", "[]", "[1]", "{}", '"1e9999"', '"1e999999999"', "1e999",
        '"1.2.3"', '"' + "9" * 60 + '"',
    ],
)  # fmt: skip
def test_what_is_no_number_is_noted_and_never_a_price(number: str) -> None:
    reading = one_price(number, PER_TOKEN)
    assert reading.offers == ()
    assert [note.kind for note in reading.notes] == ["unreadable"]
    assert "a/b pricing/in" in reading.notes[0].text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e99999999999999999999", "9" * 50, "01", "+1"])
def test_numbers_that_json_does_not_know_make_the_document_unreadable(number: str) -> None:
    with pytest.raises(Unreadable):
        one_price(number, PER_TOKEN)


WHOLE = '{"data": [{"id": "a", "pricing": {"in": 1}}, {"id": "b", "pricing": {"in": 2}}]}'


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_truncated_json_is_unreadable_at_every_length(length: int) -> None:
    with pytest.raises(Unreadable):
        read(WHOLE[:length], PER_TOKEN)


@pytest.mark.parametrize("text", ["{}", "[]", '{"data": {}}', '{"data": null}', '{"data": "x"}', "<html></html>"])
def test_a_document_without_rows_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text, PER_TOKEN)


def test_a_key_twice_with_two_values_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="twice"):
        read('{"data": [{"id": "a", "pricing": {"in": 1, "in": 2}}]}', PER_TOKEN)


def test_a_new_key_is_noted_once_and_a_known_one_never() -> None:
    feed = Feed(rows="/data", prices=PER_TOKEN.prices, known={"object": "the same in all rows"})
    row = '{"id": "%s", "object": "model", "pricing": {"in": 1, "night": 2}, "weight": 3}'
    reading = read(f'{{"data": [{row % "a"}, {row % "b"}]}}', feed)
    assert [(note.kind, note.text, note.locator) for note in reading.notes] == [
        ("off_contract", "the key 'weight' is new in this feed", "#…/weight"),
        ("off_contract", "the key 'pricing/night' is new in this feed", "#…/pricing/night"),
    ]
    assert len(reading.offers) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"pricing": {"prompt": "0.000001", "discount": "half"}},
        {"supported_parameters": [{"name": "tools"}]},
        {"architecture": {"input_modalities": True, "output_modalities": [None]}},
    ],
)
def test_a_row_with_an_odd_value_is_noted_and_the_others_read(odd: dict[str, object]) -> None:
    whole = {"id": "a/b", "name": "B", "pricing": {"prompt": "0.000002"}}
    reading = read_openrouter(rows({"id": "a/odd", "name": "Odd", **odd}, whole))
    assert values(reading) == {"input": "2"}
    assert {note.kind for note in reading.notes} == {"unreadable"}


def test_rows_without_an_id_or_with_an_impossible_one_are_noted_and_the_others_read() -> None:
    text = (
        '{"data": [1, {"pricing": {"in": 1}}, {"id": "a b", "pricing": {"in": 1}}, {"id": "c", "pricing": {"in": 1}}]}'
    )
    reading = read(text, PER_TOKEN)
    assert [offer.model_id for offer in reading.offers] == ["c"]
    assert [note.kind for note in reading.notes] == ["off_contract", "off_contract", "unreadable"]


def test_one_id_with_two_prices_publishes_neither() -> None:
    reading = read('{"data": [{"id": "a", "pricing": {"in": 1}}, {"id": "a", "pricing": {"in": 2}}]}', PER_TOKEN)
    assert reading.offers == ()
    assert [note.kind for note in reading.notes] == ["conflict"]


def test_an_amount_outside_of_what_its_unit_can_cost_is_noted() -> None:
    price = Price(path="in", key="input", between=(Decimal("0.00000001"), Decimal("0.001")))
    reading = read('{"data": [{"id": "a", "in": "2.5"}]}', Feed(rows="/data", prices=(price,)))
    assert reading.offers == ()
    assert "2.5 cannot be a price per token" in reading.notes[0].text


@pytest.mark.parametrize(("value", "written"), [("128000", "128000"), ("0", None), ("-1", None)])
def test_a_count_of_tokens_is_whole_and_more_than_nothing(value: str, written: str | None) -> None:
    feed = Feed(rows="/data", prices=(), specs=(Spec("context", "context_window", whole_tokens),))
    reading = read(f'{{"data": [{{"id": "a", "context": {value}}}]}}', feed)
    assert values(reading).get("context_window") == written
    assert not reading.notes


@pytest.mark.parametrize("value", ["1.5", '"many"', "true", "[8192]", "1e6", "1" * 20])
def test_what_is_no_count_of_tokens_is_noted(value: str) -> None:
    feed = Feed(rows="/data", prices=(), specs=(Spec("context", "context_window", whole_tokens),))
    reading = read(f'{{"data": [{{"id": "a", "context": {value}}}]}}', feed)
    assert [note.kind for note in reading.notes] == ["unreadable"]


@pytest.mark.parametrize("seconds", [0, -1, 1_750_118_400_000, "1750118400", True, None])
def test_what_is_no_time_in_seconds_gives_no_day(seconds: object) -> None:
    with pytest.raises(Unreadable):
        day_of_epoch(seconds)


@pytest.mark.parametrize("unit", ["usd_per_1k_tokens", "USD", "", None, 1000000])
def test_a_row_with_an_unknown_unit_has_no_prices(unit: object) -> None:
    known = {"id": "a", "pricing": {"input": 1, "output": 2, "unit": "usd_per_1m_tokens"}}
    other = {"id": "b", "pricing": {"input": 1, "output": 2, "unit": unit}}
    reading = read_perplexity(rows(known, other))
    assert [offer.model_id for offer in reading.offers] == ["a"]
    assert [note.kind for note in reading.notes] == ["unreadable"]


ROUTER = Feed(
    rows="/data",
    prices=PRICES,
    free=is_free,
    promotional=is_discounted,
    known={"name", "description", "pricing/overrides", "pricing/discount", "pricing/image"},
    more=overrides,
)


def routed(pricing: dict[str, object], **more: object) -> Reading:
    return read_feed(rows({"id": "a/b", "pricing": {"prompt": "0.000002", **pricing}, **more}), ROUTER).reading()


def test_a_price_above_a_length_of_prompt_is_quoted_with_its_condition() -> None:
    reading = routed({"overrides": [{"min_prompt_tokens": 32000, "prompt": "0.000004"}]})
    assert values(reading) == {"input": "2", "input{prompt_gt=32000}": "4"}
    assert '"min_prompt_tokens": 32000' in reading.offers[0].facts[1].evidence.quote


@pytest.mark.parametrize(
    "override",
    [
        {"prompt": "0.000004"},
        {"min_prompt_tokens": 0, "prompt": "0.000004"},
        {"min_prompt_tokens": "many", "prompt": "0.000004"},
        {"min_prompt_tokens": 1000, "utc_start": 0, "utc_end": 100, "prompt": "0.000004"},
        {"utc_start": 100, "utc_end": 400, "utc_days": ["sat"], "prompt": "0.000004"},
        {"utc_start": 160, "utc_end": 400, "prompt": "0.000004"},
        {"min_images": 3, "prompt": "0.000004"},
        "cheap at night",
    ],
)
def test_a_condition_that_is_not_understood_gives_a_note_and_no_price(override: object) -> None:
    reading = routed({"overrides": [override]})
    assert values(reading) == {"input": "2"}
    assert [note.kind for note in reading.notes] == ["unreadable"]


def hours(start: int, end: int, price: str) -> dict[str, object]:
    return {"utc_start": start, "utc_end": end, "prompt": price}


def test_hours_of_the_day_are_peak_and_off_peak_by_their_prices() -> None:
    windows = [hours(1630, 30, "0.000001"), hours(30, 1630, "0.000002")]
    assert values(routed({"overrides": windows})) == {
        "input": "2",
        "price_windows": "peak 00:30-16:30; off-peak 16:30-00:30 UTC",
        "input{window=off-peak}": "1",
        "input{window=peak}": "2",
    }
    alone = values(routed({"overrides": [hours(100, 400, "0.000004")]}))
    assert alone["input{window=peak}"] == "4"
    assert alone["price_windows"] == "peak 01:00-04:00 UTC"


@pytest.mark.parametrize(
    "windows",
    [
        [hours(0, 400, "0.000001"), hours(300, 600, "0.000003")],
        [hours(0, 400, "0.000001"), hours(400, 600, "0.000003"), hours(600, 900, "0.000004")],
        [hours(0, 400, "0.000002")],
    ],
)
def test_hours_that_overlap_or_have_no_clear_peak_are_noted(windows: object) -> None:
    reading = routed({"overrides": windows})
    assert values(reading) == {"input": "2"}
    assert [note.kind for note in reading.notes] == ["unreadable"]


def test_audio_by_the_second_is_not_read_as_tokens() -> None:
    said = routed({"audio": "0.0001"}, description="Input audio is priced at $100 per million seconds.")
    assert values(said) == {"input": "2", "audio_seconds": "0.0001"}
    cut = routed({"audio": "0.0001"}, description="Input audio...")
    assert values(cut) == {"input": "2"}
    assert [note.kind for note in cut.notes] == ["unreadable"]


def test_a_discount_makes_prices_promotional_and_changes_none() -> None:
    (fact,) = routed({"discount": 0.25}).offers[0].facts
    assert (fact.value, fact.promotional) == ("2", True)
    (fact,) = routed({"discount": 0}).offers[0].facts
    assert (fact.value, fact.promotional) == ("2", False)


@pytest.mark.parametrize(
    ("row", "free"),
    [
        ({"id": "a/b:free", "name": "B"}, True),
        ({"id": "openrouter/free", "name": "Router"}, True),
        ({"id": "a/b", "name": "B (free)"}, True),
        ({"id": "a/b", "name": "Freedom"}, False),
        ({"id": "a/b", "name": "B"}, False),
    ],
)
def test_a_row_is_free_where_its_id_or_name_says_so(row: dict[str, object], free: bool) -> None:
    assert is_free(row) is free


def test_modalities_come_from_the_lists_or_the_text_and_the_year_2098_is_no_retirement() -> None:
    assert modalities_of({"input_modalities": ["image", "text"], "output_modalities": ["text"]}) == "text+image->text"
    assert modalities_of({"modality": "text+image->text"}) == "text+image->text"
    assert modalities_of({"modality": "multimodal"}) == ""
    for odd in ({"modality": 5}, {"input_modalities": [{}], "output_modalities": ["text"]}, {"modality": "->"}):
        with pytest.raises(Unreadable):
            modalities_of(odd)
    assert expiry("2026-09-30") == "2026-09-30"
    assert expiry("2098-12-31") == ""
    with pytest.raises(Unreadable):
        expiry(as_text(5))


def test_the_hosts_of_a_model_have_prices_under_their_tag() -> None:
    hosts = [
        {"tag": "one/fp8", "provider_name": "One", "pricing": {"prompt": "0.000001", "discount": 0}},
        {"tag": "two", "provider_name": "Two", "pricing": {"prompt": "0.000002", "discount": 0.5}},
        {"tag": "two words", "pricing": {"prompt": "0.000003"}},
    ]
    document = Document(json.dumps({"data": {"id": "a/b", "name": "B", "endpoints": hosts}}), "json")
    reading = read_endpoints(document)
    assert values(reading) == {"input{upstream=one/fp8}": "1", "input{upstream=two}": "2"}
    assert [offer.model_id for offer in reading.offers] == ["a/b"]
    assert [note.kind for note in reading.notes] == ["off_contract"]


def gateway(pricing: dict[str, object], **more: object) -> Reading:
    return read_vercel(rows({"id": "a/b", "name": "B", "pricing": pricing, **more}))


def test_the_first_tier_is_the_base_and_the_later_ones_hold_for_long_prompts() -> None:
    tiers = [{"cost": "0.000001", "min": 0, "max": 200000}, {"cost": "0.000002", "min": 200000}]
    assert values(gateway({"input_tiers": tiers})) == {"input": "1", "input{prompt_gt=200000}": "2"}
    agreeing = gateway({"input": "0.000001", "input_tiers": tiers})
    assert values(agreeing) == {"input": "1", "input{prompt_gt=200000}": "2"}
    assert not agreeing.notes
    contradicting = gateway({"input": "0.000003", "input_tiers": tiers})
    assert values(contradicting) == {"input{prompt_gt=200000}": "2"}
    assert [note.kind for note in contradicting.notes] == ["conflict"]


@pytest.mark.parametrize(
    "tiers",
    [
        [{"cost": "0.000001", "min": -5}],
        [{"cost": "0.000001"}, {"cost": "0.000002"}],
        [{"cost": "0.000001"}, {"cost": "0.000002", "min": "200k"}],
        "two",
        [1],
    ],
)
def test_tiers_whose_beginnings_are_unclear_are_noted(tiers: object) -> None:
    reading = gateway({"output": "0.000009", "input_tiers": tiers})
    assert "output" in values(reading)
    assert not any("prompt_gt" in field for field in values(reading))
    assert [note.kind for note in reading.notes] == ["unreadable"]


def test_tiers_may_begin_with_long_prompts() -> None:
    reading = gateway({"input": "0.000001", "input_tiers": [{"cost": "0.000002", "min": 200001}]})
    assert values(reading) == {"input": "1", "input{prompt_gt=200001}": "2"}
    assert not reading.notes


@pytest.mark.parametrize(
    ("kind", "other", "expected"),
    [
        ("speech", {"speech_input_character_cost": "0.000015"}, {"characters": "15"}),
        ("transcription", {"transcription_duration_cost_per_second": "0.0001"}, {"audio_seconds": "0.0001"}),
        ("image", {"image": "0.035"}, {"images": "0.035"}),
        ("image", {"output": "0.00003"}, {"input": "15", "output": "30"}),
        ("language", {"image": "0.035"}, {"input": "15", "images": "0.035"}),
    ],
)
def test_input_beside_the_price_of_another_thing_is_no_price_of_a_token(
    kind: str, other: dict[str, object], expected: dict[str, str]
) -> None:
    reading = gateway({"input": "0.000015", **other}, type=kind)
    assert values(reading) == expected
    assert not reading.notes


def test_max_tokens_is_a_limit_only_where_rows_have_a_type() -> None:
    first = gateway({"input": "0.000001"}, max_tokens=1024, created=1753435038)
    assert values(first) == {"input": "1"}
    later = gateway({"input": "0.000001"}, max_tokens=64000, type="language", released=1750118400, created=1753435038)
    assert values(later) == {"input": "1", "max_output_tokens": "64000", "released": "2025-06-17"}


def test_variants_are_labels_and_one_by_something_unknown_is_noted() -> None:
    def video(**more: object) -> Reading:
        return gateway({"video_duration_pricing": [{"cost_per_second": "0.1", "resolution": "720p", **more}]})

    assert values(video(audio=False, depth=None)) == {"video_seconds{resolution=720p}": "0.1"}
    assert values(video(voice_control=True, audio=True)) == {
        "video_seconds{resolution=720p,variant=audio+voice_control}": "0.1"
    }
    unknown = video(depth=True)
    assert unknown.offers == ()
    assert "depth" in unknown.notes[0].text


def test_tiers_and_regions_are_labels_and_a_name_that_no_label_can_be_is_noted() -> None:
    base, dear = (
        {"input": "0.000001"},
        {"input": "0.000002", "long_context": {"threshold": 200000, "input": "0.000004"}},
    )
    reading = gateway({**base, "service_tiers": {"priority": dear}, "regional": {"eu": {"input": "0.000003"}}})
    assert values(reading) == {
        "input": "1",
        "input{tier=priority}": "2",
        "input{prompt_gt=200000,tier=priority}": "4",
        "input{region=eu}": "3",
    }
    assert values(gateway({**base, "service_tiers": {"default": base}})) == {"input": "1"}
    odd = gateway({**base, "service_tiers": {"very fast": {"input": "0.000002"}}})
    assert values(odd) == {"input": "1"}
    assert [note.kind for note in odd.notes] == ["unreadable"]


@pytest.mark.parametrize("percent", [100, 150, -10])
def test_what_leaves_no_price_is_no_discount(percent: int) -> None:
    prices = (ticks("in", "input"),)
    (half,) = discounted_batch({"in": "20000", "off": 50}, "/0", "off", prices)
    assert (half.field, half.value) == ("input{tier=batch}", "1.0000")
    with pytest.raises(Unreadable, match=rf"^off is {percent}, which cannot be taken off a price$"):
        list(discounted_batch({"in": "20000", "off": percent}, "/0", "off", prices))


def test_a_region_that_speaks_of_an_offer_again_is_the_same_region() -> None:
    evidence, regions, offers = Evidence(locator="#/0", quote="1"), ByRegion(), Offers()
    for region, field, value in (
        ("us", "input", "1"),
        ("us", "output", "2"),
        ("eu", "input", "3"),
        ("eu", "output", "2"),
    ):
        fact = Fact.sourced(field, value, evidence, currency="USD")
        regions.add(region, Named("acme-1", "acme-1"), [fact])
    regions.add_to(offers)
    assert values(offers.reading()) == {"input": "1", "output": "2", "input{region=eu}": "3"}

"""Rate keys: one written form for each, and nothing that is not in the vocabulary."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.meters import LABELS, METERS, MODALITIES, TOKEN_METERS, RateKey, Unit, is_rate_key, unit_of

VALUES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="{},="), min_size=1, max_size=80)


@st.composite
def rate_keys(draw: st.DrawFn) -> RateKey:
    meter = draw(st.sampled_from(sorted(METERS)))
    modality = draw(st.sampled_from(["", *MODALITIES])) if meter in TOKEN_METERS else ""
    labels: dict[str, str] = {}
    for name in sorted(draw(st.sets(st.sampled_from(sorted(LABELS)), max_size=4))):
        labels[name] = str(draw(st.integers(1, 10**9))) if name == "prompt_gt" else draw(VALUES)
    return RateKey(meter, modality, tuple(labels.items()))


@given(rate_keys())
def test_parse_and_str_are_inverses(key: RateKey) -> None:
    assert RateKey.parse(str(key)) == key
    assert str(RateKey.parse(str(key))) == str(key)
    assert is_rate_key(str(key))
    assert unit_of(str(key)) == str(key.unit)


PARTS = [*"input.{}=, tier_gbach1", "input", "audio", "{tier=batch}", "prompt_gt=", "é", "\n"]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_what_is_parsed_is_written_as_it_was(text: str) -> None:
    try:
        key = RateKey.parse(text)
    except ValueError:
        assert not is_rate_key(text)
    else:
        assert str(key) == text


@given(rate_keys(), st.sampled_from(sorted(LABELS - {"prompt_gt"})), VALUES)
def test_labels_are_set_in_order_and_taken_off(key: RateKey, name: str, value: str) -> None:
    labelled = key.with_labels(**{name: value})
    assert dict(labelled.labels) == dict(key.labels) | {name: value}
    assert RateKey.parse(str(labelled)) == labelled
    without = labelled.with_labels(**{name: None})
    assert without == labelled.with_labels(**{name: ""})
    assert dict(without.labels) == {other: said for other, said in key.labels if other != name}


@pytest.mark.parametrize(
    "text",
    [
        "input",
        "input.audio",
        "cache_write{ttl=1h}",
        "output{prompt_gt=200000,tier=batch}",
        "cache_read.image{prompt_gt=272000,scope=marginal,tier=priority}",
        "images{quality=high,resolution=1024x1024}",
        "gpu_seconds{hardware=gpu-h100}",
        "input{region=eu-central-1}",
    ],
)
def test_keys_of_the_design_are_keys(text: str) -> None:
    assert str(RateKey.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Input",
        " input",
        "input ",
        "input\n",
        "inputs",
        "input.text",
        "input.",
        "images.audio",
        "cache_storage.audio",
        "input{}",
        "input{tier}",
        "input{tier=}",
        "input{=batch}",
        "input{tier=batch,}",
        "input{,tier=batch}",
        "input{tier=batch",
        "input{tier=batch,prompt_gt=1}",
        "input{tier=batch,tier=flex}",
        "input{tier=a b}",
        "input{colour=red}",
        "input{{tier=a}}",
        "input{prompt_gt=0}",
        "input{prompt_gt=01}",
        "input{prompt_gt=200k}",
        "input{prompt_gt=1.5}",
        "input{prompt_gt=1٣}",
        "input{tier=a\u202eb}",
        "input{tier=\u200b}",
        "input{tier=a\x07}",
        "input{tier=" + "x" * 81 + "}",
        "input{tier=a=b}",
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RateKey.parse(text)
    assert not is_rate_key(text)
    assert unit_of(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("words", "'words' is not a meter; the meters are listed in scraper/meters.py"),
        ("images.audio", "images.audio: only token meters have a modality, one of ('audio', 'image', 'video')"),
        (
            "input{tier=batch,region=eu}",
            "labels of input must be alphabetical and stated once, not ['tier', 'region']",
        ),
        ("input{colour=red}", "'colour' is not a label; the labels are listed in scraper/meters.py"),
        ("input{tier=a b}", "label tier has the value 'a b', which has blanks or one of {},="),
        ("input{prompt_gt=200k}", "prompt_gt must be a whole number of tokens, not '200k'"),
        ("In", "'In' is not a rate key; it is written METER[.MODALITY]{label=value,…}"),
        ("input{tier}", "'input{tier}' is not a rate key: 'tier' is not label=value"),
    ],
)
def test_what_is_refused_is_named_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        RateKey.parse(text)


def test_a_label_is_what_is_written_whatever_equal_one_came_before() -> None:
    assert str(RateKey("input").with_labels(prompt_gt=200000)) == "input{prompt_gt=200000}"
    with pytest.raises(ValueError, match="prompt_gt must be a whole number of tokens"):
        RateKey("input").with_labels(prompt_gt=Decimal("2e5"))  # type: ignore[arg-type]


def test_text_is_the_modality_left_out() -> None:
    assert str(RateKey("input").with_modality("audio")) == "input.audio"
    assert str(RateKey("input", "audio").with_modality("text")) == "input"
    assert str(RateKey.parse("input.audio{tier=batch}").with_modality("video")) == "input.video{tier=batch}"
    with pytest.raises(ValueError, match="only token meters"):
        RateKey("images").with_modality("audio")


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("input", "1M tokens"),
        ("characters", "1M characters"),
        ("cache_storage", "1M tokens and hour"),
        ("images", "image"),
        ("searches", "1,000 searches"),
        ("audio_minutes", "minute"),
        ("storage_gb_days", "GB and day"),
        ("context_window", ""),
    ],
)
def test_units_are_written_as_people_write_them(field: str, unit: str) -> None:
    assert unit_of(field) == unit


def test_every_meter_has_a_unit_and_every_token_meter_one_million_tokens() -> None:
    assert all(isinstance(unit, Unit) and unit.quantity > 0 and unit.thing for unit in METERS.values())
    assert all(str(METERS[meter]) == "1M tokens" for meter in TOKEN_METERS)

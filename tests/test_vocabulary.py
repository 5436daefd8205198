"""What headings mean, one table; a heading that is not known means nothing, never something near it."""

from __future__ import annotations

import pytest

from scraper.extract import Unreadable
from scraper.extract.vocabulary import (
    ID,
    KNOWN,
    MODALITY,
    NAME,
    QUALITY,
    RESOLUTION,
    VOCABULARY,
    Meaning,
    fold,
    key,
    labelled,
    modality_of,
    spec,
    threshold_of,
    tier_of,
)

HEADINGS = [
    ("Model", NAME),
    ("MODEL NAME", NAME),
    ("Model ID", ID),
    ("API name", ID),
    ("Type", MODALITY),
    ("Output resolution", RESOLUTION),
    ("Quality", QUALITY),
    ("Base Input Tokens", key("input")),
    ("Input", key("input")),
    ("Input price", key("input")),
    ("Input (per 1M tokens)", key("input")),
    ("Input / 1M tokens", key("input")),
    ("1M input tokens", key("input")),
    ("1M input tokens (cache miss)", key("input")),
    ("Input (text, image, video)", key("input")),
    ("Input†", key("input")),
    ("Input (1)", key("input")),
    ("  Input \u200b tokens ", key("input")),
    ("Output Tokens", key("output")),
    ("Output price (including thinking tokens)", key("output")),
    ("Output / Cost", key("output")),
    ("Cached input", key("cache_read")),
    ("Cached input price per 1M tokens", key("cache_read")),
    ("Cached", key("cache_read")),
    ("Cache read", key("cache_read")),
    ("Cache Hits & Refreshes", key("cache_read")),
    ("Context caching price", key("cache_read")),
    ("Input (cached)", key("cache_read")),
    ("5m Cache Writes", key("cache_write")),
    ("Cache write", key("cache_write")),
    ("1h Cache Writes", key("cache_write{ttl=1h}")),
    ("Context caching (storage)", key("cache_storage")),
    ("Batch input", key("input{tier=batch}")),
    ("Batch Output", key("output{tier=batch}")),
    ("Audio input", key("input.audio")),
    ("Image output price", key("output.image")),
    ("Output (audio)", key("output.audio")),
    ("Training", key("training")),
    ("Context window", spec("context_window")),
    ("Max output tokens", spec("max_output_tokens")),
    ("Reliable knowledge cutoff", spec("knowledge_cutoff")),
    ("Training data cutoff", spec("training_cutoff")),
    ("Release date", spec("released")),
    ("Standard", labelled()),
    ("Short context", labelled()),
    ("Batch", labelled(tier="batch")),
    ("Flex", labelled(tier="flex")),
    ("Priority", labelled(tier="priority")),
    ("≤ 200K tokens", labelled()),
    ("> 200K input tokens", labelled(prompt_gt=200_000)),
    ("Prompts over 128k tokens", labelled(prompt_gt=128_000)),
    ("Notes", KNOWN),
    ("Description", KNOWN),
]
UNKNOWN = [
    "",
    "Long context",
    "Price",
    "Cost",
    "Cache",
    "Inputs and outputs",
    "Input output",
    "Input quota",
    "Max",
    "Tier",
]
UNKNOWN += [
    "Output speed limit",
    "Savings",
    "Batch input output",
    "Video",
    "Not input",
    "Input per image of 4K",
    "1,5k tokens",
]


@pytest.mark.parametrize(("heading", "meaning"), HEADINGS)
def test_a_heading_means_one_thing(heading: str, meaning: Meaning) -> None:
    assert VOCABULARY.meaning(heading) == meaning
    assert VOCABULARY.meaning(heading.upper()) == meaning
    assert VOCABULARY.meaning(f" {heading}\n") == meaning


@pytest.mark.parametrize("heading", UNKNOWN)
def test_an_unknown_heading_means_nothing(heading: str) -> None:
    assert VOCABULARY.meaning(heading) is None
    assert VOCABULARY.meaning_of_path([heading]) is None
    assert VOCABULARY.meaning_of_path(["Batch", heading]) is None


def test_own_words_come_before_the_common_ones() -> None:
    own = VOCABULARY.extended({"write": key("cache_write"), "cached": KNOWN})
    assert own.meaning("Write") == key("cache_write")
    assert own.meaning("Cached") == KNOWN
    assert own.meaning("Input") == key("input")
    assert VOCABULARY.meaning("Write") is None
    assert own.extended({"write": KNOWN}).meaning("write") == KNOWN


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ([], None),
        (["Batch", "Input"], key("input{tier=batch}")),
        (["Priority", "> 272K tokens", "Cached input"], key("cache_read{prompt_gt=272000,tier=priority}")),
        (["Short context", "Output"], key("output")),
        (["Prices of our models", "Input"], None),
        (["Batch", "Model"], NAME),
        (["Batch", "Context window"], spec("context_window")),
    ],
)
def test_labels_of_upper_headings_hold_for_the_price_below(path: list[str], meaning: Meaning | None) -> None:
    assert VOCABULARY.meaning_of_path(path) == meaning


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("prompts <= 200k tokens", 0),
        ("up to 128K", 0),
        ("under 272,000 tokens", 0),
        ("prompts > 200k tokens", 200_000),
        ("≥ 32k", 32_000),
        ("over 1M context length", 1_000_000),
        ("> 1,048,576 tokens", 1_048_576),
        ("> 0.2M tokens", 200_000),
        ("> 1,5k tokens", None),
        ("> 12,34 tokens", None),
        ("> 1.5 tokens", None),
        ("200k tokens", None),
        ("> tokens", None),
        ("> 200k images", None),
        ("", None),
    ],
)
def test_thresholds_are_read_exactly_or_not_at_all(text: str, threshold: int | None) -> None:
    assert threshold_of(text) == threshold


def test_tiers_and_modalities_have_their_names() -> None:
    assert [tier_of(text) for text in ("Standard", " BATCH API ", "Flex", "Fast mode", "Turbo")] == [
        "", "batch", "flex", "fast", None,
    ]  # fmt: skip
    assert [tier_of(text) for text in ("Priority†", "Flex** [7]", "Standard (1)", "Batch [2]", "(1)")] == [
        "priority", "flex", "", "batch", None,
    ]  # fmt: skip
    assert [modality_of(text) for text in ("Audio", "Images", "VIDEO", "Text", "Text / image", "")] == [
        "audio",
        "image",
        "video",
        "",
        "",
        "",
    ]
    for text in ("Speech", "Audio / video", "Text and more"):
        with pytest.raises(Unreadable):
            modality_of(text)


@pytest.mark.parametrize(
    ("heading", "folded"),
    [
        ("Input ($ / 1M tokens)", "input"),
        ("Output, USD per million tokens", "output"),
        ("Cached  Input [2]", "cached input"),
        ("Per 1M tokens", "per 1m tokens"),
        ("“Fast” mode*", '"fast" mode'),
    ],
)
def test_folding_takes_off_units_and_footnote_marks(heading: str, folded: str) -> None:
    assert fold(heading) == folded


def test_a_spec_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'dimension' is not a spec; the specs are listed in scraper/records"):
        spec("dimension")

"""Price lists of clouds, in which a price is found by the words of a meter: what is not understood has no value."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scraper.extract import Unreadable
from scraper.extract.meterwords import KEEP, Grammar, rate_key, says
from scraper.meters import MILLION, Unit
from tests.captures import Command
from tests.readings import FIXTURES
from tests.test_changed_pages import cells, changed

TOKENS = Unit(MILLION, "token")
WORDS = Grammar(
    (
        ("inp", says(direction="input")),
        ("outp", says(direction="output")),
        ("cached", says(cache="read")),
        ("batch", says(tier="batch")),
        ("gpt image", KEEP),
        ("image", says(modality="image")),
        (r"(\d+p) sq", says(resolution=r"\g<1>-square")),
    ),
    humps=True,
)


@pytest.mark.parametrize(
    ("name", "model", "key"),
    [
        ("gpt 4.1 mini Inp", "gpt 4.1 mini", "input"),
        ("gpt-4.1-mini-Batch-Outp", "gpt-4.1-mini", "output{tier=batch}"),
        ("gpt 4 Batch 128K cachedInp", "gpt 4 128K", "cache_read{tier=batch}"),
        ("gpt image 1 image Inp", "gpt image 1", "input.image"),
        ("Sora 480p Sq Outp", "Sora", "output{resolution=480p-square}"),
    ],
)
def test_words_of_a_meter_are_its_key_and_the_others_its_model(name: str, model: str, key: str) -> None:
    said = WORDS.read(name)
    assert (said.name, str(rate_key(said, TOKENS))) == (model, key)


def test_words_that_say_two_things_of_one_meter_are_refused() -> None:
    with pytest.raises(Unreadable, match="both 'input' and 'output'"):
        WORDS.read("gpt 4.1 Inp Outp")


def test_a_meter_without_a_direction_has_no_key() -> None:
    with pytest.raises(Unreadable, match="sent or made"):
        rate_key(WORDS.read("gpt 4.1 batch"), TOKENS)


BEDROCK = "price-list-us-east-1.2026-09-01.json"


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        # A word that is not known may make it another price.
        (lambda text: text.replace("NovaLite-input-tokens-batch", "NovaLite-input-tokens-batch-night"), 1),
        (lambda text: text.replace('"unit": "1K tokens"', '"unit": "1K wingdings"'), 20),
        (lambda text: text.replace('"endRange": "Inf"', '"endRange": "1000000"'), 20),
        (lambda text: text.replace('"USD": "0.0003300000"', '"USD": "330.0"'), 1),
        (lambda text: re.sub(r'"pricePerUnit": \{\s*"USD": "0.0008000000"\s*\}', '"pricePerUnit": "0.0008"', text), 1),
    ],
)
def test_f43_a_price_list_says_what_it_leaves_out(change: Callable[[str], str], lost: int) -> None:
    before, after, reading = changed("aws-bedrock", BEDROCK, change)
    assert after.items() < before.items()
    assert len(before) - len(after) >= lost
    assert reading.notes


def test_prices_of_the_marketplace_are_of_a_million_tokens_or_of_nothing() -> None:
    before, after, reading = changed(
        "aws-bedrock", "marketplace-us-east-1.2026-09-01.json", lambda text: text.replace('"1M tokens"', '"1K tokens"')
    )
    assert before
    assert not after
    assert reading.notes


def test_a_meter_of_azure_with_a_new_word_is_another_model_and_a_new_measure_is_none() -> None:
    before, after, _ = changed(
        "azure", "retail-prices.2026-09-08.json", lambda text: text.replace("gpt 4.1 Batch Inp", "gpt 4.1 zz Batch Inp")
    )
    assert ("azure openai gpt 4.1", "input{tier=batch}", None) in before.keys() - after.keys()
    before, after, reading = changed(
        "azure",
        "retail-prices.2026-09-08.json",
        lambda text: text.replace('"unitOfMeasure": "1M"', '"unitOfMeasure": "1 Bag"'),
    )
    assert after.items() < before.items()
    assert any("1 Bag" in note.text for note in reading.notes)


def _features_first(text: str) -> str:
    """Exchange the columns of models and of features in the tables of pictures and films."""
    exchanged = cells(lambda row: [*row[1:2], row[0], *row[2:]])
    return re.sub("<h3>Imagen.*?(?=<h3>Lyria)", lambda part: exchanged(part[0]), text, flags=re.DOTALL)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Type</p></th>", "TYPE</p></th>").replace("Price<br>", "price "),
        lambda text: text.replace("(/1M tokens)<br>=&lt; 200K input tokens", "(/1M tokens) &lt;= 200K input tokens"),
        lambda text: re.sub(r"(\$[\d.]+ \(Global\))</p><p>", r"\1<br>", text),
        lambda text: text.replace("<h3>Priority</h3>", "<h3>PRIORITY</h3>"),
        lambda text: text.replace("<td><p>Input (audio)</p>", "<td><p>Input (audio)</p>†"),
        lambda text: text.replace("<p>$0.55 (Non-global)*</p>", "<p>$0.55 (Non-global)</p><p>*</p>"),
        _features_first,
    ],
)
def test_vertex_reads_the_same_values(change: Callable[[str], str]) -> None:
    before, after, _ = changed("vertex-ai", "pricing.2026-09-01.html", change)
    assert after == before


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("200K cached input tokens", "200K remembered tokens"),
        lambda text: text.replace(" with Priority", " with Turbo"),
        lambda text: text.replace("5m Cache Write", "5m Keep"),
        lambda text: text.replace("Text output (response and reasoning)", "Words"),
        lambda text: text.replace("/ million tokens", "/ page of tokens"),
    ],
)
def test_vertex_says_what_it_leaves_out(change: Callable[[str], str]) -> None:
    before, after, reading = changed("vertex-ai", "pricing.2026-09-01.html", change)
    assert after.items() < before.items()
    assert reading.notes


def _with_another_table(text: str) -> str:
    """Repeat the table of models under headings that are not known."""
    table = re.search(r"<table.*?</table>", text, re.DOTALL)
    assert table
    return text.replace(table[0], table[0] + re.sub("(?:Input|Output) tokens", "Amount", table[0]))


def test_scaleway_notes_a_table_of_prices_that_it_does_not_know() -> None:
    before, after, reading = changed("scaleway", "pricing.2026-09-01.html", _with_another_table)
    assert after == before
    assert any(note.kind == "unknown_heading" for note in reading.notes)


def test_cloudflare_reads_a_table_without_neurons() -> None:
    before, after, _ = changed(
        "cloudflare", "pricing.2026-09-01.html", lambda text: text.replace("Price in Neurons", "Price in credits", 1)
    )
    assert after == before


def test_tables_of_tabs_that_are_not_known_are_of_no_region() -> None:
    before, after, reading = changed(
        "tencent", "model-prices.2026-09-01.html", lambda text: text.replace("新加坡", "亚太").replace("广州", "华南")
    )
    assert after.items() < before.items()
    assert any("0 known regions have 2 tables" in note.text for note in reading.notes)


_VIDEOS = "model-prices.2026-09-01.rendered.html"


def test_a_video_model_is_named_by_the_column_of_models() -> None:
    before, after, _ = changed("volcengine", _VIDEOS, cells(lambda row: row[1:] + row[:1] if len(row) == 3 else row))
    assert after == before


def test_videos_without_a_column_of_models_are_noted() -> None:
    before, after, reading = changed(
        "volcengine",
        _VIDEOS,
        lambda text: re.sub(
            r"模型(?=</span></div></div></td><td><div><div dir=\"auto\"><span data-string=\"true\">在线推理)",
            "名",
            text,
        ),
    )
    assert after.items() < before.items()
    assert any("no column of models" in note.text for note in reading.notes)


def test_scaleway_reads_the_same_values_where_columns_change_places() -> None:
    before, after, _ = changed("scaleway", "pricing.2026-09-01.html", cells(lambda row: row[::-1]))
    assert after == before


def test_a_name_of_a_price_list_gets_its_id_from_a_page_that_lists_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    ratecard("refresh", "aws-bedrock", "--replay", FIXTURES / "aws-bedrock", "--at", "2026-09-02")
    shown = ratecard("show", "aws-bedrock/amazon.nova-lite-v1:0").out
    assert "Nova Lite" in shown
    assert "$0.06 / 1M tokens" in shown
    assert "2024-12-04" in shown
    assert ratecard("show", "aws-bedrock/anthropic.claude-3-7-sonnet-20250219-v1:0").code != 0

"""Price lists in our words: units, names, ids and dates by declared rules, and what is not compared is counted."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from scraper.errors import RatecardError
from scraper.opinions import genai_prices, litellm, models_dev, openrouter
from scraper.opinions.lists import INSTALLED, open_lists
from scraper.opinions.opinion import PriceList

AT = datetime(2026, 8, 22, tzinfo=UTC)


def opened(tmp_path: Path, data: Any, at: datetime = AT) -> PriceList:
    """Write a list to a file, as its maintainers do, and open it."""
    (tmp_path / "list.json").write_text(data if isinstance(data, str) else json.dumps(data))
    (found,) = open_lists([str(tmp_path / "list.json")], at)
    return found


def said(price_list: PriceList) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for entry in price_list.entries:
        found.setdefault((entry.provider, entry.model_id), {}).update({o.field: o.value for o in entry.opinions})
    return found


LITELLM = """{
  "sample_spec": {"litellm_provider": "one of the providers", "input_cost_per_token": 0.0},
  "gpt-x": {
    "litellm_provider": "openai", "source": "https://example.com/prices", "mode": "chat",
    "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-07,
    "cache_creation_input_token_cost": 1.5625e-06, "cache_creation_input_token_cost_above_1hr": 2.5e-06,
    "input_cost_per_token_batches": 6.25e-07, "output_cost_per_token_flex": 5e-06,
    "input_cost_per_token_priority": 2.5e-06, "input_cost_per_token_above_200k_tokens": 2.5e-06,
    "cache_read_input_token_cost_above_272k_tokens_priority": 5e-07, "input_cost_per_audio_token": 7e-07,
    "cache_creation_input_token_cost_above_12hr": 3e-06, "output_cost_per_image": 0.04,
    "search_context_cost_per_query": {"search_context_size_low": 0.01},
    "max_input_tokens": 272000, "max_output_tokens": 128000.0, "max_tokens": 128000
  },
  "ft:gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 3e-06, "max_input_tokens": 1},
  "low/1024-x-1024/gpt-image": {"litellm_provider": "openai", "input_cost_per_token": 3e-06},
  "groq/llama-3.1-8b-instant": {"litellm_provider": "groq", "input_cost_per_token": 5e-08},
  "groq-default": {"litellm_provider": "groq", "input_cost_per_token": 5e-08},
  "gemini/gemini-x": {"litellm_provider": "gemini", "input_cost_per_token": 2.9999999999999997e-05},
  "vertex_ai/gemini-x": {"litellm_provider": "vertex_ai-language-models", "input_cost_per_token": 1e-06},
  "perplexity/openai/gpt-x": {"litellm_provider": "perplexity", "input_cost_per_token": -1},
  "deepseek-x": {
    "litellm_provider": "deepseek", "input_cost_per_token": 3e-07,
    "off_peak_pricing": {"input_cost_per_token": 1.5e-07, "windows": [{"hours_utc": "00:00-01:00"}]}
  },
  "nobody/model": {"litellm_provider": "nobody", "input_cost_per_token": 1e-06},
  "fallbacks": {"rules": []}
}"""


def test_litellm_is_dollars_per_token_under_ids_with_its_prefix(tmp_path: Path) -> None:
    price_list = opened(tmp_path, LITELLM)
    found = said(price_list)
    assert price_list.name == "litellm"
    assert found == {
        ("openai", "gpt-x"): {
            "input": "1.25",
            "output": "10",
            "cache_read": "0.125",
            "cache_write": "1.5625",
            "cache_write{ttl=1h}": "2.5",
            "input{tier=batch}": "0.625",
            "output{tier=flex}": "5",
            "input{tier=priority}": "2.5",
            "input{prompt_gt=200000}": "2.5",
            "cache_read{prompt_gt=272000,tier=priority}": "0.5",
            "input.audio": "0.7",
            "context_window": "272000",
            "max_output_tokens": "128000",
            "input{variant=fine-tuned}": "3",
        },
        ("groq", "llama-3.1-8b-instant"): {"input": "0.05"},
        ("google", "gemini-x"): {"input": "29.999999999999997"},
        ("vertex-ai", "gemini-x"): {"input": "1"},
        ("perplexity", "openai/gpt-x"): {},
        ("deepseek", "deepseek-x"): {"input{window=peak}": "0.3", "input{window=off-peak}": "0.15"},
    }
    assert all(
        opinion.currency == "USD" for entry in price_list.entries for opinion in entry.opinions if "{" in opinion.field
    )
    assert price_list.entries[0].source == "https://example.com/prices"
    assert price_list.unread == {
        ("openai", "cache_creation_input_token_cost_above_12hr"): 1,
        ("openai", "output_cost_per_image"): 1,
        ("openai", "search_context_cost_per_query"): 1,
        ("perplexity", "input_cost_per_token"): 1,
    }


def test_what_litellm_says_is_what_it_has_a_name_for(tmp_path: Path) -> None:
    for entry in opened(tmp_path, LITELLM).entries:
        assert all(litellm.says(opinion.field) for opinion in entry.opinions)
    for field in ("images", "input{tier=fast}", "input{prompt_gt=131072}", "input{upstream=azure}", "released"):
        assert not litellm.says(field)


GENAI: list[dict[str, Any]] = [
    {
        "id": "x-ai",
        "pricing_urls": ["https://example.com/prices"],
        "models": [
            {
                "id": "grok-x",
                "match": {"or": [{"equals": "grok-x-0101"}, {"starts_with": "grok-x"}]},
                "context_window": 256000,
                "prices": [
                    {"prices": {"input_mtok": 3, "web_searches_kcount": 10}},
                    {
                        "constraint": {"start_date": "2026-08-01"},
                        "prices": {"input_mtok": 2.5, "cache_read_mtok": "0.25"},
                    },
                    {"constraint": {"start_date": "2026-09-01"}, "prices": {"input_mtok": 2}},
                ],
                "price_variants": [
                    {"when": {"processing": "batch"}, "prices": {"input_mtok": 1.25}},
                    {"when": {"processing": "batch"}, "prices": {"input_mtok": 9, "output_mtok": 7}},
                    {"when": {"service_tier": "default"}, "prices": {"input_mtok": 8}},
                ],
            },
            {
                "id": "grok-long",
                "prices": {
                    "input_mtok": {"base": 1, "tiers": [{"start": 200000, "price": 2}]},
                    "cache_write_1h_mtok": 4,
                    "requests_kcount": 5,
                },
            },
            {
                "id": "grok-night",
                "prices": [
                    {"prices": {"input_mtok": 2}},
                    {"constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}, "prices": {"input_mtok": 1}},
                ],
            },
        ],
    },
    {"id": "nobody", "models": [{"id": "model", "prices": {"input_mtok": 1}}]},
]


def test_genai_prices_are_dollars_per_million_as_of_a_date(tmp_path: Path) -> None:
    price_list = opened(tmp_path, GENAI)
    found = said(price_list)
    grok = {"context_window": "256000", "input": "2.5", "cache_read": "0.25"}
    batch = {"input{tier=batch}": "1.25", "output{tier=batch}": "7"}
    assert found == {
        ("xai", "grok-x"): grok | batch,
        ("xai", "grok-x-0101"): grok | batch,
        ("xai", "grok-long"): {"input": "1", "input{prompt_gt=200000}": "2", "cache_write{ttl=1h}": "4"},
        ("xai", "grok-night"): {},
    }
    assert said(opened(tmp_path, GENAI, datetime(2026, 7, 31, tzinfo=UTC)))["xai", "grok-x"]["input"] == "3"
    assert said(opened(tmp_path, GENAI, datetime(2026, 9, 1, tzinfo=UTC)))["xai", "grok-x"]["input"] == "2"
    assert set(price_list.unread) == {
        ("xai", "price_variants.service_tier=default"),
        ("xai", "prices.requests_kcount"),
        ("xai", "prices by the hour"),
    }
    assert genai_prices.says("input{prompt_gt=200000,tier=batch}")
    assert not genai_prices.says("max_output_tokens")


def test_models_dev_is_dollars_per_million(tmp_path: Path) -> None:
    cost = {"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75, "input_audio": 1, "tiers": []}
    cost["context_over_200k"] = {"input": 6, "output": 22.5}
    model = {"cost": cost, "limit": {"context": 200000, "output": 0}}
    data = {
        "togetherai": {"doc": "https://example.com", "models": {"a/b": model, "free": {}}},
        "poe": {"models": {"c": model}},
    }
    price_list = opened(tmp_path, data)
    assert price_list.name == "models.dev"
    assert said(price_list) == {
        ("together", "a/b"): {
            "input": "3",
            "output": "15",
            "cache_read": "0.3",
            "cache_write": "3.75",
            "input.audio": "1",
            "input{prompt_gt=200000}": "6",
            "output{prompt_gt=200000}": "22.5",
            "context_window": "200000",
        },
        ("together", "free"): {},
    }
    assert price_list.unread == {("together", "cost.tiers"): 1}
    assert models_dev.says("output{prompt_gt=200000}")
    assert not models_dev.says("output{tier=batch}")


def test_openrouter_is_dollars_per_token_as_text(tmp_path: Path) -> None:
    row = {
        "id": "a/b:free",
        "pricing": {"prompt": "0.00000015", "completion": "-1", "image": "0", "request": "0.001"},
        "context_length": 131072,
        "top_provider": {"max_completion_tokens": None},
    }
    price_list = opened(tmp_path, {"data": [row]})
    assert said(price_list) == {("openrouter", "a/b:free"): {"input": "0.15", "context_window": "131072"}}
    assert price_list.unread == {("openrouter", "pricing/completion"): 1, ("openrouter", "pricing/request"): 1}
    assert openrouter.says("cache_write{ttl=1h}")


def test_a_list_may_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "api.json.gz").write_bytes(gzip.compress(LITELLM.encode()))
    (found,) = open_lists([str(tmp_path / "api.json.gz")], AT)
    assert found.name == "litellm"
    assert found.version == "api.json.gz"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"gpt-x": {"input": 1}}', "none of the price lists"),
        ("[]", "none of the price lists"),
        ('{"gpt-x": ', "not whole JSON"),
        ('{"a": {"litellm_provider": "openai", "input_cost_per_token": NaN}}', "not whole JSON"),
        ('{"data": [{"pricing": {}}]}', "not in the format that is known"),
        ('[{"id": "openai", "models": [{"id": "m", "prices": {"input_mtok": {"tiers": []}}}]}]', "not in the format"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RatecardError, match=words):
        opened(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RatecardError, match="cannot be read"):
        open_lists([str(tmp_path / "nothing.json")], AT)


@pytest.mark.parametrize("name", INSTALLED)
def test_the_package_that_is_installed_can_be_read(name: str) -> None:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        pytest.skip(f"the package {name} is not installed")
    (found,) = open_lists([name], AT)
    assert (found.name, found.version) == (name, version)
    offers = {(entry.provider, entry.model_id) for entry in found.entries if entry.opinions}
    assert len(offers) > 500
    assert {"openai", "anthropic", "google", "groq"} <= {provider for provider, _ in offers}
    inputs = [float(o.value) for entry in found.entries for o in entry.opinions if o.field == "input"]
    assert 0.05 < sorted(inputs)[len(inputs) // 2] < 5, "dollars per million tokens"
    assert all(found.says(opinion.field) for entry in found.entries for opinion in entry.opinions)

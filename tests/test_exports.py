"""Exports, each read by whom it is for: nothing unknown is 0, and what a format cannot hold is counted."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.util
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sqlalchemy import update

from scraper.errors import RatecardError
from scraper.opinions import genai_prices as genai_list
from scraper.opinions import litellm as litellm_list
from scraper.opinions import models_dev as models_dev_list
from scraper.opinions import openrouter as openrouter_list
from scraper.publish.exports import cell_text, safe_cell
from scraper.publish.formats import FORMATS, Written, exchange, write
from scraper.records import REFERENCE_FIELDS, Offer
from scraper.store import Store, list_offers, list_versions, open_store
from scraper.store.tables import offers as offers_table
from tests.captures import Command
from tests.processes import ROOT
from tests.readings import CAPTURES
from tests.selling import DAY, START, fact, offer, read
from tests.server import answer, serve

NOW = START + 30 * DAY
SCHEMA = ROOT / "docs" / "schemas" / "offers-1.json"
MAIN = offer(
    "maker-1",
    fact("input{tier=batch}", "1.25"),
    fact("output{tier=batch}", "5"),
    fact("input{prompt_gt=200000}", "4"),
    fact("output{prompt_gt=200000}", "15"),
    fact("cache_read{prompt_gt=200000}", "0.4"),
    fact("input{region=eu}", "2.75"),
    name="Maker One",
    input="2.50",
    output="10",
    cache_read="0.1234567890123456789",
    context_window="400000",
    max_output_tokens="64000",
    modalities="text+image->text",
    capabilities="reasoning, tools",
    released="2026-01-02",
    knowledge_cutoff="2025-06",
    hugging_face_id="maker/one",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'ratecard.db'}") as opened:
        yield opened


@pytest.fixture
def filled(store: Store) -> Store:
    read(
        store,
        0,
        "openai",
        MAIN,
        offer("free-1", input="0", output="0"),
        offer("half-1", input="1"),
        offer("none-1", context_window="1000"),
        offer("", name="Nameless", input="1", output="2"),
        offer("yuan-1", fact("input", "1", currency="CNY"), fact("output", "2", currency="CNY")),
        offer("sure-1", fact("cache_read", None), input="1", output="2"),
    )
    return store


def export(store: Store, form: str, **more: Any) -> Any:
    return json.loads(write(store, form, at=NOW, **more).body, parse_float=Decimal)


def reasons(written: Written) -> dict[str, int]:
    return dict(written.report.left)


LISTS = ("genai-prices", "litellm", "llm-prices", "models-dev", "openrouter", "portkey")


# No list of prices says anything of what is not known.


@pytest.mark.parametrize("form", LISTS)
def test_what_is_unknown_is_never_in_a_list_of_prices(filled: Store, form: str) -> None:
    written = write(filled, form, at=NOW)
    text = written.body.decode()
    assert "maker-1" in text
    assert ("free-1" in text) is (form != "models-dev")
    for unknown in ("half-1", "none-1", "Nameless", "yuan-1"):
        assert unknown not in text
    said = reasons(written)
    assert said["no output price is sourced"] == 1
    assert said["no input and no output price is sourced"] == 1
    assert said["no id that tells the offer apart"] == 1
    assert said["priced in CNY, and the format holds US dollars"] == 1
    assert said["not offered, which the format cannot tell from unknown"] == 1
    assert written.report.offers == 7
    assert written.report.written == (1 if form == "models-dev" else 3)


@pytest.mark.parametrize("form", LISTS)
def test_a_price_that_sources_dispute_is_in_no_list_of_prices(store: Store, form: str) -> None:
    read(store, 0, "openai", MAIN, offer("two-1", input="1", output="2"))
    read(store, 1, "openai", offer("two-1", input="7", output="2"), name="other")
    written = write(store, form, at=NOW)
    assert "two-1" not in written.body.decode()
    assert reasons(written)["sources dispute it, and the format holds one value"] == 1


def test_a_report_names_the_first_of_what_was_left_in_the_order_of_their_keys(store: Store) -> None:
    regions = [fact(f"input{{region={name}}}", "3") for name in "gbfdcea"]
    read(store, 0, "openai", offer("here-1", *regions, input="1", output="2"))
    report = write(store, "litellm", at=NOW).report.to_object()
    (left,) = report["left"]
    assert left["examples"] == [f"openai/here-1 input{{region={name}}}" for name in "abc"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_store_gives_an_empty_list(store: Store, form: str) -> None:
    written = write(store, form, at=NOW)
    assert (written.report.offers, written.report.written, reasons(written)) == (0, 0, {})
    assert written.body == write(store, form, at=NOW).body


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_store_gives_the_same_bytes(filled: Store, form: str) -> None:
    assert write(filled, form, at=NOW).body == write(filled, form, at=NOW).body


# LiteLLM.


def test_litellm_says_what_we_publish(filled: Store) -> None:
    data = export(filled, "litellm")
    (entry,) = [one for one in litellm_list.read(data, "", NOW).entries if one.model_id == "maker-1"]
    said = {one.field: Decimal(one.value) for one in entry.opinions}
    published = {
        view.field: view for one in list_offers(filled, NOW) for view in one.fields if one.model_id == "maker-1"
    }
    assert said == {name: Decimal(published[name].value or "") for name in said}
    assert said.keys() == {name for name in published if litellm_list.says(name) and published[name].value}
    assert data["maker-1"]["cache_read_input_token_cost"] == Decimal("0.0000001234567890123456789")
    assert data["maker-1"]["supports_function_calling"] is True
    assert "cache_read_input_token_cost" not in data["sure-1"]
    assert entry.source == "https://openai.example/prices"


LITELLM = """
import json, sys, litellm
from litellm.cost_calculator import batch_cost_calculator
from litellm.types.utils import PromptTokensDetailsWrapper, Usage
litellm.register_model(json.load(open(sys.argv[1])))
def cost(prompt, completion, cached=0):
    details = PromptTokensDetailsWrapper(cached_tokens=cached)
    usage = Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion,
                  prompt_tokens_details=details)
    return usage
def standard(model, *counts):
    from litellm.litellm_core_utils.llm_cost_calc.utils import generic_cost_per_token
    return list(generic_cost_per_token(model=model, usage=cost(*counts), custom_llm_provider="openai"))
print(json.dumps({
    "standard": standard("maker-1", 1000, 100),
    "cached": standard("maker-1", 1000, 0, 400),
    "long": standard("maker-1", 300000, 100),
    "batch": list(batch_cost_calculator(usage=cost(1000, 100), model="maker-1", custom_llm_provider="openai")),
    "free": standard("free-1", 1000, 100),
}))
"""


@pytest.mark.skipif(
    importlib.util.find_spec("litellm") is None, reason="litellm is not installed: ratecard[crosscheck]"
)
def test_litellm_prices_requests_with_it(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_bytes(write(filled, "litellm", at=NOW).body)
    # In a process of its own: it asks the network when it is imported, unless told not to, and warns.
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LITELLM, str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said = {
        name: tuple(round(one, 12) for one in cost) for name, cost in json.loads(run.stdout.splitlines()[-1]).items()
    }
    assert said["standard"] == (0.0025, 0.001)
    assert said["cached"] == (round(600 * 2.5e-6 + 400 * 0.1234567890123456789e-6, 12), 0)
    assert said["long"] == (1.2, 0.0015)
    assert said["batch"] == (0.00125, 0.0005)
    assert said["free"] == (0, 0)


# genai-prices.


def history_of_prices(store: Store) -> None:
    read(store, 0, "openai", offer("maker-1", fact("input{tier=batch}", "1"), input="2", output="8", cache_read="0.2"))
    read(
        store, 10, "openai", offer("maker-1", fact("input{tier=batch}", "1.5"), input="3", output="8", cache_read="0.3")
    )


def test_genai_prices_calculates_at_two_dates(store: Store, tmp_path: Path) -> None:
    from genai_prices import Usage
    from genai_prices.update_prices import UpdatePrices

    history_of_prices(store)
    body = write(store, "genai-prices", at=NOW).body
    with serve({"/data.json": answer(body, headers={"Content-Type": "application/json"})}) as server:
        snapshot = UpdatePrices(url=server.url("/data.json")).fetch()
    assert snapshot is not None

    def cost(day: int, context: dict[str, str] | None = None, **counts: int) -> Decimal:
        at = START + day * DAY
        return snapshot.calc(Usage(**counts), "Maker-1", "openai", None, at, context).total_price

    million = 1_000_000
    assert cost(5, input_tokens=million) == 2
    assert cost(10, input_tokens=million) == 3
    assert cost(5, input_tokens=million, cache_read_tokens=million) == Decimal("0.2")
    assert cost(20, input_tokens=million, cache_read_tokens=million) == Decimal("0.3")
    assert cost(20, output_tokens=million) == 8
    assert cost(5, {"processing": "batch"}, input_tokens=million) == 1
    assert cost(20, {"processing": "batch"}, input_tokens=million) == Decimal("1.5")


def test_genai_prices_knows_long_prompts(filled: Store) -> None:
    from genai_prices import Usage
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import _providers_from_raw

    snapshot = DataSnapshot(_providers_from_raw(export(filled, "genai-prices")), from_auto_update=False)
    at = NOW

    def cost(**counts: int) -> Decimal:
        return snapshot.calc(Usage(**counts), "maker-1", None, "https://api.openai.com/v1/x", at).total_price

    assert cost(input_tokens=200_000) == Decimal("0.5")
    assert cost(input_tokens=200_001) == Decimal("0.800004")
    assert cost(input_tokens=300_000, output_tokens=1_000_000) == Decimal("16.2")
    entry = next(one for one in genai_list.read(export(filled, "genai-prices"), "", at).entries if "maker-1" in one.key)
    assert {one.field: one.value for one in entry.opinions}["cache_read"] == "0.1234567890123456789"


def test_genai_prices_leaves_out_what_its_client_could_not_calculate(store: Store) -> None:
    """Cached tokens and tokens of audio, without a price of cached audio: the client refuses any calculation."""
    both = offer(
        "both-1", fact("input.audio", "32"), fact("cache_read.audio", "0.4"), input="4", output="16", cache_read="0.4"
    )
    less = offer("less-1", fact("input.audio", "32"), input="4", output="16", cache_read="0.4")
    read(store, 0, "openai", both, less)
    written = write(store, "genai-prices", at=NOW)
    assert "both-1" in written.body.decode()
    assert "less-1" not in written.body.decode()
    assert reasons(written)["the format asks for cache_read.audio, too, which is not sourced"] == 1


# models.dev: the shape of its `api.json`, as its own copies have it.


def _each(names: tuple[str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(names, schema)


_MODEL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": [
        "id", "name", "attachment", "reasoning", "tool_call", "release_date", "last_updated", "modalities",
        "open_weights", "limit",
    ],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "minLength": 1},
        "family": {"type": "string"},
        **_each(
            ("attachment", "reasoning", "tool_call", "open_weights", "temperature", "structured_output"),
            {"type": "boolean"},
        ),
        **_each(
            ("knowledge", "release_date", "last_updated"), {"pattern": r"^\d{4}-\d{2}(-\d{2})?$", "type": "string"}
        ),
        "modalities": {
            "type": "object",
            "required": ["input", "output"],
            "additionalProperties": {"items": {"enum": ["text", "audio", "image", "video", "pdf"]}},
        },
        "interleaved": {},
        "provider": {},
        "status": {"enum": ["alpha", "beta", "deprecated"]},
        "limit": {
            "type": "object",
            "required": ["context", "output"],
            "additionalProperties": False,
            "properties": _each(("context", "input", "output"), {"type": "number", "minimum": 0}),
        },
        "cost": {"$ref": "#/$defs/cost"},
    },
}  # fmt: skip
_RATE = {"type": "number", "minimum": 0}
MODELS_DEV: dict[str, Any] = {
    "$defs": {
        "cost": {
            "type": "object",
            "required": ["input", "output"],
            "additionalProperties": False,
            "properties": {
                **_each(
                    ("input", "output", "reasoning", "cache_read", "cache_write", "input_audio", "output_audio"), _RATE
                ),
                "context_over_200k": {"$ref": "#/$defs/cost"},
            },
        }
    },
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["id", "env", "npm", "name", "doc", "models"],
        "additionalProperties": False,
        "properties": {
            **_each(("id", "npm", "api", "name", "doc"), {"type": "string", "minLength": 1}),
            "env": {"type": "array", "minItems": 1, "items": {"type": "string"}},
            "models": {"type": "object", "additionalProperties": _MODEL_SCHEMA},
        },
    },
}


def test_models_dev_has_its_shape(filled: Store) -> None:
    data = json.loads(write(filled, "models-dev", at=NOW).body)
    jsonschema.validate(data, MODELS_DEV)
    model = data["openai"]["models"]["maker-1"]
    assert model["cost"]["context_over_200k"] == {"input": 4, "output": 15, "cache_read": 0.4}
    assert (model["reasoning"], model["tool_call"], model["attachment"], model["open_weights"]) == (True,) * 4
    assert model["limit"] == {"context": 400000, "output": 64000}
    (entry,) = models_dev_list.read(export(filled, "models-dev"), "", NOW).entries
    assert {one.field: one.value for one in entry.opinions}["cache_read"] == "0.1234567890123456789"
    assert "not stated, and the format demands it" in str(reasons(write(filled, "models-dev", at=NOW)))


def test_models_dev_takes_what_no_seller_changes_from_whoever_states_it(filled: Store) -> None:
    seller = offer(
        "maker/maker-1",
        input="3",
        output="11",
        context_window="400000",
        max_output_tokens="64000",
        modalities="text+file->text",
        capabilities="reasoning, tools",
    )
    read(filled, 0, "openrouter", seller)
    assert "openrouter" not in json.loads(write(filled, "models-dev", at=NOW).body)
    with filled.writing() as connection:
        same = offers_table.c.model_id.in_(["maker-1", "maker/maker-1"])
        connection.execute(update(offers_table).where(same).values(model="openai/maker-1"))
    written = write(filled, "models-dev", at=NOW)
    data = json.loads(written.body)
    jsonschema.validate(data, MODELS_DEV)
    model = data["openrouter"]["models"]["maker/maker-1"]
    assert (model["release_date"], model["open_weights"]) == ("2026-01-02", True)
    assert model["modalities"] == {"input": ["text"], "output": ["text"]}
    told = reasons(written)
    assert told["no place for the modality file"] == 1
    assert told["released is stated of the model, not of this offer, which the format cannot say"] == 1


@pytest.mark.parametrize(("said", "open_weights"), [("yes", True), ("no", False)])
def test_models_dev_takes_open_weights_from_who_tells_of_models(store: Store, said: str, open_weights: bool) -> None:
    limits = [fact("context_window", "400000", currency=None), fact("max_output_tokens", "64000", currency=None)]
    kinds = {"modalities": "text->text", "capabilities": "tools", "released": "2026-01-02"}
    stated = [fact(field, value, currency=None) for field, value in kinds.items()]
    sold = offer("gpt-9", *limits, *stated, input="3", output="11")
    read(store, 0, "openai", sold)
    assert export(store, "models-dev") == {}
    told = offer("openai/gpt-9", fact("open_weights", said, currency=None), context_window="1")
    read(store, 0, "models-dev", told, name="api", sells=False)
    model = export(store, "models-dev")["openai"]["models"]["gpt-9"]
    assert (model["open_weights"], model["limit"]["context"]) == (open_weights, 400000)


def test_the_shape_of_models_dev_is_that_of_its_own_file() -> None:
    file = CAPTURES / "models-dev" / "api.2026-03-01.json.gz"
    if not file.exists():
        pytest.skip("the shared captures are not here")
    jsonschema.validate(json.loads(gzip.decompress(file.read_bytes())), MODELS_DEV)


# llm-prices.


def test_llm_prices_has_dated_rows(store: Store) -> None:
    history_of_prices(store)
    rows = export(store, "llm-prices")["prices"]
    assert rows == [
        {
            "id": "maker-1",
            "vendor": "openai",
            "name": "maker-1",
            "input": 3,
            "output": 8,
            "input_cached": Decimal("0.3"),
            "from_date": "2026-04-11",
            "to_date": None,
        },
        {
            "id": "maker-1",
            "vendor": "openai",
            "name": "maker-1",
            "input": 2,
            "output": 8,
            "input_cached": Decimal("0.2"),
            "from_date": "2026-04-01",
            "to_date": "2026-04-11",
        },
    ]
    assert reasons(write(store, "llm-prices", at=NOW)) == {"no place for input{tier}": 1}


def test_llm_prices_has_no_cached_price_that_sources_dispute(store: Store) -> None:
    read(store, 0, "openai", offer("two-1", input="1", output="2", cache_read="0.1"))
    read(store, 1, "openai", offer("two-1", input="1", output="2", cache_read="0.9"), name="other")
    rows = export(store, "llm-prices")["prices"]
    assert [(row["input"], row["input_cached"]) for row in rows] == [(1, None), (1, Decimal("0.1"))]
    (model,) = export(store, "genai-prices")[0]["models"]
    assert model["prices"][-1]["prices"] == {"input_mtok": 1, "output_mtok": 2}


def test_versions_are_the_same_on_both_databases(database_url: str) -> None:
    with open_store(database_url) as opened:
        history_of_prices(opened)
        read(opened, 20, "anthropic", offer("other-1", input="1", output="2"))
        (versions,) = list_versions(opened, NOW, "openai").values()
        said = [(one.since, one.until, one.fields["input"].value) for one in versions]
    assert said == [(START, START + 10 * DAY, "2"), (START + 10 * DAY, None, "3")]


def test_a_price_announced_for_a_day_is_a_version_from_that_day(store: Store) -> None:
    later = fact("input", "5", valid_from=START + 10 * DAY)
    for day in (0, 12):
        read(
            store,
            day,
            "openai",
            Offer(model_id="maker-1", name="", facts=(*offer("x", input="2", output="8").facts, later)),
        )
    (versions,) = list_versions(store, NOW).values()
    assert [(one.since, one.fields["input"].value) for one in versions] == [(START, "2"), (START + 10 * DAY, "5")]
    (before,) = list_versions(store, START + 9 * DAY).values()
    assert [one.fields["input"].value for one in before] == ["2"]


def test_an_earlier_day_has_the_prices_of_that_day(store: Store) -> None:
    history_of_prices(store)
    early = START + 5 * DAY
    (row,) = export(store, "llm-prices", as_of=early)["prices"]
    assert (row["input"], row["to_date"]) == (2, None)
    (provider,) = export(store, "genai-prices", as_of=early)
    assert provider["models"][0]["prices"]["input_mtok"] == 2
    assert export(store, "litellm", as_of=early)["maker-1"]["input_cost_per_token"] == Decimal("0.000002")


def test_a_price_that_was_gone_for_a_while_is_not_in_the_rows_of_that_while(store: Store) -> None:
    read(store, 0, "openai", offer("maker-1", input="2", output="8"))
    for day in (5, 6, 7):
        read(store, day, "openai", offer("maker-1", output="8"))
    read(store, 20, "openai", offer("maker-1", input="3", output="8"))
    rows = export(store, "llm-prices")["prices"]
    assert [(row["input"], row["from_date"], row["to_date"]) for row in rows] == [
        (3, "2026-04-21", None),
        (2, "2026-04-01", "2026-04-07"),
    ]


# OpenRouter and Portkey.


def test_openrouter_is_read_by_its_package(filled: Store) -> None:
    components = pytest.importorskip("openrouter.components", reason="the package openrouter is not installed")
    body = write(filled, "openrouter", at=NOW).body
    answer = components.ModelsListResponse.model_validate_json(body)
    model = next(one for one in answer.data if one.id == "openai/maker-1")
    assert (model.pricing.prompt, model.pricing.completion) == ("0.0000025", "0.00001")
    assert model.pricing.input_cache_read == "0.0000001234567890123456789"
    (step,) = model.pricing.overrides
    assert (step.min_prompt_tokens, step.prompt, step.completion) == (200000, "0.000004", "0.000015")
    assert (model.context_length, model.top_provider.max_completion_tokens) == (400000, 64000)
    assert model.architecture.input_modalities == ["text", "image"]
    assert model.supported_parameters == ["reasoning", "tools"]
    unsaid = next(one for one in answer.data if one.id == "openai/sure-1")
    assert unsaid.context_length is None
    assert unsaid.pricing.input_cache_read is None


def test_openrouter_says_what_we_publish(filled: Store) -> None:
    list_read = openrouter_list.read(export(filled, "openrouter"), "", NOW)
    said = {one.field: one.value for one in list_read.entries[1].opinions}
    assert list_read.entries[1].model_id == "openai/maker-1"
    assert Decimal(said["input"]) == Decimal("2.50")
    assert said["cache_read"] == "0.1234567890123456789"


def test_openrouter_has_every_digit(store: Store) -> None:
    read(store, 0, "openai", offer("long-1", input="0." + "1234567890" * 3 + "123456789", output="2"))
    (model,) = export(store, "openrouter")["data"]
    assert model["pricing"]["prompt"] == "0.000000" + "1234567890" * 3 + "123456789"


def test_portkey_has_cents_per_token(filled: Store) -> None:
    data = export(filled, "portkey")["openai"]
    config = data["maker-1"]["pricing_config"]
    paid = config["pay_as_you_go"]
    # As its own documentation calculates: tokens times price are cents.
    assert 1_000_000 * paid["request_token"]["price"] / 100 == Decimal("2.5")
    assert 1_000_000 * paid["response_token"]["price"] / 100 == 10
    assert 1_000_000 * paid["cache_read_input_token"]["price"] / 100 == Decimal("0.1234567890123456789")
    assert (config["currency"], set(paid)) == ("USD", {"request_token", "response_token", "cache_read_input_token"})
    assert set(data["sure-1"]["pricing_config"]["pay_as_you_go"]) == {"request_token", "response_token"}


# Tables.


def test_offers_csv_tells_free_unknown_and_not_offered_apart(filled: Store) -> None:
    rows = {
        row["model_id"]: row for row in csv.DictReader(io.StringIO(write(filled, "offers-csv", at=NOW).body.decode()))
    }
    assert (rows["free-1"]["input"], rows["free-1"]["input state"]) == ("0", "sourced")
    assert (rows["half-1"]["output"], rows["half-1"]["output state"]) == ("", "not_on_page")
    assert (rows["sure-1"]["cache_read"], rows["sure-1"]["cache_read state"]) == ("", "not_offered")
    assert (rows["maker-1"]["cache_read"], rows["maker-1"]["currency"]) == ("0.1234567890123456789", "USD")
    assert rows["yuan-1"]["currency"] == "CNY"
    assert set(rows["none-1"]) > set(REFERENCE_FIELDS)


def test_json_lines_are_the_items_of_offers_json(filled: Store) -> None:
    lines = write(filled, "offers-jsonl", at=NOW).body.decode().splitlines()
    assert [json.loads(line) for line in lines] == json.loads(write(filled, "offers-json", at=NOW).body)


def test_parquet_has_exact_decimals(filled: Store) -> None:
    files = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: ratecard[parquet]")
    table = files.read_table(io.BytesIO(write(filled, "parquet", at=NOW).body))
    rows = {(row["model_id"], row["field"]): row for row in table.to_pylist()}
    assert rows["maker-1", "input"]["amount"] == Decimal("2.50")
    assert rows["maker-1", "cache_read"]["value"] == "0.1234567890123456789"
    assert rows["maker-1", "cache_read"]["amount"] is None  # 19 decimals are more than the type has
    assert (rows["half-1", "output"]["value"], rows["half-1", "output"]["amount"]) == (None, None)
    assert rows["half-1", "output"]["reason"] == "not_on_page"
    assert rows["maker-1", "input"]["captured_at"] == START
    assert rows["maker-1", "context_window"]["amount"] is None


def test_sqlite_has_everything_with_its_evidence(store: Store, tmp_path: Path) -> None:
    history_of_prices(store)
    file = tmp_path / "published.db"
    file.write_bytes(write(store, "sqlite", at=NOW).body)
    database = sqlite3.connect(file)
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {"offers", "prices", "specs", "sources", "changes", "evidence", "metadata"}
    assert not database.execute("PRAGMA foreign_key_check").fetchall()
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    price = database.execute(
        "SELECT o.model_id, p.value, p.amount, e.quote, e.url FROM prices p JOIN offers o ON o.id = p.offer "
        "JOIN evidence e ON e.id = p.evidence WHERE p.field = 'input'"
    ).fetchall()
    assert price == [("maker-1", "3", 3.0, "input 3", "https://openai.example/prices")]
    unknown = database.execute("SELECT state, reason, value, amount FROM prices WHERE field = 'cache_write'").fetchone()
    assert unknown == ("not_sourced", "no_source", None, None)
    changes = database.execute("SELECT field, before, after FROM changes ORDER BY field").fetchall()
    assert changes == [("cache_read", "0.2", "0.3"), ("input", "2", "3"), ("input{tier=batch}", "1", "1.5")]
    plan = database.execute("EXPLAIN QUERY PLAN SELECT * FROM prices WHERE field = 'input' ORDER BY amount").fetchall()
    assert "ix_prices_field" in str(plan)
    database.close()


# Spreadsheets.

DANGEROUS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'quoted", "'=1")


@pytest.mark.parametrize("text", [*DANGEROUS, "plain", "", "1.5", "a=b", "–"])
def test_f38_a_cell_comes_back_as_it_was(text: str) -> None:
    cell = safe_cell(text)
    assert cell_text(cell) == text
    assert not cell.startswith(tuple("=+-@\t\r＝＋－＠"))
    assert (cell == text) is (text not in DANGEROUS)


@pytest.mark.parametrize("form", ["rates-csv", "offers-csv"])
def test_f38_no_cell_of_an_export_is_a_formula(store: Store, form: str) -> None:
    evil = [
        offer("", fact("input", "1", quote=text), name=f"{text}{number}")
        for number, text in enumerate(DANGEROUS)
        if text.strip()
    ]
    read(store, 0, "openai", *evil)
    rows = list(csv.reader(io.StringIO(write(store, form, at=NOW).body.decode(), newline="")))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r＝＋－＠"))]
    names = {cell_text(row[rows[0].index("name")]) for row in rows[1:]}
    assert names == {one.name for one in evil}


# The schema of our own format.


def test_f41_the_published_schema_does_not_change() -> None:
    """Others build on it. Another shape is another version, in a file of its own beside this one."""
    assert hashlib.sha256(SCHEMA.read_bytes()).hexdigest() == PINNED


PINNED = "b71fd5f9c27789df36194fabbcf28b1f91c210491bc958e78e6a4b4c776a7b06"


def test_f41_offers_json_is_as_its_schema_says(filled: Store) -> None:
    read(filled, 1, "openai", offer("maker-1", fact("input", "3", valid_from=START + 60 * DAY)), name="news", rank=1)
    read(filled, 1, "openai", offer("maker-1", input="9"), name="other")
    data = json.loads(write(filled, "offers-json", at=NOW).body)
    check = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    check.check_schema(check.schema)
    check.validate(data)
    assert any(one["announced"] for one in data)
    assert any("disputing" in field for one in data for field in one["fields"].values())
    breaks: list[dict[str, Any]] = [{"x": 1}, {"fields": {}}, {"first_seen": "yesterday"}]
    for broken in breaks:
        with pytest.raises(jsonschema.ValidationError):
            check.validate([data[0] | broken])


# Other currencies.


def test_prices_are_converted_at_a_dated_rate_and_say_so(filled: Store, tmp_path: Path) -> None:
    money = exchange("EUR", ["0.92@2026-04-20", "CNY=0.125@2026-04-21"], NOW)
    offers = {one["model_id"]: one["fields"] for one in export(filled, "offers-json", money=money)}
    price = offers["maker-1"]["input"]
    assert (price["value"], price["currency"], price["quote"]) == ("2.3000", "EUR", "input 2.50")
    assert price["derived"] == "USD 2.50 converted at 0.92 of 2026-04-20"
    assert offers["maker-1"]["cache_read"]["value"] == "0.113580245891358024588"
    assert (offers["yuan-1"]["input"]["value"], offers["yuan-1"]["input"]["currency"]) == ("0.125", "EUR")
    assert offers["maker-1"]["context_window"]["value"] == "400000"
    before = export(filled, "offers-json")
    assert next(one for one in before if one["model_id"] == "maker-1")["fields"]["input"]["value"] == "2.50"


def test_a_price_without_a_rate_keeps_its_currency_and_is_reported(filled: Store) -> None:
    written = write(filled, "offers-json", at=NOW, money=exchange("EUR", ["0.92@2026-04-20"], NOW))
    offers = {one["model_id"]: one["fields"] for one in json.loads(written.body)}
    assert (offers["yuan-1"]["input"]["value"], offers["yuan-1"]["input"]["currency"]) == ("1", "CNY")
    assert reasons(written) == {"no rate from CNY, so it stays in CNY": 2}


def test_a_list_of_dollars_takes_converted_prices(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("from,to,rate,date\nCNY,USD,0.2,2026-01-01\nCNY,USD,0.14,2026-04-20\nCNY,USD,9,2027-01-01\n")
    money = exchange("USD", [str(file)], NOW)
    assert export(filled, "litellm", money=money)["yuan-1"]["input_cost_per_token"] == Decimal("0.00000014")
    with pytest.raises(RatecardError, match="holds US dollars and nothing else"):
        write(filled, "litellm", at=NOW, money=exchange("EUR", ["0.92@2026-04-20"], NOW))


@pytest.mark.parametrize(
    ("currency", "rates", "said"),
    [
        ("euro", ["0.9@2026-01-01"], "three capitals"),
        ("EUR", [], "needs a dated rate"),
        ("EUR", ["0.92"], "no rate and no file"),
        ("EUR", ["0.92@2026-13-01"], "not a number of a day"),
        ("EUR", ["0@2026-01-01"], "more than 0"),
        ("EUR", ["0.92@2027-01-01"], "later day"),
    ],
)
def test_a_rate_that_cannot_be_used_is_refused(currency: str, rates: list[str], said: str) -> None:
    with pytest.raises(RatecardError, match=said):
        exchange(currency, rates, NOW)


# The command.


def test_the_command_writes_reports_and_converts(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    ran = ratecard("export", "litellm")
    assert (ran.code, "maker-1" in ran.json) == (0, True)
    assert "litellm: 3 of 7 offers are in it" in ran.err
    assert "1 x no output price is sourced: openai/half-1" in ran.err
    report = tmp_path / "report.json"
    assert ratecard("export", "litellm", "-o", tmp_path / "x.json", "--report", report).err == ""
    assert json.loads(report.read_text())["written"] == 3
    euros = ratecard("export", "offers-json", "--currency", "EUR", "--rate", "0.5@2026-04-20", "--as-of", "2026-05-01")
    assert '"value": "1.250"' in euros.out
    assert ratecard("export", "litellm", "--currency", "EUR", "--rate", "0.5@2026-04-20").code == 2
    assert ratecard("export", "litellm", "--rate", "0.5@2026-04-20").code == 2
    assert "the formats are" in ratecard("export", "excel").err
    assert ratecard("export", "sqlite", "-o", tmp_path / "published.db").code == 0
    assert (tmp_path / "published.db").read_bytes().startswith(b"SQLite format 3")

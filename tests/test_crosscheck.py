"""`ratecard crosscheck`: who agrees, who differs, with our evidence; nothing is written; patches apply."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from scraper.crosscheck.compare import rounds
from tests.captures import Command, Folder

MODELS = "https://openrouter.ai/api/v1/models"
DAY = "2026-08-22"


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    command = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    refresh(command, tmp_path, DAY)
    return command


def refresh(command: Command, tmp_path: Path, day: str) -> None:
    rows = [
        row("maker/same", prompt="0.000001", completion="0.000002", input_cache_read="0.000000125"),
        row("maker/other", prompt="0.000003", completion="0.000004"),
        row("maker/mine", prompt="0.000005", completion="0.000006"),
        row("openai/gpt-5", prompt="0.000007", completion="0.000008"),
        row("maker/most", prompt="0.000009", completion="0.00001"),
    ]
    folder = Folder(tmp_path / day).add(json.dumps({"data": rows}), day, url=MODELS, kind="application/json")
    ran = command("refresh", "openrouter", "--replay", folder.path, "--at", day)
    assert ran.code == 0, ran


def row(model_id: str, **pricing: str) -> dict[str, Any]:
    return {
        "id": model_id,
        "name": model_id,
        "pricing": pricing,
        "context_length": 200000,
        "top_provider": {"max_completion_tokens": 64000},
    }


def entry(**fields: float) -> dict[str, Any]:
    return {"litellm_provider": "openrouter", **fields}


THEIRS: dict[str, Any] = {
    "openrouter/maker/same": entry(
        input_cost_per_token=1.0000000000000002e-06,
        output_cost_per_token=2e-06,
        cache_read_input_token_cost=1.3e-07,
        max_input_tokens=136000,
        max_output_tokens=64000,
        cache_creation_input_token_cost=0.0,
        output_cost_per_reasoning_token=3e-06,
    ),
    "openrouter/maker/other": entry(
        input_cost_per_token=2.5e-06, output_cost_per_token=4e-06, max_input_tokens=100000, max_output_tokens=32000
    ),
    "openrouter/maker/theirs": entry(input_cost_per_token=1e-06),
    "openrouter/Maker/Mine": entry(input_cost_per_token=5e-06),
    "gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 1e-06},
}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    file = tmp_path / "model_prices.json"
    file.write_text(json.dumps(THEIRS, indent=4))
    return file


def test_each_value_agrees_differs_or_is_in_one_place_only(ratecard: Command, theirs: Path) -> None:
    ran = ratecard("crosscheck", "openrouter", "--at", DAY, "--list", theirs, "--json")
    assert ran.code == 0, "differences are no failure"
    (found,) = ran.json["lists"]
    assert (found["list"], found["version"]) == ("litellm", "model_prices.json")
    (sums,) = found["providers"]
    assert sums["offers"] == {"both": 2, "only_ours": 3, "only_theirs": 2}
    # The context window of the first is theirs as input + output; "0.13" is 0.125, rounded; a 0 says nothing.
    assert sums["values"] == {"agree": 5, "rounded": 1, "differ": 3, "only_ours": 0, "only_theirs": 1}
    verdicts = {(value["model_id"], value["field"]): value["verdict"] for value in found["values"]}
    assert verdicts == {
        ("maker/same", "cache_read"): "rounded",
        ("maker/same", "reasoning"): "only_theirs",
        ("maker/other", "input"): "differ",
        ("maker/other", "context_window"): "differ",
        ("maker/other", "max_output_tokens"): "differ",
    }
    ours = {(one["provider"], one["model_id"]) for one in found["only_ours"]}
    mine = ("maker/mine", "openai/gpt-5", "maker/most")
    assert ours == {("openrouter", model_id) for model_id in mine}, "never by likeness"
    assert {one["model_id"] for one in found["only_theirs"]} == {"maker/theirs", "Maker/Mine"}


def test_a_difference_has_our_evidence_and_their_place(ratecard: Command, theirs: Path) -> None:
    arguments = ("crosscheck", "openrouter", "--at", DAY, "--list", theirs)
    values = ratecard(*arguments, "--json").json["lists"][0]["values"]
    (differs,) = (value for value in values if (value["model_id"], value["field"]) == ("maker/other", "input"))
    ours = differs["ours"]
    assert (ours["quote"], ours["source_url"]) == ("0.000003", MODELS)
    assert Decimal(ours["value"]) == 3
    assert ours["captured_at"].startswith(DAY)
    assert differs["theirs"] == {
        "value": "2.5",
        "currency": "USD",
        "key": "openrouter/maker/other",
        "name": "input_cost_per_token",
        "source": None,
    }
    shown = ratecard(*arguments).out
    for words in (
        "differs from litellm model_prices.json",
        "$3.00 / 1M tokens",
        "$2.50 / 1M tokens",
        f"{DAY} “0.000003” {MODELS}",
        "openrouter/maker/other input_cost_per_token",
        "6 values agree, 1 of them rounded; 3 differ.",
    ):
        assert words in shown


def test_it_never_writes(ratecard: Command, theirs: Path, tmp_path: Path) -> None:
    before = (tmp_path / "ratecard.db").read_bytes()
    for form in ("text", "patch"):
        assert ratecard("crosscheck", "--list", theirs, "--format", form).code == 0
    assert (tmp_path / "ratecard.db").read_bytes() == before
    assert json.loads(theirs.read_text()) == THEIRS


def merged(target: Any, patch: Any) -> Any:
    """JSON merge patch, as RFC 7396 defines it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def test_a_patch_applies_to_their_file_and_then_the_values_agree(
    ratecard: Command, theirs: Path, tmp_path: Path
) -> None:
    stale = ratecard("crosscheck", "--list", theirs, "--format", "patch")
    assert json.loads(stale.out) == {}, "what nobody has confirmed for long corrects nothing"
    refresh(ratecard, tmp_path, f"{datetime.now(UTC):%Y-%m-%d}")
    printed = ratecard("crosscheck", "--list", theirs, "--format", "patch").out
    assert '"input_cost_per_token": 3e-6' in printed, "an exact number, not a float's digits"
    patch = json.loads(printed)
    assert patch == {
        "openrouter/maker/other": {"input_cost_per_token": 3e-06, "max_output_tokens": 64000, "source": MODELS}
    }
    theirs.write_text(json.dumps(merged(THEIRS, patch)))
    again = ratecard("crosscheck", "openrouter", "--list", theirs, "--json").json["lists"][0]
    # What they call the largest input is not our context window: it is never corrected.
    assert [value["field"] for value in again["values"] if value["verdict"] == "differ"] == ["context_window"]
    assert json.loads(ratecard("crosscheck", "--list", theirs, "--format", "patch").out) == {}


def test_bad_input_is_one_clear_sentence(ratecard: Command, theirs: Path, tmp_path: Path) -> None:
    api = tmp_path / "api.json"
    api.write_text('{"openrouter": {"models": {}}}')
    cases: dict[str, tuple[str | Path, ...]] = {
        "no provider 'nobody'": ("crosscheck", "nobody", "--list", theirs),
        "cannot be read": ("crosscheck", "--list", tmp_path / "nothing.json"),
        "A patch is for LiteLLM's JSON": ("crosscheck", "--list", api, "--format", "patch"),
        "leave out --at": ("crosscheck", "--list", theirs, "--format", "patch", "--at", DAY),
        "2026-13-01": ("crosscheck", "--list", theirs, "--at", "2026-13-01"),
    }
    for words, arguments in cases.items():
        ran = ratecard(*arguments)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err.count("\n") == 1
        assert words in ran.err


def test_without_a_list_it_says_how_to_get_one(ratecard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    for arguments, words in (((), "There is no price list"), (("--list", "litellm"), "litellm is not installed")):
        ran = ratecard("crosscheck", *arguments)
        assert ran.code == 2
        assert words in ran.err
        assert "pip install 'ratecard[crosscheck]'" in ran.err


@pytest.mark.parametrize(
    ("rounded", "exact", "is_it"),
    [
        ("0.13", "0.125", True),
        ("0.12", "0.125", True),
        ("0.037", "0.0375", True),
        ("1.63", "1.625", True),
        ("0.13", "0.13", False),  # that is equality
        ("0.13", "0.1", False),
        ("0.14", "0.125", False),
        ("3", "2.5", False),
        ("0.3", "0.25", False),
        ("0.03", "0.025", False),  # one digit says too little
        ("0.125", "0.13", False),  # the other way round
    ],
)
def test_a_rounded_amount_is_of_cents_or_finer(rounded: str, exact: str, is_it: bool) -> None:
    assert rounds(rounded, exact) is is_it

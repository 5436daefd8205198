"""Pages that contradict themselves: what rows or plans say that cannot both be true is noted and not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from scraper.extract.document import Document
from scraper.providers import anthropic, google, openai
from scraper.records import Reading
from tests.captures import Command, Folder, price_page


def values(reading: Reading) -> dict[str, dict[str, str]]:
    return {
        offer.model_id or offer.name: {fact.field: fact.value or fact.state.value for fact in offer.facts}
        for offer in reading.offers
    }


def section(*rows: str, tiers: tuple[str, ...] = ("Standard",)) -> Document:
    lines = ["# Pricing", "## Gemini 9", "*[`gemini-9`](https://x.example/gemini-9)*"]
    for tier in tiers:
        lines += ["", f"### {tier}", "", "| | Free Tier | Paid Tier, per 1M tokens in USD |", "|---|---|---|", *rows]
    return Document("\n".join(lines) + "\n", "markdown")


def test_cells_under_the_wrong_plan_are_not_read() -> None:
    good = section("| Input price | Free of charge | $1 |", "| Output price | Free of charge | $2 |")
    assert values(google.read_pricing(good))["gemini-9"]["input"] == "1"
    for rows in (
        ("| Input price | $1 | Free of charge |", "| Output price | $2 | Free of charge |"),
        ("| Input price | Not available | Free of charge |",),
    ):
        reading = google.read_pricing(section(*rows))
        assert reading.offers == ()
        assert [note.kind for note in reading.notes] == ["unreadable"]


def test_a_tier_that_two_tables_of_a_model_claim_is_that_of_neither() -> None:
    rows = "| Input price | Free of charge | $1 |"
    reading = google.read_pricing(section(rows, tiers=("Standard", "Batch")))
    assert values(reading)["gemini-9"].keys() >= {"input", "input{tier=batch}"}
    reading = google.read_pricing(section(rows, tiers=("Standard", "Standard")))
    assert reading.offers == ()
    assert len(reading.notes) == 2


def test_rows_that_contradict_each_other_are_not_read_at_all() -> None:
    lines = ("Prices per 1M tokens.", "", "| Model | Input | Cached input |", "| --- | --- | --- |")
    rows = ("| gpt-5 | $1.25 | - |", "| gpt-5 | $0.50 | |", "| gpt-4 | $2 | $1 |")
    reading = openai.read_pricing(Document("\n".join((*lines, *rows)) + "\n", "markdown"))
    assert values(reading) == {"gpt-4": {"input": "2", "cache_read": "1"}}
    assert [note.kind for note in reading.notes] == ["conflict", "conflict"]


def test_the_name_of_a_tab_is_the_heading_of_its_panel() -> None:
    table = "<table><tr><th>Model</th><th>Input</th></tr><tr><td>Claude Opus 9</td><td>${} / MTok</td></tr></table>"
    page = (
        '<h2>Pricing</h2><div role="tablist"><button id="a">Model pricing</button><button id="b">Batch</button></div>'
        f'<div role="tabpanel" aria-labelledby="a">{table.format(6)}</div>'
        f'<div role="tabpanel" aria-labelledby="b">{table.format(3)}</div>'
        f"<h3>Turbo</h3>{table.format(9)}"
    )
    document = Document(page, "html")
    reading = anthropic.read_pricing(document)
    assert values(reading) == {"Claude Opus 9": {"input": "6", "input{tier=batch}": "3"}}
    assert [note.kind for note in reading.notes] == ["unknown_heading"]
    assert document.at("tab[2]").text == "Batch"


def test_doctor_says_which_values_a_page_contradicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Claude Opus 4.7", "5", "25"), ("Claude Opus 4.7", "6", "25"), ("Claude Sonnet 4.6", "3", "15")]
    pages = Folder(tmp_path / "pages").add(price_page(rows), "2026-05-01")
    ratecard = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    ratecard("refresh", "anthropic", "--replay", pages.path, "--at", "2026-05-01")
    found = {one["what"]: one["text"] for one in ratecard("doctor", "--json").json}
    assert "differently" in found["contradiction anthropic docs-pricing"]
    assert "Claude Opus 4.7 input" in found["contradiction anthropic docs-pricing"]

"""The reference site in headless Chromium, opened from its folder: what people click, read and type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from scraper.fetch.browser import Browser
from scraper.fetch.failure import Failed
from scraper.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page


def _missing() -> str:
    try:
        Browser(Settings()).check()
    except Failed as failure:
        return str(failure)
    return ""


pytestmark = [
    pytest.mark.skipif(bool(_missing()), reason=f"this test {_missing()}"),
    pytest.mark.xdist_group("site"),
]

SEED = "offers/replicate/openai--gpt-4.1-nano.html"
KINDS = {
    "offer": SEED,
    "model": "models/openai/gpt-4.1-nano.html",
    "provider": "providers/deepseek.html",
    **{
        name: f"{name}.html"
        for name in ("index", "compare", "changes", "gaps", "about", "search", "models", "providers")
    },
}
MANY = 5000
FAST = 100
"""Milliseconds that searching, filtering and sorting may take."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=Browser(Settings()).check(), args=["--no-sandbox"])
        yield started
        started.close()


class Seen:
    """What a page did that it should not have done."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def check(self) -> None:
        assert self.said == []
        assert [address for address in self.asked if not address.startswith("file://")] == []


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 850}, color_scheme="light")
    opened = context.new_page()
    seen = Seen(opened)
    yield opened
    seen.check()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_kind_of_page_has_a_barrier_or_is_wider_than_a_phone(
    demo_site: Path, chromium: Chromium, scheme: Literal["light", "dark"]
) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    context = chromium.new_context(viewport={"width": 390, "height": 850}, color_scheme=scheme, bypass_csp=True)
    opened = context.new_page()
    seen = Seen(opened)
    # In dark colours nothing else differs: the kinds that have everything there is will do.
    for kind in KINDS if scheme == "light" else ("offer", "index", "compare", "about"):
        path = KINDS[kind]
        opened.goto((demo_site / path).as_uri())
        if kind == "offer":
            opened.locator("button.v").first.click()
        if kind == "search":
            opened.locator("#q").fill("nano")
        if kind == "compare":
            opened.locator("#filters [name=q]").fill("nano")
        opened.evaluate(axe)
        broken = opened.evaluate(
            "axe.run({preload: false, resultTypes: ['violations']}).then(found => found.violations)"
        )
        told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in broken]
        assert told == [], f"{kind}, {scheme}"
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{kind} is too wide"
    seen.check()
    context.close()


def test_evidence_opens_from_a_value_with_the_keyboard_alone(demo_site: Path, page: Page) -> None:
    page.goto((demo_site / SEED).as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('button.v')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    popup = page.locator("#e1")
    assert not popup.is_visible()
    page.keyboard.press("Enter")
    assert popup.is_visible()
    for words in ("$0.10", "https://replicate.com/openai/gpt-4.1-nano", "2026-09-01", "SHA-256", "prices"):
        assert words in popup.inner_text()
    page.keyboard.press("Escape")
    assert not popup.is_visible()
    assert page.evaluate("document.activeElement.matches('button.v')")


def test_the_calculator_is_exact_and_says_what_it_cannot_say(demo_site: Path, page: Page) -> None:
    page.goto((demo_site / SEED).as_uri())
    page.fill("[name=input]", "1000000")
    page.fill("[name=output]", "1,000,000")
    total = page.locator("[name=total]")
    assert total.inner_text() == "$0.50 a request, $500.00 for 1,000"
    page.fill("[name=cached]", "10")
    assert "the price of cached input is not sourced" in total.inner_text()
    page.fill("[name=cached]", "2000000")
    assert "No more tokens can be cached" in total.inner_text()
    page.goto((demo_site / "offers/openai/gpt-4.1-nano.html").as_uri())
    page.fill("[name=input]", "3")
    page.fill("[name=cached]", "1")
    page.fill("[name=output]", "0")
    page.fill("[name=requests]", "1")
    assert total.inner_text().startswith("$0.000000225 a request")
    page.select_option("[name=tier]", "batch")
    page.fill("[name=cached]", "0")
    assert total.inner_text().startswith("$0.00000015 a request")


STEPS = [
    ["input", "", 0, "1"],
    ["input", "", 128_000, "2"],
    ["input", "batch", 0, "0.5"],
    ["cache_read", "", 0, "0.1"],
    ["cache_read", "", 32_000, "0.2"],
    ["output", "", 0, "3"],
    ["output", "batch", 0, "1.5"],
]


def test_the_calculator_goes_by_the_lengths_that_each_price_has(page: Page) -> None:
    """As the cost of the API does: a price has other lengths than the one beside it, or none."""
    names = ("input", "cached", "output", "requests")
    fields = "".join(f'<input name="{name}" value="0">' for name in names)
    rates = json.dumps({"currency": "USD", "rates": STEPS, "tiers": ["", "batch"]})
    page.set_content(
        f'<form id="calculate" hidden>{fields}<select name="tier"><option value=""><option value="batch"></select>'
        f'<output name="total"></output></form><script type="application/json" id="rates">{rates}</script>'
    )
    page.add_script_tag(path=str(files("scraper.publish.site") / "assets" / "calculator.js"))
    total = page.locator("[name=total]")
    for sent, cached, output, tier, said in (
        (1_000_000, 0, 0, "", "$2.00 a request"),
        (100_000, 0, 0, "", "$0.10 a request"),
        (200_000, 200_000, 0, "", "$0.04 a request"),
        (32_000, 32_000, 0, "", "$0.0032 a request"),
        (200_000, 0, 1_000_000, "", "$3.40 a request"),
        (100_000, 0, 1_000_000, "batch", "$1.55 a request"),
        (200_000, 0, 1_000_000, "batch", "Cannot be said: the price of input in the batch tier is not sourced"),
    ):
        for name, number in zip(names, (sent, cached, output, 1), strict=True):
            page.fill(f"[name={name}]", str(number))
        page.select_option("[name=tier]", tier)
        assert total.inner_text().startswith(said)


def test_dark_mode_is_the_systems_until_it_is_chosen_and_is_kept(demo_site: Path, page: Page) -> None:
    page.goto((demo_site / "index.html").as_uri())
    back = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(back)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(back)
    assert dark != light
    page.emulate_media(color_scheme="light")
    assert page.evaluate(back) == light
    page.locator("#theme").click()
    assert page.evaluate(back) == dark
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"
    page.goto((demo_site / "about.html").as_uri())
    assert page.evaluate(back) == dark


def test_search_finds_the_exact_id_first_from_every_page(demo_site: Path, page: Page) -> None:
    page.goto((demo_site / SEED).as_uri())
    page.fill(".find input", "gpt-4.1-nano")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=gpt-4.1-nano")
    hits = page.locator("#hits a").all_inner_texts()
    assert hits[0] == "gpt-4.1-nano on openai"
    assert "openai/gpt-4.1-nano on replicate" in hits[:3]
    page.fill("#q", "replicate nano")
    page.locator("#hits a").first.click()
    page.wait_for_url("**/offers/replicate/**")


def many_rows(page: str, count: int) -> str:
    """Return the page to compare with as many rows as are wanted, made of those it has."""
    before, begin, rest = page.partition('<script type="application/json" id="offers">')
    text, end, after = rest.partition("</script>")
    rows = json.loads(text)
    made = []
    for number in range(count):
        path, provider, _, name, model, variant, gone, cells, others = rows[number % len(rows)]
        priced = [f"${(10 + number % 97) / 100:.2f}", f"${(40 + number % 89) / 100:.2f}", *cells[2:11], 0]
        made.append([path, provider, f"model-{number}-", name, model, variant, gone, priced, others])
    return f"{before}{begin}{json.dumps(made)}{end}{after}"


def test_the_table_of_5000_offers_is_searched_filtered_and_sorted_at_once(demo_site: Path, page: Page) -> None:
    table = demo_site / "compare-many.html"
    table.write_text(many_rows((demo_site / "compare.html").read_text(encoding="utf-8"), MANY), encoding="utf-8")
    page.goto(table.as_uri())
    assert "5,000 of 5,000 offers" in page.locator("#count").inner_text()

    def took() -> float:
        return float(page.locator("#table").get_attribute("data-took") or "nan")

    first = page.locator("#table tbody tr").first
    sort = page.locator("[data-sort=input]")
    sort.click()
    assert (took() < FAST, first.locator("td").nth(1).inner_text()) == (True, "$0.10")
    sort.click()
    assert (took() < FAST, first.locator("td").nth(1).inner_text()) == (True, "$1.06")
    page.fill("#filters [name=q]", "model-77-")
    assert took() < FAST
    assert page.locator("#count").inner_text() == "1 of 5,000 offers"
    page.locator("button[type=reset]").click()
    page.select_option("[name=field]", "output")
    page.fill("[name=most]", "0.40")
    page.wait_for_function("document.querySelector('#count').textContent.startsWith('57 of')")
    assert took() < FAST
    page.select_option("[name=field]", "capabilities")
    page.fill("[name=most]", "")
    page.select_option("[name=state]", "s")
    assert page.locator("#count").inner_text() == "0 of 5,000 offers"
    page.select_option("[name=state]", "u")
    assert "5,000 of 5,000" in page.locator("#count").inner_text()
    page.locator("#next").click()
    assert page.locator("#table tbody tr").count() == 200
    table.unlink()

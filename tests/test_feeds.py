"""Feeds: what independent readers make of them, valid by Atom's grammar, and nothing of a stranger's in them acts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from scraper.alerts.feeds import ENTRIES, Feed, Form, feed_text
from scraper.events import Event, EventKind
from tests.alerting import AT, NASTY, happened, moved, side
from tests.captures import Command, Folder, price_page

SITE = "https://prices.example.com/llm"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
GRAMMAR = Path(__file__).parent / "schemas" / "atom.rng"

EVENTS = (
    moved("acme/big", "input", "5", "4.50", request=True),
    moved("acme/big", "output", "25", "30", at=AT + timedelta(hours=1)),
    happened(EventKind.NEW_OFFER, "other/vendor/new-1", name="New One", model="vendor/new-1"),
    happened(
        EventKind.NEWLY_SOURCED,
        f"other/{NASTY.replace(' ', '')}",
        "cache_read",
        name=NASTY,
        after=side("cache_read", "0.1", f"$0.10 {NASTY}", address="javascript:alert(1)"),
        links=("javascript:alert(1)",),
    ),
    happened(EventKind.PROMOTION_ENDS, "other/promo", "input", note="it got <b>a challenge page</b> & nothing else"),
)


def read(form: Form, feed: Feed, events: tuple[Event, ...] = EVENTS) -> Any:
    found = feedparser.parse(feed_text(form, feed, events, NOW).encode())
    assert not found.bozo, found.get("bozo_exception")
    return found


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_a_feed_parser_reads_back_what_was_written(form: Form) -> None:
    feed = Feed(site_url=SITE)
    found = read(form, feed)
    assert found.version == {"atom": "atom10", "rss": "rss20"}[form]
    assert found.feed.title == "LLM price changes"
    assert found.feed.link == f"{SITE}/"
    assert f"{SITE}/feeds/changes.{form}" in [link.href for link in found.feed.links if link.rel == "self"]
    assert len(found.entries) == len(EVENTS)
    newest = found.entries[0]
    assert newest.id == f"tag:prices.example.com,2026:{EVENTS[1].id}"
    assert newest.title == "acme/big output: price up $25.00 / 1M tokens → $30.00 / 1M tokens (+20 %)"
    assert newest.published_parsed[:5] == (2026, 8, 22, 6, 0)
    assert "“" not in newest.summary
    assert "$25.00 → $30.00 / 1M tokens (+20 %)" in newest.summary
    assert 'href="https://prices.example.com/models?a=1&amp;b=2"' in newest.summary
    assert sorted(entry.id for entry in found.entries) == sorted(f"tag:prices.example.com,2026:{e.id}" for e in EVENTS)
    assert [tag.term for tag in newest.tags] == ["price_up", "acme"]


def test_a_json_feed_has_what_version_1_1_asks_for() -> None:
    feed = Feed(site_url=f"{SITE}/", provider="acme")
    found = json.loads(feed_text("json", feed, EVENTS, NOW))
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["title"] == "LLM price changes: acme"
    assert found["feed_url"] == f"{SITE}/feeds/acme.json"
    assert [item["id"] for item in found["items"]] == [f"tag:prices.example.com,2026:{e.id}" for e in EVENTS[1::-1]]
    for item in found["items"]:
        assert item["content_html"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo
    assert Event.model_validate(found["items"][0]["_ratecard"]) == EVENTS[1]


@pytest.mark.parametrize("events", [EVENTS, ()])
@pytest.mark.parametrize("provider", ["", "other"])
def test_atom_is_valid_by_the_grammar_of_rfc_4287(events: tuple[Event, ...], provider: str) -> None:
    grammar = etree.RelaxNG(etree.parse(str(GRAMMAR)))
    written = feed_text("atom", Feed(site_url=SITE, provider=provider), events, NOW)
    document = etree.fromstring(written.encode())
    grammar.assertValid(document)
    spaces = {"a": "http://www.w3.org/2005/Atom"}
    ids = [element.text for element in document.findall(".//a:id", spaces)]
    assert len(ids) == len(set(ids))
    # The grammar is one that can say no.
    document.remove(document.find("a:id", spaces))
    assert not grammar.validate(document)


@pytest.mark.parametrize(
    ("feed", "wanted", "path"),
    [
        (Feed(site_url=SITE, provider="acme", model="big"), EVENTS[:2], "feeds/acme/big.atom"),
        (Feed(site_url=SITE, provider="other", model="vendor/new-1"), EVENTS[2:3], "feeds/other/vendor~2Fnew-1.atom"),
        (Feed(site_url=SITE, model="New One"), EVENTS[2:3], "feeds/New~20One.atom"),
        (Feed(site_url=SITE, model="../../x"), (), "feeds/~2E.~2F..~2Fx.atom"),
    ],
)
def test_feeds_of_a_provider_and_a_model(feed: Feed, wanted: tuple[Event, ...], path: str) -> None:
    assert {entry.id.partition(":evt")[2] for entry in read("atom", feed).entries} == {e.id[3:] for e in wanted}
    assert feed.path("atom") == path


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_f37_what_a_provider_wrote_does_nothing(form: Form) -> None:
    written = feed_text(form, Feed(site_url=SITE), EVENTS, NOW)
    if form == "json":
        contents = [item["content_html"] for item in json.loads(written)["items"]]
        links = [item["url"] for item in json.loads(written)["items"]]
    else:
        # As it is before the parser cleans it.
        document = etree.fromstring(written.encode())
        tags = ("{http://www.w3.org/2005/Atom}summary", "description")
        contents = [element.text or "" for element in document.iter() if element.tag in tags]
        links = [element.get("href") or element.text or "" for element in document.iter() if "link" in str(element.tag)]
        titles = [element.text for element in document.iter() if str(element.tag).endswith("title")]
        assert any("&lt;img" in title if form == "rss" else "<img" in title for title in titles)
    assert any("&lt;img src=x onerror=alert(1)&gt;" in content for content in contents)
    assert any(
        "<p>it got &lt;b&gt;a challenge page&lt;/b&gt; &amp; nothing else</p>" in content for content in contents
    )
    for content in contents:
        assert "<img" not in content
        assert 'href="javascript:' not in content
    assert not [link for link in links if not link.startswith("https://")]


def test_how_sources_fare_and_what_is_held_is_in_no_feed() -> None:
    inside = (
        happened(EventKind.SOURCE_FAILING, "other/", source="pricing"),
        happened(EventKind.SOURCE_STALE, "other/", source="pricing"),
        happened(EventKind.HOLD_NEEDS_REVIEW, "other/x", "input", after=side("input", "1")),
    )
    assert read("atom", Feed(site_url=SITE), inside).entries == []


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_same_events_give_the_same_bytes_whenever_they_are_written(form: Form) -> None:
    feed = Feed(site_url=SITE)
    assert feed_text(form, feed, EVENTS, NOW) == feed_text(form, feed, EVENTS[::-1], NOW + timedelta(days=3))


def test_a_feed_has_the_newest_entries_only() -> None:
    many = tuple(moved("acme/big", "input", "5", "4", at=AT + timedelta(minutes=n)) for n in range(ENTRIES + 5))
    found = read("atom", Feed(site_url=SITE), many)
    assert len(found.entries) == ENTRIES
    assert found.entries[0].published == (AT + timedelta(minutes=ENTRIES + 4)).isoformat()


@pytest.fixture
def ratecard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    command = Command(f"sqlite:///{tmp_path}/ratecard.db", monkeypatch, capsys)
    folder = Folder(tmp_path / "captures")
    folder.add(price_page([("Claude Opus 4.7", "5", "25"), ("Claude Haiku 4.5", "1", "5")]), "2026-05-01")
    folder.add(price_page([("Claude Opus 4.7", "4.50", "25"), ("Claude Haiku 4.5", "1.10", "5")]), "2026-05-08")
    for day in ("2026-05-01", "2026-05-08"):
        assert command("refresh", "anthropic", "--replay", folder.path, "--at", day).code == 0
    return command


def test_the_command_writes_feeds_of_what_the_store_has(
    ratecard: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = ratecard("feed", "atom")
    assert refused.code == 2
    assert "set RATECARD_SITE_URL" in refused.err
    monkeypatch.setenv("RATECARD_SITE_URL", SITE)
    found = feedparser.parse(ratecard("feed", "atom").out)
    assert sorted(entry.title.partition(":")[0] for entry in found.entries) == [
        "anthropic/Claude Haiku 4.5 input",
        "anthropic/Claude Opus 4.7 input",
    ]
    file = tmp_path / "feed.json"
    assert ratecard("feed", "json", "--provider", "anthropic", "--model", "Claude Opus 4.7", "-o", file).code == 0
    [item] = json.loads(file.read_text(encoding="utf-8"))["items"]
    assert "<q>$4.50 / MTok</q>" in item["content_html"]
    assert feedparser.parse(ratecard("feed", "rss", "--since", "2026-06-01").out).entries == []
    assert "there is no provider" in ratecard("feed", "rss", "--provider", "nobody").err.lower()
    assert ratecard("feed", "gopher").code == 2

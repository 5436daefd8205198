"""Links of messages into the published site: each of them opens a page that is there."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

from scraper.alerts.composing import compose
from scraper.alerts.layout.digest import digest_of
from scraper.alerts.layout.html import html_of
from scraper.alerts.layout.markdown import markdown_of
from scraper.alerts.layout.plain import text_of
from scraper.alerts.layout.slack import slack_body
from scraper.alerts.rules import Subscriber
from scraper.publish.site import publish_site
from scraper.records import Offer
from scraper.store import open_store
from scraper.store.outbox import list_events
from tests.published import NOW, fact, record

SITE = "https://prices.example.com/llm"
LINK = re.compile(re.escape(SITE) + r"/[^\s\"\\|)>]+")


def sold(model_id: str, price: str, name: str = "", *, shared_id: bool = False) -> Offer:
    facts = (fact("input", price), fact("output", "9"), fact("context_window", f"{len(price)}000"))
    return Offer(model_id=model_id, name=name, shared_id=shared_id, facts=facts)


def test_every_link_of_a_message_opens_a_page_of_the_site(tmp_path: Path) -> None:
    ids = ("plain-1", "Vendor/Large:free", "vendor/with--dashes", "ünï/x")
    days = [NOW - timedelta(days=3 - number) for number in range(4)]
    with open_store(f"sqlite:///{tmp_path}/ratecard.db") as store:
        for number, day in enumerate(days):
            price = "1" if number == 0 else "1.50"
            twins = [sold("twice", price, name, shared_id=True) for name in ("One", "Other")]
            gone = [sold("gone-1", "2")] if number < 2 else []
            late = [sold("late-1", "3")] if number else []
            record(store, "anthropic", [*(sold(one, price) for one in ids), *twins, sold("", price, "By name"), *gone,
                                        *late], day)  # fmt: skip
        publish_site(store, tmp_path / "site", NOW, site_url=SITE)
        events = list_events(store)[::-1]
    assert {event.kind.value for event in events} == {"price_up", "spec_changed", "new_offer", "withdrawn"}
    assert len({event.subject + event.name for event in events}) == len(ids) + 5
    subscriber = Subscriber(name="me", channels=("here",))
    found: set[str] = set()
    for told, digest in ((events, True), *(([event], False) for event in events)):
        message = compose("msg_1", subscriber, told, digest=digest, site_url=SITE)
        shown = digest_of(message)
        pages = [link for event in message.events for link in event.links if link.startswith(SITE)]
        assert len(pages) == len(told)
        found |= {page.removeprefix(SITE) for page in pages}
        for text in (text_of(shown), html_of(shown), markdown_of(shown), json.dumps(slack_body(shown))):
            links = LINK.findall(text)
            assert links
            found |= {link.removeprefix(SITE) for link in links}
    assert "/changes.html" in found
    missing = [path for path in sorted(found) if not (tmp_path / "site" / path.lstrip("/")).is_file()]
    assert missing == []
    assert len(found) == len(ids) + 5 + 1

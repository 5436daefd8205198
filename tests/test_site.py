"""The reference site as files: what each page says, what it never says, how versions follow each other."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest
from justhtml import JustHTML
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import delete

from scraper import providers
from scraper.errors import RatecardError
from scraper.publish.site import Feed, publish_site
from scraper.publish.site.addresses import model_path, offer_path
from scraper.publish.site.changes import row_of
from scraper.publish.text import changes_text, show
from scraper.records import REFERENCE_FIELDS, Offer
from scraper.store import Store, list_changes, list_offers, open_store
from scraper.store.tables import observations, restated
from scraper.store.tables import offers as offers_table
from tests.captures import Command
from tests.published import NOW, demo_store, fact, made_up, many_store, record, resolve_all, sell_alike
from tests.readings import FIXTURES

REFERENCE = FIXTURES.parent.parent / "shared" / "reference" / "gpt-4.1-nano-on-replicate.txt"
SEED = "offers/replicate/openai--gpt-4.1-nano"

pytestmark = pytest.mark.xdist_group("site")


def text_of(file: Path) -> str:
    body = LexborHTMLParser(file.read_text(encoding="utf-8")).body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def found(node: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    one = node.css_first(selector)
    assert one is not None, selector
    return one


def test_the_page_of_the_seed_has_every_section_and_fact_of_the_reference(demo_site: Path) -> None:
    page = LexborHTMLParser((demo_site / f"{SEED}.html").read_text(encoding="utf-8"))
    headings = [" ".join(node.text().split()) for node in page.css("h1, h2")]
    shown = text_of(demo_site / f"{SEED}.html")
    title = "openai/gpt-4.1-nano"
    sections = (
        f"{title} on Replicate", f"Why use {title} on Replicate?", "Setup recipe", "Request example", "Gotchas",
        f"Compare {title} across providers", "Pricing", "What does a request cost?", "Capabilities", f"About {title}",
        "Price history", "What changed", "FAQ", "Get started", "Model specs", "Related models on Replicate",
    )  # fmt: skip
    assert headings == [*sections]
    facts = (
        "By OpenAI", "Last refreshed 2026-09-01", "Next refresh:", "$0.10", "$0.40", "pip install replicate",
        "export REPLICATE_API_TOKEN", "replicate.run(", "reads REPLICATE_API_TOKEN from the environment",
        "/v1/models/{owner}/{name}/predictions", "Compare 4 offers by 3 providers", "owner/name",
        f"On Replicate, {title} costs $0.10 per 1M tokens for input and $0.40 per 1M tokens for output.",
        "Released", "Context window", "Knowledge cutoff", "Modalities", "Open weights", "Licence", "Architecture",
        f"Who created {title}?", f"How does Replicate compare with other providers of {title}?", "OpenAI",
        "Which model id do I send?",
    )  # fmt: skip
    assert [one for one in facts if one not in shown] == []
    if not REFERENCE.is_file():
        pytest.skip("the reference page is not here: only our own list was compared")
    theirs = REFERENCE.read_text(encoding="utf-8")
    for section in ("Why use", "Setup recipe", "Request example", "Gotchas", "Compare", "Pricing", "Capabilities",
                    "About", "FAQ", "Get Started", "Model Specs", "Related Models"):  # fmt: skip
        assert section in theirs
        assert any(heading.casefold().startswith(section.casefold()) for heading in headings), section
    for price in set(re.findall(r"\$0\.[0-9]+", theirs)):
        assert f"${float(price[1:]):.2f}" in shown


def test_cache_and_batch_of_the_seed_are_not_sourced_and_say_why(demo_site: Path) -> None:
    page = LexborHTMLParser((demo_site / f"{SEED}.html").read_text(encoding="utf-8"))
    boxes = {found(node, "dt").text(): node.text(separator=" ") for node in page.css(".glance > div")}
    for name in ("Cache / 1M tokens", "Batch / 1M tokens"):
        assert boxes[name].count("Not sourced") == 2
        assert "no source of this provider publishes it" in boxes[name]
    assert "$0.00" not in text_of(demo_site / f"{SEED}.html")


def test_each_example_sends_the_offers_own_id(demo_site: Path) -> None:
    pages = sorted(demo_site.glob("offers/*/*.html"))
    assert len(pages) > 100
    examples = 0
    for file in pages:
        page = LexborHTMLParser(file.read_text(encoding="utf-8"))
        shown, example = page.css_first("#model-id"), page.css_first("#example")
        if shown is None:
            assert example is None
            continue
        if example is None:
            continue
        examples += 1
        assert example.text().strip() == providers.call(file.parent.name, shown.text())
        assert shown.text() in example.text()
        if (curl := page.css_first("#curl")) is not None:
            assert shown.text() in curl.text()
    assert examples > 80


def test_every_link_leads_somewhere_and_ids_are_unique(demo_site: Path) -> None:
    files = {file.relative_to(demo_site).as_posix() for file in demo_site.rglob("*") if file.is_file()}
    for path in sorted(files):
        if not path.endswith(".html"):
            continue
        page = LexborHTMLParser((demo_site / path).read_text(encoding="utf-8"))
        ids = [node.attributes["id"] for node in page.css("[id]")]
        assert len(ids) == len(set(ids)), path
        for node in page.css("[href], [src]"):
            address = node.attributes.get("href") or node.attributes.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme:
                assert parts.scheme in ("https", "http"), f"{path}: {address}"
            elif address.startswith("#"):
                assert address[1:] in ids, f"{path}: {address}"
            else:
                assert urlsplit(urljoin(f"https://x/{path}", address)).path[1:] in files, f"{path}: {address}"
        for node in page.css("[popovertarget]"):
            assert node.attributes["popovertarget"] in ids


def test_pages_are_valid_html(demo_site: Path) -> None:
    kinds = [*sorted(demo_site.glob("*.html")), demo_site / f"{SEED}.html", demo_site / "providers/openai.html"]
    for file in [
        *kinds,
        *sorted(demo_site.glob("offers/openai/*.html"))[:5],
        *sorted(demo_site.glob("models/*/*.html"))[:5],
    ]:
        JustHTML(file.read_text(encoding="utf-8"), strict=True, sanitize=False)


def test_structured_data_has_sourced_prices_only(demo_site: Path) -> None:
    for file in demo_site.glob("offers/*/*.html"):
        page = LexborHTMLParser(file.read_text(encoding="utf-8"))
        data = [json.loads(node.text()) for node in page.css('script[type="application/ld+json"]')]
        priced = [node.text() for node in page.css('section[aria-labelledby="pricing"] button.v:not(.none)')]
        assert len(data) == (1 if priced else 0)
        for product in data:
            assert product["@type"] == "Product"
            assert len(product["offers"]) == len(
                [p for p in priced if p.startswith(("$", "€", "CN¥", "Free")) and "/" not in p]
            )
    index = LexborHTMLParser((demo_site / "index.html").read_text(encoding="utf-8"))
    assert json.loads(found(index, 'script[type="application/ld+json"]').text())["@type"] == "Dataset"


def test_the_site_says_where_it_is(demo_site: Path) -> None:
    page = (demo_site / f"{SEED}.html").read_text(encoding="utf-8")
    assert f'<link rel="canonical" href="https://example.org/llm/{SEED}.html">' in page
    assert f"<loc>https://example.org/llm/{SEED}.html</loc>" in (demo_site / "sitemap.xml").read_text(encoding="utf-8")
    picture = re.search(r'og:image" content="https://example.org/llm/(assets/[^"]+\.png)"', page)
    assert picture is not None
    assert (demo_site / picture[1]).read_bytes().startswith(b"\x89PNG")
    assert "[OpenAI](providers/openai.md)" in (demo_site / "llms.txt").read_text(encoding="utf-8")
    for file in demo_site.rglob("*.html"):
        assert file.with_suffix(".md").is_file()


EVIL = "<img/src=x/onerror=alert(1)>\"';--></script><script>alert(2)</script>"


def test_f37_nothing_that_is_published_becomes_a_tag_a_script_or_a_link(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/evil.db") as store:
        quote = f"[x](javascript:alert(3)) {EVIL} `|*_ <b>"
        facts = (fact("input", "1", quote=quote), fact("output", "2", quote=quote))
        offer = Offer(model_id="a`b|<svg/onload=alert(4)>", name=EVIL, facts=facts)
        record(store, "openai", [offer, *made_up("openai", 0, 3)], NOW, url="javascript:alert(5)")
        with store.writing() as connection:
            connection.exec_driver_sql("UPDATE offers SET model = 'evil/<script>alert(6)</script>'")
        publish_site(store, tmp_path / "site", NOW)
    feeds = 0
    for file in (tmp_path / "site").rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        page = LexborHTMLParser(text)
        assert "unsafe-inline" not in text
        policy = found(page, 'meta[http-equiv="Content-Security-Policy"]').attributes["content"]
        assert "script-src 'self';" in str(policy)
        assert not page.css("img, svg:not(.chart), b")
        for node in page.css("*"):
            assert not [name for name in node.attributes if name.startswith("on") or name == "style"]
            address = node.attributes.get("href") or ""
            assert not address.startswith("javascript"), address
        for script in page.css("script:not([src])"):
            assert script.attributes["type"] in ("application/json", "application/ld+json")
            json.loads(script.text())
        feeds += text.count("alert(2)")
    assert feeds, "it was shown, as text"
    for file in (tmp_path / "site").rglob("*.md"):
        text = file.read_text(encoding="utf-8")
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text, flags=re.DOTALL)
        assert not re.search(r"(?<!\\)<(?!https?://[^\s<>]*>)", outside), file
        assert not re.search(r"(?<!\\)\]\((?![\w./-]+\))", outside), file


def test_f39_texts_that_turn_or_hide_what_is_around_them_do_not_come_in(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/rtl.db") as store:
        name = "ab\u202etxt.exe\u200b\x07"
        record(store, "openai", [Offer(model_id="x", name=name, facts=(fact("input", "1"),))], NOW)
        publish_site(store, tmp_path / "site", NOW)
    for file in (tmp_path / "site").rglob("*.*"):
        if file.suffix in (".html", ".md", ".txt"):
            assert not re.search("[\u202e\u200b\x07]", file.read_text(encoding="utf-8"))


def test_only_what_differs_is_rendered_and_written(tmp_path: Path) -> None:
    with many_store(f"sqlite:///{tmp_path}/many.db", 100, sellers=5) as store:
        site = tmp_path / "site"
        first = publish_site(store, site, NOW)
        before = {file: file.stat().st_ino for file in site.rglob("*") if file.is_file()}
        again = publish_site(store, site, NOW)
        assert (again.written, again.rendered) == (0, 0)
        seller = providers.names()[0]
        record(store, seller, made_up(seller, 0, 20, raised=frozenset({3})), NOW)
        sell_alike(store, 100)
        changed = publish_site(store, site, NOW)
        # A provider's refresh confirms all of its offers: its 20 pages are new, and those of the model that changed.
        assert 20 <= changed.rendered <= 25
        assert changed.written < first.written / 2
        after = {file: file.stat().st_ino for file in site.rglob("*") if file.is_file()}
        assert sum(before.get(file) == inode for file, inode in after.items()) == changed.files - changed.written
        fresh = publish_site(store, tmp_path / "other", NOW)
        assert fresh.files == changed.files
        same = subprocess.run(
            ["diff", "-r", site.readlink(), (tmp_path / "other").readlink()], cwd=tmp_path, check=False
        )
        assert same.returncode == 0, "what is kept is what would be made"


def test_what_time_alone_changes_is_made_anew(tmp_path: Path) -> None:
    with many_store(f"sqlite:///{tmp_path}/many.db", 10, sellers=2) as store:
        publish_site(store, tmp_path / "site", NOW)
        page = next((tmp_path / "site").glob("offers/*/*.html"))
        assert 'class="mark stale"' not in page.read_text(encoding="utf-8")
        later = publish_site(store, tmp_path / "site", NOW + timedelta(days=30))
        assert later.rendered == 10
        assert 'class="mark stale"' in page.read_text(encoding="utf-8")


def test_old_links_stay(tmp_path: Path) -> None:
    with many_store(f"sqlite:///{tmp_path}/many.db", 10, sellers=2) as store:
        publish_site(store, tmp_path / "site", NOW)
        (offer, *_) = list_offers(store, NOW)
        path = offer_path(offer.provider, offer.model_id, offer.name, shared_id=False)
        with store.writing() as connection:
            for table in (observations, restated):
                connection.execute(delete(table).where(table.c.offer_id == offer.id))
            connection.execute(delete(offers_table).where(offers_table.c.id == offer.id))
        publish_site(store, tmp_path / "site", NOW)
        assert "No longer here" in (tmp_path / "site" / f"{path}.html").read_text(encoding="utf-8")
        assert path not in (tmp_path / "site" / "compare.html").read_text(encoding="utf-8")


def test_paths_follow_from_ids_alone_and_never_meet() -> None:
    ids = ["a/b", "A/b", "a--b", "a:b", "a-b", "a_b", "a.b", "a/b:free", "../../etc/passwd", "x" * 300, "é", ".a", "a."]
    paths = [offer_path("p", one, "n", shared_id=False) for one in ids]
    paths += [offer_path("p", "a/b", name, shared_id=True) for name in ("one", "two")]
    paths += [offer_path("p", "", name, shared_id=False) for name in ("One", "one", "日本")]
    assert len({path.casefold() for path in paths}) == len(paths)
    assert all(re.fullmatch(r"offers/p/[a-z0-9._-]+", path) and "/." not in path for path in paths)
    assert model_path("a/b") == "models/a/b"
    assert re.fullmatch(r"models/a/b-script_[0-9a-f]{8}", model_path("a/b<script>"))


def test_feeds_are_written_and_linked(tmp_path: Path) -> None:
    feed = Feed(path="changes.atom", content_type="application/atom+xml", title="Changes", body=b"<feed/>")
    with many_store(f"sqlite:///{tmp_path}/many.db", 10, sellers=2) as store:
        publish_site(store, tmp_path / "site", NOW, feeds=[feed])
    assert (tmp_path / "site" / "changes.atom").read_bytes() == b"<feed/>"
    assert '<link rel="alternate" type="application/atom+xml" href="changes.atom"' in (
        tmp_path / "site" / "changes.html"
    ).read_text(encoding="utf-8")


def test_what_happened_is_told_by_feeds_of_all_of_a_provider_and_of_a_model(demo_site: Path) -> None:
    def linked(page: str) -> dict[str, str]:
        nodes = LexborHTMLParser((demo_site / page).read_text(encoding="utf-8")).css('link[rel="alternate"]')
        found = {str(node.attributes["type"]): str(node.attributes["href"]) for node in nodes}
        return {kind: urljoin(f"https://x/{page}", address)[len("https://x/") :] for kind, address in found.items()}

    kinds = ["application/atom+xml", "application/rss+xml", "application/feed+json"]
    everything = linked("changes.html")
    assert {kind: everything[kind] for kind in kinds} == dict(
        zip(kinds, ("feeds/changes.atom", "feeds/changes.rss", "feeds/changes.json"), strict=True)
    )
    shown = [json.loads((demo_site / everything[kinds[2]]).read_text(encoding="utf-8"))]
    shown.append(json.loads((demo_site / linked("providers/openai.html")[kinds[2]]).read_text(encoding="utf-8")))
    model = next(item["_ratecard"]["model"] for item in shown[1]["items"] if item["_ratecard"]["model"])
    of_model = linked(f"{model_path(model)}.html")
    shown.append(json.loads((demo_site / of_model[kinds[2]]).read_text(encoding="utf-8")))
    assert len(shown[0]["items"]) > len(shown[1]["items"]) >= len(shown[2]["items"]) > 0
    assert {item["_ratecard"]["provider"] for item in shown[1]["items"]} == {"openai"}
    assert {item["_ratecard"]["model"] for item in shown[2]["items"]} == {model}
    for kind in kinds[:2]:
        read = feedparser.parse((demo_site / of_model[kind]).read_bytes())
        assert not read.bozo
        assert [entry.id for entry in read.entries] == [item["id"] for item in shown[2]["items"]]
    assert shown[2]["feed_url"] == f"https://example.org/llm/{of_model[kinds[2]]}"


def test_a_small_move_is_not_shown_as_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(f"sqlite:///{tmp_path}/small.db") as store:
        for at, price in ((NOW - timedelta(days=7), "2.00"), (NOW, "2.008")):
            facts = (fact("input", price), fact("output", "8"))
            record(store, "openai", [Offer(model_id="m-1", name="M", facts=facts)], at)
        (change,) = list_changes(store)
    assert (row_of(change).move, row_of(change).direction) == ("+0.4 %", "up")
    show(changes_text([change]))
    assert "(+0.4 %)" in capsys.readouterr().out


def test_what_the_creator_states_of_a_model_is_shown_before_what_others_do(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/lab.db") as store:
        for provider, model_id, more in (
            ("baseten", "moonshotai/Kimi-K2", [fact("context_window", "64000")]),
            ("moonshot", "kimi-k2", [fact("context_window", "128000")]),
            ("together", "moonshotai/Kimi-K2", []),
        ):
            facts = (fact("input", "3" if provider == "moonshot" else "1"), fact("output", "8"), *more)
            record(store, provider, [Offer(model_id=model_id, name="Kimi K2", facts=facts)], NOW)
        resolve_all(store)
        publish_site(store, tmp_path / "site", NOW)
    (page,) = (tmp_path / "site" / "offers" / "together").glob("*.html")
    about = found(LexborHTMLParser(page.read_text(encoding="utf-8")), "[aria-labelledby=about-it]").text()
    assert "Moonshot AI states for it: context window 128,000." in about


def test_a_folder_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with many_store(f"sqlite:///{tmp_path}/many.db", 2, sellers=2) as store:
        with pytest.raises(RatecardError, match="is no site of ours"):
            publish_site(store, tmp_path / "mine", NOW)
        (tmp_path / "empty").mkdir()
        publish_site(store, tmp_path / "empty", NOW)
        (tmp_path / "file").write_text("")
        with pytest.raises(RatecardError, match="cannot be used"):
            publish_site(store, tmp_path / "file" / "site", NOW)
    assert (tmp_path / "empty" / "index.html").is_file()
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_f40_who_reads_while_it_is_published_has_one_whole_version(tmp_path: Path) -> None:
    """For ten seconds; each version has one price everywhere, so that a reader who sees two has parts of two."""
    site = tmp_path / "site"
    over = threading.Event()
    torn: list[str] = []
    seen: set[str] = set()
    read_once = threading.Semaphore(0)

    def read() -> None:
        while not over.is_set():
            place = (tmp_path / site.readlink()).resolve()
            prices = set()
            for page in sorted(place.glob("offers/*/*.html")):
                prices.update(
                    re.findall(r"On [^,]+, Model \d+ costs (\$[0-9.]+) per", page.read_text(encoding="utf-8"))
                )
            if len(prices) != 1:
                torn.append(f"{place}: {prices}")
            seen.update(prices)
            read_once.release()

    def publish(store: Store, step: int) -> None:
        at = NOW + timedelta(minutes=step)
        for slug in ("openai", "anthropic"):
            facts = (fact("input", f"{1 + step}.00"),)
            record(store, slug, [Offer(model_id=f"m{n}", name=f"Model {n}", facts=facts) for n in range(5)], at)
        publish_site(store, site, at)

    with open_store(f"sqlite:///{tmp_path}/flip.db") as store:
        publish(store, 0)
        reader = threading.Thread(target=read)
        reader.start()
        end = time.monotonic() + 10
        step = 0
        while step < 2 or time.monotonic() < end:
            step += 1
            publish(store, step)
            # Older versions are removed: on a busy machine the reader must not fall behind by several.
            read_once.acquire(timeout=60)
        over.set()
        reader.join()
    assert torn == []
    assert len(seen) > 1


@pytest.mark.parametrize("seam", ["publish.begun", "publish.written", "publish.switched"])
def test_f28_killed_while_publishing_leaves_a_whole_version(seam: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    url = f"sqlite:///{tmp_path}/many.db"
    with many_store(url, 6, sellers=2) as store:
        publish_site(store, site, NOW)
        old = whole(site)
        seller = providers.names()[0]
        record(store, seller, made_up(seller, 0, 3, raised=frozenset({0, 1, 2})), NOW)
        killed = publish_elsewhere(url, site, RATECARD_FAILPOINT=seam)
        assert killed.returncode == -signal.SIGKILL
        assert (whole(site) == old) is (seam != "publish.switched")
        publish_site(store, site, NOW)
        publish_site(store, tmp_path / "fresh", NOW)
        assert whole(site) == whole(tmp_path / "fresh") != old


def publish_elsewhere(url: str, site: Path, limit: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    """Publish in a process of its own, which writes no file of more than `limit` bytes, where that is given."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from scraper.store import open_store\n"
        "from scraper.publish.site import publish_site; from tests.published import NOW\n"
        "limit = int(sys.argv[3])\n"
        "if limit:\n"
        "    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "try: publish_site(open_store(sys.argv[1]), Path(sys.argv[2]), NOW)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", code, url, str(site), str(limit)]
    variables = {**os.environ, "PYTHONPATH": str(FIXTURES.parent), **env}
    return subprocess.run(command, env=variables, check=False, capture_output=True, text=True)


def whole(site: Path) -> dict[str, bytes]:
    return {file.relative_to(site).as_posix(): file.read_bytes() for file in site.rglob("*") if file.is_file()}


def test_a_full_disk_leaves_the_version_before(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/many.db"
    with many_store(url, 6, sellers=2) as store:
        publish_site(store, tmp_path / "site", NOW)
        old = whole(tmp_path / "site")
        seller = providers.names()[0]
        record(store, seller, made_up(seller, 0, 3, raised=frozenset({0})), NOW)
        ran = publish_elsewhere(url, tmp_path / "site", limit=3000)
        assert "RatecardError" in ran.stdout, ran
        assert "the version before stays" in ran.stdout
        assert whole(tmp_path / "site") == old
        publish_site(store, tmp_path / "site", NOW)
        assert whole(tmp_path / "site") != old


def test_the_command_says_what_to_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/many.db"
    many_store(url, 2, sellers=2).close()
    monkeypatch.chdir(tmp_path)
    ran = Command(url, monkeypatch, capsys)("publish", "-o", "site")
    assert ran.code == 0
    assert "2 offers" in ran.out
    assert "Open site/index.html" in ran.out
    assert "Nothing has changed" not in ran.out


def test_gaps_count_what_is_not_sourced(demo_site: Path, tmp_path: Path) -> None:
    with demo_store(tmp_path, ["replicate"]) as store:
        offers = list_offers(store, NOW)
    page = LexborHTMLParser((demo_site / "gaps.html").read_text(encoding="utf-8"))
    (row,) = [row for row in page.css(".matrix tbody tr") if found(row, "a").text() == "Replicate"]
    counts = [cell.text() for cell in row.css("td")][1:]
    expected = [sum(view.state == "not_sourced" for o in offers for view in o.fields if view.field == field)
                for field in REFERENCE_FIELDS]  # fmt: skip
    assert counts == [str(count) if count else "·" for count in expected]

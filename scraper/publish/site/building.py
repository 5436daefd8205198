"""Making a site of what is stored: read what is new, render what it touches, keep the rest, switch to the new one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from scraper import providers
from scraper.events import Event
from scraper.models import by_model
from scraper.publish.site import fragments, markdown, overview, words
from scraper.publish.site.addresses import model_path, provider_path
from scraper.publish.site.cards import Card, card_of, digest, digest_of_texts, make_card, states
from scraper.publish.site.changes import row_of
from scraper.publish.site.examples import python_call, shell_call
from scraper.publish.site.facts import facts_context
from scraper.publish.site.feeds import MOST as MOST_EVENTS
from scraper.publish.site.feeds import Feed, Link, links_of_all, written_feeds
from scraper.publish.site.model import by_price, model_context
from scraper.publish.site.offer import COMPARED, MOST_COMPARED, MOST_RELATED, Around, offer_context
from scraper.publish.site.overview import Entry
from scraper.publish.site.prose import Cheapest, cheapest
from scraper.publish.site.rendering import Frame, assets, code_digest, piece, template
from scraper.publish.site.sitemaps import robots, sitemap
from scraper.publish.site.versions import Files, Versions
from scraper.store import ChangeView, OfferView, SourceView, Statement, Store
from scraper.store.snapshot import Snapshot, snapshot

LATEST: Final = 500
ON_FIRST_PAGE: Final = 12
_COMPARED_HEADINGS: Final = fragments.headings(words.REFERENCE[field] for field in COMPARED)
_KIND: Final = re.compile(r"(?:offers|models|providers)/.*\.(?:html|md)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a publication did: pages of offers that are listed, files in all, files written (the others are the same).

    `rendered` counts the offers' pages that were made anew.
    """

    offers: int
    files: int
    written: int
    rendered: int

    @property
    def summary(self) -> str:
        """What it did, in one sentence."""
        if not self.written:
            return f"Nothing has changed: {self.offers:,} offers, {self.files:,} files as before."
        return f"{self.offers:,} offers, {self.files:,} files, {self.written:,} of them new or changed."


def publish_site(
    store: Store,
    target: Path,
    at: datetime,
    *,
    site_url: str = "",
    upcoming: Mapping[tuple[str, str], datetime] | None = None,
    feeds: Sequence[Feed] = (),
) -> Published:
    """Write the site of a store, so that `target` leads to it; `at` is now, for what is stale.

    `site_url` is where it will be found, for what needs whole addresses. `upcoming` says when each source, by provider
    and name, is refreshed next. `feeds` are written beside those of what happened, which there are where `site_url` is
    known. Raises `RatecardError` where it cannot be written; what was there stays then.
    """
    versions = Versions(target)
    days = {source: words.day(time) for source, time in (upcoming or {}).items()}
    with snapshot(store, at) as moment:
        site = _Site(moment, versions, site_url.rstrip("/"), days, feeds)
        site.build()
    done = versions.write(site.files, site.remembered())
    listed = sum(not entry.withdrawn for entry in site.entries.values())
    return Published(offers=listed, files=done.files, written=done.written, rendered=site.rendered)


@dataclass(slots=True)
class _Loaded:
    """Offers with their whole past, loaded as they are needed."""

    moment: Snapshot
    views: dict[int, OfferView] = field(default_factory=dict)
    past: dict[int, list[Statement]] = field(default_factory=dict)
    changes: dict[int, list[ChangeView]] = field(default_factory=dict)

    def load(self, ids: Iterable[int], *, of: int) -> None:
        """Load offers; `of` is how many there are in all."""
        wanted = {number for number in ids if number not in self.views}
        if wanted:
            some = None if len(wanted) == of else wanted
            self.views |= {offer.id: offer for offer in self.moment.offers(some)}
            self.past |= self.moment.past(some)
            self.changes |= self.moment.changes(some)

    def of(self, number: int) -> tuple[OfferView, Sequence[Statement], Sequence[ChangeView]]:
        """Return an offer that was loaded."""
        return self.views[number], self.past.get(number, ()), self.changes.get(number, ())


@dataclass(frozen=True, slots=True)
class _Compared:
    """The offers of a model that are listed, their lowest prices, their rows by path and in Markdown."""

    cards: list[Card]
    lowest: Mapping[str, Cheapest | None]
    rows: dict[str, Markup]
    lines: str


class _Site:
    """One site being made."""

    def __init__(
        self,
        moment: Snapshot,
        versions: Versions,
        site_url: str,
        upcoming: Mapping[tuple[str, str], str],
        feeds: Sequence[Feed],
    ) -> None:
        self.moment = moment
        self.upcoming = upcoming
        self.feeds = feeds
        self.frame = Frame(site_url, (*links_of_all(site_url), *(feed.link for feed in feeds)))
        self.files = Files()
        self.entries: dict[int, Entry] = {}
        self.keys: dict[str, str] = {}
        self.rendered = 0
        self.sources: dict[str, list[SourceView]] = defaultdict(list)
        for source in moment.sources():
            self.sources[source.provider].append(source)
        self.facts = {slug: _facts(slug) for slug in self.sources}
        self.names = {slug: facts["name"] for slug, facts in self.facts.items()}
        code = code_digest()
        self.same_for_all = digest([code, self.frame.site_url, self.frame.feeds, sorted(map(str, self.facts.items()))])
        self.before = versions.known if versions.known.get("same_for_all") == self.same_for_all else {}
        self.old_hashes = versions.hashes
        self.loaded = _Loaded(moment)
        self.told_digests = moment.told_digests()
        self._told: dict[str, Sequence[OfferView]] = {}
        self.of_pages: dict[str, list[Link]] = {}
        self.feeds_key = ""
        self._cards: dict[int, Card] = {}
        self._manuals: dict[str, Mapping[str, str]] = {}

    def remembered(self) -> dict[str, Any]:
        """Return what the next publication needs of this one."""
        return {
            "same_for_all": self.same_for_all,
            "at": self.moment.at.isoformat(),
            "entries": {str(number): entry.parts() for number, entry in self.entries.items()},
            "keys": self.keys,
            "feeds": {"key": self.feeds_key, "of_pages": self.of_pages},
        }

    def build(self) -> None:
        """Make all files."""
        stale = self._enter()
        by_model: dict[str, list[int]] = defaultdict(list)
        by_provider: dict[str, list[int]] = defaultdict(list)
        for number, entry in self.entries.items():
            by_provider[entry.provider].append(number)
            if entry.model:
                by_model[entry.model].append(number)
        self._offers(stale, by_model, by_provider)
        self._feeds(by_model)
        self._models(by_model)
        self._providers(by_provider)
        self._overview(by_model)
        self._gone()

    # What is known of each offer.

    def _enter(self) -> set[int]:
        """Fill `entries`; return the offers of which anything is new."""
        since = datetime.fromisoformat(self.before["at"]) if self.before else None
        if since is not None and since > self.moment.at:
            self.before, since = {}, None
        known: Mapping[str, Any] = self.before.get("entries", {})
        terms = {
            slug: digest([[s.name, s.rank, s.fresh_days, sorted(s.fields), s.status, _failing_since(s)] for s in told])
            for slug, told in self.sources.items()
        }
        found = self.moment.digests(since)
        stale = set()
        digests = {}
        for one in found:
            digests[one.id] = one.digest + terms[one.provider]
            old = known.get(str(one.id))
            if old is None or old[0] != digests[one.id] or one.crossed:
                stale.add(one.id)
            else:
                self.entries[one.id] = Entry(*old)
        self.loaded.load(stale, of=len(found))
        for number in stale:
            self.entries[number] = self._entry(self.loaded.views[number], digests[number])
        self.entries = {one.id: self.entries[one.id] for one in found}
        return stale

    def _entry(self, offer: OfferView, stored: str) -> Entry:
        card = make_card(offer, offer.variant)
        self._cards[offer.id] = card
        head, tail = card.halves()
        return Entry(
            digest=stored,
            summary=digest([head, tail]),
            path=card.path,
            provider=offer.provider,
            model=card.model,
            withdrawn=bool(card.withdrawn),
            last=words.day(offer.last_seen),
            states=states(card),
            sources=sorted({view.source for view in offer.fields if view.source}),
            fields=list(card.others),
            head=head,
            tail=tail,
        )

    def _card(self, number: int) -> Card:
        card = self._cards.get(number)
        if card is None:
            card = self._cards[number] = card_of(self.entries[number].line)
        return card

    # The pages.

    def _page(self, name: str, path: str, key: str, context: Mapping[str, Any]) -> None:
        """Make a page and its Markdown."""
        self.files.add(f"{path}.html", self.frame.page(f"{name}.html", f"{path}.html", **context))
        self.files.add(f"{path}.md", self.frame.twin(f"{name}.md", f"{path}.md", **context))
        self.keys[path] = key

    def _kept(self, path: str, key: str) -> bool:
        """Keep a page of the version before, where it was made of the same."""
        if self.before.get("keys", {}).get(path) != key:
            return False
        for file in (f"{path}.html", f"{path}.md"):
            self.files.keep(file, self.old_hashes[file])
        self.keys[path] = key
        return True

    def _offers(
        self, stale: set[int], by_model: Mapping[str, Sequence[int]], by_provider: Mapping[str, Sequence[int]]
    ) -> None:
        of_model = {
            model: digest_of_texts(sorted(self.entries[n].summary for n in numbers if not self.entries[n].withdrawn))
            for model, numbers in by_model.items()
        }
        related = {slug: _neighbours(numbers, self.entries) for slug, numbers in by_provider.items()}
        wanted = {}
        for number, entry in self.entries.items():
            near = related[entry.provider].get(number, [])
            heads = (self.entries[n].head for n in near)
            of_others = (of_model.get(entry.model, ""), self.told_digests.get(entry.model or "", ""))
            key = digest_of_texts((entry.digest, *of_others, self._next(entry), *heads))
            if number in stale or not self._kept(entry.path, key):
                wanted[number] = (key, near)
        self.loaded.load(wanted, of=len(self.entries))
        self._load_told(self.entries[number].model for number in wanted)
        rows: dict[str, _Compared] = {}
        for number, (key, near) in wanted.items():
            entry = self.entries[number]
            if entry.model not in rows:
                rows[entry.model] = self._compared(by_model.get(entry.model, ()))
            self._offer(number, key, near, rows[entry.model])
        self.rendered = len(wanted)

    def _compared(self, numbers: Sequence[int]) -> _Compared:
        """Return what the pages of all offers of a model have in common."""
        cards = by_price([self._card(n) for n in numbers if not self.entries[n].withdrawn])
        shown = cards[:MOST_COMPARED]
        return _Compared(
            cards,
            {field: cheapest(field, cards) for field in ("input", "output")},
            {c.path: fragments.compared_row(c, COMPARED, self.names[c.provider], "../../") for c in shown},
            "".join(markdown.compared_row(c, self.names[c.provider], "../../") for c in shown),
        )

    def _offer(self, number: int, key: str, near: Sequence[int], compared: _Compared) -> None:
        offer, past, changes = self.loaded.of(number)
        entry, card, facts = self.entries[number], self._card(number), self.facts[offer.provider]
        around = Around(
            facts=facts,
            names=self.names,
            call=python_call(facts, card),
            others=compared.cards,
            lowest=compared.lowest,
            related=[self._card(n) for n in near],
            upcoming=self._next(entry),
            told=self._told.get(entry.model, ()),
        )
        url = f"{self.frame.site_url}/{entry.path}.html" if self.frame.site_url else ""
        context = offer_context(offer, card, past, changes, around, url)
        context |= {
            **self._manual(offer.provider),
            "curl": shell_call(facts, card),
            "compared_headings": _COMPARED_HEADINGS,
            "compared_rows": Markup("\n").join(
                fragments.compared_row(card, COMPARED, facts["name"], "../../", own=True) if path == card.path else row
                for path, row in compared.rows.items()
            ),
            "compared_md": compared.lines,
            "model_page": model_path(entry.model) if entry.model else "",
        }
        self._page("offer", entry.path, key, context)

    def _manual(self, slug: str) -> Mapping[str, str]:
        """Return what the pages of all offers of a provider say of using it."""
        if slug not in self._manuals:
            facts = self.facts[slug]
            self._manuals[slug] = {
                "recipe": piece("recipe.html", facts=facts),
                "gotchas": piece("gotchas.html", facts=facts),
                "recipe_md": template("recipe.md").render(facts=facts),
                "gotchas_md": template("gotchas.md").render(facts=facts),
            }
        return self._manuals[slug]

    def _next(self, entry: Entry) -> str:
        """Return the day on which a source of an offer is refreshed next, "" where none is scheduled."""
        days = [day for name in entry.sources if (day := self.upcoming.get((entry.provider, name)))]
        return min(days, default="")

    def _feeds(self, models: Iterable[str]) -> None:
        """Write the feeds of what happened, or keep all of them where nothing did."""
        for feed in self.feeds:
            self.files.add(feed.path, feed.body)
        last = {
            slug: max(times)
            for slug, told in self.sources.items()
            if (times := [source.last_success_at for source in told if source.last_success_at])
        }
        if not self.frame.site_url:
            return
        told = self.moment.events(MOST_EVENTS)
        self.feeds_key = digest([told, sorted((slug, str(at)) for slug, at in last.items())])
        before: Mapping[str, Any] = self.before.get("feeds", {})
        known: Mapping[str, list[Link]] = before.get("of_pages", {})
        if before.get("key") == self.feeds_key:
            self.of_pages = dict(known)
            for path, _, _ in (link for links in known.values() for link in links):
                self.files.keep(path, self.old_hashes[path])
            return
        events = [Event.from_json(body) for body in told]
        # A feed that there was stays, also where what it told of turned out not to be.
        stay = [model for model in models if model_path(model) in known]
        for page, feed in written_feeds(self.frame.site_url, events, last, stay, self.moment.at):
            self.of_pages.setdefault(page, []).append(feed.link)
            self.files.add(feed.path, feed.body)

    def _models(self, by_model: Mapping[str, Sequence[int]]) -> None:
        wanted = {}
        for model, numbers in by_model.items():
            feeds = self.of_pages.get(model_path(model), ())
            of_offers = (self.entries[n].digest + self.entries[n].summary for n in numbers)
            key = digest_of_texts((str(len(feeds)), self.told_digests.get(model, ""), *of_offers))
            if not self._kept(model_path(model), key):
                wanted[model] = key
        self.loaded.load([n for model in wanted for n in by_model[model]], of=len(self.entries))
        self._load_told(wanted)
        paths = {number: entry.path for number, entry in self.entries.items()}
        for model, key in wanted.items():
            cards = [self._card(n) for n in by_model[model] if not self.entries[n].withdrawn]
            told = [self.loaded.of(n) for n in by_model[model]]
            context = model_context(model, cards, told, self.names, paths)
            listed = [offer for offer, _, _ in told if offer.withdrawn_at is None]
            context |= facts_context(model, listed, self._told.get(model, ()))
            context["own_feeds"] = self.of_pages.get(model_path(model), ())
            self._page("model", model_path(model), key, context)

    def _load_told(self, models: Iterable[str]) -> None:
        """Load what is told of models by who sells nothing."""
        wanted = self.told_digests.keys() & set(models) - self._told.keys()
        self._told |= dict.fromkeys(wanted, ())
        self._told |= by_model(self.moment.told(wanted)) if wanted else {}

    def _providers(self, by_provider: Mapping[str, Sequence[int]]) -> None:
        held = self.moment.held()
        for slug, facts in self.facts.items():
            numbers, sources = by_provider.get(slug, ()), self.sources[slug]
            path = provider_path(slug)
            days = {source: day for source, day in self.upcoming.items() if source[0] == slug}
            health = [
                [s.name, s.url, s.status, s.error, str(s.last_success_at), s.offers, s.fresh_days] for s in sources
            ]
            feeds = self.of_pages.get(path, ())
            summaries = [self.entries[n].summary for n in numbers]
            key = digest([summaries, health, sorted(days.items()), held[slug], len(feeds)])
            if not self._kept(path, key):
                cards = [self._card(n) for n in numbers]
                context = overview.provider_context(facts, cards, sources, days, held[slug])
                self._page("provider", path, key, {**context, "own_feeds": feeds})

    def _overview(self, by_model: Mapping[str, Sequence[int]]) -> None:
        entries = list(self.entries.values())
        every = [source for told in self.sources.values() for source in told]
        sellers = overview.sellers(self.names, entries, self.sources)
        paths = {number: entry.path for number, entry in self.entries.items()}
        changes = [row_of(change, paths) for change in self.moment.latest_changes(LATEST)]
        listed = {
            model: [self.entries[n] for n in numbers if not self.entries[n].withdrawn]
            for model, numbers in by_model.items()
        }
        url = f"{self.frame.site_url}/index.html" if self.frame.site_url else ""
        summary = overview.summary_context(entries, sellers, every, url)
        failing = sum(seller.failing for seller in sellers)
        for name, context in {
            "index": {**summary, "providers": sellers, "changes": changes[:ON_FIRST_PAGE]},
            "providers": {"providers": sellers},
            "models": overview.models_context({model: told for model, told in listed.items() if told}),
            "compare": overview.compare_context(entries, sellers),
            "search": {"lines": overview.search_lines(entries)},
            "changes": {"changes": changes, "total": self.moment.count_changes()},
            "gaps": overview.gaps_context(entries, sellers),
            "about": {
                **overview.about_context(),
                **summary,
                "providers": len(sellers),
                "sources": len(every),
                "failing": failing,
            },
        }.items():
            self._page(name, name, "", context)
        self.files.add("llms.txt", template("llms.md").render(summary, providers=sellers).encode())
        for path, body in assets().values():
            self.files.add(path, body)
        if self.frame.site_url:
            pages = {f"{path}.html": "" for path in self.keys if path != "search"}
            pages |= {f"{entry.path}.html": entry.last for entry in entries}
            self.files.add("sitemap.xml", sitemap(self.frame.site_url, pages))
            self.files.add("robots.txt", robots(self.frame.site_url))

    def _gone(self) -> None:
        """Leave a page where there was one, and keep the assets that pages of the version before may still ask for."""
        for path, known in self.old_hashes.items():
            if path in self.files.hashes:
                continue
            if path.startswith("assets/"):
                self.files.keep(path, known)
            elif _KIND.fullmatch(path):
                ending = path.rpartition(".")[2]
                make = self.frame.page if ending == "html" else self.frame.twin
                self.files.add(path, make(f"gone.{ending}", path))


def _failing_since(source: SourceView) -> str:
    """Return the last success of a source that fails: it decides on what is said of what it never stated."""
    return "" if source.status == "ok" else str(source.last_success_at)


def _neighbours(numbers: Sequence[int], entries: Mapping[int, Entry]) -> dict[int, list[int]]:
    """Return for each offer of a provider those listed nearest to it by their ids, of the same creator first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        entry = entries[number]
        if not entry.withdrawn:
            groups[entry.model.partition("/")[0]].append(number)
    found = {}
    half = MOST_RELATED // 2
    for group in groups.values():
        for place, number in enumerate(group):
            start = max(0, min(place - half, len(group) - MOST_RELATED - 1))
            found[number] = [other for other in group[start : start + MOST_RELATED + 1] if other != number]
    return found


@lru_cache(maxsize=1024)
def _facts(slug: str) -> dict[str, Any]:
    """Return the facts of a provider; of one that has no module any more, its slug is all that is known."""
    if slug in providers.names():
        return providers.facts(slug)
    empty = dict.fromkeys(("docs", "base_url", "key_variable", "install", "model_id_format", "call"), "")
    return {**empty, "name": slug, "openai_compatible": "", "gotchas": []}

"""The same offers in several regions: what all of them state alike holds everywhere, the rest is of its region."""

from __future__ import annotations

from collections.abc import Iterable

from scraper.extract.offers import Named, Offers, same_statement
from scraper.extract.relabel import relabelled
from scraper.meters import is_rate_key
from scraper.records import Fact


class ByRegion:
    """Offers of which the region met first states the price that holds everywhere; another region's price is labelled
    where it differs from that."""

    def __init__(self) -> None:
        self._first: dict[Named, tuple[str, list[Fact]]] = {}
        self._others: list[tuple[Named, str, list[Fact]]] = []

    def add(self, region: str, named: Named, facts: Iterable[Fact]) -> None:
        """Add what a region states of an offer."""
        first, stated = self._first.setdefault(named, (region, []))
        if region == first:
            stated.extend(facts)
        else:
            self._others.append((named, region, list(facts)))

    def add_to(self, offers: Offers) -> None:
        """Add all of it to offers."""
        for named, (_, stated) in self._first.items():
            offers.add(named, stated)
        for named, region, facts in self._others:
            first = {fact.field: fact for fact in self._first[named][1]}
            differing = [
                fact
                for fact in facts
                if is_rate_key(fact.field) and not (fact.field in first and same_statement(first[fact.field], fact))
            ]
            offers.add(named, relabelled(differing, region=region))

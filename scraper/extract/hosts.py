"""The hosts behind one model of an aggregator's feed: each has its own prices, under the label `upstream`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scraper.extract.feed import Feed, at_path, row_facts
from scraper.extract.jsontext import Json
from scraper.extract.offers import Offers
from scraper.meters import RateKey
from scraper.records import Fact

_LABEL: Final = re.compile(r"[^\s{},=]{1,80}")


def host_facts(rows: list[Json], feed: Feed, place: str, offers: Offers) -> Iterator[Fact]:
    """Yield the prices of each host in a list, labelled by the host's id (the `model_id` of the feed).

    A host without an id that can be a label is noted; specs of one host are left out, as specs have no upstream.
    """
    for number, row in enumerate(rows):
        pointer = f"{place}/{number}"
        host = at_path(row, feed.model_id)
        if not isinstance(host, str) or not _LABEL.fullmatch(host) or not host.isprintable():
            offers.note("off_contract", f"a host without {feed.model_id!r}", f"#{pointer}")
        elif not feed.skip(row):
            for fact in row_facts(row, feed, pointer, offers):
                if fact.currency is not None:
                    key = RateKey.parse(fact.field).with_labels(upstream=host)
                    yield fact.model_copy(update={"field": str(key)})

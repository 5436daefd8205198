"""The demo: the whole flow on the bundled pages of two weeks, in a folder of its own, and a site that stays."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import RenderableType

from scraper import providers
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.outcomes import Outcome
from scraper.publish import text
from scraper.publish.site import publish_site
from scraper.records import iso
from scraper.refresh import Refresh
from scraper.resources import folder
from scraper.store import Store, evidence, find_offers, history, list_changes, list_offers, open_store
from scraper.verify import verify_store

WEEKS: Final = (datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 8, 12, tzinfo=UTC))
"""The times for which the bundled pages are replayed."""

SHOWN: Final = ("replicate", "openai/gpt-4.1-nano", "input")


def run_demo(show: Callable[[RenderableType], None], say: Callable[[str], None], site: Path) -> None:
    """Refresh twice from the bundled pages; show what changed, what is not sourced, and where one number comes from.

    At the end the reference site of it is written to `site`, which stays.
    """
    with tempfile.TemporaryDirectory(prefix="ratecard-demo-") as place:
        archive = Archive(Path(place) / "archive")
        with open_store(f"sqlite:///{place}/ratecard.db") as store:
            for week in WEEKS:
                _refresh(store, archive, week, say)
            _tell(store, archive, WEEKS[-1], show, say)
            say(f"\n$ ratecard publish -o {site}")
            say(publish_site(store, site, WEEKS[-1]).summary)
            say(f"Open {site / 'index.html'} in a browser.")


def _refresh(store: Store, archive: Archive, at: datetime, say: Callable[[str], None]) -> None:
    say(f"$ ratecard refresh --replay fixtures --at {iso(at)}")
    flow = Refresh(store, archive, Replay([folder("fixtures")], at), at)
    report = flow.run(providers.every(), started_at=at, replay=True)
    same = [source for source in report.sources if source.status is Outcome.UNCHANGED]
    for source in report.sources:
        if source not in same:
            say(f"  {source.name}: {source.summary}")
    say(f"  {len(same)} other sources: the same captures as before\n" if same else "")


def _tell(
    store: Store, archive: Archive, at: datetime, show: Callable[[RenderableType], None], say: Callable[[str], None]
) -> None:
    provider, model_id, field = SHOWN
    offers = list_offers(store, at)
    say("$ ratecard diff                                  what changed between the two weeks")
    show(text.changes_text(list_changes(store), each=8))
    say("")
    say("$ ratecard gaps                                  what nobody publishes, here in short")
    show(text.gap_matrix(offers))
    say("")
    (offer,) = find_offers(store, provider, model_id, at)
    say(f"$ ratecard show {provider}/{model_id} --setup")
    show(text.offer_text(offer))
    show(text.setup_text(providers.facts(provider), providers.call(provider, model_id)))
    say("")
    say(f"$ ratecard explain {provider}/{model_id} {field}     where one number comes from")
    view = next(view for view in offer.fields if view.field == field)
    show(text.evidence_text(offer, view, evidence(store, offer.id, field), history(store, offer.id, field)))
    say("")
    say("$ ratecard verify")
    say(verify_store(store, archive, at).summary)
    say("")
    say(_next_steps(offers))


def _next_steps(offers: Sequence[object]) -> str:
    return (
        f"Those were {len(offers)} offers from the bundled pages. For the real ones: `ratecard refresh`, then "
        "`ratecard show`, `explain`, `gaps`, `diff` and `export` as above."
    )

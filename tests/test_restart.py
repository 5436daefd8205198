"""The database is stopped in the middle of the work and started again: daemons and workers go on by themselves."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from scraper.store import Store, list_sources, open_store
from scraper.store.leases import read_due
from scraper.worker import open_queue
from tests.fleet import Fleet, site, wait_for
from tests.postgres import OwnServer

AWAY = 3.0


@pytest.mark.long
@pytest.mark.parametrize(("queue", "how"), [(False, "fast"), (True, "immediate")], ids=["daemon", "queue"])
def test_the_database_is_restarted_in_the_middle(own_server: OwnServer, tmp_path: Path, queue: bool, how: str) -> None:
    fleet = Fleet(own_server.url, tmp_path, hosts=10, sources=30, lease_seconds=2.0)
    with site(fleet.paths, latency=0.05) as seen:
        fleet.make(seen.port)
        with open_store(fleet.url) as store:
            open_queue(store, fleet.lease_seconds)
        try:
            fleet.start("daemon", "--listen", "127.0.0.1:0", *(["--queue"] if queue else []))
            for _ in range(2 if queue else 0):
                fleet.start("worker")
            with open_store(fleet.url) as store:
                wait_for(lambda: successes(store) >= 5, 60)
                before = successes(store)
                own_server.stop(how)
                time.sleep(AWAY)
                own_server.start()
                assert before < fleet.sources
                wait_for(lambda: successes(store) >= fleet.sources, 60)
            assert all(process.poll() is None for process in fleet.started)
        finally:
            codes = fleet.stop()
        assert codes == [0] * len(fleet.started)
    with open_store(fleet.url) as store:
        views = [view for key, view in read_due(store).items() if key.provider.startswith("made")]
        assert [view.successes for view in views] == [1] * fleet.sources
        assert Counter(view.row.lease_holder for view in views) == {None: fleet.sources}
        assert Counter(source.status for source in list_sources(store)) == {"ok": fleet.sources}
    assert queue or seen.together > 1, "a daemon fetches ahead of what it reads"
    assert max(seen.asked[path] for path in fleet.paths) <= 2
    events = [event for number in range(len(fleet.started)) for event in fleet.events(number)]
    assert [event for event in events if "exception" in event] == [], "what happened is said in a sentence"
    assert any(event["event"] == "tick failed" for event in events)
    put_back = Counter(event["source"] for event in events if event["event"] == "job of a dead worker put back")
    assert put_back.total() <= 4, "those that were under way, and no later ones"


def successes(store: Store) -> int:
    return sum(view.successes for view in read_due(store).values())

"""How soon a change is known: from its commit to the arrival of a webhook, with the daemon as people run it."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.measuring import Row, alone
from scraper.store import open_store
from scraper.store.tables import events
from tests.alerting import Posted, receiver
from tests.captures import Folder, price_page
from tests.processes import finished, start_afresh

ROUNDS = 5
RULES = """
[[subscriber]]
name = "bench"
channels = ["hook"]
[channels.hook]
type = "webhook"
url = "{url}"
secrets = ["${{HOOK}}"]
"""


def bench() -> list[Row]:
    """Measure it some times."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = [one_round(Path(folder) / str(number)) for number in range(ROUNDS)]
    return [
        alone("from the commit to the webhook's arrival", seconds, "s"),
        alone("the longest of them", [max(seconds)], "s", at_most=2),
    ]


def one_round(folder: Path) -> float:
    """Let a daemon find a change; return how long after its commit the webhook arrived."""
    captures = Folder(folder / "captures")
    captures.add(price_page([("Claude Opus 4.5", "3", "15")]), "2026-09-01")
    captures.add(price_page([("Claude Opus 4.5", "4", "15")]), "2026-09-02")
    (folder / "schedules").mkdir()
    (folder / "schedules" / "one.toml").write_text('manual = true\n[source."anthropic/docs-pricing"]\nmanual = false\n')
    db = f"sqlite:///{folder}/ratecard.db"
    arrived: list[float] = []

    def note(_: Posted, _before: int) -> tuple[int, dict[str, str], bytes]:
        arrived.append(time.monotonic())
        return 204, {}, b""

    with receiver(note) as got:
        (folder / "alerts.toml").write_text(RULES.format(url=got.url()), encoding="utf-8")
        settings = {
            "RATECARD_ALERTS": str(folder / "alerts.toml"),
            "RATECARD_SCHEDULES": str(folder / "schedules"),
            "RATECARD_ALLOW_PRIVATE_HOSTS": json.dumps(["127.0.0.1"]),
            "HOOK": "whsec_" + "QUFB" * 10,
        }
        first = ("refresh", "anthropic", "--replay", captures.path, "--at", "2026-09-01")
        assert finished(start_afresh(*first, db=db, settings=settings)).returncode == 0
        daemon = start_afresh("daemon", "--replay", captures.path, "--listen", "127.0.0.1:0", db=db, settings=settings)
        try:
            with open_store(db) as store:
                began, committed = time.monotonic(), None
                while committed is None:
                    assert time.monotonic() < began + 60
                    with store.reading() as connection:
                        count = connection.execute(select(func.count()).select_from(events)).scalar_one()
                    committed = time.monotonic() if count else None
                    time.sleep(0.002)
            while not arrived:
                assert time.monotonic() < committed + 60
                time.sleep(0.002)
        finally:
            daemon.terminate()
            finished(daemon)
    return arrived[0] - committed

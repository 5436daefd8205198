"""A live client that is allowed to talk to loopback, quick to try again, and what its answers are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from scraper.extract.document import Document
from scraper.fetch.archive import Archive
from scraper.fetch.capture import Fetched, NotFetched
from scraper.fetch.client import Client
from scraper.fetch.memory import Memory
from scraper.records import Evidence, Fact, Offer, Reading, State
from scraper.settings import Settings

NOW = datetime(2026, 11, 2, 5, tzinfo=UTC)
HOSTS = [f"127.0.0.{n}" for n in range(1, 60)]


def client(
    memory: Memory | None = None,
    at: datetime = NOW,
    archive: Archive | None = None,
    environ: Mapping[str, str] = os.environ,
    **limits: object,
) -> Client:
    known = {"pace": 0, "retry_wait": 0.3, "deadline": 5, "allow_private_hosts": HOSTS, **limits}
    return Client(Settings.model_validate(known), lambda: at, memory, archive, environ)


def ok(answer: Fetched | NotFetched) -> Fetched:
    assert isinstance(answer, Fetched), answer
    return answer


def failed(answer: Fetched | NotFetched) -> NotFetched:
    assert isinstance(answer, NotFetched), answer
    return answer


def one_offer(document: Document) -> Reading:
    """Read any page as one offer at $2.50."""
    evidence = Evidence(locator="text[1]", quote="$2.50")
    fact = Fact(field="input", state=State.SOURCED, value="2.50", currency="USD", evidence=evidence)
    return Reading(offers=(Offer(model_id=document.url, name="", facts=(fact,)),))

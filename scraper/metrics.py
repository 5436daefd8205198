"""Metrics for Prometheus, all from the database: the same from a daemon, from cron, and after a restart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scraper import __version__
from scraper.due import Key, Plan, State, Verdict, judge
from scraper.errors import RatecardError
from scraper.publish.objects import gaps_object
from scraper.store import SourceView, Store, count_holds, list_offers, list_sources
from scraper.store.leases import DueView, read_due, read_moments

Gaps = Mapping[tuple[str, str, str], int]
"""How many offers lack a field, by provider, field and reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is told: the sources as they are judged now, their runs, what they hold, and the gaps."""

    verdicts: Sequence[Verdict]
    runs: Mapping[Key, DueView]
    sources: Mapping[Key, SourceView]
    gaps: Gaps
    held: int


def collect(store: Store, plans: Mapping[Key, Plan], now: datetime, gaps: Gaps | None = None) -> Facts:
    """Read what metrics tell; `gaps`, which cost the most, are counted where they are not given."""
    runs = read_due(store)
    rows = {key: view.row for key, view in runs.items()}
    return Facts(
        verdicts=judge(now, plans, rows, read_moments(store)),
        runs=runs,
        sources={Key(view.provider, view.name): view for view in list_sources(store)},
        gaps=count_gaps(store, now) if gaps is None else gaps,
        held=count_holds(store),
    )


def count_gaps(store: Store, now: datetime) -> Gaps:
    """Count what is not sourced, by provider, field and reason."""
    sums = gaps_object(list_offers(store, now))["sums"]
    return {(one["provider"], one["field"], one["reason"] or ""): one["offers"] for one in sums}


def exposition(facts: Facts | None) -> bytes:
    """Return the text that Prometheus reads; without facts it says that the database cannot be read."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(facts))
    return generate_latest(registry)


def write_textfile(file: Path, text: bytes) -> None:
    """Write metrics for a text-file collector, which meets the old file or the new one, never a half."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(text)
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise RatecardError(f"{file} cannot be written ({error.strerror or error}); name another file.") from error


class _Told(Collector):
    def __init__(self, facts: Facts | None) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("ratecard_build_info", "The version that runs.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield GaugeMetricFamily(
            "ratecard_database_up", "Whether the database can be read.", value=int(self._facts is not None)
        )
        if self._facts is not None:
            yield from _of_schedule(self._facts)
            yield from _of_runs(self._facts)
            yield from _of_what_is_held(self._facts)


def _of_schedule(facts: Facts) -> Iterator[Metric]:
    age = _gauge("last_success_age_seconds", "Age of the last successful refresh.")
    last = _gauge("last_success_timestamp_seconds", "When it was last refreshed with success.")
    following = _gauge("next_refresh_timestamp_seconds", "When it is refreshed next.")
    escalated = _gauge("escalated", "Whether its last success is longer ago than its schedule tolerates.")
    for verdict in facts.verdicts:
        if verdict.age is not None and verdict.row.last_success_at is not None:
            age.add_metric(verdict.key, verdict.age.total_seconds())
            last.add_metric(verdict.key, verdict.row.last_success_at.timestamp())
        if verdict.next_at is not None:
            following.add_metric(verdict.key, verdict.next_at.timestamp())
        escalated.add_metric(verdict.key, int(verdict.escalated))
    states = GaugeMetricFamily("ratecard_sources", "Sources of the schedule, by what they do now.", labels=["state"])
    counted = Counter(verdict.state for verdict in facts.verdicts)
    for state in State:
        states.add_metric([state.value], counted[state])
    yield from (age, last, following, escalated, states)


def _of_runs(facts: Facts) -> Iterator[Metric]:
    outcomes = CounterMetricFamily(
        "ratecard_source_runs", "Refreshes that ended, by outcome.", labels=["provider", "source", "outcome"]
    )
    failures = _gauge("failures", "Refreshes in a row that did not succeed.")
    seconds = _gauge("last_duration_seconds", "How long the last refresh took.")
    for key, run in sorted(facts.runs.items()):
        outcomes.add_metric([*key, "success"], run.successes)
        outcomes.add_metric([*key, "failure"], run.failed)
        failures.add_metric(key, run.row.failures)
        if run.outcome is not None:
            seconds.add_metric(key, run.seconds)
    yield from (outcomes, failures, seconds)


def _of_what_is_held(facts: Facts) -> Iterator[Metric]:
    size = _gauge("capture_bytes", "Size of the last capture, decompressed.")
    offers = _gauge("offers", "Offers that it lists.")
    for key, view in facts.sources.items():
        if view.sells:
            offers.add_metric(key, view.offers)
        if view.last_capture is not None:
            size.add_metric(key, sum(page.size for page in view.last_capture.pages))
    gaps = GaugeMetricFamily(
        "ratecard_gaps", "Offers whose field is not sourced.", labels=["provider", "field", "reason"]
    )
    for labels, count in facts.gaps.items():
        gaps.add_metric(labels, count)
    held = GaugeMetricFamily("ratecard_held", "New values that wait for a review.", value=facts.held)
    yield from (size, offers, gaps, held)


def _gauge(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ratecard_source_{name}", help_text, labels=["provider", "source"])

"""Fixtures of the whole suite, and how it is spread over processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

# How long it takes to make an example says something of the machine, nothing of what is tested.
hypothesis.settings.register_profile("default", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
hypothesis.settings.load_profile("default")
# For runs of the same tests over and over, in which it counts whether they fail and not why: `make mutants`.
hypothesis.settings.register_profile(
    "few", max_examples=10, phases=[hypothesis.Phase.generate], derandomize=True, database=None, deadline=None
)

pytest_plugins = ["tests.postgres", "tests.published"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes many seconds; begun early, so that nothing waits for it at the end")
    if "MUTANT_UNDER_TEST" in os.environ:
        forget()


def forget() -> None:
    """Empty what functions remember. A mutant is tested in a fork of a process that has run the tests already."""
    for name in [name for name in sys.modules if name.startswith("scraper.")]:
        for value in list(vars(sys.modules[name]).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many more as there are processors: many tests wait, for disks, processes and clocks."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return usable + (usable + 1) // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url

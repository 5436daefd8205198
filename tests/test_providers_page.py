"""docs/providers.md says of the providers what they declare, and the providers that closed are known."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from scraper import providers
from scraper.closed import closed
from scraper.errors import RatecardError
from tests.captures import Command

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "providers.md"


def test_the_page_is_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "providers.py", "--check"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_page_has_every_provider_and_every_address() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for provider in providers.names():
        assert f"\n| {provider} | " in text
        assert all(f"<{address}>" in text for source in providers.sources(provider) for address in source.addresses)


def test_a_closed_provider_is_no_provider() -> None:
    assert {"octoai", "anyscale-endpoints", "lambda", "lepton"} <= closed().keys()
    assert not closed().keys() & set(providers.names())
    for one in closed().values():
        assert one.name
        assert len(one.evidence) > 20
        assert re.fullmatch(r"(\d{4}-\d{2}(-\d{2})?)?", one.closed_on)
        if len(one.closed_on) == 10:
            date.fromisoformat(one.closed_on)


def test_asked_for_a_closed_provider_the_day_and_the_evidence_are_said() -> None:
    with pytest.raises(RatecardError, match="OctoAI closed on 2024-10-31"):
        providers.sources("octoai")


def test_gaps_and_doctor_know_closed_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ratecard = Command(f"sqlite:///{tmp_path / 'r.db'}", monkeypatch, capsys)
    ran = ratecard("gaps", "lambda")
    assert ran.code != 0
    assert "closed on 2026-05" in ran.err
    assert "OctoAI" in ratecard("doctor").out

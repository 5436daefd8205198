"""Folders of captures that tests write, and the command run in this process as a user runs it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scraper.cli import main

PRICING = "https://platform.claude.com/docs/en/about-claude/pricing"


@dataclass(frozen=True)
class Ran:
    """What a run of the command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """The command with a database of its own."""

    def __init__(self, db: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.db = db
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("RATECARD_DB", db)

    def __call__(self, *arguments: str | Path) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["ratecard", *map(str, arguments)])
        self._capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


@dataclass(frozen=True)
class Folder:
    """A folder of captures that grows."""

    path: Path

    def add(self, body: str | bytes, captured_on: str, *, url: str = PRICING, kind: str = "text/markdown") -> Folder:
        """Add a capture to the folder and its manifest."""
        self.path.mkdir(parents=True, exist_ok=True)
        manifest = self.path / "MANIFEST.csv"
        new = not manifest.exists()
        with manifest.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if new:
                rows.writerow(["url", "captured_on", "content_type", "file"])
            name = f"page-{len(list(self.path.iterdir()))}"
            rows.writerow([url, captured_on, kind, name])
        (self.path / name).write_bytes(body.encode() if isinstance(body, str) else body)
        return self


def price_page(rows: Sequence[tuple[str, str, str]]) -> str:
    """A small page in the structure of a pricing page: (name, input, output) in dollars per million tokens."""
    lines = "\n".join(f"| {name} | ${one} / MTok | ${other} / MTok |" for name, one, other in rows)
    return f"# Pricing\n\n## Model pricing\n\n| Model | Base Input Tokens | Output Tokens |\n|---|---|---|\n{lines}\n"

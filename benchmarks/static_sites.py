"""A site of many pages: `publish` beside Eleventy, a generator of static sites, rendering the same data.

Both make a page and its Markdown of each offer, model and provider, with the same sections and tables. Ours reads the
store for it, works out what it says, and writes the overviews, too; Eleventy finds all that ready made in files of
JSON, as nobody could give it more. It is installed by npm into a folder that is thrown away; its templates are in
`benchmarks/eleventy`. What is counted are the pages in HTML.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.measuring import ROOT, Row, alone, beside
from scraper.publish.site import publish_site, words
from scraper.publish.site.addresses import up, web_address
from scraper.publish.site.cards import Card, cell_text
from scraper.publish.site.facts import FactRow
from scraper.publish.site.lines import Line
from scraper.publish.site.offer import COMPARED
from scraper.publish.site.rendering import CSP, Frame, assets
from scraper.publish.text import said
from scraper.store import Store
from tests.published import NOW, many_store

OFFERS: Final = 8_320
"""With a page for each model that five of them sell, for each seller, and the overviews: about 10,000.

Five times as many would make 50,000, for which Eleventy would need more than four minutes at the pace of these.
"""
SELLERS: Final = 52
ELEVENTY: Final = "3.1.8"
_TEMPLATES: Final = ROOT / "benchmarks" / "eleventy"
_INSTALL_SECONDS: Final = 120
_BUILD_SECONDS: Final = 900
_MEMORY_MB: Final = 8192


@dataclass(frozen=True, slots=True)
class Site:
    """A site that was made: its pages in HTML, the bytes of all its files, and the seconds it took."""

    pages: int
    size: int
    wall: float
    cpu: float


@dataclass(slots=True)
class Told:
    """What the pages show, as JSON has it; the parts are the files that Eleventy reads."""

    offers: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    providers: list[dict[str, Any]] = field(default_factory=list)
    sellers: dict[str, dict[str, str]] = field(default_factory=dict)
    around: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, path: str, context: Mapping[str, Any]) -> None:
        """Keep what a template of ours is given; the overviews are left out."""
        place = {"path": path.removesuffix(".html"), "root": up(path)}
        if name == "offer.html":
            self.sellers[context["card"].provider] = _seller(context)
            self.offers.append({**place, **_offer(context)})
        elif name == "model.html":
            self.around["model_fields"] = _labels(context["fields"])
            self.models.append({**place, **_model(context)})
        elif name == "provider.html":
            self.around["provider_fields"] = _labels(context["fields"])
            self.providers.append({**place, **_provider(context)})


def bench() -> list[Row]:
    """Make a site of a full store, and the same by Eleventy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with many_store(f"sqlite:///{folder}/many.db", OFFERS, SELLERS) as store:
            ours = _timed(folder / "site", lambda: publish_site(store, folder / "site", NOW))
            problem = _installed(folder / "eleventy")
            if not problem:
                _write(_told(store, folder / "again"), folder / "eleventy" / "data")
        what = f"{ours.pages:,} pages in HTML (a fifth of 50,000), each with its Markdown"
        what += f" ({ours.size / 1024**2:,.0f} MB)"
        if problem:
            return [
                alone(f"{what}: pages a second ({problem})", [ours.pages / ours.wall], ""),
                alone("CPU of a page", [1000 * ours.cpu / ours.pages], "ms"),
            ]
        other = _timed(folder / "eleventy" / "site", lambda: _eleventy(folder / "eleventy"))
    what += f", beside {other.pages:,} by Eleventy {ELEVENTY} ({other.size / 1024**2:,.0f} MB)"
    return [
        beside(f"{what}: pages a second", [ours.pages / ours.wall], [other.pages / other.wall], ""),
        beside("CPU of a page", [1000 * ours.cpu / ours.pages], [1000 * other.cpu / other.pages], "ms"),
        beside("all of it", [ours.wall], [other.wall], "s"),
    ]


def _timed(site: Path, make: Callable[[], object]) -> Site:
    """Let a site be made in a folder; CPU is that of this process and of all that it started and that ended."""
    began, spent = time.monotonic(), _cpu()
    make()
    wall, cpu = time.monotonic() - began, _cpu() - spent
    files = [file for file in site.resolve().rglob("*") if file.is_file()]
    return Site(sum(file.suffix == ".html" for file in files), sum(file.stat().st_size for file in files), wall, cpu)


def _cpu() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _installed(folder: Path) -> str:
    """Install Eleventy; return why that cannot be done, "" where it is."""
    shutil.copytree(_TEMPLATES, folder)
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "Eleventy is left out: there is no npm here"
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", f"@11ty/eleventy@{ELEVENTY}"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_INSTALL_SECONDS)  # noqa: S603
    except (subprocess.SubprocessError, OSError):
        return f"Eleventy is left out: npm cannot install its version {ELEVENTY} here"
    return ""


def _eleventy(folder: Path) -> None:
    node = shutil.which("node") or "node"
    program = folder / "node_modules" / "@11ty" / "eleventy" / "cmd.cjs"
    command = [node, f"--max-old-space-size={_MEMORY_MB}", str(program), "--quiet"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=_BUILD_SECONDS)  # noqa: S603


def _told(store: Store, target: Path) -> Told:
    """Publish once more, and keep what the templates are given."""
    told = Told()
    own = Frame.page

    def page(frame: Frame, name: str, path: str, **context: Any) -> bytes:
        told.add(name, path, context)
        return own(frame, name, path, **context)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Frame, "page", page)
        publish_site(store, target, NOW)
    told.around |= {
        "csp": CSP,
        "assets": {name: path for name, (path, _) in assets().items()},
        "compared": _labels(COMPARED),
    }
    return told


def _write(told: Told, folder: Path) -> None:
    folder.mkdir()
    for name in ("offers", "models", "providers", "sellers", "around"):
        (folder / f"{name}.json").write_text(json.dumps(getattr(told, name), ensure_ascii=False), encoding="utf-8")


def _labels(fields: Iterable[str]) -> list[str]:
    return [words.REFERENCE[name] for name in fields]


def _seller(context: Mapping[str, Any]) -> dict[str, str]:
    manual = {name: context[name] for name in ("recipe", "gotchas", "recipe_md", "gotchas_md")}
    return {**manual, "name": context["provider"], "docs": context["facts"]["docs"]}


def _offer(context: Mapping[str, Any]) -> dict[str, Any]:
    card, names = context["card"], context["names"]
    same = ("title", "creator", "last", "upcoming", "marked", "why", "call", "curl", "model_page", "sellers")
    ready = ("about", "questions", "rates", "data")
    return {
        **{name: context[name] for name in (*same, *ready)},
        "provider": card.provider,
        "id": card.model_id,
        "model": card.model,
        "first": words.day(context["offer"].first_seen),
        "glance": [{"name": name, "lines": _lines(lines)} for name, lines in context["glance"]],
        "prices": _lines(context["prices"]),
        "specs": _lines(context["specs"]),
        "capabilities": _line(context["capabilities"]),
        "compared": [_card(one, COMPARED, names) for one in context["compared"]],
        "about_model": _facts(context["about_model"]),
        "history": [one._asdict() for one in context["history"]],
        "related": [_card(one, (), names) for one in context["related"]],
        "evidence": [_evidence(line) for line in context["evidence"]],
    }


def _model(context: Mapping[str, Any]) -> dict[str, Any]:
    names = context["names"]
    best = [
        {
            "label": words.REFERENCE[one.field],
            "shown": one.shown,
            "compared": one.compared,
            "cards": [_card(card, (), names) for card in one.cards[:6]],
        }
        for one in context["best"]
    ]
    return {
        **{name: context[name] for name in ("model", "creator", "sellers", "chart", "charted")},
        "best": best,
        "facts": _facts(context["facts"]),
        "evidence": [_evidence(line) for line in context["evidence"]],
        "cards": [_card(one, context["fields"], names) for one in context["cards"]],
    }


def _provider(context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "facts": dict(context["facts"]),
        "sources": context["sources"],
        "cards": [_card(one, context["fields"], {}) for one in context["cards"]],
    }


def _card(card: Card, fields: Iterable[str], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "path": card.path,
        "seller": names.get(card.provider, card.provider),
        "id": card.model_id or card.name,
        "title": card.title,
        "variant": card.variant,
        "cells": [cell_text(card.cell(name)) for name in fields],
    }


def _facts(rows: Iterable[FactRow]) -> list[dict[str, Any]]:
    return [
        {
            "label": row.label,
            "disputed": row.disputed,
            "words": [{"line": _line(word.line), "whose": word.whose} for word in row.words],
        }
        for row in rows
    ]


def _lines(lines: Iterable[Line]) -> list[dict[str, Any]]:
    return [_line(line) for line in lines]


def _line(line: Line) -> dict[str, Any]:
    view = line.view
    same = ("number", "label", "conditions", "shown", "unit", "reason", "marks", "sourced")
    return {
        **{name: getattr(line, name) for name in same},
        "last_word": line.full_label.split()[-1],
        "quote": view.quote,
        "url": view.source_url,
        "day": words.day(view.captured_at),
    }


def _evidence(line: Line) -> dict[str, Any]:
    view = line.view
    same = ("quote", "capture", "locator", "derived")
    return {
        **{name: getattr(view, name) for name in same},
        "number": line.number,
        "label": line.full_label,
        "whole": line.whole,
        "marks": line.marks,
        "address": web_address(view.source_url),
        "said_by": view.source,
        "captured": words.when(view.captured_at),
        "first": words.day(view.first_seen),
        "last": words.day(view.last_seen),
        "start": words.day(view.valid_from),
        "end": words.day(view.valid_until),
        "agreeing": words.listed(view.agreeing),
        "disputing": [
            {
                "source": one.source,
                "whole": said(one),
                "quote": one.quote,
                "captured": words.when(one.captured_at),
            }
            for one in view.disputing
        ],
    }

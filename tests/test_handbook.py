"""The handbook: its commands run, its links lead somewhere, and what code says better is as the code says."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
import time_machine
from mkdocs.commands.build import build
from mkdocs.config import load_config
from selectolax.lexbor import LexborHTMLParser

from scraper.doctor import examine
from scraper.due import State as DueState
from scraper.events import EventKind
from scraper.fetch.archive import Archive
from scraper.meters import LABELS
from scraper.metrics import collect, exposition
from scraper.records import REFERENCE_FIELDS, SPECS, Mark, Reason, State
from scraper.settings import Settings, load_settings
from scraper.store import open_store
from scraper.store.tables import metadata
from tests.consoles import Console, steps
from tests.readings import ROOT
from tools.handbook import PAGES as MADE

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
AROUND = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
START = DOCS / "quick-start.md"
NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)

ELSEWHERE = {
    "alert-channels.md": "tests/test_alert_channels.py, tests/test_feeds.py, tests/test_impact.py",
    "alerts.md": "tests/test_alert_command.py",
    "api.md": "tests/test_server.py",
    "crosscheck.md": "tests/test_crosscheck.py",
    "exports.md": "tests/test_exports.py",
}
"""Pages whose commands need what is not here (a server, a channel, a list); these tests run the same commands."""

RUN = [page for page in (*PAGES, *AROUND) if page.name not in ELSEWHERE and page != START and steps(page)]

# What one worker has begun, the others need not begin again.
pytestmark = pytest.mark.xdist_group("handbook")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder in which the commands of the quick start have been run."""
    console = Console(tmp_path_factory.mktemp("handbook") / "start")
    with time_machine.travel(NOW):
        assert console.run(START) >= 8
    return console.folder


def test_the_quick_start_does_as_it_says(started: Path) -> None:
    assert (started / "quick-start.db").is_file()


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_each_command_of_a_page_does_as_it_says(page: Path, started: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    shutil.copytree(started, folder, symlinks=True)
    with time_machine.travel(NOW):
        assert Console(folder, {"RATECARD_DB": "sqlite:///quick-start.db"}).run(page) == len(steps(page))


def test_commands_are_run() -> None:
    assert {page.name for page in RUN} >= {"README.md", "operating.md", "monitoring.md", "review.md", "data.md"}
    assert all((ROOT / name).is_file() for names in ELSEWHERE.values() for name in names.split(", "))


def test_every_command_that_is_shown_has_its_options() -> None:
    helps = dict(
        re.findall(r"^## ratecard ([a-z -]+)\n\n```text\n(.*?)^```$", _text("commands.md"), re.MULTILINE | re.DOTALL)
    )
    count = 0
    for page in (*AROUND, *PAGES):
        for line in _shown_commands(page.read_text(encoding="utf-8")):
            words = line.split()
            name = " ".join(words[:2]) if " ".join(words[:2]) in helps else words[0]
            assert name in helps, f"{page.name}: there is no `ratecard {line}`"
            for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", line):
                assert re.search(rf"(?<![\w-]){option}(?![\w-])", helps[name]), f"{page.name}: `ratecard {line}`"
            count += 1
    assert count > 80


def _shown_commands(text: str) -> Iterator[str]:
    """Yield what is given to `ratecard` in blocks of shell commands, also in those that cannot be run here."""
    for language, block in re.findall(r"^```(console|sh)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if (language == "sh" or line.startswith("$ ")) and (
                found := re.search(r"(?:^|\s)ratecard ([a-z].*)", line)
            ):
                yield re.split(r"\s(?:#|\||2>&1|&&)", found[1])[0]


def test_the_example_of_adding_a_provider_is_the_module_that_is_there() -> None:
    module = (ROOT / "scraper" / "providers" / "voyage.py").read_text(encoding="utf-8")
    steps_of_it = _text("add-a-provider.md").partition("### What other pages have")[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", steps_of_it, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    for block in blocks[1:]:  # the first is a comment of the module that it begins with
        assert block in module


def test_made_parts_are_up_to_date() -> None:
    assert not MADE.old(), "run `make handbook` and commit it"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the handbook as a site, built so strictly that a page or a heading that is not there is an error."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def test_the_handbook_is_built_and_has_every_page(site: Path) -> None:
    assert {page.relative_to(DOCS).with_suffix(".html") for page in PAGES} <= {
        page.relative_to(site) for page in site.rglob("*.html")
    }


def test_its_pages_ask_no_other_host_for_anything(site: Path) -> None:
    for page in site.rglob("*.html"):
        tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
        asked = [node.attributes.get(name) or "" for name in ("src", "data") for node in tree.css(f"[{name}]")]
        asked += [node.attributes.get("href") or "" for node in tree.css("link:not([rel=canonical])")]
        assert not [address for address in asked if re.match(r"(?:https?:)?//", address)], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", sheet.read_text(encoding="utf-8")), sheet


def test_links_between_files_lead_somewhere() -> None:
    count = 0
    for page in (*AROUND, *PAGES):
        for target in _links(page.read_text(encoding="utf-8")):
            name, _, heading = unquote(target).partition("#")
            file = (page.parent / name).resolve() if name else page
            assert file.exists(), f"{page.name}: {target}"
            assert not heading or heading in _anchors(file), f"{page.name}: {target}"
            count += 1
    assert count > 100


def _links(text: str) -> Iterator[str]:
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for match in re.finditer(r"\]\(([^()\s]+)\)", prose):
        if not re.match(r"[a-z]+:", match[1]):
            yield match[1]


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, by the rule that code hosts and MkDocs share for plain ones."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


def test_the_data_page_names_every_word() -> None:
    assert _first_cells("data.md") >= {*State, *Reason, *Mark, *LABELS, *SPECS}
    text = (DOCS / "data.md").read_text(encoding="utf-8")
    assert all(f"`{field}`" in text for field in REFERENCE_FIELDS)


def test_the_configuration_page_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", _text("configuration.md"), re.MULTILINE))
    assert list(rows) == sorted(Settings.model_fields)
    for key, said in rows.items():
        default = Settings.model_fields[key].default
        if isinstance(default, bool | int | float | str) and default != "":
            shown = f"{default:g}" if isinstance(default, float) else str(default)
            assert said.strip("`") == (shown.lower() if isinstance(default, bool) else shown), key


def test_the_monitoring_page_has_every_event_metric_state_and_line_of_doctor(started: Path) -> None:
    cells = _first_cells("monitoring.md")
    assert cells >= {*EventKind, *DueState}
    with open_store(f"sqlite:///{started / 'quick-start.db'}") as store:
        metrics = exposition(collect(store, {}, NOW)).decode()
        findings = examine(load_settings(), store, Archive(started / "quick-start.archive"), NOW)
    assert {one.what.split()[0] for one in findings} <= cells
    named = set(re.findall(r"^# TYPE (ratecard_\w+) ", metrics, re.MULTILINE))
    assert {cell for cell in cells if cell.startswith("ratecard_")} == named


def test_the_runbook_knows_its_messages_and_its_faults() -> None:
    text = _text("runbook.md")
    said = _said()
    index = text[text.index("| the message has |") : text.index("## Network")]
    for fragment in re.findall(r"`([^`]+)`", index):
        assert re.sub(r"\d+", "…", fragment) in said, f"no message of ours has {fragment!r}"
    assert re.findall(r"^### (F\d\d) ", text, re.MULTILINE) == [f"F{number:02}" for number in range(1, 44)]


def _said() -> str:
    """Return all texts in our code, what is filled in as `…`."""
    found = []
    for file in sorted((ROOT / "scraper").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                )
    return " ".join(" ".join(found).split())


def test_the_architecture_page_has_every_table() -> None:
    cells = {code for row in _rows("architecture.md") for code in re.findall(r"`([^`]+)`", row)}
    assert cells >= metadata.tables.keys(), "say in docs/architecture.md what a row of it is"


def test_every_decision_is_listed() -> None:
    pages = {page.name for page in (DOCS / "decisions").glob("0*.md")}
    listed = {link for link in _links(_text("decisions/index.md")) if not link.startswith("../")}
    assert pages == listed
    assert len({name[:4] for name in pages}) == len(pages), "two decisions have one number"


def _text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def _rows(page: str) -> list[str]:
    return re.findall(r"^\| (.+) \|$", _text(page), re.MULTILINE)


def _first_cells(page: str) -> set[str]:
    """Return what stands as code in the first cells of a page's tables."""
    return {code for row in _rows(page) for code in re.findall(r"`([^`]+)`", row.partition(" | ")[0])}

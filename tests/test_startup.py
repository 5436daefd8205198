"""What a command loads before it does anything: every one is known by name and help line, and loaded when called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_group

from scraper.cli.lazy import Later
from scraper.cli.root import COMMANDS
from scraper.fetch.archive import Archive
from scraper.fetch.replay import Replay
from scraper.refresh import Refresh
from scraper.store import open_store
from scraper.times import parse_at
from tests.captures import Folder, price_page

AT = parse_at("2026-05-01")
ROOT = Path(__file__).resolve().parents[1]

# Prints, on stderr, the modules that a command has loaded when it is done.
LOADED = """
import json, sys
before = set(sys.modules)
sys.argv = ["ratecard", *sys.argv[1:]]
from scraper.cli import main
try:
    main()
finally:
    # What compiled code makes up for itself has no file to be loaded from.
    loaded = {name for name, module in sys.modules.items() if getattr(module, "__spec__", None)}
    print(json.dumps(sorted(loaded - before)), file=sys.stderr)
"""


def loaded(*arguments: str, db: str = "") -> list[str]:
    """Run a command that ends well, and return the modules that it has loaded."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RATECARD_")}
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        check=True,
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT), "RATECARD_DB": db},
        capture_output=True,
        text=True,
    )
    found: list[str] = json.loads(ran.stderr)
    return found


def of_others(modules: list[str]) -> list[str]:
    """The packages that are neither Python's nor ours; on some systems Python has more that begin with a line."""
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"scraper"}
    return sorted(name for name in packages if not name.startswith("_"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_line_of_a_command_is_what_it_says_of_itself(name: str) -> None:
    module, line = COMMANDS[name]
    command = Later(name, f"scraper.cli.{module}", line).load()
    assert (command.name, command.help) == (name, line)


def test_every_command_is_known() -> None:
    for module in {module for module, _ in COMMANDS.values()}:
        group = get_group(import_module(f"scraper.cli.{module}").app)
        assert group.name in COMMANDS or set(group.commands) == {
            name for name, (place, _) in COMMANDS.items() if place == module
        }


def test_help_loads_nothing_but_what_parses_the_command_line() -> None:
    # Typer, and what it needs itself.
    assert of_others(loaded("--help")) == ["annotated_doc", "shellingham", "typer"]


def test_showing_an_offer_loads_neither_fetching_nor_parsing_nor_migrations(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ratecard.db"
    page = price_page([("Claude Haiku 4.5", "1.00", "5")])
    folder = Folder(tmp_path / "captures").add(page, "2026-05-01")
    with open_store(url) as store:
        flow = Refresh(store, Archive(tmp_path / "archive"), Replay([folder.path], AT), AT)
        flow.run(["anthropic"], started_at=AT, replay=True)
    modules = loaded("show", "anthropic/Claude Haiku 4.5", db=url)
    assert of_others(modules) == [
        "annotated_doc", "annotated_types", "dotenv", "pydantic", "pydantic_core", "pydantic_settings", "rich",
        "shellingham", "sqlalchemy", "typer", "typing_extensions", "typing_inspection",
    ]  # fmt: skip
    ours = {name.split(".")[1] for name in modules if name.startswith("scraper.")}
    assert ours & {"cli", "providers", "publish", "store"} == {"cli", "providers", "publish", "store"}
    assert not ours & {"alerts", "checks", "extract", "fetch", "refresh", "sandbox", "schedules"}
    assert not [name for name in modules if name.startswith("scraper.providers.")]

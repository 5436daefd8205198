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

from scraper import store
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


PARSING = ["annotated_doc", "rich", "shellingham", "typer"]
# Typer has it in use as soon as a command has an argument.
CHECKING = ["annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a database with an offer."""
    place = tmp_path_factory.mktemp("filled")
    url = f"sqlite:///{place}/ratecard.db"
    page = price_page([("Claude Haiku 4.5", "1.00", "5")])
    folder = Folder(place / "captures").add(page, "2026-05-01")
    with open_store(url) as opened:
        flow = Refresh(opened, Archive(place / "archive"), Replay([folder.path], AT), AT)
        flow.run(["anthropic"], started_at=AT, replay=True)
    return url


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (("show", "anthropic/Claude Haiku 4.5"), []),
        (("show", "anthropic/Claude Haiku 4.5", "--json"), []),
        (("explain", "anthropic/Claude Haiku 4.5", "input"), []),
        (("explain", "anthropic/Claude Haiku 4.5", "input", "--json"), []),
        (("show", "anthropic/Claude Haiku 4.5", "--as-of", "2026-05-02"), ["sqlalchemy"]),
        (("history", "anthropic/Claude Haiku 4.5"), ["sqlalchemy"]),
        (("gaps", "anthropic"), ["sqlalchemy"]),
        (("diff",), ["sqlalchemy"]),
    ],
)
def test_looking_loads_what_it_shows_with_and_no_more(
    arguments: tuple[str, ...], needed: list[str], filled: str
) -> None:
    modules = loaded(*arguments, db=filled)
    assert of_others(modules) == sorted(PARSING + CHECKING + needed)
    ours = {name.split(".")[1] for name in modules if name.startswith("scraper.")}
    assert ours & {"cli", "providers", "publish", "store"} == {"cli", "providers", "publish", "store"}
    assert not ours & {
        "alerts",
        "checks",
        "contracts",
        "extract",
        "fetch",
        "records",
        "refresh",
        "settings",
        "settling",
    }
    assert not [name for name in modules if name.startswith("scraper.providers.")]
    parts = {name.split(".")[2] for name in modules if name.startswith("scraper.store.")}
    opened = {"opening", "reading", "sourcing", "tables"} if needed else set()
    assert parts == {"asking", "quick", "views"} | opened | ({"past"} if arguments[0] in ("diff", "history") else set())
    assert "sqlalchemy.orm" not in modules


def test_a_store_gives_all_its_parts_by_name() -> None:
    for name in store.__all__:
        assert getattr(store, name) is not None
    assert callable(store.rebuilding), "no module has the name of what it gives"
    with pytest.raises(AttributeError):
        _ = store.nothing  # type: ignore[attr-defined]

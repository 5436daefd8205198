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

ROOT = Path(__file__).resolve().parents[1]

# Prints, on stderr, the packages of others that a command has loaded when it is done.
LOADED = """
import json, sys
before = {name.partition(".")[0] for name in sys.modules}
sys.argv = ["ratecard", *sys.argv[1:]]
from scraper.cli import main
try:
    main()
finally:
    loaded = {name.partition(".")[0] for name in sys.modules} - before - sys.stdlib_module_names - {"scraper"}
    print(json.dumps(sorted(loaded)), file=sys.stderr)
"""


def loaded(*arguments: str, db: str = "") -> list[str]:
    """Run a command that ends well, and return the packages that it has loaded."""
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
    assert loaded("--help") == ["annotated_doc", "shellingham", "typer"]

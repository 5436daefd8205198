"""Write the parts of the handbook that code says better: commands, layers, meters, specs, guards.

    python tools/handbook.py [--check]

The text around them is written by people and stays. `--check` writes nothing and ends with 1 where a part is not that
of today.
"""

from __future__ import annotations

import ast
import io
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from importlib.metadata import entry_points
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scraper.checks.judging import GUARDS  # noqa: E402
from scraper.checks.losses import amid_losses  # noqa: E402
from scraper.checks.relative import companions  # noqa: E402
from scraper.meters import METERS, TOKEN_METERS  # noqa: E402
from scraper.records import SPECS  # noqa: E402
from tools.parts import Pages  # noqa: E402


def commands() -> str:
    """Return what every command prints of itself."""
    (script,) = entry_points(group="console_scripts", name="ratecard")
    parts = [f"## ratecard {' '.join(words)}\n\n```text\n{text}\n```" for words, text in _helps(script.load(), [])]
    return "\n\n".join(parts)


def _helps(main: Callable[[], object], words: list[str]) -> Iterator[tuple[list[str], str]]:
    """Give the words and the help of each command below the one that is called by `words`, in the order of its help."""
    _, _, listed = _help(main, words).partition("\nCommands:\n")
    for name in re.findall(r"^  (\S+)", listed, re.MULTILINE):
        below = [*words, name]
        yield below, _help(main, below)
        yield from _helps(main, below)


def _help(main: Callable[[], object], words: Sequence[str]) -> str:
    """Run the command as its script does, and return the help that it prints."""
    printed = io.StringIO()
    with (
        patch.object(sys, "argv", ["ratecard", *words, "--help"]),
        # The help would have the name of a package that is run by `python -m`.
        patch.object(sys.modules["__main__"], "__package__", "", create=True),
        patch.dict(os.environ, COLUMNS="80"),
        redirect_stdout(printed),
        suppress(SystemExit),
    ):
        main()
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def meters() -> str:
    """Return the table of meters."""
    lines = ["| meter | an amount is for | modalities |", "|---|---|---|"]
    lines += [f"| `{meter}` | {unit} | {'yes' if meter in TOKEN_METERS else ''} |" for meter, unit in METERS.items()]
    return "\n".join(lines)


def specs() -> str:
    """Return the table of specs by the kind of their value."""
    kinds: dict[str, list[str]] = {}
    for name, kind in SPECS.items():
        kinds.setdefault(kind, []).append(f"`{name}`")
    lines = ["| specs | kind |", "|---|---|"]
    lines += [f"| {', '.join(names)} | {kind} |" for kind, names in kinds.items()]
    return "\n".join(lines)


def guards() -> str:
    """Return the table of guards, in the order in which they are asked."""
    lines = ["| guard | what it goes by |", "|---|---|"]
    asked = (*GUARDS, companions, amid_losses)
    lines += [f"| `{guard.__name__}` | {(guard.__doc__ or '').strip().splitlines()[0]} |" for guard in asked]
    return "\n".join(lines)


def layers() -> str:
    """Return the table of modules by the layers of their contract, the top one first, with what each says of itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (names,) = [one["layers"] for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    lines = ["| layer | module | what it is |", "|---|---|---|"]
    said_of = [{name: _said_of(name) for name in re.findall(r"\w+", layer)} for layer in names]
    there = [found for found in said_of if any(found.values())]
    for number, found in enumerate(there, 1):
        lines += [f"| {number} | `{module}` | {said} |" for module, said in found.items() if said]
    return "\n".join(lines)


def _said_of(module: str) -> str:
    """Return the first paragraph of a module's docstring, nothing where there is no such module."""
    places = [ROOT / "scraper" / f"{module}.py", ROOT / "scraper" / module / "__init__.py"]
    found = [ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) for file in places if file.is_file()]
    return " ".join((found[0] or "").partition("\n\n")[0].split()) if found else ""


PAGES = Pages(
    "handbook",
    {
        "architecture.md": {"layers": layers},
        "commands.md": {"commands": commands},
        "data.md": {"meters": meters, "specs": specs},
        "review.md": {"guards": guards},
    },
)

if __name__ == "__main__":
    sys.exit(PAGES.run(__doc__))

"""Write the parts of the handbook that code says better: commands, meters, guards.

    python tools/handbook.py [--check]

The text around them is written by people and stays. `--check` writes nothing and ends with 1 where a part is not that
of today.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scraper.checks.judging import GUARDS  # noqa: E402
from scraper.checks.losses import amid_losses  # noqa: E402
from scraper.checks.relative import companions  # noqa: E402
from scraper.meters import METERS, TOKEN_METERS  # noqa: E402

DOCS = ROOT / "docs"
WIDTH = 100
_PART = "<!-- {name}: made by tools/handbook.py -->\n{text}\n<!-- end of {name} -->"


def commands() -> str:
    """Return the help of every command, as it is printed at `WIDTH` columns."""
    parts = [
        f"## {name}\n\n```text\n{text}\n```"
        for name, text in _helps(_command(), "ratecard", None)
        if name != "ratecard"
    ]
    return "\n\n".join(parts)


def _command() -> Any:
    """Return what the installed command runs; typed loosely, since the command's framework brings its own."""
    (script,) = entry_points(group="console_scripts", name="ratecard")
    return typer.main.get_command(import_module(script.module).app)


def _helps(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Give the full name and the help of a command and of those below it, in the order of the help."""
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    lines = command.get_help(context).splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines).strip()
    for below in command.list_commands(context) if hasattr(command, "list_commands") else ():
        found = command.get_command(context, below)
        if not found.hidden:
            yield from _helps(found, below, context)


def meters() -> str:
    """Return the table of meters."""
    lines = ["| meter | an amount is for | modalities |", "|---|---|---|"]
    lines += [f"| `{meter}` | {unit} | {'yes' if meter in TOKEN_METERS else ''} |" for meter, unit in METERS.items()]
    return "\n".join(lines)


def guards() -> str:
    """Return the table of guards, in the order in which they are asked."""
    lines = ["| guard | what it goes by |", "|---|---|"]
    asked = (*GUARDS, companions, amid_losses)
    lines += [f"| `{guard.__name__}` | {(guard.__doc__ or '').strip().splitlines()[0]} |" for guard in asked]
    return "\n".join(lines)


PARTS = {
    "commands.md": {"commands": commands},
    "data.md": {"meters": meters},
    "review.md": {"guards": guards},
}


def written(page: str, parts: Mapping[str, Any]) -> str:
    """Return a page with its parts as they are today; raise `ValueError` where it lacks the place of one."""
    for name, made_by in parts.items():
        pattern = re.compile(rf"<!-- {name}:.*?<!-- end of {name} -->", re.DOTALL)
        if not pattern.search(page):
            raise ValueError(f"the page has no place for the part {name!r}")
        made = _PART.format(name=name, text=made_by())
        page = pattern.sub(lambda _, made=made: made, page)  # type: ignore[misc]
    return page


def old() -> dict[Path, str]:
    """Return the pages with a part that is not that of today, each with what it should be."""
    found = {}
    for name, parts in PARTS.items():
        page = DOCS / name
        text = page.read_text(encoding="utf-8")
        if (new := written(text, parts)) != text:
            found[page] = new
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tool; return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a part is old")
    check = parser.parse_args(arguments).check
    pages = old()
    for page, text in pages.items():
        if check:
            print(f"docs/{page.name} is old; run `make handbook` and commit it.")
        else:
            page.write_text(text, encoding="utf-8")
    return 1 if check and pages else 0


if __name__ == "__main__":
    sys.exit(main())

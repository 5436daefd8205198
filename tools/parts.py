"""Pages of docs/ with parts that a tool makes; the text around them is written by people and stays."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_PART = "<!-- {name}: made by tools/{tool}.py -->\n{text}\n<!-- end of {name} -->"


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages that `make TOOL` writes: by their names what makes each of their parts."""

    tool: str
    parts: Mapping[str, Mapping[str, Callable[[], str]]]

    def old(self) -> dict[Path, str]:
        """Return the pages with a part that is not that of today, each with what it should be.

        Raises `ValueError` where a page lacks the place of a part.
        """
        found = {}
        for name in self.parts:
            page = DOCS / name
            text = page.read_text(encoding="utf-8")
            if (new := self._written(name, text)) != text:
                found[page] = new
        return found

    def _written(self, page: str, text: str) -> str:
        for name, made_by in self.parts[page].items():
            pattern = re.compile(rf"<!-- {name}:.*?<!-- end of {name} -->", re.DOTALL)
            if not pattern.search(text):
                raise ValueError(f"docs/{page} has no place for the part {name!r}")
            made = _PART.format(name=name, tool=self.tool, text=made_by())
            text = pattern.sub(lambda _, made=made: made, text)  # type: ignore[misc]
        return text

    def run(self, about: str | None) -> int:
        """Be the tool whose docstring is `about`; return its exit code."""
        parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
        parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a part is old")
        check = parser.parse_args().check
        pages = self.old()
        for page, text in pages.items():
            if check:
                print(f"docs/{page.name} is old; run `make {self.tool}` and commit it.")
            else:
                page.write_text(text, encoding="utf-8")
        return 1 if check and pages else 0

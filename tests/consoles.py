"""The console blocks of pages, run as they stand: each command in this process, what it prints held against the page.

A block in the language `console` has lines that begin with `$ ` and, after each, what it prints; `…` stands for what
varies, a line of it alone for any lines. How wide columns are does not matter. A command has to end with 0, unless
`echo $?` comes next and says otherwise. Besides `ratecard` there are `export NAME=VALUE` and a few commands of the
shell.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scraper.cli import main
from tests.readings import ROOT

SHELL = ("cat", "head", "ls", "mkdir", "printf", "sed")
NEEDED = ("fixtures", "docs", "schedules")

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One command of a page, with the lines that it is shown to print; `where` is its place in the page."""

    where: str
    command: str
    shown: tuple[str, ...]


def steps(page: Path) -> list[Step]:
    """Return the commands of all console blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    assert text.count("```console") == len(_BLOCK.findall(text)), f"{page.name}: a block is indented or has no end"
    found: list[Step] = []
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        lines = block[1].splitlines()
        assert lines[0].startswith("$ "), f"{page.name}:{first}: a console block begins with a command"
        for number, line in enumerate(lines, first):
            if line.startswith("$ "):
                found.append(Step(f"{page.name}:{number}", line[2:], ()))
            else:
                found[-1] = Step(found[-1].where, found[-1].command, (*found[-1].shown, line))
    return found


@dataclass
class Console:
    """A scratch folder with a database of its own, in which commands are run one after the other."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    code: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment.setdefault("RATECARD_DATA_DIR", str(self.folder / "data"))
        for name in NEEDED:
            if not (self.folder / name).exists():
                (self.folder / name).symlink_to(ROOT / name)

    def run(self, page: Path) -> int:
        """Run the commands of a page; return how many there were. Fails at the first that does not do as it says."""
        found = steps(page)
        following = [step.command for step in found[1:]]
        for step, then in zip(found, [*following, ""], strict=True):
            printed = self._printed(step)
            if step.shown:
                assert _matches(step.shown, printed), f"{step.where}: `{step.command}` printed\n{printed}"
            asked = then == "echo $?"
            assert self.code == 0 or asked, f"{step.where}: `{step.command}` ended with {self.code}\n{printed}"
        return len(found)

    def _printed(self, step: Step) -> str:
        if step.command == "echo $?":
            code, self.code = self.code, 0
            return f"{code}\n"
        words = shlex.split(step.command, comments=True)
        if words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                self.environment[name] = value
            return ""
        if words[0] == "ratecard":
            return self._ratecard(words)
        assert words[0] in SHELL, f"{step.where}: {words[0]!r} is not run here; use another language for the block"
        done = subprocess.run(
            ["sh", "-c", step.command],
            cwd=self.folder,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        self.code = done.returncode
        return done.stdout or done.stderr

    def _ratecard(self, words: list[str]) -> str:
        """Run the command as its script does; of what it prints, what is on stderr counts where that is all."""
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("RATECARD_")]:
                patch.delenv(name)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", words)
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    main()
                    self.code = 0
                except SystemExit as stop:
                    self.code = stop.code if isinstance(stop.code, int) else 1
        out.flush()
        printed = out.buffer.getvalue().decode() if isinstance(out.buffer, io.BytesIO) else ""
        return printed or err.getvalue()


def _matches(shown: tuple[str, ...], printed: str) -> bool:
    lines = [_plain(line) for line in printed.strip("\n").splitlines()]
    return re.fullmatch("".join(_pattern(shown)), "".join(f"{line}\n" for line in lines)) is not None


def _pattern(shown: tuple[str, ...]) -> Iterator[str]:
    for line in shown:
        if line.strip() == "…":
            yield r"(?:[^\n]*\n)*?"
        else:
            yield "[^\n]*".join(map(re.escape, _plain(line).split("…"))) + "\n"


def _plain(line: str) -> str:
    return " ".join(line.split())

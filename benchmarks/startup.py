"""A cold `ratecard show` of a small database, beside the command of genai-prices and `import litellm`.

Bytecode is compiled before anything is measured. The command of genai-prices needs `genai-prices[cli]`; litellm reads
its own copy of its price list, not the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.measuring import ROOT, Row, alone, beside, in_turn
from tests.readings import FIXTURES

ROUNDS: Final = 5
SHOW: Final = ("-m", "scraper.cli", "show", "openai/gpt-4.1-nano")
HELP: Final = ("-m", "scraper.cli", "--help")
REFRESH: Final = ("-m", "scraper.cli", "refresh", "openai", "--replay", str(FIXTURES))
OTHERS: Final = {
    "genai-prices calc": ("-m", "genai_prices", "calc", "--input-tokens", "1000", "openai:gpt-4.1-nano"),
    "import litellm": ("-c", "import litellm"),
}

AT_MOST: Final = {"genai-prices calc": 1, "import litellm": 0.1}
"""The most that `ratecard show` may take, of what others take."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took: the time that went by, and that of the processor, in ms."""

    wall: float
    cpu: float


def bench() -> list[Row]:
    """Measure all commands in turn."""
    with tempfile.TemporaryDirectory() as folder:
        run = partial(cold, folder, environment_of(folder))
        # Each once before, which also compiles it.
        run(REFRESH)
        others = {name: arguments for name, arguments in OTHERS.items() if runs(run, arguments)}
        commands = (SHOW, HELP, *others.values())
        for command in commands:
            run(command)
        show, usage, *rest = in_turn(ROUNDS, *(partial(run, command) for command in commands))
    rows = [
        alone("ratecard show", [one.wall for one in show], "ms"),
        alone("ratecard show, of the processor", [one.cpu for one in show], "ms"),
        alone("ratecard --help", [one.wall for one in usage], "ms"),
    ]
    for name, took in zip(others, rest, strict=True):
        ours, theirs = [one.wall for one in show], [one.wall for one in took]
        rows.append(beside(f"ratecard show, beside {name}", ours, theirs, "ms", at_most=AT_MOST[name]))
    rows += [
        Row(what=f"ratecard show, beside {name}", ours="", other="not installed") for name in OTHERS.keys() - others
    ]
    return rows


def environment_of(folder: str) -> Mapping[str, str]:
    """Return an environment with nothing of ours but a database, and with bytecode that is only for this."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RATECARD_", "PYTHON"))}
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode"),
        "RATECARD_DB": f"sqlite:///{folder}/ratecard.db",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def runs(run: partial[Took], arguments: tuple[str, ...]) -> bool:
    """Say whether a command runs here: what it needs may not be installed."""
    try:
        run(arguments)
    except subprocess.CalledProcessError:
        return False
    return True


def cold(folder: str, environment: Mapping[str, str], arguments: tuple[str, ...]) -> Took:
    """Run a command in an interpreter of its own; raise `CalledProcessError` where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - commands of this file
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    # 1: something is held for review.
    if process.returncode not in (0, 1):
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return Took(1000 * took, 1000 * (used.ru_utime + used.ru_stime))

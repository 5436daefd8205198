"""What a cold `ratecard show` costs, beside the command of genai-prices and `import litellm`, where they are installed.

Bytecode is compiled before anything is measured; runs take turns, so that a busy machine slows all of them alike. The
command of genai-prices needs `genai-prices[cli]`; litellm reads its own copy of its price list, not the network.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.readings import FIXTURES

RUNS = 15
ROOT = Path(__file__).resolve().parents[1]
OURS = "ratecard show"
COMMANDS = {
    OURS: ("-m", "scraper.cli", "show", "openai/gpt-4.1-nano"),
    "ratecard --help": ("-m", "scraper.cli", "--help"),
    "genai-prices calc": ("-m", "genai_prices", "calc", "--input-tokens", "1000", "openai:gpt-4.1-nano"),
    "import litellm": ("-c", "import litellm"),
    "python": ("-c", "pass"),
}


@pytest.mark.timeout(900)
def test_a_cold_command_beside_others(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RATECARD_", "PYTHON"))}
    environment |= {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"),
        "RATECARD_DB": f"sqlite:///{tmp_path}/ratecard.db",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }

    def run(arguments: tuple[str, ...]) -> tuple[int, float, float]:
        """Return how a run ended, and the seconds that went by and that the processor spent."""
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  commands of this file
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, time.perf_counter() - began, used.ru_utime + used.ru_stime

    run(("-m", "scraper.cli", "refresh", "openai", "--replay", str(FIXTURES)))
    installed = {name: arguments for name, arguments in COMMANDS.items() if run(arguments)[0] == 0}
    assert OURS in installed
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in installed}
    for _ in range(RUNS):
        for name, arguments in installed.items():
            code, wall, processor = run(arguments)
            assert code == 0
            spent[name].append((wall, processor))
    print(f"\n{'':20}  seconds: median (least to most)   of the processor: median (least)   ours to it")
    ours = statistics.median(wall for wall, _ in spent[OURS])
    for name in COMMANDS:
        if name not in installed:
            print(f"{name:20}  is not installed, or does not run")
            continue
        walls, processors = zip(*spent[name], strict=True)
        middle = statistics.median(walls)
        print(
            f"{name:20}  {middle:8.3f} ({min(walls):.3f} to {max(walls):.3f})   "
            f"{statistics.median(processors):14.3f} ({min(processors):.3f})   {ours / middle:23.2f}"
        )

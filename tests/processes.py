"""The command as processes of their own: started, killed, short of space, or run as somebody else."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from scraper.failpoints import VARIABLE

ROOT = Path(__file__).resolve().parents[1]

# Takes from the programs that it starts what lets root pass over permissions (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
_PLAIN = """
import ctypes, os, sys
PR_CAPBSET_DROP = 24
for capability in (1, 2):
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def start(
    *arguments: str | Path,
    db: str,
    failpoint: str = "",
    settings: Mapping[str, str] | None = None,
    max_file: int | None = None,
    plain: bool = False,
) -> subprocess.Popen[str]:
    """Start the command.

    `failpoint` kills it at that seam, `settings` are variables of its environment, `max_file` is a limit on the size of
    a file in bytes. A `plain` one may do to files what their permissions say, even where root runs it.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RATECARD_")}
    environment |= {"PYTHONPATH": str(ROOT), "RATECARD_DB": db, VARIABLE: failpoint, **(settings or {})}
    command = [sys.executable, "-m", "scraper.cli", *map(str, arguments)]
    if plain:
        command = [sys.executable, "-c", _PLAIN, *command]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if max_file is not None:
        # Long before it has loaded its modules, let alone written anything.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (max_file, max_file))
    return process


def finished(process: subprocess.Popen[str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Wait for a process and return what it gave."""
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def get(address: str, path: str) -> tuple[int, str]:
    """Ask a process how it is; return the status and what it said."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()

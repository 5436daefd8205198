"""The command as processes of their own: started, killed, short of space, or run as somebody else.

Most are forked from one that has loaded what they need, and nothing else; that takes a tenth of the time of an
interpreter of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from scraper import providers
from scraper.failpoints import VARIABLE

ROOT = Path(__file__).resolve().parents[1]
LOADED = (
    "psycopg",
    "scraper.alerts.channels.webhook",
    "scraper.cli.alerts",
    "scraper.cli.publishing",
    "scraper.cli.reading",
    "scraper.cli.running",
    "scraper.fetch.client",
    "scraper.refresh",
    "scraper.store",
    "scraper.worker",
    "tests.processes",
)

# Takes from the programs that it starts what lets root pass over permissions (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
_PLAIN = """
import ctypes, os, sys
PR_CAPBSET_DROP = 24
for capability in (1, 2):
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def forks() -> ForkServerContext:
    """Give the context whose processes are forked from one that has loaded much."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    outer = os.environ.get("PYTHONPATH")
    # It looks for what it loads there.
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        forkserver.ensure_running()
    finally:
        if outer is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = outer
    return context


@dataclass(frozen=True)
class Forked:
    """A process of the command, with the files of what it prints."""

    process: BaseProcess
    command: tuple[str, ...]
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it may end at this very moment
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.command, timeout)
        return self.process.exitcode


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of a process of the command: ours without our settings, and others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RATECARD_")}
    return ours | {"PYTHONPATH": str(ROOT), **settings}


def fork(
    *arguments: str | Path,
    variables: Mapping[str, str],
    out: Path,
    err: Path,
    max_file: int | None = None,
    more_providers: Path | None = None,
) -> Forked:
    """Fork the command; it looks for providers in a further folder, too."""
    command = tuple(map(str, arguments))
    told = (command, dict(variables), str(out), str(err), max_file, more_providers and str(more_providers))
    process = forks().Process(target=run_command, args=told, daemon=True)
    process.start()
    return Forked(process, command, out, err)


def run_command(
    command: Sequence[str],
    variables: Mapping[str, str],
    out: str,
    err: str,
    max_file: int | None = None,
    more_providers: str | None = None,
) -> None:
    """Become a process of the command, with these variables and no others."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(variables)
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    if max_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file, max_file))
    if more_providers is not None:
        providers.__path__.append(more_providers)
    sys.argv = ["ratecard", *command]
    # The process that forks ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from scraper.cli import main

    main()


def start(
    *arguments: str | Path,
    db: str,
    failpoint: str = "",
    settings: Mapping[str, str] | None = None,
    max_file: int | None = None,
) -> Forked:
    """Start the command.

    `failpoint` kills it at that seam, `settings` are variables of its environment, `max_file` is a limit on the size of
    a file in bytes.
    """
    place = Path(tempfile.mkdtemp(prefix="ran-"))
    variables = environment({"RATECARD_DB": db, VARIABLE: failpoint, **(settings or {})})
    return fork(*arguments, variables=variables, out=place / "out", err=place / "err", max_file=max_file)


def start_afresh(
    *arguments: str | Path, db: str, settings: Mapping[str, str] | None = None, plain: bool = False
) -> subprocess.Popen[str]:
    """Start the command in an interpreter of its own.

    A `plain` one may do to files what their permissions say, even where root runs it.
    """
    command = [sys.executable, "-m", "scraper.cli", *map(str, arguments)]
    if plain:
        command = [sys.executable, "-c", _PLAIN, *command]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment({"RATECARD_DB": db, **(settings or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: Forked | subprocess.Popen[str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Wait for a process that was started and return what it gave."""
    if isinstance(process, subprocess.Popen):
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)
    code = process.wait(timeout)
    process.process.close()
    done = subprocess.CompletedProcess(process.command, code, process.out.read_text(), process.err.read_text())
    shutil.rmtree(process.out.parent)
    return done


def get(address: str, path: str) -> tuple[int, str]:
    """Ask a process how it is; return the status and what it said."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()

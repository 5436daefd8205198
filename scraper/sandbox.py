"""Reading in a process of its own, so that a hostile page cannot take this one along.

The process lives across readings. Where a page crashes it, holds it longer than the time limit or makes it ask for more
memory than it may have, that reading has failed, and the next one gets a new process. It knows no secrets: it has
neither our environment nor our files open. What it answers is JSON and is validated like any other input.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import IO, Final, Self, TypeVar

from pydantic import BaseModel, ValidationError

from scraper.errors import RatecardError
from scraper.extract import Unreadable
from scraper.extract.document import Document
from scraper.extract.paging import NextPage, check_whole
from scraper.extract.source import Source
from scraper.records import Reading

if sys.platform != "win32":
    import resource

T = TypeVar("T")

Reader = Callable[[Source, Document], Reading]
"""Reads a document with its source's parser; raises `Unreadable`, also where it had to be stopped, or `Defect`.

A document that lacks pages of its source, or has others, is `Unreadable`."""

Pager = Callable[[Source, Document], str | None]
"""Gives the address of the page after a page, as it is written there, None after the last one; raises as a `Reader`."""

_START_SECONDS: Final = 30
"""What the process may take to start, on top of the time limit of its first reading."""
_MAX_ANSWER: Final = 256 * 1024 * 1024
_OUT_OF_MEMORY: Final = 3
_SIZE_BYTES: Final = 8
# What an interpreter may need in order to start; everything else of the environment is kept from it.
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")


class Defect(Exception):
    """A parser failed with something else than a refusal of its document; the message says with what."""


class _Answer(BaseModel):
    """What the process says of one document: one of these is there, or none after the last page."""

    reading: Reading | None = None
    next_page: str | None = None
    unreadable: str | None = None
    defect: str | None = None


def read_here(source: Source, document: Document) -> Reading:
    """Read in this process: for documents that are known to be harmless."""
    return _run(_reading_of(source), document)


def next_page_here(source: Source, document: Document) -> str | None:
    """Find the next page in this process: for documents that are known to be harmless."""
    return _run(source.next_page, document) if source.next_page is not None else None


def _reading_of(source: Source) -> Callable[[Document], Reading]:
    return partial(_read_whole, source.read, source.next_page)


def _read_whole(read: Callable[[Document], Reading], next_page: NextPage | None, document: Document) -> Reading:
    """Read a document, which must have all of its pages: else what stands on the others would be missing."""
    check_whole(document, next_page)
    return read(document)


def _run(ask: Callable[[Document], T], document: Document) -> T:
    try:
        with _uncollected():
            return ask(document)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        # A defect of one parser must not take the other sources along.
        raise Defect(f"{type(error).__name__}: {' '.join(str(error).split())}") from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from looking, over and over, through what a reading makes, which has none."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Sandbox:
    """A `Reader` whose readings run in a process of their own, one at a time, for at most `seconds` each.

    `memory` limits the process's address space in bytes, where the system can do that. A source's functions
    must be of a module (or a `functools.partial` of one), because the other process has to find them. Close it, or use
    it in a `with` statement.
    """

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, source: Source, document: Document) -> Reading:
        """Read a document with its source's parser."""
        answer = self._answer("reading", _reading_of(source), document)
        if answer.reading is None:
            raise Defect(answer.defect)
        return answer.reading

    def next_page(self, source: Source, document: Document) -> str | None:
        """Return the address of the page after a page of a source, as it is written there."""
        if source.next_page is None:
            return None
        answer = self._answer("next_page", source.next_page, document)
        if answer.defect is not None:
            raise Defect(answer.defect)
        return answer.next_page

    def _answer(self, what: str, ask: Callable[[Document], object], document: Document) -> _Answer:
        try:
            request = pickle.dumps((self._seconds, what, ask, document))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise Defect(
                f"{type(error).__name__}: {error} (a source's `read` or `next_page` must be a function of a module)"
            ) from error
        with self._one_at_a_time:
            line = self._ask(request)
        try:
            answer = _Answer.model_validate_json(line)
        except ValidationError as error:
            raise Unreadable("reading it gave an answer that is none") from error
        if answer.unreadable is not None:
            raise Unreadable(answer.unreadable)
        return answer

    def _ask(self, request: bytes) -> bytes:
        """Return the line that answers a request; raise `Unreadable` where the process ended instead."""
        process = self._running()
        requests, answers = _pipes(process)
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        # The process ends itself at the time limit; this is for one that does not.
        watch = threading.Timer(self._seconds + _START_SECONDS, stop)
        watch.start()
        line = b""
        try:
            # A process that is gone is noticed by its answer, which is none.
            with suppress(BrokenPipeError):
                requests.write(len(request).to_bytes(_SIZE_BYTES) + request)
                requests.flush()
            line = answers.readline(_MAX_ANSWER)
        finally:
            watch.cancel()
            watch.join()
            # Also when this was interrupted: an answer that still comes must not be taken for that of another document.
            if late.is_set() or not line.endswith(b"\n"):
                self.close()
        if line.endswith(b"\n"):
            return line
        raise Unreadable(self._why(process.returncode, late=late.is_set()))

    def _why(self, code: int, *, late: bool) -> str:
        if late or (sys.platform != "win32" and code == -signal.SIGALRM):
            return f"reading it took longer than read_seconds allows ({self._seconds:g} seconds) and was stopped"
        if code == _OUT_OF_MEMORY:
            return f"reading it takes more memory than read_memory allows ({self._memory:,} bytes)"
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"reading it ended the process that reads ({how})"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = self._started()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        command = [sys.executable, "-P", "-m", "scraper.sandbox", str(self._memory)]
        try:
            return subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
        except OSError as error:
            raise RatecardError(
                f"the process that reads documents cannot be started ({error.strerror or error}); "
                "make room for another process and run again"
            ) from error

    def close(self) -> None:
        """End the process; the next reading would start another one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in _pipes(process):
            with suppress(BrokenPipeError):
                pipe.close()
        process.wait()

    def __enter__(self) -> Self:
        # Started now, so that it is ready when the first document has come.
        self._running()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """Return what the process reads from and writes to."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("the process was started without pipes")
    return process.stdin, process.stdout


def serve(memory: int) -> None:
    """Be the process that reads: answer requests on stdin, each with a line on stdout, until there are no more."""
    requests = sys.stdin.buffer
    # What a parser prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _fence(memory)
    while size := requests.read(_SIZE_BYTES):
        request = requests.read(int.from_bytes(size))
        try:
            line = _answer(request)
        except MemoryError:
            # Nothing can be relied on any more.
            os._exit(_OUT_OF_MEMORY)
        answers.write(line + b"\n")
        answers.flush()


def _fence(memory: int) -> None:
    # The process that asks decides when this one ends; a signal to the whole group is meant for that one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Some systems know this limit and refuse to set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _answer(request: bytes) -> bytes:
    seconds, what, ask, document = pickle.loads(request)  # noqa: S301 - written by the process that started this one
    _end_after(seconds)
    try:
        return _line(_Answer.model_validate({what: _run(ask, document)}))
    except Unreadable as error:
        return _line(_Answer(unreadable=_printable(error)))
    except Defect as error:
        return _line(_Answer(defect=_printable(error)))
    finally:
        _end_after(0)


def _line(answer: _Answer) -> bytes:
    return answer.model_dump_json(exclude_none=True).encode()


def _printable(error: Exception) -> str:
    """Return what an error says, without the halves of characters that a page may have given it."""
    return str(error).encode(errors="replace").decode()


def _end_after(seconds: float) -> None:
    """Let the system end this process in so many seconds, whatever it is doing then; 0 takes that back."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    serve(int(sys.argv[1]))

"""Stopping when told to, without leaving anything half done."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

from scraper.logs import log

CUT_SHORT: Final = 3
"""Exit code: stopped before it was done. What was not finished was undone and stays due."""


def run_until_stopped(
    work: Callable[[threading.Event], int], *, grace: float, give_back: Callable[[], None] = lambda: None
) -> int:
    """Run `work` until it is done or told to stop (SIGTERM, SIGINT); return its exit code. For the main thread.

    The first signal sets the event, so that work ends with what it is at. If it has not after `grace` seconds, the
    process ends with `CUT_SHORT`: a transaction that is open is undone by the database. A second signal ends it at
    once, with 128 + its number. The work is done in a thread, so that no signal ever has to wait for it.
    """
    stop = threading.Event()
    timers: list[threading.Timer] = []
    ended: list[int | BaseException] = []

    def cut_short() -> None:
        log().error("cut short", hint="the current source is undone and stays due")
        # Who is stuck in a transaction keeps the database from giving anything back; the lease then runs out.
        helper = threading.Thread(target=give_back, daemon=True)
        helper.start()
        helper.join(2)
        _leave(CUT_SHORT)

    def told(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            _leave(128 + number)
        stop.set()
        timers.append(threading.Timer(grace, cut_short))
        timers[0].daemon = True
        timers[0].start()
        log().info("stopping", signal=signal.Signals(number).name, grace=grace)

    def working() -> None:
        try:
            ended.append(work(stop))
        except BaseException as error:  # noqa: BLE001  raised again in the main thread
            ended.append(error)

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        thread = threading.Thread(target=working, name="work", daemon=True)
        thread.start()
        thread.join()
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
    if isinstance(ended[0], BaseException):
        raise ended[0]
    return ended[0]


def _leave(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)

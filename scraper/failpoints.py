"""Seams at which tests kill the process, to see what a crash there leaves behind.

`RATECARD_FAILPOINT=NAME` ends the process with SIGKILL when it reaches the seam NAME for the first time, `NAME:3` when
it does so for the third time. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Final

VARIABLE: Final = "RATECARD_FAILPOINT"

_reached: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Mark a seam of the flow; the process ends here where the environment says so."""
    wanted, _, time = os.environ.get(VARIABLE, "").partition(":")
    if wanted == name:
        _reached[name] += 1
        if _reached[name] == int(time or 1):
            os.kill(os.getpid(), signal.SIGKILL)

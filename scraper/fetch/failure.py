"""How a fetch ends without bytes."""

from __future__ import annotations

from scraper.fetch.capture import FailureKind


class Failed(Exception):
    """Ends a fetch; the message continues the sentence that begins with the address.

    `again` says whether asking again soon may help; `after` is the number of seconds that the host asked to wait.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        status: int | None = None,
        *,
        again: bool = False,
        after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.again = again
        self.after = after

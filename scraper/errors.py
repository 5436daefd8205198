"""The one error that a person sees: a clear sentence with what to do."""

from __future__ import annotations


class RatecardError(Exception):
    """Wrong usage or configuration, or the run could not happen; the command prints it and exits with 2."""


class OlderCapture(RatecardError):
    """A capture is older than the one that its source was last read from."""


class Contradiction(RatecardError):
    """A reading states two different things of one field of one offer."""

"""What parsers stand on: documents as blocks, tables as grids, money, payloads, feeds, dates.

A provider module describes its page with these parts; none of them knows a provider, the store or the clock.
"""

from __future__ import annotations


class Unreadable(Exception):
    """A document, a cell or a number is not what it would have to be; the message says what was met instead."""


REFUSALS = (Unreadable, ValueError)
"""What a value that cannot be is refused with: by the parts of this package, or by the records and rate keys."""

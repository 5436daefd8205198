"""What parsers stand on: documents as blocks, tables as grids, money, payloads, feeds, dates.

A provider module describes its page with these parts; none of them knows a provider, the store or the clock.
"""

from __future__ import annotations


class Unreadable(Exception):
    """A document, a cell or a number is not what it would have to be; the message says what was met instead."""

"""The command `ratecard`: thin layers that open the store, call one function, and print. Nothing imports it.

`root` knows every command by name and help line; the module of a command is imported when that command is called.
"""

from __future__ import annotations

from scraper.cli.root import main

__all__ = ["main"]

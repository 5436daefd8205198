"""`python -m scraper.cli` is the command `ratecard`."""

from __future__ import annotations

from scraper.cli.root import main

if __name__ == "__main__":
    main()

"""The archive that belongs to a store."""

from __future__ import annotations

from scraper.cli.shared import Opened
from scraper.fetch.archive import Archive, open_archive


def archive_of(opened: Opened) -> Archive:
    """Return the archive that the settings name, else the one that belongs to the database."""
    settings = opened.settings
    return open_archive(settings.archive_for(settings.db), settings.s3_endpoint)

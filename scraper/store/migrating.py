"""Bringing a database to a schema version, and back."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from scraper.errors import RatecardError
from scraper.resources import folder
from scraper.store.opening import Store, version_of


def upgrade(store: Store, revision: str = "head") -> None:
    """Run the migrations up to a revision, all or none.

    Raises `RatecardError` where the database was written by newer code.
    """
    version = version_of(store)
    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if version is not None and version not in known:
        raise RatecardError(
            f"The database {store.shown} was written by a newer ratecard (schema {version}); "
            "update ratecard, or give another database."
        )
    with store.told(), store.engine.execution_options(ratecard_writes=True).connect() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(store: Store, revision: str) -> None:
    """Take the migrations after a revision back, all or none; `base` leaves no table of ours."""
    with store.told(), store.engine.execution_options(ratecard_writes=True).connect() as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: Connection | None) -> Config:
    config = Config()
    # The option is a template in which a percent sign would begin a name.
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

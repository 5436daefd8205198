"""What fetching remembers from run to run, in the store."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from scraper.remembered import News, RememberedPage, RememberedRobots
from scraper.store.opening import Store
from scraper.store.tables import fetched_hosts, fetched_pages, robots_files


class StoreMemory:
    """Remembers pages by address, robots.txt files by origin, and hosts: for one run.

    With `writes=False` it reads what is there and writes nothing down, as a dry run needs it. With `one_by_one=True` it
    reads each page when it is asked for, and can last for ever beside other processes.
    """

    def __init__(self, store: Store, *, writes: bool = True, one_by_one: bool = False) -> None:
        self._store = store
        self._writes = writes
        self._one_by_one = one_by_one

    def page(self, address: str) -> RememberedPage | None:
        """Return what is known of the last whole answer of an address."""
        if not self._one_by_one:
            return self._pages.get(address)
        row = self._get(fetched_pages, address)
        return None if row is None else _page(row)

    def not_before(self, host: str) -> datetime | None:
        """Return the time before which a host does not want to be asked again, which may be over."""
        row = self._get(fetched_hosts, host)
        return None if row is None else row.not_before

    def robots(self, origin: str) -> RememberedRobots | None:
        """Return the last decision on the robots.txt of an origin, however old it is."""
        row = self._get(robots_files, origin)
        return None if row is None else RememberedRobots(row.decision, row.reason, row.text, row.fetched_at)

    def keep(self, news: News) -> None:
        """Remember all of the news, or nothing of it where that fails."""
        if not self._writes:
            return
        rows = {
            fetched_pages: [{"address": address, **asdict(page)} for address, page in news.pages.items()],
            robots_files: [{"origin": origin, **asdict(robots)} for origin, robots in news.robots.items()],
            fetched_hosts: [{"host": host, "not_before": until} for host, until in news.not_before.items()],
        }
        with self._store.writing() as connection:
            for table, values in rows.items():
                if values:
                    _put(connection, table, values)
        if not self._one_by_one:
            self._pages.update(news.pages)

    @cached_property
    def _pages(self) -> dict[str, RememberedPage]:
        # All at once: a run asks for most of them, and one by one they cost as much as the fetches themselves.
        with self._store.reading() as connection:
            rows = connection.execute(select(fetched_pages)).all()
        return {row.address: _page(row) for row in rows}

    def _get(self, table: Table, key: str) -> Row[Any] | None:
        (column,) = table.primary_key.columns
        with self._store.reading() as connection:
            return connection.execute(select(table).where(column == key)).first()


def _page(row: Row[Any]) -> RememberedPage:
    return RememberedPage(row.etag, row.last_modified, row.sha256, row.content_type, row.since_full)


def _put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    # Sorted, so that two machines that write the same rows do not wait for each other in a circle.
    (key,) = table.primary_key.columns
    rows.sort(key=lambda row: str(row[key.name]))
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    new = {column.name: statement.excluded[column.name] for column in table.columns if column is not key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=new), rows)

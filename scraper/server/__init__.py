"""The read API: what is published, with its evidence, over HTTP. Read only: nothing here writes to the store.

An extra (`ratecard[serve]`). `create_app(Service(…)) -> FastAPI`; `run(app, listen)` answers until it is told to end.
"""

from __future__ import annotations

from scraper.server.app import Service, bound, create_app, run

__all__ = ["Service", "bound", "create_app", "run"]

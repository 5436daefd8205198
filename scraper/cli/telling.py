"""Who is told of what, and what no log may tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated

import typer

from scraper import providers
from scraper.alerts.rules import Alerts, load_alerts
from scraper.alerts.sending import Sender
from scraper.cli.shared import Opened, clock
from scraper.logs import Form, passwords_of
from scraper.settings import Settings

LogForm = Annotated[Form | None, typer.Option("--log", metavar="FORM", help="How to log: auto, json or console.")]


def secrets_of(settings: Settings, alerts: Alerts | None = None) -> Iterator[str]:
    """Yield what a log must not show, whatever it is called in the environment."""
    yield from passwords_of(settings.db)
    for channel in alerts.channels.values() if alerts else ():
        yield from (os.environ.get(variable, "") for variable in channel.variables)
    for places in settings.with_keys(providers.keys()).keys.values():
        yield from (os.environ.get(place.split()[-1], "") for place in places.values())


def alerts_of(settings: Settings) -> Alerts | None:
    """Return who is told what, None where nobody is."""
    return load_alerts(settings.alerts, os.environ) if settings.alerts is not None else None


def sender_of(opened: Opened, alerts: Alerts) -> Sender:
    """Return what sends alerts from a store."""
    return Sender(store=opened.store, alerts=alerts, settings=opened.settings, clock=clock, environ=os.environ)

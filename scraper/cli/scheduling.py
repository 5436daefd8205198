"""Commands about when sources are refreshed, and how that went."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from scraper.cli.shared import Db, Json, clock, opening, print_json
from scraper.due import Key, Plan, judge
from scraper.metrics import collect, exposition, write_textfile
from scraper.publish import text
from scraper.resources import folder
from scraper.schedules import load_schedule
from scraper.settings import Settings, load_settings
from scraper.store.leases import read_due, read_moments
from scraper.timetable import schedule_object, schedule_text

app = typer.Typer(rich_markup_mode=None)


@app.command()
def schedule(db: Db = None, as_json: Json = False) -> None:
    """Show of each source how often it is refreshed, its last and next run, and what it does now."""
    plans = plans_of(load_settings(db))
    now = clock()
    with opening(db) as opened:
        runs = read_due(opened.store)
        verdicts = judge(now, plans, {key: view.row for key, view in runs.items()}, read_moments(opened.store))
    if as_json:
        print_json(schedule_object(verdicts, runs))
    else:
        text.show(schedule_text(verdicts, runs, now))


@app.command()
def metrics(
    textfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here, for a text-file collector, instead of printing.")
    ] = None,
    db: Db = None,
) -> None:
    """Give metrics for Prometheus: ages, outcomes, gaps, durations, sizes."""
    plans = plans_of(load_settings(db))
    with opening(db) as opened:
        written = exposition(collect(opened.store, plans, clock()))
    if textfile is None:
        sys.stdout.write(written.decode())
    else:
        write_textfile(textfile, written)


def plans_of(settings: Settings) -> Mapping[Key, Plan]:
    """Return when each source is to be refreshed, by the schedules of the settings."""
    return load_schedule(settings.schedules or folder("schedules")).plans

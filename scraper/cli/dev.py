"""Commands for working on ratecard itself."""

from __future__ import annotations

from typing import Annotated

import typer

from scraper.mutating.showing import mutate

app = typer.Typer(
    name="dev",
    help="For working on ratecard itself.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(name="mutate")
def dev_mutate(
    wanted: Annotated[
        str, typer.Argument(metavar="PROVIDER|FILE", help="All bundled pages of a provider, or a captured page.")
    ],
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed, other mutated pages.")] = 1,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this mutation; may be given again.")
    ] = None,
    shown: Annotated[bool, typer.Option("--show", help="Show what each mutation did to the page.")] = False,
) -> None:
    """Alter pages on purpose, and say what a refresh would make of them."""
    code = 0
    for line, ok in mutate(wanted, seed=seed, kinds=kind or (), shown=shown):
        typer.echo(line)
        code = code if ok else 1
    raise typer.Exit(code)

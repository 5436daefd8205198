"""A group of commands that knows them by name and help line, and imports the module of one when it is called."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_group


class Later(TyperCommand):
    """What stands for a command, or a group of them, until it is called: its name, its help line, its module."""

    def __init__(self, name: str, module: str, line: str) -> None:
        super().__init__(name, help=line)
        self.module = module

    def load(self) -> Any:
        """Import the module and return the command itself, made of the module's `app`."""
        group = get_group(imported(self.module).app)
        return group if group.name == self.name else group.commands[str(self.name)]


def imported(module: str) -> Any:
    """Import a module while nobody looks for garbage."""
    if module not in sys.modules:
        # Modules stay for as long as the process: to look for garbage while they are loaded finds none, and that takes
        # a sixth of the time of a short command.
        gc.disable()
        try:
            import_module(module)
        finally:
            gc.enable()
        gc.freeze()
    return sys.modules[module]


def later(package: str, commands: Mapping[str, tuple[str, str]]) -> dict[str, Later]:
    """Return what stands for commands, from the module of a package and the help line that each has."""
    return {name: Later(name, f"{package}.{module}", line) for name, (module, line) in commands.items()}


class LazyGroup(TyperGroup):
    """A group whose commands may be `Later`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is called, itself."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Later) else command, rest

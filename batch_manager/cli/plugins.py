"""Commands that other packages bring: each entry point of the group ``batch_manager.commands`` names a Typer app, and
is imported when the command is used, or its help is asked for."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from batch_manager.cli.telling import fail
from batch_manager.exit_codes import ExitCode

GROUP = "batch_manager.commands"


class CommandsFromElsewhere(TyperGroup):
    """The commands of this package, and those of others under their entry points' names. A name of ours stays ours."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, ours first."""
        own = super().list_commands(ctx)
        return [*own, *sorted(set(_found()) - set(own))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = _found().get(cmd_name)
        return None if found is None else _load(found)


def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Any:
    try:
        loaded = point.load()
    except Exception as error:  # noqa: BLE001 - whatever another package raises must not take our commands away
        fail(f"the command {point.name!r} of {point.value!r} cannot be loaded: {error}", ExitCode.SOFTWARE)
    if not isinstance(loaded, typer.Typer):
        fail(f"{point.value!r}, which brings the command {point.name!r}, is no Typer app", ExitCode.SOFTWARE)
    command = get_command(loaded)
    command.name = point.name
    return command

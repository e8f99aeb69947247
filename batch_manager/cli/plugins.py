"""Commands that other packages bring: each entry point of the group ``batch_manager.commands`` names a Typer app.

It is imported when the command is used. The list of commands shows the first line of its module's docstring, which is
read from the file, so that help does not wait for what it will not run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from batch_manager.cli.telling import fail
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "batch_manager.commands"


class CommandsFromElsewhere(TyperGroup):
    """The commands of this package, and those of others under their entry points' names. A name of ours stays ours."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, ours first."""
        own = super().list_commands(ctx)
        return [*own, *sorted(set(_found()) - set(own))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name, one from elsewhere only as far as help shows it; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = _found().get(cmd_name)
        return None if found is None else _NotLoaded(found)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is to run, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, _NotLoaded) else command, rest


class _NotLoaded(TyperCommand):
    """Stands for a command from elsewhere until it is used."""

    def __init__(self, point: EntryPoint) -> None:
        super().__init__(point.name, help=_first_line(point), short_help=_first_line(point))
        self._point = point

    def load(self) -> Any:
        point = self._point
        try:
            app = point.load()
        except Exception as error:  # noqa: BLE001 - whatever another package raises must not take our commands away
            fail(f"the command {point.name!r} of {point.value!r} cannot be loaded: {error}", ExitCode.SOFTWARE)
        if not isinstance(app, typer.Typer):
            fail(f"{point.value!r}, which brings the command {point.name!r}, is no Typer app", ExitCode.SOFTWARE)
        command = get_command(app)
        command.name = point.name
        return command


def _found() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # 20 ms, which our own commands do not wait for

    return {point.name: point for point in entry_points(group=GROUP)}


def _first_line(point: EntryPoint) -> str:
    """What its module says of itself; its own name where the file cannot be read."""
    import ast
    import importlib.util

    try:
        spec = importlib.util.find_spec(point.module)
        text = Path(spec.origin).read_text(encoding="utf-8") if spec is not None and spec.origin else ""
        return (ast.get_docstring(ast.parse(text)) or point.value).partition("\n")[0]
    except (ImportError, OSError, SyntaxError, ValueError):
        return point.value

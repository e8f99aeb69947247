"""Help as a terminal shows it best: paragraphs are filled, and summaries in lists of commands are whole."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import typer
from typer.models import CommandInfo


def fill_help(app: typer.Typer) -> None:
    """Take each command's help from its docstring: lines end where the terminal's do, not where the source's do."""
    for command in _commands(app):
        if command.callback is not None:
            paragraphs = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
            command.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
            command.short_help = paragraphs[0].replace("\n", " ")  # otherwise it would be cut


def _commands(within: typer.Typer) -> Iterator[CommandInfo]:
    yield from within.registered_commands
    for nested in within.registered_groups:
        if nested.typer_instance is not None:
            nested.short_help = str(nested.typer_instance.info.help)
            yield from _commands(nested.typer_instance)

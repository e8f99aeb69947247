"""A plain command: asks first whether it may run, then runs it as a child."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch_manager.environment import COMMAND, NodeEnvironment, read_node_environment
from batch_manager.errors import DefinitionError, UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.node.children import run_child

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

KEPT_CODES = (ExitCode.SKIPPED, ExitCode.TIME_LIMIT)
"""Exit codes that say something of their own; a command's own becomes ``ExitCode.FAILED``."""

_log = logging.getLogger(__name__)


def run_command(environ: Mapping[str, str], client: BatchClient) -> int:
    """Run the command of this task, if its rule lets it.

    Returns:
        The command's exit code, or ``SKIPPED``.

    Raises:
        UsageError: the environment names no command.
        DefinitionError: the command cannot be started.
        ServiceError: Batch could not be asked.
    """
    node = read_node_environment(environ)
    if not node.command:
        raise UsageError(f"{COMMAND} is not set: this process was not started for a plain command")
    if not _may_run(node, client):
        return ExitCode.SKIPPED
    code = run_line(node.command, environ)
    if code in KEPT_CODES:
        _log.error("the command ended with exit code %d, which is kept; it counts as %d", code, ExitCode.FAILED)
        return ExitCode.FAILED
    return code


def run_line(command_line: str, environ: Mapping[str, str]) -> int:
    """Run a command line as Batch does, without a shell, and give its exit code.

    Raises:
        DefinitionError: it cannot be split into words, or started.
    """
    return run_child(split_command(command_line), environ)


def split_command(command_line: str) -> list[str]:
    """The words of a command line, split as a shell does.

    Raises:
        DefinitionError: a quote is left open, or there is no word at all.
    """
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise DefinitionError(f"the command line {command_line!r} cannot be split into words: {error}") from None
    if not words:
        raise DefinitionError("the command line is empty: give a program")
    return words


def _may_run(node: NodeEnvironment, client: BatchClient) -> bool:
    if not node.depends_on:
        return True
    from batch_manager.skip import may_run  # only a task with parents needs it

    return may_run(client, node)

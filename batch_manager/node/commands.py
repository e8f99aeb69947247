"""A plain command: asks first whether it may run, then runs it as a child."""

from __future__ import annotations

import time
from collections.abc import Mapping
from signal import Signals
from typing import TYPE_CHECKING

from batch_manager.command_line import split_command
from batch_manager.environment import COMMAND, NodeEnvironment, attempt_number, read_node_environment
from batch_manager.errors import UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.node.children import ChildEnd, watch_child
from batch_manager.time_limit import read_time_limit, time_limit_error

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

KEPT_CODES = (ExitCode.SKIPPED, ExitCode.TIME_LIMIT)
"""Exit codes that mean something to this project; a command's own becomes ``ExitCode.FAILED``."""

_SIGNAL_BASE = 128


def run_command(environ: Mapping[str, str], client: BatchClient) -> int:
    """Run the command of this task, if its rule lets it, for as long as the job may take. A failure is judged and
    reported as that of any task.

    Returns:
        The command's exit code (``FAILED`` for one of ``KEPT_CODES``; the report says which), or ``SKIPPED``.

    Raises:
        UsageError: the environment names no command.
        DefinitionError: the command cannot be started.
        TimeLimitError: the job's time is over; the command was ended, or not started.
        ServiceError: Batch could not be asked.
    """
    node = read_node_environment(environ)
    if not node.command:
        raise UsageError(f"{COMMAND} is not set: this process was not started for a plain command")
    attempt_number(node.working_directory)
    words = split_command(node.command)
    ends_at = read_time_limit(node.time_limit)
    if ends_at is not None and ends_at <= time.time():
        raise time_limit_error(ends_at)
    if not _may_run(node, client):
        return _told(node, ExitCode.SKIPPED)
    end = watch_child(words, environ, timeout=None if ends_at is None else ends_at - time.time())
    if ends_at is not None and end.out_of_time:
        raise time_limit_error(ends_at)
    if end.exit_code == ExitCode.SUCCEEDED:
        return _told(node, ExitCode.SUCCEEDED)
    return _end(end, environ, client)


def run_line(command_line: str, environ: Mapping[str, str]) -> int:
    """Run a command line as Batch does, without a shell, and give its exit code.

    Raises:
        DefinitionError: it cannot be split into words, or started.
    """
    return watch_child(split_command(command_line), environ).exit_code


def _may_run(node: NodeEnvironment, client: BatchClient) -> bool:
    if not node.depends_on:
        return True
    from batch_manager.skip import may_run  # only a task with parents needs it

    return may_run(client, node)


def _end(end: ChildEnd, environ: Mapping[str, str], client: BatchClient) -> int:
    code = ExitCode.FAILED if end.exit_code in KEPT_CODES else end.exit_code
    if end.asked_to_end:
        return code
    from batch_manager.ending import end_failed  # only a process that fails needs it
    from batch_manager.retrying import Failure

    return end_failed(Failure(code, _cause(end.exit_code)), environ, client)


def _told(node: NodeEnvironment, code: ExitCode) -> ExitCode:
    """The exit code of a command that did not fail, once it is told; ``ending`` tells those of others."""
    if node.progress_url:
        from batch_manager.events import tell_task_ended  # only a job that is watched needs it

        tell_task_ended(node, exit_code=code)
    return code


def _cause(code: int) -> str:
    if code > _SIGNAL_BASE and code - _SIGNAL_BASE in set(Signals):
        return f"the command was ended by signal {code - _SIGNAL_BASE}, {Signals(code - _SIGNAL_BASE).name}"
    kept = f", which counts as {int(ExitCode.FAILED)}: {code} is kept" if code in KEPT_CODES else ""
    return f"the command ended with exit code {code}{kept}"

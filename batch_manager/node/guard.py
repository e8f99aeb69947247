"""The process that watches over the workload's job manager: whatever that does, the job gets its FinalizeTask."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import dropwhile
from signal import Signals
from typing import TYPE_CHECKING

from batch_manager.causes import cause_of, one_line
from batch_manager.command_line import Role, encode_child
from batch_manager.ending import stop_retries
from batch_manager.environment import NodeEnvironment, attempt_number, read_node_environment
from batch_manager.errors import BatchManagerError, NotFoundError
from batch_manager.exit_codes import ExitCode
from batch_manager.factory import is_of_environment
from batch_manager.naming import FINALIZE_TASK_ID
from batch_manager.node.children import ChildEnd, watch_child
from batch_manager.reports import Attempt, read_attempts

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

OVERTIME = 60.0
"""Seconds that the job manager has after the job's time limit, for adding FinalizeTask."""

TAIL_BYTES = 65_536
"""How much of the end of the standard error a cause is looked for in."""

TRIES_AFTER_KILLS = 3
"""How often on one node a job manager is started that a signal ends; one that ends so each time has failed."""

_COUNTER = ".batch-manager-guards"

_NO_APPLICATION = "its process ended well but added no job; does __main__.py call Application(...).run()?"

_TRACEBACK = "Traceback (most recent call last):\n"

_log = logging.getLogger(__name__)


def guard_job_manager(module: str, environ: Mapping[str, str], client: BatchClient) -> int:
    """Run the workload's job manager as a child. If FinalizeTask is not there after it, add it, with the cause.

    A guard that is asked to end adds nothing: Batch may run the task again, on another node, or the job was cancelled.
    One whose child was killed leaves it to Batch, too, which tries ``TRIES_AFTER_KILLS`` times in all. Any other
    failure is final, and Batch is told so.

    Returns:
        The child's exit code; ``SOFTWARE`` in the place of 0 where it left no FinalizeTask.
    """
    node = read_node_environment(environ)
    told = len(read_attempts(node.working_directory))
    end = watch_child(encode_child([sys.executable], module, Role.JOB_MANAGER), environ, timeout=_seconds_left(node))
    if end.asked_to_end:
        return end.exit_code
    if _signal_of(end) is not None and attempt_number(node.working_directory, _COUNTER) < TRIES_AFTER_KILLS:
        _log.error("the job manager is tried again: %s", _cause(end, node))
        return end.exit_code
    code = _finish(module, node, client, end, told)
    if code != ExitCode.SUCCEEDED:
        stop_retries(node, client)
    return code


def _finish(module: str, node: NodeEnvironment, client: BatchClient, end: ChildEnd, told: int) -> int:
    try:
        if _has_finalize(client, node.job_id):
            return end.exit_code
        _add_finalize(client, node, module, end, read_attempts(node.working_directory)[told:])
    except BatchManagerError as error:
        _log.error("whether FinalizeTask is there cannot be made sure: %s", cause_of(error))
        return end.exit_code or error.exit_code
    return end.exit_code or ExitCode.SOFTWARE


def _seconds_left(node: NodeEnvironment) -> float | None:
    if not node.time_limit:
        return None
    from batch_manager.time_limit import read_time_limit  # only a job with a limit needs it

    ends_at = read_time_limit(node.time_limit)
    return None if ends_at is None else max(ends_at - time.time(), 0.0) + OVERTIME


def _has_finalize(client: BatchClient, job_id: str) -> bool:
    if is_of_environment(client):
        from batch_manager.light.errors import NotLightError  # a test's client needs none of it
        from batch_manager.light.query import confirm_task

        try:
            confirm_task(os.environ, job_id, FINALIZE_TASK_ID)
        except NotLightError as error:
            _log.debug("asking through the official client: %s", error)
        else:
            return True
    try:
        client.get_task(job_id, FINALIZE_TASK_ID)
    except NotFoundError:
        return False
    return True


def _add_finalize(
    client: BatchClient, node: NodeEnvironment, module: str, end: ChildEnd, told: Sequence[Attempt]
) -> None:
    from batch_manager.manage import leave_to_finalize, make_submission  # only a job manager that died needs it

    cause = told[-1].cause if told else _cause(end, node)
    _log.error("the job manager left no FinalizeTask, which is added here: %s", cause)
    submission = make_submission(client, node, module=module, has_work=None)  # FinalizeTask asks the workload
    is_time_limit = end.out_of_time or end.exit_code == ExitCode.TIME_LIMIT
    leave_to_finalize(client, node.job_id, submission, cause, is_time_limit=is_time_limit)


def _signal_of(end: ChildEnd) -> Signals | None:
    """What ended the child; not Ctrl-C, which Python tells itself, nor the job's time limit."""
    number = end.exit_code - 128
    if end.out_of_time or end.exit_code == ExitCode.CANCELLED or number not in set(Signals):
        return None
    return Signals(number)


def _cause(end: ChildEnd, node: NodeEnvironment) -> str:
    if end.out_of_time:
        return "it did not end in the job's time limit"
    if end.exit_code == ExitCode.SUCCEEDED:
        return _NO_APPLICATION
    ended_by = _signal_of(end)
    if ended_by is not None:
        return f"its process was ended by signal {ended_by.value} ({ended_by.name})"
    told = last_words(_standard_error(node))
    return told or f"its process ended with exit code {end.exit_code}"


def last_words(standard_error: str) -> str:
    """The last thing that a process said on its standard error, in one line: the exception that a traceback ends with,
    the message of a log's record, or whatever the last line is."""
    _, traceback, after = standard_error.rpartition(_TRACEBACK)
    lines = [line for line in after.splitlines() if line.strip()]
    if traceback:
        return one_line("\n".join(dropwhile(_is_indented, lines)))
    if not lines:
        return ""
    try:
        return one_line(str(json.loads(lines[-1])["message"]))
    except (ValueError, KeyError, TypeError):
        return one_line(lines[-1])


def _is_indented(line: str) -> bool:
    return line.startswith(" ")


def _standard_error(node: NodeEnvironment) -> str:
    """The end of what this task has written to its standard error so far, which Batch keeps in a file."""
    try:
        with open(os.path.join(node.task_directory, "stderr.txt"), "rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            return file.read().decode(errors="replace")
    except OSError:
        return ""

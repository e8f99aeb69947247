"""A gate: asks for a task that cannot ask itself, and ends it if it may not run."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from batch_manager.environment import GUARDED_TASK, NodeEnvironment, attempt_number, read_node_environment
from batch_manager.errors import NotFoundError, UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.skip import rule_is_met
from batch_manager.time_limit import read_time_limit

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

_log = logging.getLogger(__name__)


def keep_gate(environ: Mapping[str, str], client: BatchClient) -> int:
    """Let the guarded task go, or end it while it still waits for this gate. Every step may be done again.

    Where the job has a time limit, the guarded task may run for as long as is left of it: nobody else could end it.

    Returns:
        ``SUCCEEDED``; ``SKIPPED`` or ``TIME_LIMIT`` once the guarded task has ended, by what kept it.

    Raises:
        UsageError: the environment names no task to guard.
        ServiceError: Batch could not be asked; it tries a gate again, and the guarded task waits.
    """
    node = read_node_environment(environ)
    if not node.guarded_task:
        raise UsageError(f"{GUARDED_TASK} is not set: this process was not started as a gate")
    attempt_number(node.working_directory)
    ends_at = read_time_limit(node.time_limit)
    left = None if ends_at is None else timedelta(seconds=ends_at - time.time())
    code = _verdict(node, client, left)
    if code is not ExitCode.SUCCEEDED:
        _close(node, client, code)
    elif left is not None:
        client.limit_wall_clock(node.job_id, node.guarded_task, left)
    return code


def _verdict(node: NodeEnvironment, client: BatchClient, left: timedelta | None) -> ExitCode:
    if left is not None and left <= timedelta(0):
        return ExitCode.TIME_LIMIT
    return ExitCode.SUCCEEDED if rule_is_met(client, node) else ExitCode.SKIPPED


def _close(node: NodeEnvironment, client: BatchClient, code: ExitCode) -> None:
    """The guarded task first: a gate that is lost after that does the same once more."""
    _log.warning("the guarded task does not run", extra={"guarded_task": node.guarded_task, "reason": code.name})
    try:
        client.terminate_task(node.job_id, node.guarded_task)
    except NotFoundError:
        _log.warning("the guarded task is not there", extra={"guarded_task": node.guarded_task})
    if node.retry:  # to Batch, a gate that stays closed has failed
        client.stop_retries(node.job_id, node.task_id)

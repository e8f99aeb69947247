"""A gate: asks for a task that cannot ask itself, and ends it if it may not run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch_manager.environment import GUARDED_TASK, read_node_environment
from batch_manager.errors import NotFoundError, UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.skip import may_run

if TYPE_CHECKING:
    from batch_manager.client import BatchClient

_log = logging.getLogger(__name__)


def keep_gate(environ: Mapping[str, str], client: BatchClient) -> int:
    """Let the guarded task go, or end it while it still waits for this gate.

    Returns:
        ``SUCCEEDED``, or ``SKIPPED`` once the guarded task has ended.

    Raises:
        UsageError: the environment names no task to guard.
        ServiceError: Batch could not be asked; it tries a gate again, and the guarded task waits.
    """
    node = read_node_environment(environ)
    if not node.guarded_task:
        raise UsageError(f"{GUARDED_TASK} is not set: this process was not started as a gate")
    if may_run(client, node):
        return ExitCode.SUCCEEDED
    try:
        client.terminate_task(node.job_id, node.guarded_task)
    except NotFoundError:
        _log.warning("the guarded task is not there", extra={"guarded_task": node.guarded_task})
    return ExitCode.SKIPPED

"""A task that asks first: only if it may run, its process imports the workload and becomes one of the workload's."""

from __future__ import annotations

import os
import runpy
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch_manager.environment import DEPENDS_ON, attempt_number, read_node_environment
from batch_manager.exit_codes import ExitCode
from batch_manager.skip import may_run

if TYPE_CHECKING:
    from batch_manager.client import BatchClient


def may_begin(environ: Mapping[str, str], client: BatchClient) -> int:
    """Ask whether the task of this process may run.

    Returns:
        ``SUCCEEDED`` if it may, or ``SKIPPED``.

    Raises:
        UsageError: the environment is none that the submission writes.
        TimeLimitError: the job's time is over.
        ServiceError: Batch could not be asked.
    """
    node = read_node_environment(environ)
    attempt_number(node.working_directory)
    if node.time_limit:
        from batch_manager.time_limit import read_time_limit, time_limit_error  # only a job with a limit needs it

        ends_at = read_time_limit(node.time_limit)
        if ends_at is not None and ends_at <= time.time():
            raise time_limit_error(ends_at)
    if may_run(client, node):
        return ExitCode.SUCCEEDED
    if node.progress_url:
        from batch_manager.events import tell_task_ended  # only a job that is watched needs it

        tell_task_ended(node, exit_code=ExitCode.SKIPPED)
    return ExitCode.SKIPPED


def become_workload() -> None:
    """Go on as ``python -m <workload> task <TaskName>`` does, the question being answered."""
    from batch_manager.application import report_uncaught  # the task needs it now
    from batch_manager.node.process import log_as_before

    module, name = sys.argv[2:]
    log_as_before()
    report_uncaught()
    os.environ.pop(DEPENDS_ON, None)
    sys.argv[1:] = ["task", name]
    runpy.run_module(module, run_name="__main__", alter_sys=True)

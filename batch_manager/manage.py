"""The two roles of a node process that are the framework's own: the job manager and FinalizeTask."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from batch_manager.compilation import JobFrame
from batch_manager.environment import JsonValue, NodeEnvironment
from batch_manager.errors import BatchManagerError
from batch_manager.finalize import FinalizeTask
from batch_manager.job_manager import JobManagerContext
from batch_manager.submission import JobSubmission
from batch_manager.workload import WorkloadBase

MAX_CAUSE_LENGTH = 1000
"""Characters of an exception's message that the outcome repeats."""

_log = logging.getLogger(__name__)


def manage_job(
    workload: WorkloadBase, node: NodeEnvironment, parameters: Mapping[str, JsonValue], *, module: str
) -> None:
    """Be the job manager: ask the user's one for the tasks, and submit them.

    Whatever goes wrong, the job is left with a FinalizeTask that tells it; then the error is raised again.
    """
    storage = workload.batch_client.storage
    frame = JobFrame(
        job_id=node.job_id,
        module=module,
        launcher=node.launcher or quote(sys.executable),
        storage_account_url=storage.account_url,
        identity_reference=storage.identity_reference,
    )
    submission = JobSubmission(client=workload.batch_client, frame=frame)
    context = JobManagerContext(
        job_id=node.job_id,
        parameters=parameters,
        working_directory=Path(node.working_directory),
        batch_client=workload.batch_client,
        entry_points=workload.entry_points,
    )
    try:
        manager = workload.job_manager_builder_type().build(context)
        manager.create_job()
        submission.submit(manager.tasks)
    except (Exception, SystemExit) as error:
        _leave_to_finalize(submission, error)
        raise


def make_finalize_task(workload: WorkloadBase, node: NodeEnvironment, inputs: Mapping[str, JsonValue]) -> FinalizeTask:
    """FinalizeTask of this job, from what the job manager left in its inputs."""
    cause = inputs.get("cause")
    return FinalizeTask(
        client=workload.batch_client,
        job_id=node.job_id,
        cause=cause if isinstance(cause, str) else None,
    )


def _leave_to_finalize(submission: JobSubmission, error: BaseException) -> None:
    try:
        submission.submit_failure(_cause(error))
    except BatchManagerError as second:
        _log.error("FinalizeTask could not be added, so nobody is told how the job ends: %s", second)


def _cause(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}) instead of returning"
    text = str(error) if isinstance(error, BatchManagerError) else f"{type(error).__name__}: {error}"
    return text[:MAX_CAUSE_LENGTH]

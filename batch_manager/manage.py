"""What the job manager's process does round the user's job manager, so that the job ends whatever that does."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from shlex import quote

from batch_manager.causes import cause_of
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobState
from batch_manager.environment import INPUTS, JsonValue, NodeEnvironment
from batch_manager.errors import BatchManagerError, ConflictError, DefinitionError, NotFoundError, TimeLimitError
from batch_manager.exit_codes import ExitCode
from batch_manager.finalize_work import has_finalize_work
from batch_manager.job_manager import JobManagerContext
from batch_manager.naming import CANCEL_BLOB, FINALIZE_TASK_ID, container_name
from batch_manager.specification import TaskSpecification, decode_packages
from batch_manager.submission import JobSubmission
from batch_manager.workload import WorkloadBase

_OVER = (JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING)

_log = logging.getLogger(__name__)


def manage_job(
    workload: WorkloadBase,
    node: NodeEnvironment,
    parameters: Mapping[str, JsonValue],
    *,
    module: str,
    limit: AbstractContextManager[None] | None = None,
) -> ExitCode:
    """Be the job manager: ask the user's one for the tasks, and submit them.

    Whatever goes wrong, the job is left with a FinalizeTask that tells it; then the error is raised again. Nothing is
    added to a job that was cancelled, that has ended, or that has its FinalizeTask from an earlier run of this task.

    Args:
        workload: the workload.
        node: where this runs.
        parameters: the job's.
        module: what ``python -m`` runs on other nodes.
        limit: what interrupts this when the job's time is over; None for no limit.

    Returns:
        ``SUCCEEDED``, or ``FAILED`` if an earlier run of this task failed.
    """
    client = workload.batch_client
    submission = make_submission(client, node, module=module, has_work=has_finalize_work(workload))
    former = _former_end(client, node.job_id)
    if former is not None:
        _let_end(client, node.job_id)
        return former
    try:
        with nullcontext() if limit is None else limit:
            manager = workload.job_manager_builder_type().build(_context(workload, node, parameters))
            manager.create_job()
            if _was_cancelled(client, node.job_id):
                submission.submit_failure(None)
            else:
                _submit(client, node, submission, manager.tasks)
    except (Exception, SystemExit) as error:
        if isinstance(error, ConflictError) and _is_over(client, node.job_id):
            _log.warning("the job has ended already, so nothing more is added: %s", error)
            return ExitCode.SUCCEEDED
        is_time_limit = isinstance(error, TimeLimitError)
        leave_to_finalize(client, node.job_id, submission, manager_cause(error), is_time_limit=is_time_limit)
        if isinstance(error, SystemExit) and not error.code:
            raise DefinitionError(manager_cause(error)) from None
        raise
    return ExitCode.SUCCEEDED


def _submit(
    client: BatchClient, node: NodeEnvironment, submission: JobSubmission, tasks: Sequence[TaskSpecification]
) -> None:
    if not node.rerun_of:
        submission.submit(tasks)
        return
    from batch_manager.resuming import leave_out_done  # only a job that runs another one again needs it

    kept = leave_out_done(client.storage, node.job_id, tasks)
    submission.submit(kept, taken_over=len(tasks) - len(kept))


def make_submission(
    client: BatchClient, node: NodeEnvironment, *, module: str, has_work: bool | None = None
) -> JobSubmission:
    """What adds the tasks of the job that this process belongs to."""
    storage = client.storage
    frame = JobFrame(
        job_id=node.job_id,
        module=module,
        launcher=node.launcher or quote(sys.executable),
        storage_account_url=storage.account_url,
        identity_reference=storage.identity_reference,
        has_time_limit=bool(node.time_limit),
        packages=decode_packages(node.packages),
    )
    return JobSubmission(client=client, frame=frame, has_work=has_work)


def manager_cause(error: BaseException) -> str:
    """Why a job manager failed, in one line."""
    cause = cause_of(error)
    return f"{cause} instead of returning" if isinstance(error, SystemExit) else cause


def leave_to_finalize(
    client: BatchClient, job_id: str, submission: JobSubmission, cause: str, *, is_time_limit: bool
) -> None:
    """Add FinalizeTask to a job whose job manager failed. If that is not possible it is logged."""
    try:
        submission.submit_failure(cause, is_time_limit=is_time_limit)
    except BatchManagerError as error:
        if isinstance(error, ConflictError) and _is_over(client, job_id):
            _log.warning("the job has ended already, so nobody is told why its job manager failed")
        else:
            _log.error("FinalizeTask could not be added, so nobody is told how the job ends: %s", error)


def _context(workload: WorkloadBase, node: NodeEnvironment, parameters: Mapping[str, JsonValue]) -> JobManagerContext:
    return JobManagerContext(
        job_id=node.job_id,
        parameters=parameters,
        working_directory=Path(node.working_directory),
        batch_client=workload.batch_client,
        entry_points=workload.entry_points,
    )


def _former_end(client: BatchClient, job_id: str) -> ExitCode | None:
    """How an earlier run of this task ended, or whoever cancelled the job ended it; None if FinalizeTask, which is
    added last, is not there."""
    try:
        task = client.get_task(job_id, FINALIZE_TASK_ID)
    except NotFoundError:
        return None
    cause = _told_cause(task.environment.get(INPUTS, ""))
    if cause is None:
        _log.info("all tasks are in the job already")
        return ExitCode.SUCCEEDED
    _log.error("an earlier run of this task failed: %s", cause)
    return ExitCode.FAILED


def _told_cause(inputs: str) -> str | None:
    try:
        cause = json.loads(inputs)["cause"]
    except (ValueError, KeyError, TypeError):
        return None
    return cause if isinstance(cause, str) else None


def _was_cancelled(client: BatchClient, job_id: str) -> bool:
    try:
        client.storage.read(container_name(job_id), CANCEL_BLOB)
    except NotFoundError:
        return False
    _log.warning("the job was cancelled, so no task is added")
    return True


def _let_end(client: BatchClient, job_id: str) -> None:
    try:
        client.terminate_job_when_tasks_complete(job_id)
    except ConflictError:
        if not _is_over(client, job_id):
            raise


def _is_over(client: BatchClient, job_id: str) -> bool:
    try:
        return client.get_job(job_id).state in _OVER
    except BatchManagerError:
        return False

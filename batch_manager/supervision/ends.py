"""What the end of a job means to whoever waited for it: an exit code, and whether its callback was delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch_manager.client import BatchClient
from batch_manager.definitions import TaskRecord
from batch_manager.errors import CallbackError, NotFoundError
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.outcome import ErrorCode, JobOutcome

_BY_ERROR = {
    ErrorCode.CANCELLED: ExitCode.CANCELLED,
    ErrorCode.STUCK: ExitCode.UNAVAILABLE,
    ErrorCode.TIME_LIMIT: ExitCode.TIME_LIMIT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a job ended, for the command that waited for it.

    Attributes:
        outcome: how.
        exit_code: 0 for success; that of its job manager, if that failed with one of ours; 69 if it could not go on or
            FinalizeTask could not deliver the callback, 81 at its time limit, 130 if it was cancelled, else 1.
        untold: why the callback may not have been delivered; None if it was, or there is none.
    """

    outcome: JobOutcome
    exit_code: ExitCode
    untold: str | None = None


def job_end(
    client: BatchClient, job_id: str, outcome: JobOutcome, *, delivery_failure: CallbackError | None = None
) -> JobEnd:
    """What the end of a job means.

    Args:
        client: the job's account.
        job_id: the job.
        outcome: how it ended.
        delivery_failure: what went wrong when the callback was sent from outside the pool.
    """
    own = {task_id: _record(client, job_id, task_id) for task_id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID)}
    untold = str(delivery_failure) if delivery_failure is not None else _finalize_failure(own[FINALIZE_TASK_ID])
    return JobEnd(outcome=outcome, exit_code=_exit_code(outcome, own, untold), untold=untold)


def _record(client: BatchClient, job_id: str, task_id: str) -> TaskRecord | None:
    try:
        return client.get_task(job_id, task_id).record
    except NotFoundError:
        return None


def _finalize_failure(finalize: TaskRecord | None) -> str | None:
    """Where FinalizeTask did not come so far, the supervisor has told the outcome in its place."""
    if finalize is None or finalize.exit_code != ExitCode.UNAVAILABLE:
        return None
    return f"FinalizeTask failed with exit code {finalize.exit_code}, so the callback may not have been delivered"


def _exit_code(outcome: JobOutcome, own: Mapping[str, TaskRecord | None], untold: str | None) -> ExitCode:
    error = outcome.error_code
    if error in _BY_ERROR:
        return _BY_ERROR[error]
    if error is ErrorCode.JOB_MANAGER_FAILED:
        return _own_code(own[JOB_MANAGER_TASK_ID], ExitCode.FAILED)
    if untold is not None:
        return ExitCode.UNAVAILABLE
    return ExitCode.SUCCEEDED if error is None else ExitCode.FAILED


def _own_code(record: TaskRecord | None, otherwise: ExitCode) -> ExitCode:
    """The exit code of a task of the framework's, if it is one that this project uses for failures."""
    code = record.exit_code if record is not None else None
    return ExitCode(code) if code in set(ExitCode) - {ExitCode.SUCCEEDED} else otherwise

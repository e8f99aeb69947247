"""Waits for a job's end by its counts, never with a request for each task."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from batch_manager import BatchClient, ExitCode
from batch_manager.definitions import JobState, TaskQuery, TaskRecord, TaskState
from batch_manager.errors import InputError, NotFoundError
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, OUTCOME_BLOB, container_name
from batch_manager.outcome import JobOutcome, Outcome, job_outcome, read_outcome
from dispatcher.progress import JobProgress, ProgressView

POLL_INTERVAL = 0.5
"""Seconds between two looks. Azure advises tens of seconds; this service is on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a job ended, the exit code that says so, and how FinalizeTask failed if it did."""

    outcome: JobOutcome
    exit_code: ExitCode
    finalize_failure: str | None = None


def watch_job(client: BatchClient, job_id: str, view: ProgressView, *, slots: int) -> JobEnd:
    """Show how far a job is until it has completed.

    A job whose job manager ended before it could add FinalizeTask would stay active for ever: it is terminated.

    Args:
        client: the job's account.
        job_id: the job.
        view: where progress goes.
        slots: task slots of each node of the pool.

    Raises:
        InputError: nothing runs, and what waits needs more slots than a node has.
    """
    started = time.monotonic()
    while True:
        completed = client.get_job(job_id).state is JobState.COMPLETED
        counts = client.get_task_counts(job_id)
        skipped = sum(1 for _ in client.list_tasks(job_id, TaskQuery.SKIPPED)) if counts.failed else 0
        view.show(JobProgress(counts=counts, skipped=skipped, seconds=time.monotonic() - started))
        if completed:
            return job_end(client, job_id)
        if not counts.running:
            _look_at_what_waits(client, job_id, slots)
        time.sleep(POLL_INTERVAL)


def _look_at_what_waits(client: BatchClient, job_id: str, slots: int) -> None:
    """Nothing runs: the job may be between two tasks, or may wait for ever."""
    records = {record.id: record for record in client.list_tasks(job_id)}
    if any(record.state in (TaskState.RUNNING, TaskState.PREPARING) for record in records.values()):
        return
    manager = records.get(JOB_MANAGER_TASK_ID)
    if FINALIZE_TASK_ID not in records and manager is not None and manager.state is TaskState.COMPLETED:
        client.terminate_job(job_id, "the job manager ended without adding FinalizeTask")
        return
    too_wide = [r for r in records.values() if r.state is TaskState.ACTIVE and r.required_slots > slots]
    if too_wide:
        first = too_wide[0]
        raise InputError(
            f"task {first.id!r} needs {first.required_slots} slots and would wait for ever: a node has {slots}. "
            "Give more with --slots, or lower its required_slots"
        )


def job_end(client: BatchClient, job_id: str) -> JobEnd:
    """How a job that has completed ended: what FinalizeTask wrote, or what the tasks say if it could not."""
    records = list(client.list_tasks(job_id))
    own = {record.id: record for record in records if record.id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID)}
    outcome = _written_outcome(client, job_id)
    if outcome is None:
        outcome = job_outcome(job_id, records, cause=_unreported_cause(own))
    return JobEnd(outcome=outcome, exit_code=_exit_code(outcome, own), finalize_failure=_finalize_failure(own))


def _written_outcome(client: BatchClient, job_id: str) -> JobOutcome | None:
    try:
        return read_outcome(json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB)))
    except NotFoundError:
        return None


def _unreported_cause(own: dict[str, TaskRecord]) -> str:
    manager = own.get(JOB_MANAGER_TASK_ID)
    if manager is not None and _failed(manager):
        return f"its process ended with exit code {manager.exit_code} before it could say why; see its stderr.txt"
    if manager is not None and manager.succeeded:
        return "its process ended well but added no job; does __main__.py call Application(...).run()?"
    return "the job ended without FinalizeTask"


def _exit_code(outcome: JobOutcome, own: dict[str, TaskRecord]) -> ExitCode:
    if outcome.cause is not None:
        manager = own.get(JOB_MANAGER_TASK_ID)
        known = set(ExitCode)
        return ExitCode(manager.exit_code) if manager and manager.exit_code in known - {0} else ExitCode.FAILED
    if _failed(own.get(FINALIZE_TASK_ID)):
        finalize = own[FINALIZE_TASK_ID].exit_code
        return ExitCode(finalize) if finalize in set(ExitCode) else ExitCode.FAILED
    return ExitCode.SUCCEEDED if outcome.outcome is Outcome.SUCCEEDED else ExitCode.FAILED


def _failed(record: TaskRecord | None) -> bool:
    return record is not None and record.succeeded is False


def _finalize_failure(own: dict[str, TaskRecord]) -> str | None:
    finalize = own.get(FINALIZE_TASK_ID)
    if finalize is None or not _failed(finalize):
        return None
    return f"FinalizeTask failed with exit code {finalize.exit_code}, so the callback may not have been delivered"

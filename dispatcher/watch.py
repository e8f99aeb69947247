"""Waits for a job's end by its counts, never with a request for each task."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from batch_manager import BatchClient, ExitCode
from batch_manager.definitions import JobState, TaskCounts, TaskQuery, TaskRecord
from batch_manager.errors import NotFoundError
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, OUTCOME_BLOB, container_name
from batch_manager.outcome import JobOutcome, Outcome, job_outcome, read_outcome
from dispatcher.progress import JobProgress, ProgressView

POLL_INTERVAL = 0.5
"""Seconds between two looks. Azure advises tens of seconds; this service is on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a job ended, and the exit code that says so."""

    outcome: JobOutcome
    exit_code: ExitCode


def watch_job(client: BatchClient, job_id: str, view: ProgressView) -> JobEnd:
    """Show how far a job is until it has completed.

    A job whose job manager died before it could add FinalizeTask would stay active for ever: it is terminated.
    """
    started = time.monotonic()
    while True:
        completed = client.get_job(job_id).state is JobState.COMPLETED
        counts = client.get_task_counts(job_id)
        skipped = sum(1 for _ in client.list_tasks(job_id, TaskQuery.SKIPPED)) if counts.failed else 0
        view.show(JobProgress(counts=counts, skipped=skipped, seconds=time.monotonic() - started))
        if completed:
            return job_end(client, job_id)
        if _is_abandoned(client, job_id, counts):
            client.terminate_job(job_id, "the job manager ended without adding FinalizeTask")
        time.sleep(POLL_INTERVAL)


def _is_abandoned(client: BatchClient, job_id: str, counts: TaskCounts) -> bool:
    if counts.active or counts.running or not counts.failed:
        return False
    records = {record.id: record for record in client.list_tasks(job_id)}
    return FINALIZE_TASK_ID not in records and _failed(records.get(JOB_MANAGER_TASK_ID))


def job_end(client: BatchClient, job_id: str) -> JobEnd:
    """How a job that has completed ended: what FinalizeTask wrote, or what the tasks say if it could not."""
    records = list(client.list_tasks(job_id))
    own = {record.id: record for record in records if record.id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID)}
    outcome = _written_outcome(client, job_id)
    if outcome is None:
        outcome = job_outcome(job_id, records, cause=_unreported_cause(own))
    return JobEnd(outcome=outcome, exit_code=_exit_code(outcome, own))


def _written_outcome(client: BatchClient, job_id: str) -> JobOutcome | None:
    try:
        return read_outcome(json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB)))
    except NotFoundError:
        return None


def _unreported_cause(own: dict[str, TaskRecord]) -> str:
    manager = own.get(JOB_MANAGER_TASK_ID)
    if manager is not None and _failed(manager):
        return f"its process ended with exit code {manager.exit_code} before it could say why; see its stderr.txt"
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

"""How a job ended, told in one vocabulary. Pure.

"Completed" is Batch's word for "ended" and never means success; here a task is succeeded, failed, skipped or
cancelled, and a job the same without skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name, log_folder

MAX_FAILURES_TOLD = 100
"""Failures spelled out in an outcome; the counts tell all."""


class Outcome(Enum):
    """The end of a task or a job."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailureSummary:
    """One task that failed."""

    task_id: str
    display_name: str | None
    exit_code: int | None
    reason: str
    retry_count: int
    requeue_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """How a job ended.

    Attributes:
        job_id: the job.
        cause: why the job manager failed, in one sentence; None when it did not.
        succeeded: tasks that succeeded; the job manager and FinalizeTask are not counted.
        failed: tasks that failed.
        skipped: tasks that did not run because of how others ended.
        not_ended: tasks that had not ended when they were counted; 0 unless FinalizeTask was run too early.
        failures: the first ``MAX_FAILURES_TOLD`` failed tasks.
    """

    job_id: str
    cause: str | None
    succeeded: int
    failed: int
    skipped: int
    not_ended: int
    failures: tuple[TaskFailureSummary, ...]

    @property
    def outcome(self) -> Outcome:
        """Succeeded only if the job manager and every task succeeded."""
        good = self.cause is None and not (self.failed or self.skipped or self.not_ended)
        return Outcome.SUCCEEDED if good else Outcome.FAILED

    @property
    def summary(self) -> str:
        """One sentence for people."""
        if self.cause is not None:
            return f"the job manager failed: {self.cause}"
        total = self.succeeded + self.failed + self.skipped + self.not_ended
        if self.outcome is Outcome.SUCCEEDED:
            return f"all {total} tasks succeeded"
        parts = [f"{self.failed} failed", f"{self.skipped} skipped"]
        if self.not_ended:
            parts.append(f"{self.not_ended} not ended")
        return f"of {total} tasks {', '.join(parts)}"


def task_outcome(record: TaskRecord) -> Outcome | None:
    """How a task ended; None while it has not."""
    if record.state is not TaskState.COMPLETED:
        return None
    if record.exit_code == ExitCode.SKIPPED:
        return Outcome.SKIPPED
    return Outcome.SUCCEEDED if record.succeeded else Outcome.FAILED


def job_outcome(job_id: str, records: Iterable[TaskRecord], cause: str | None = None) -> JobOutcome:
    """Count the tasks of a job; the job manager and FinalizeTask are left out."""
    counts: Counter[Outcome | None] = Counter()
    failures: list[TaskFailureSummary] = []
    for record in records:
        if record.id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID):
            continue
        ended = task_outcome(record)
        counts[ended] += 1
        if ended is Outcome.FAILED and len(failures) < MAX_FAILURES_TOLD:
            failures.append(_failure(record))
    return JobOutcome(
        job_id=job_id,
        cause=cause,
        succeeded=counts[Outcome.SUCCEEDED],
        failed=counts[Outcome.FAILED],
        skipped=counts[Outcome.SKIPPED],
        not_ended=counts[None],
        failures=tuple(failures),
    )


def outcome_document(outcome: JobOutcome) -> dict[str, object]:
    """The outcome as JSON: the ``Output`` of the callback, and the blob beside it."""
    return {
        "jobId": outcome.job_id,
        "outcome": outcome.outcome.value,
        "summary": outcome.summary,
        "cause": outcome.cause,
        "counts": {
            "succeeded": outcome.succeeded,
            "failed": outcome.failed,
            "skipped": outcome.skipped,
            "notEnded": outcome.not_ended,
        },
        "failures": [
            {
                "taskId": failure.task_id,
                "displayName": failure.display_name,
                "exitCode": failure.exit_code,
                "reason": failure.reason,
                "retryCount": failure.retry_count,
                "requeueCount": failure.requeue_count,
                "logs": log_folder(failure.task_id),
            }
            for failure in outcome.failures
        ],
        "container": container_name(outcome.job_id),
    }


def read_outcome(document: dict[str, Any]) -> JobOutcome:
    """The reverse of ``outcome_document``. ``KeyError`` if it is not one."""
    counts = document["counts"]
    return JobOutcome(
        job_id=document["jobId"],
        cause=document["cause"],
        succeeded=counts["succeeded"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        not_ended=counts["notEnded"],
        failures=tuple(
            TaskFailureSummary(
                task_id=failure["taskId"],
                display_name=failure["displayName"],
                exit_code=failure["exitCode"],
                reason=failure["reason"],
                retry_count=failure["retryCount"],
                requeue_count=failure["requeueCount"],
            )
            for failure in document["failures"]
        ),
    )


def _failure(record: TaskRecord) -> TaskFailureSummary:
    details = ", ".join(f"{name}: {value}" for name, value in record.failure_details)
    words = [word for word in (record.failure_code, record.failure_message, details) if word]
    return TaskFailureSummary(
        task_id=record.id,
        display_name=record.display_name,
        exit_code=record.exit_code,
        reason=": ".join(words) or "no reason given",
        retry_count=record.retry_count,
        requeue_count=record.requeue_count,
    )

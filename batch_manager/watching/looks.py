"""Looks at a job as ``watch`` does: by counts and filtered lists, so that a look costs the same however large the job.

Nothing is changed: who wants a job ended that cannot go on supervises it (``wait``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from batch_manager.client import BatchClient
from batch_manager.counting import summarize
from batch_manager.definitions import JobState, TaskCounts, TaskDetail, TaskRecord
from batch_manager.errors import NotFoundError
from batch_manager.job_operations import JobOperations, JobSummary
from batch_manager.outcome import JobOutcome, TaskSummary
from batch_manager.supervision import ObstacleKind, SupervisionLimits, Suspicions, find_obstacle
from batch_manager.supervision.looking import look_at
from batch_manager.watching.job_lines import JobLine
from batch_manager.watching.overview import MAX_UNSUCCESSFUL, find_job, read_outcome_of, unsuccessful_page
from batch_manager.watching.progress import JobProgress, Pace
from batch_manager.watching.retry_plan import was_skipped
from batch_manager.watching.words import iso_time

_PASSING = {ObstacleKind.NOTHING_STARTS, ObstacleKind.NODES_NOT_READY, ObstacleKind.JOB_MANAGER_LEFT}
"""What one look alone is apt to mistake."""

_EXIT_CODE = "FailureExitCode"

MAX_FAILURES = 5
"""Failed tasks that a look names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a job.

    Attributes:
        at: when, UTC.
        job: the job.
        progress: how far it is; None once it has ended.
        failures: the first tasks that failed, with their reasons.
        is_more_skipped: whether there may be more skipped tasks than those that were counted.
        nodes: how many of the pool's nodes are in which state.
        waits_for: what keeps it from going on just now, in words.
        ended: how it ended; None until somebody has told it.
    """

    at: datetime
    job: JobSummary
    progress: JobProgress | None = None
    failures: tuple[TaskSummary, ...] = ()
    is_more_skipped: bool = False
    nodes: Mapping[str, int] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    ended: JobOutcome | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.job.state is JobState.COMPLETED

    @property
    def nodes_in_words(self) -> str:
        """``2 idle, 1 running``."""
        return ", ".join(f"{number} {state}" for state, number in sorted(self.nodes.items())) or "none"

    def to_document(self) -> dict[str, Any]:
        """The look as JSON values."""
        counts = None if self.progress is None else self.progress.counts
        skipped = None if self.progress is None else self.progress.skipped
        line = JobLine(job=self.job, counts=counts, skipped=skipped, ended=self.ended).to_document(self.at)
        return {
            **line,
            "at": iso_time(self.at),
            "tasksPerSecond": None if self.progress is None else self.progress.rate,
            "secondsLeft": None if self.progress is None else self.progress.seconds_left,
            "failures": [
                {
                    "taskId": task.task_id,
                    "displayName": task.display_name,
                    "exitCode": task.exit_code,
                    "reason": task.reason,
                }
                for task in (self.failures if self.ended is None else self.ended.failures)
            ],
            "nodes": dict(self.nodes),
            "waitsFor": list(self.waits_for),
        }


class Watcher:
    """Looks at one job again and again.

    Args:
        operations: the job's account.
        client: the same.
        job_id: the job.
    """

    def __init__(self, operations: JobOperations, client: BatchClient, job_id: str) -> None:
        self._operations, self._client, self._job_id = operations, client, job_id
        self._pace: Pace | None = None
        self._failed = 0
        self._unsuccessful: tuple[TaskDetail, ...] = ()
        self._suspicions: Suspicions | None = None

    def look(self, now: datetime) -> Look:
        """Look once: a job, its counts, its pool's nodes; more where tasks have failed, or nothing runs.

        Raises:
            NotFoundError: there is no such job.
        """
        job = find_job(self._operations, self._job_id)
        if job.state is JobState.COMPLETED:
            return Look(at=now, job=job, ended=read_outcome_of(self._client, job))
        counts = self._client.get_task_counts(self._job_id)
        if counts.failed != self._failed:
            self._failed, self._unsuccessful = counts.failed, unsuccessful_page(self._operations, self._job_id)
        failures = [task.record for task in self._unsuccessful if not was_skipped(task.record)]
        return Look(
            at=now,
            job=job,
            progress=self._progress(job, counts, now),
            failures=tuple(map(_failure, failures[:MAX_FAILURES])),
            is_more_skipped=len(self._unsuccessful) >= MAX_UNSUCCESSFUL,
            nodes=self._nodes(job),
            waits_for=self._obstacles(counts, now),
        )

    def _progress(self, job: JobSummary, counts: TaskCounts, now: datetime) -> JobProgress:
        self._pace = self._pace or Pace(job.start_time or job.creation_time)
        return JobProgress(
            counts=counts,
            skipped=min(sum(was_skipped(task.record) for task in self._unsuccessful), counts.failed),
            seconds=(now - job.creation_time).total_seconds(),
            recent_rate=self._pace.note(now, counts.completed),
        )

    def _nodes(self, job: JobSummary) -> Mapping[str, int]:
        if not job.pool_id:
            return {}
        try:
            return Counter(node.state for node in self._client.list_nodes(job.pool_id))
        except NotFoundError:
            return {}

    def _obstacles(self, counts: TaskCounts, now: datetime) -> tuple[str, ...]:
        """What is in the way. What may pass counts at two looks in a row: a task may just be on its way to a node."""
        if counts.running or not counts.active:
            self._suspicions = None
            return ()
        limits = SupervisionLimits()
        snapshot = look_at(self._client, self._client.get_job(self._job_id), counts, tries=limits.preparation_tries)
        before = self._suspicions
        finding = find_obstacle(snapshot, limits, now, before)
        self._suspicions = finding.suspicions
        lasting = (set(ObstacleKind) - _PASSING) | set(before.since if before is not None else ())
        return tuple(suspect.message for suspect in finding.suspects if suspect.kind in lasting)


def _failure(record: TaskRecord) -> TaskSummary:
    """A task that failed; Batch's words for an exit code that is not 0 say nothing more than the code."""
    told = summarize(record)
    return replace(told, reason="") if record.failure_code == _EXIT_CODE else told

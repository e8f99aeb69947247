"""The supervisor's loop: waits for a job's end, ends one that would never end by itself, and sees that it is told."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from json import JSONDecodeError

from batch_manager.cancelling import mark_cancelled
from batch_manager.client import BatchClient
from batch_manager.definitions import JobRecord, JobState, TaskCounts, TaskRecord, TaskState
from batch_manager.environment import PROGRESS_URL
from batch_manager.errors import BusyError, NotFoundError
from batch_manager.events import tell_job_ended
from batch_manager.exit_codes import ExitCode
from batch_manager.finishing import finish_job
from batch_manager.naming import OUTCOME_BLOB, container_name
from batch_manager.outcome import JOB_WALL_CLOCK, JobOutcome, Standstill, WorkState
from batch_manager.outcome_document import read_outcome
from batch_manager.supervision.limits import ObstacleKind, SupervisionLimits
from batch_manager.supervision.looking import find_finalize, look_at, read_finalize_inputs
from batch_manager.supervision.obstacles import Obstacle, Snapshot, Suspicions, find_obstacle

POLL_INTERVAL = 30.0
"""Seconds between two looks. Azure advises tens of seconds for each job."""

CALM_LOOKS = 10
"""Looks while something runs, after which the job itself and its preparation task are looked at all the same."""

MAX_REASON_LENGTH = 1000
"""Characters of the reason that a job is terminated with."""

JOB_TERMINATED = "job_terminated"
FINALIZE_FAILED = "finalize_failed"

_REASON = re.compile(r"batch-manager, ([a-z_]+): (.*)", re.DOTALL)
_NOT_FINALIZED = Standstill(code=FINALIZE_FAILED, message="FinalizeTask did not come to its end")
_BATCH_REASONS = {
    "MaxWallClockTimeExpiry": Standstill(code=JOB_WALL_CLOCK, message="the job's maximum wall clock time was over"),
    "AllTasksComplete": _NOT_FINALIZED,
}
"""REST ``BatchJobExecutionInfo.terminateReason``; the other reasons of Batch's own are never used by our jobs."""
_FINALIZE_TOLD = (ExitCode.SUCCEEDED, ExitCode.UNAVAILABLE)
"""Exit codes with which FinalizeTask has done what it could."""

_log = logging.getLogger("batch_manager.supervision")


def supervise_job(
    client: BatchClient,
    job_id: str,
    limits: SupervisionLimits | None = None,
    *,
    interval: float = POLL_INTERVAL,
    on_look: Callable[[TaskCounts], None] = lambda counts: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> JobOutcome:
    """Wait until a job has ended, and return how.

    A job that something keeps from ending is terminated once that has lasted for its limit; then, and whenever a job
    has ended without FinalizeTask having told it, FinalizeTask's work is done from here: the outcome's ``standstill``
    says why. Killed at any point and called again, it does the same; a callback that was delivered is not repeated.

    Args:
        client: the job's account.
        job_id: the job.
        limits: how patient to be; None means the defaults.
        interval: seconds between two looks, each of which is one request while something runs.
        on_look: given the counts of each look.
        now: the time, UTC.
        sleep: waits between two looks.

    Raises:
        NotFoundError: there is no such job, or it was deleted meanwhile.
        CallbackError: the outcome could not be delivered from here; it lies in its blob.
        BusyError: Batch was busy or out of reach for longer than its limit.
        ServiceError: Batch or Blob Storage refused something.
    """
    supervision = _Supervision(client, job_id, limits or SupervisionLimits(), on_look)
    reached = now()
    while True:
        try:
            outcome = supervision.look(now())
            reached = now()
        except BusyError as error:
            if now() - reached >= supervision.limits.out_of_reach:
                raise
            _log.warning("will look again: %s", error)
        else:
            if outcome is not None:
                return outcome
        sleep(interval)


class _Supervision:
    """What is kept from look to look."""

    def __init__(
        self, client: BatchClient, job_id: str, limits: SupervisionLimits, on_look: Callable[[TaskCounts], None]
    ) -> None:
        self.limits = limits
        self._client = client
        self._job_id = job_id
        self._on_look = on_look
        self._suspicions = Suspicions()
        self._calm_looks = 0
        self._ending_since: datetime | None = None
        self._standstill: Standstill | None = None

    def look(self, now: datetime) -> JobOutcome | None:
        """Look once, and do what is to be done; return the outcome once the job has ended."""
        counts = self._client.get_task_counts(self._job_id)
        self._on_look(counts)
        self._calm_looks = self._calm_looks + 1 if counts.running else 0
        if self._calm_looks % CALM_LOOKS and not self._suspicions.since:
            return None
        job = self._client.get_job(self._job_id)
        if job.state is JobState.COMPLETED or self._ends_too_slowly(job, now):
            return conclude(self._client, job, now, self._standstill)
        if job.state is not JobState.TERMINATING:
            self._help(look_at(self._client, job, counts, tries=self.limits.preparation_tries), now)
        return None

    def _ends_too_slowly(self, job: JobRecord, now: datetime) -> bool:
        if job.state is not JobState.TERMINATING:
            return False
        self._ending_since = self._ending_since or now
        return now - self._ending_since >= self.limits.termination

    def _help(self, snapshot: Snapshot, now: datetime) -> None:
        if _is_left_open(snapshot):
            _log.warning("all tasks of job %r have ended: it is told to complete", self._job_id)
            self._client.terminate_job_when_tasks_complete(self._job_id)
            return
        finding = find_obstacle(snapshot, self.limits, now, self._suspicions)
        for suspect in finding.suspects:
            if suspect.kind not in self._suspicions.since:
                _log.warning("job %r does not go on: %s", self._job_id, suspect.message)
        self._suspicions = finding.suspicions
        if finding.obstacle is not None:
            _log.error("job %r is terminated: %s", self._job_id, finding.obstacle.message)
            self._standstill = Standstill(code=finding.obstacle.kind.value, message=finding.obstacle.message)
            self._client.terminate_job(self._job_id, terminate_reason(finding.obstacle))


def conclude(client: BatchClient, job: JobRecord, now: datetime, standstill: Standstill | None = None) -> JobOutcome:
    """How a job that has ended ended; told from here unless FinalizeTask told it.

    Args:
        client: the job's account.
        job: the job.
        now: the time, UTC.
        standstill: why it ended, where that is known; None means that the job says it.

    Raises:
        CallbackError: the outcome could not be delivered.
    """
    finalize = find_finalize(client, job.id)
    written = _written_outcome(client, job.id)
    is_final = written is not None and written.work.state is not WorkState.PENDING
    if written is not None and is_final and finalize is not None and _has_told(finalize.record):
        return written
    standstill = standstill or read_standstill(job)
    inputs = read_finalize_inputs(client, job.id, finalize)
    progress_url = job.common_environment.get(PROGRESS_URL)
    tell = partial(tell_job_ended, progress_url=progress_url, storage_account_url=client.storage.account_url)
    _log.warning("the outcome of job %r is told from outside: %s", job.id, standstill.message)
    if standstill.code == JOB_TERMINATED:
        mark_cancelled(client.storage, job.id, standstill.message, now)
    if standstill.code == ObstacleKind.JOB_MANAGER_LEFT.value:
        return finish_job(client, job.id, replace(inputs, cause=standstill.message), tell=tell)
    if standstill is _NOT_FINALIZED and finalize is not None:  # the tasks have ended, and say how
        return finish_job(client, job.id, inputs, tell=tell)
    return finish_job(client, job.id, inputs, standstill=standstill, tell=tell)


def terminate_reason(obstacle: Obstacle) -> str:
    """The reason that the job is terminated with; whoever finds the job ended reads it back."""
    return f"batch-manager, {obstacle.kind.value}: {obstacle.message}"[:MAX_REASON_LENGTH]


def read_standstill(job: JobRecord) -> Standstill:
    """Why a job ended before FinalizeTask had told it."""
    reason = job.terminate_reason
    if reason is None:  # Batch tells it of a completed job alone
        return _NOT_FINALIZED
    if found := _REASON.fullmatch(reason):
        return Standstill(code=found[1], message=found[2])
    said = Standstill(code=JOB_TERMINATED, message=f"the job was terminated: {reason}"[:MAX_REASON_LENGTH])
    return _BATCH_REASONS.get(reason, said)


def _is_left_open(snapshot: Snapshot) -> bool:
    """Everything has ended, but nobody told the job to complete: its job manager was killed just before it could."""
    finalize = snapshot.finalize
    ended = finalize is not None and finalize.state is TaskState.COMPLETED
    return ended and snapshot.nothing_runs and not snapshot.waiting and snapshot.job.state is JobState.ACTIVE


def _has_told(finalize: TaskRecord) -> bool:
    return finalize.state is TaskState.COMPLETED and finalize.exit_code in _FINALIZE_TOLD


def _written_outcome(client: BatchClient, job_id: str) -> JobOutcome | None:
    try:
        return read_outcome(json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB)))
    except (NotFoundError, JSONDecodeError, KeyError):
        return None

"""Cancels a job: every task but FinalizeTask ends, and FinalizeTask tells that the job was cancelled.

The order makes it repeatable at every line: first the marker, which FinalizeTask and the job manager read, then the
job manager, then FinalizeTask if nobody added it, then the rest.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from batch_manager.client import BatchClient, BlobStorage
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobRecord, JobState, TaskQuery, TaskRecord, TaskState
from batch_manager.environment import IDENTITY_REFERENCE, LAUNCHER, PACKAGES, STORAGE_ACCOUNT_URL
from batch_manager.errors import ConflictError, DefinitionError, NotFoundError
from batch_manager.naming import CANCEL_BLOB, FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, WORKLOAD_METADATA, container_name
from batch_manager.specification import decode_packages
from batch_manager.submission import JobSubmission

MAX_REASON_LENGTH = 500
"""Characters of a reason that the marker keeps."""

PARALLEL_REQUESTS = 8
"""Tasks that are ended at the same time."""

TASKS_AT_ONCE = 1000
"""Tasks whose ends are asked for before the next ones are, so that memory does not grow with the job."""

LOOK_INTERVAL = 2.0
"""Seconds between two looks at what has not ended yet."""

MAX_FRUITLESS_LOOKS = 30
"""Looks in a row in which nothing more has ended, until ``cancel_job`` leaves the rest to FinalizeTask."""

_NO_REASON = "no reason given"
_OVER = (JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """That a job was cancelled: what the marker blob says.

    Attributes:
        reason: whoever cancelled it said; one line, no secret.
        requested_at: when it was cancelled first, UTC.
    """

    reason: str
    requested_at: datetime

    def to_json(self) -> bytes:
        """The marker's content."""
        return json.dumps({"reason": self.reason, "requestedAt": self.requested_at.isoformat()}).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Cancellation:
        """The reverse. A marker that cannot be read is one all the same: somebody wanted the job cancelled."""
        try:
            values = json.loads(content)
            return cls(reason=str(values["reason"]), requested_at=datetime.fromisoformat(values["requestedAt"]))
        except (ValueError, KeyError, TypeError):
            return cls(reason=_NO_REASON, requested_at=datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelResult:
    """What a cancellation came to.

    Attributes:
        job_id: the job.
        state: the job's state when it was looked at first.
        too_late: it had ended, or all but FinalizeTask had; nothing was done, and its outcome says how it ended.
        left: tasks that had not ended when the call returned; FinalizeTask ends them.
    """

    job_id: str
    state: JobState
    too_late: bool = False
    left: int = 0

    @property
    def summary(self) -> str:
        """One sentence for people."""
        if self.too_late:
            return f"job {self.job_id!r} ended before it could be cancelled; its outcome says how"
        if self.state in (JobState.DISABLED, JobState.DISABLING):
            return (
                f"job {self.job_id!r} is cancelled, but disabled: enable it, so that FinalizeTask can tell the outcome"
            )
        if self.left:
            return f"job {self.job_id!r} is cancelled; {self.left} tasks have not ended yet, FinalizeTask ends them"
        return f"job {self.job_id!r} is cancelled; FinalizeTask tells the outcome"


def read_cancellation(storage: BlobStorage, job_id: str) -> Cancellation | None:
    """Why the job was cancelled; None if it was not."""
    try:
        return Cancellation.from_json(storage.read(container_name(job_id), CANCEL_BLOB))
    except NotFoundError:
        return None


def mark_cancelled(storage: BlobStorage, job_id: str, reason: str, now: datetime) -> None:
    """Leave the marker, unless it is there."""
    if read_cancellation(storage, job_id) is None:
        words = " ".join(reason.split())[:MAX_REASON_LENGTH] or _NO_REASON
        storage.create_container(container_name(job_id))
        marker = Cancellation(reason=words, requested_at=now)
        storage.upload(container_name(job_id), CANCEL_BLOB, marker.to_json())


def cancel_job(
    client: BatchClient,
    job_id: str,
    reason: str,
    *,
    now: datetime | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> CancelResult:
    """End every task of a job but FinalizeTask, which then tells that the job was cancelled.

    Cancelling again does what is left to do; the first reason stays. Killed at any line and called again, it comes to
    the same end. A job manager that is adding tasks at this moment finds the marker; what it had sent is ended too.

    Args:
        client: the job's account.
        job_id: the job.
        reason: for people; the outcome tells it.
        now: the time; None means the clock's.
        sleep: waits between two looks.

    Raises:
        NotFoundError: there is no such job.
        DefinitionError: the job is none of this framework's, so that nothing would tell its end.
        ServiceError: Batch or Blob Storage refused something; call again.
    """
    job = client.get_job(job_id)
    is_over = job.state in _OVER
    marked = read_cancellation(client.storage, job_id) is not None
    if is_over or (not marked and _is_finalizing(client, job_id)):
        return CancelResult(job_id=job_id, state=job.state, too_late=not marked)
    frame = job_frame(job)
    mark_cancelled(client.storage, job_id, reason, now or datetime.now(UTC))
    try:
        _end_task(client, job_id, JOB_MANAGER_TASK_ID)
        _add_finalize(client, frame)
        left = _end_all(client, job_id, sleep)
    except ConflictError as error:
        if client.get_job(job_id).state not in _OVER:
            raise
        _log.info("the job ended while it was being cancelled", extra={"job": job_id, "answer": error.code})
        left = 0
    return CancelResult(job_id=job_id, state=job.state, left=left)


def end_other_tasks(client: BatchClient, job_id: str) -> int:
    """Ask once that every task ends but FinalizeTask; say how many had not ended.

    What waits is ended before what runs, and the last added first: ended the other way round, a task would let its
    dependents go just before their turn came.
    """
    waiting: list[str] = []
    running: list[str] = []
    for record in client.list_tasks(job_id, TaskQuery.NOT_ENDED):
        if record.id != FINALIZE_TASK_ID:
            (waiting if record.state is TaskState.ACTIVE else running).append(record.id)
    _end_tasks(client, job_id, waiting[::-1])
    _end_tasks(client, job_id, running[::-1])
    return len(waiting) + len(running)


def job_frame(job: JobRecord) -> JobFrame:
    """What a job's tasks share, read from the job itself, for who adds FinalizeTask from outside.

    Raises:
        DefinitionError: the job was not made by this framework.
    """
    module = job.metadata.get(WORKLOAD_METADATA)
    launcher = job.common_environment.get(LAUNCHER)
    account = job.common_environment.get(STORAGE_ACCOUNT_URL)
    if module is None or launcher is None or account is None:
        raise DefinitionError(
            f"job {job.id!r} was not submitted by batch_manager, so it has no FinalizeTask: "
            "end it with 'az batch job stop', or delete it"
        )
    return JobFrame(
        job_id=job.id,
        module=module,
        launcher=launcher,
        storage_account_url=account,
        identity_reference=job.common_environment.get(IDENTITY_REFERENCE),
        packages=decode_packages(job.common_environment.get(PACKAGES, "")),
    )


def _is_finalizing(client: BatchClient, job_id: str) -> bool:
    """Whether FinalizeTask has begun: all else has ended, and is told as it ended."""
    try:
        record = client.get_task(job_id, FINALIZE_TASK_ID).record
    except NotFoundError:
        return False
    return record.state is not TaskState.ACTIVE or _has_begun(record)


def _has_begun(record: TaskRecord) -> bool:
    """Back in the queue after its node was lost, or before a retry."""
    return record.requeue_count > 0 or record.retry_count > 0


def _add_finalize(client: BatchClient, frame: JobFrame) -> None:
    """Add FinalizeTask unless it is there: a job manager that still runs may have added its own just now."""
    try:
        JobSubmission(client=client, frame=frame, has_work=None).submit_failure(None)
    except ConflictError as error:
        if error.code != "TaskExists":
            raise
        client.terminate_job_when_tasks_complete(frame.job_id)


def _end_all(client: BatchClient, job_id: str, sleep: Callable[[float], None]) -> int:
    """End tasks until two looks in a row find none, since a job manager's last request may still be on its way; or
    until nothing more ends. The number of those that are left."""
    quiet, fruitless, fewest = 0, 0, None
    while True:
        left = end_other_tasks(client, job_id)
        quiet = 0 if left else quiet + 1
        fruitless = 0 if fewest is None or left < fewest else fruitless + 1
        fewest = left if fewest is None else min(left, fewest)
        if quiet == 2 or (left and fruitless >= MAX_FRUITLESS_LOOKS):
            return left
        if left or quiet:
            sleep(LOOK_INTERVAL)


def _end_tasks(client: BatchClient, job_id: str, task_ids: Sequence[str]) -> None:
    with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
        for start in range(0, len(task_ids), TASKS_AT_ONCE):
            batch = task_ids[start : start + TASKS_AT_ONCE]
            for _ in pool.map(lambda task_id: _end_task(client, job_id, task_id), batch):
                pass


def _end_task(client: BatchClient, job_id: str, task_id: str) -> None:
    try:
        client.terminate_task(job_id, task_id)
    except NotFoundError:
        _log.info("a task that was to be ended is gone", extra={"job": job_id, "task": task_id})

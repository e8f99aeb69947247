"""Waits for the end of a job on this machine, shows how far it is, and is less patient than on Azure."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

from batch_manager import BatchClient
from batch_manager.definitions import TaskCounts, TaskQuery
from batch_manager.errors import CallbackError
from batch_manager.naming import OUTCOME_BLOB, container_name
from batch_manager.outcome_document import read_outcome
from batch_manager.supervision import JobEnd, SupervisionLimits, conclude, job_end, supervise_job
from dispatcher.progress import JobProgress, ProgressView

POLL_INTERVAL = 0.5
"""Seconds between two looks. Azure advises tens of seconds; this service is on this machine."""

LOCAL_LIMITS = SupervisionLimits(
    pool_missing=timedelta(seconds=5),
    pool_cannot_grow=timedelta(seconds=10),
    pool_empty=timedelta(seconds=60),
    start_task_fails=timedelta(seconds=10),
    nodes_unusable=timedelta(seconds=10),
    nodes_not_ready=timedelta(minutes=5),
    too_many_slots=timedelta(seconds=2),
    preparation_fails=timedelta(seconds=10),
    gate_failed=timedelta(seconds=5),
    job_manager_left=timedelta(seconds=2),
    job_disabled=timedelta(minutes=10),
    nothing_starts=timedelta(minutes=2),
    termination=timedelta(minutes=1),
    out_of_reach=timedelta(0),
)
"""Here a pool has its nodes at once, and nobody repairs what is broken. A service that does not answer has ended."""


def watch_job(
    client: BatchClient, job_id: str, view: ProgressView, *, limits: SupervisionLimits = LOCAL_LIMITS
) -> JobEnd:
    """Show how far a job is until it has ended; a job that cannot go on is ended and told from here.

    Args:
        client: the job's account.
        job_id: the job.
        view: where progress goes.
        limits: how patient to be.
    """
    shown = _Shown(client, job_id, view)
    try:
        outcome = supervise_job(client, job_id, limits, interval=POLL_INTERVAL, on_look=shown.show)
    except CallbackError as error:
        written = json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB))
        return job_end(client, job_id, read_outcome(written), delivery_failure=error)
    return job_end(client, job_id, outcome)


def ended_job(client: BatchClient, job_id: str) -> JobEnd:
    """How a job ended whose tasks have all been run."""
    return job_end(client, job_id, conclude(client, client.get_job(job_id), datetime.now(UTC)))


class _Shown:
    """What a look at the counts is shown as; skipped tasks are asked for when more have failed."""

    def __init__(self, client: BatchClient, job_id: str, view: ProgressView) -> None:
        self._client = client
        self._job_id = job_id
        self._view = view
        self._started = time.monotonic()
        self._failed = 0
        self._skipped = 0

    def show(self, counts: TaskCounts) -> None:
        """Show one look."""
        if counts.failed != self._failed:
            self._failed = counts.failed
            self._skipped = sum(1 for _ in self._client.list_tasks(self._job_id, TaskQuery.SKIPPED))
        seconds = time.monotonic() - self._started
        self._view.show(JobProgress(counts=counts, skipped=self._skipped, seconds=seconds))

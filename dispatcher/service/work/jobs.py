"""Jobs: their ends, and the end of their tasks' files."""

from __future__ import annotations

from datetime import datetime

from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.planning.jobs import ExpireFiles, FinishJob, JobAction, JobsView, TerminateJob, plan_jobs
from dispatcher.service.records import JobRecord
from dispatcher.service.states import JobEvent, JobState
from dispatcher.service.work.parts import WorkContext

_MOST_ROWS = 500
"""Deleted in one step, so that requests need not wait for long."""


class JobPart:
    """Ends jobs that are done or overdue, finishes those of which nothing runs, and deletes expired files."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core
        self._clearing: set[int] = set()
        """Jobs being deleted whose folders are going: their ids are not free before."""
        self._cleared: set[int] = set()
        """Those of them whose folders are gone: their rows go, some in each step."""

    def step(self, now: datetime) -> bool:
        """End, finish and expire what is due."""
        self._cleared.update(self._context.inbox.take_cleared())
        for job_key in list(self._cleared):
            if self._core.store.jobs.remove_some(job_key, _MOST_ROWS):
                self._cleared.discard(job_key)
                self._clearing.discard(job_key)
        actions = list(plan_jobs(self._view(now), now))
        for action in actions:
            self._apply(action, now)
        return bool(actions or self._cleared)

    def next_deadline(self) -> datetime | None:
        """Return when a job's time or a task's retention is next over."""
        return self._core.store.queue.next_deadline()

    def _view(self, now: datetime) -> JobsView:
        queue = self._core.store.queue
        return JobsView(
            done_jobs=queue.done_jobs(),
            job_deadlines=queue.job_deadlines(now),
            closing_jobs=tuple(job for job in queue.closing_jobs() if job.key not in self._clearing),
            file_deadlines=queue.file_deadlines(now),
        )

    def _apply(self, action: JobAction, now: datetime) -> None:
        match action:
            case TerminateJob():
                self._core.terminate_job(self._core.store.jobs.by_key(action.job_key), action.reason)
            case FinishJob():
                self._finish(self._core.store.jobs.by_key(action.job_key), now)
            case ExpireFiles():
                self._expire(action.task_key)

    def _finish(self, job: JobRecord, now: datetime) -> None:
        if job.state is JobState.DELETING:
            self._clear(job)
        else:
            event = JobEvent.DISABLED if job.state is JobState.DISABLING else JobEvent.TERMINATED
            self._core.store.jobs.happen(job, event, now)
            if event is JobEvent.TERMINATED:
                self._keep_files(job, now)

    def _keep_files(self, job: JobRecord, now: datetime) -> None:
        """Begin the retention of what the job's preparation and release tasks left on nodes."""
        tasks = job_tasks_of(job.document)
        if tasks.preparation is not None:
            release = None if tasks.release is None else tasks.release.retention
            self._core.store.job_tasks.keep_files(
                job.key, now, preparation=tasks.preparation.retention, release=release
            )

    def _expire(self, task_key: int) -> None:
        store = self._core.store
        task = store.tasks.by_key(task_key)
        if task is not None:
            store.tasks.expire_files(task.key)
            self._core.forget_files(store.jobs.by_key(task.job_key).id, task)

    def _clear(self, job: JobRecord) -> None:
        """Begin to delete the job's folders."""

        def done() -> None:
            self._context.inbox.post_cleared(job.key)
            self._core.wake()

        self._clearing.add(job.key)
        self._core.fleet.forget_job(job.id, done)

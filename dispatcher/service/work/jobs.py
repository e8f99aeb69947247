"""Jobs: their ends, and the end of their tasks' files."""

from __future__ import annotations

from datetime import datetime

from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.node.launch import TaskKey
from dispatcher.service.planning.jobs import ExpireFiles, FinishJob, JobAction, JobsView, TerminateJob, plan_jobs
from dispatcher.service.records import JobRecord
from dispatcher.service.states import JobEvent, JobState
from dispatcher.service.work.parts import WorkContext


class JobPart:
    """Ends jobs that are done or overdue, finishes those of which nothing runs, and deletes expired files."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core
        self._clearing: set[int] = set()
        """Jobs being deleted whose folders are going: their ids are not free before."""

    def step(self, now: datetime) -> bool:
        """End, finish and expire what is due."""
        for job_key in self._context.inbox.take_cleared():
            self._core.store.jobs.remove(job_key)
            self._clearing.discard(job_key)
        actions = list(plan_jobs(self._view(now), now))
        for action in actions:
            self._apply(action, now)
        return bool(actions)

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
        """Begin to delete the folders of a job's tasks."""
        folders = [
            (task.pool_id, task.node_id, TaskKey(job_id=job.id, task_id=task.id))
            for task in self._core.store.tasks.scan(job.key)
            if task.pool_id is not None and task.node_id is not None
        ]

        def done() -> None:
            self._context.inbox.post_cleared(job.key)
            self._core.wake()

        self._clearing.add(job.key)
        self._core.fleet.forget_later(folders, done)

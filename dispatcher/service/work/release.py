"""Job release tasks: each runs once on every prepared node when its job ends, and the job is not over before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.launching import make_job_task_launch, preparation_environment
from dispatcher.service.node.launch import TaskEnding, TaskKey, WorkKind
from dispatcher.service.planning.preparation import (
    DropRelease,
    OwedRelease,
    ReleaseAction,
    StartRelease,
    plan_releases,
)
from dispatcher.service.records import JobNodeRecord
from dispatcher.service.settlement import TASK_ENDED
from dispatcher.service.work.parts import WorkContext

_MOST_FOLDERS = 20
"""Deleted in one step, so that requests need not wait for long."""


class ReleasePart:
    """Runs release tasks, and deletes the files of preparation and release tasks when their retention is over."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core

    def step(self, now: datetime) -> bool:
        """Start what is owed, give up what can run nowhere, and delete expired files."""
        records = {record.key: record for record in self._core.store.job_tasks.owing()}
        actions = list(plan_releases([self._owed(record) for record in records.values()]))
        for action in actions:
            self._apply(action, records[action.key], now)
        return bool(actions) or self._expire(now)

    def next_deadline(self) -> datetime | None:
        """Return when a retention is next over."""
        return self._core.store.job_tasks.next_expiry()

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Complete a release task; one that was ended with its node's run, as by a reboot, runs again."""
        del now
        record = self._core.store.job_tasks.find(attempt.job_key or 0, live.record.pool_id, live.record.id)
        if record is None or record.release is None or record.release.run_number != ending.run_number:
            return
        failure = ending.failure
        is_lost = failure is not None and failure.code == TASK_ENDED and not failure.details
        if not (is_lost and record.owes_release):
            self._core.store.job_tasks.end_release(record, ending)

    def _apply(self, action: ReleaseAction, record: JobNodeRecord, now: datetime) -> None:
        match action:
            case StartRelease():
                self._start(record, now)
            case DropRelease():
                self._core.store.job_tasks.drop_release(record, now)

    def _start(self, record: JobNodeRecord, now: datetime) -> None:
        job = self._core.store.jobs.by_key(record.job_key)
        live = self._context.live(record.pool_id, record.node_id)
        run_number = self._core.store.job_tasks.begin_release(record, now)
        tasks = job_tasks_of(job.document)
        if tasks.release is None or tasks.preparation is None:
            raise ValueError(f"job {job.id} has no release task")
        launch = replace(
            make_job_task_launch(job, tasks.release, live.record, run_number),
            service_environment=preparation_environment(job, tasks.preparation, self._core.fleet.root(live.record)),
        )
        live.expect(launch, Attempt(run_number=run_number, kind=WorkKind.JOB_RELEASE, job_key=job.key), now)
        self._context.launch(live, launch)

    def _owed(self, record: JobNodeRecord) -> OwedRelease:
        live = self._core.fleet.find(record.pool_id, record.node_id)
        running = live is not None and any(
            attempt.kind is WorkKind.JOB_RELEASE and attempt.job_key == record.job_key
            for attempt in live.attempts.values()
        )
        return OwedRelease(key=record.key, node_state=None if live is None else live.state, is_running=running)

    def _expire(self, now: datetime) -> bool:
        store = self._core.store.job_tasks
        preparations = store.expired_preparations(now, _MOST_FOLDERS)
        for record in preparations:
            store.expire_preparation(record.key)
            self._forget(record, preparation=True)
        releases = store.expired_releases(now, _MOST_FOLDERS)
        for record in releases:
            store.expire_release(record.key)
            self._forget(record, preparation=False)
        return bool(preparations or releases)

    def _forget(self, record: JobNodeRecord, *, preparation: bool) -> None:
        job = self._core.store.jobs.by_key(record.job_key)
        tasks = job_tasks_of(job.document)
        task = tasks.preparation if preparation else tasks.release
        if task is not None:
            self._core.fleet.forget(record.pool_id, record.node_id, TaskKey(job_id=job.id, task_id=task.id))

"""Job preparation tasks: each runs on a node before the first task of its job there, and holds that one back meanwhile.

Which tasks are held is memory: after a restart nothing runs, and tasks that had their places lose them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from dispatcher.service.documents.job_tasks import PreparationTask, job_tasks_of
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.launching import make_job_task_launch, preparation_environment
from dispatcher.service.node.launch import EndReason, TaskEnding, TaskKey, TaskLaunch, WorkKind
from dispatcher.service.planning.preparation import Prepared, after_preparation
from dispatcher.service.records import JobNodeRecord, JobRecord
from dispatcher.service.settlement import ended_early
from dispatcher.service.states import TaskState
from dispatcher.service.work.parts import TaskStart, WorkContext

_Place = tuple[int, str, str]

_PAUSE = timedelta(seconds=1)
"""Before a preparation task that is retried without limit runs again; Azure's is not documented."""


class PreparationPart:
    """Prepares nodes for jobs: admits tasks, takes in how preparations end, and notices those that were lost."""

    def __init__(self, context: WorkContext) -> None:
        """Begin; `resume` is what lets a held task go on, set before the first step."""
        self.resume: Callable[[TaskStart, datetime], None] = lambda start, now: None
        self._context = context
        self._core = context.core
        self._held: defaultdict[_Place, list[TaskStart]] = defaultdict(list)
        self._paused: list[tuple[datetime, LiveNode, TaskLaunch]] = []

    def recover(self, now: datetime) -> None:
        """Take in that nothing runs any more."""
        self._core.store.job_tasks.recover(now)

    def admit(self, start: TaskStart, now: datetime) -> TaskLaunch | None:
        """Let a task go to a node that is prepared for its job; begin to prepare one that is not."""
        preparation = job_tasks_of(start.job.document).preparation
        if preparation is None:
            return start.launch
        live = start.live
        start = self._tell(start, preparation)
        record = self._core.store.job_tasks.find(start.job.key, live.record.pool_id, live.record.id)
        is_due = record is None or record.must_prepare
        if is_due and TaskKey(job_id=start.job.id, task_id=preparation.id) not in live.attempts:
            self._begin(start.job, preparation, live, now)
        is_ready = record is not None and not is_due and record.preparation.has_succeeded
        if is_ready or not preparation.waits_for_success:
            return start.launch
        self._held[_place(start.job.key, live)].append(start)
        self._core.store.tasks.hold(start.task.key, now)
        return None

    def step(self, now: datetime) -> bool:
        """Begin those whose pause is over; end those whose nodes are gone."""
        paused, self._paused = self._paused, []
        for pause in paused:
            not_before, live, launch = pause
            if not_before > now:
                self._paused.append(pause)
            else:
                self._context.launch(live, launch)
        lost = [record for record in self._core.store.job_tasks.preparing() if not self._is_running(record)]
        for record in lost:
            job = self._core.store.jobs.by_key(record.job_key)
            key = TaskKey(job_id=job.id, task_id=_preparation_of(job).id)
            self._complete(record, job, ended_early(key, record.preparation.run_number, now), Prepared.LOST, now)
        return bool(lost)

    def next_deadline(self) -> datetime | None:
        """Return when a pause is over: preparations end by themselves."""
        return min((not_before for not_before, _, _ in self._paused), default=None)

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Let the tasks go that waited for a preparation, run it again, or put them back."""
        record = self._core.store.job_tasks.find(attempt.job_key or 0, live.record.pool_id, live.record.id)
        if record is None or record.preparation.run_number != ending.run_number:
            return
        job = self._core.store.jobs.by_key(record.job_key)
        preparation = _preparation_of(job)
        outcome = after_preparation(ending, retries=record.preparation.retries, max_retries=preparation.max_retries)
        if outcome is Prepared.RETRY:
            run_number = self._core.store.job_tasks.retry_preparation(record, now)
            pause = _PAUSE if preparation.max_retries == -1 else None
            self._launch(job, live, run_number, now, keep_files=True, pause=pause)
        else:
            self._complete(record, job, ending, outcome, now)

    def _tell(self, start: TaskStart, preparation: PreparationTask) -> TaskStart:
        """Return the start with where the preparation task's files lie in its environment."""
        told = preparation_environment(start.job, preparation, self._core.fleet.root(start.live.record))
        environment = {**start.launch.service_environment, **told}
        return replace(start, launch=replace(start.launch, service_environment=environment))

    def _begin(self, job: JobRecord, preparation: PreparationTask, live: LiveNode, now: datetime) -> None:
        run_number = self._core.store.job_tasks.begin_preparation(
            job.key, live.record.pool_id, live.record.id, now, reruns=preparation.reruns_after_reboot
        )
        self._launch(job, live, run_number, now, keep_files=False)

    def _launch(
        self,
        job: JobRecord,
        live: LiveNode,
        run_number: int,
        now: datetime,
        *,
        keep_files: bool,
        pause: timedelta | None = None,
    ) -> None:
        launch = make_job_task_launch(job, _preparation_of(job), live.record, run_number, keep_files=keep_files)
        live.expect(launch, Attempt(run_number=run_number, kind=WorkKind.JOB_PREPARATION, job_key=job.key), now)
        if pause is None:
            self._context.launch(live, launch)
        else:  # held meanwhile, so that it can be ended
            self._paused.append((now + pause, live, launch))

    def _complete(
        self, record: JobNodeRecord, job: JobRecord, ending: TaskEnding, outcome: Prepared, now: datetime
    ) -> None:
        tasks = job_tasks_of(job.document)
        waits = _preparation_of(job).waits_for_success
        ran = outcome is Prepared.SUCCEEDED or (outcome is Prepared.FAILED and not waits)
        self._core.store.job_tasks.end_preparation(
            record,
            ending,
            must_prepare=outcome is Prepared.LOST,
            bars=outcome is Prepared.FAILED and waits,
            owes_release=ran and tasks.release is not None,
        )
        for start in self._held.pop((record.job_key, record.pool_id.lower(), record.node_id.lower()), ()):
            if self._is_held(start):
                self._go_on(start, outcome, now)

    def _go_on(self, start: TaskStart, outcome: Prepared, now: datetime) -> None:
        if outcome is Prepared.SUCCEEDED:
            if not self._waits_elsewhere(start):
                self._core.store.tasks.let_go(start.task.key, now)
            self.resume(start, now)
        else:
            self._core.end_task(start.task.key, EndReason.REQUEUED)

    def _is_held(self, start: TaskStart) -> bool:
        """Say whether a task still waits for its node, rather than having been ended meanwhile."""
        task = self._core.store.tasks.by_key(start.task.key)
        return (
            task is not None
            and task.state in {TaskState.PREPARING, TaskState.RUNNING}
            and task.run_number == start.launch.run_number
            and task.end_reason is None
        )

    def _waits_elsewhere(self, start: TaskStart) -> bool:
        """Say whether a multi-instance task waits for another of its nodes too."""
        if start.launch.coordination is None:
            return False
        others = (other for held in self._held.values() for other in held)
        return any(
            other.task.key == start.task.key and other.launch.run_number == start.launch.run_number for other in others
        )

    def _is_running(self, record: JobNodeRecord) -> bool:
        live = self._core.fleet.find(record.pool_id, record.node_id)
        return live is not None and any(
            attempt.kind is WorkKind.JOB_PREPARATION and attempt.job_key == record.job_key
            for attempt in live.attempts.values()
        )


def _preparation_of(job: JobRecord) -> PreparationTask:
    preparation = job_tasks_of(job.document).preparation
    if preparation is None:
        raise ValueError(f"job {job.id} has no preparation task")
    return preparation


def _place(job_key: int, live: LiveNode) -> _Place:
    return job_key, live.record.pool_id.lower(), live.record.id.lower()

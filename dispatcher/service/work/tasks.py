"""Tasks: which start, and what their endings make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dispatcher.service.documents.job_tasks import job_tasks_of
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.launching import make_launch, package_references
from dispatcher.service.node.launch import EndReason, TaskEnding, TaskReturned, WorkKind
from dispatcher.service.node_setups import find_packages
from dispatcher.service.planning.tasks import JobView, Queue, ReadyTask, StartTask, plan_tasks
from dispatcher.service.planning.views import PoolView, takes_tasks
from dispatcher.service.records import TaskRecord
from dispatcher.service.settlement import ended_by_request, ended_early, put_back, settle
from dispatcher.service.states import ON_A_NODE
from dispatcher.service.work.gangs import Gangs
from dispatcher.service.work.parts import Admission, TaskStart, WorkContext
from dispatcher.service.work.views import pool_views

_MOST_KNOWN = 10_000
"""Jobs of which it is remembered whether they have a preparation task."""


class TaskPart:
    """Starts ready tasks, and settles those whose attempts ended."""

    def __init__(self, context: WorkContext, admissions: Sequence[Admission] = ()) -> None:
        """Begin with what must be done on a node before a task starts there, in order."""
        self._context = context
        self._core = context.core
        self._admissions = admissions
        self.gangs = Gangs(context)
        self._prepared: dict[int, bool] = {}

    def recover(self, now: datetime) -> None:
        """Put the tasks that ran when the service last ended back in the queue, or end those that were being ended.

        Their attempts are counted up to the last that the earlier service stored: nobody knows when they ended.
        """
        died = min(self._core.store.last_written or now, now)
        self._core.store.subtasks.forget_running()
        for task in self._core.store.tasks.running():
            lost = task if task.end_reason else replace(task, end_reason=EndReason.REQUEUED)
            job = self._core.store.jobs.by_key(task.job_key)
            ended = max(died, task.started or died)
            self._core.store.statistics.add_attempt(task, ended_by_request(job.id, task, ended), self._context.usage)
            self._settle(lost, ended_by_request(job.id, task, now), now)

    def step(self, now: datetime) -> bool:
        """Fill free slots with ready tasks."""
        queue, tasks = self._queue(now)
        free = sum(pool.free_slots() for pool in queue.pools)
        starts = list(plan_tasks(queue))
        for start in starts:
            self._start(start, tasks[start.task_key], now)
            free -= start.slots * (1 + len(start.others or ()))
        return bool(starts) and free > 0

    def next_deadline(self) -> datetime | None:
        """Return when the pause of a task that is retried is next over."""
        return self._core.store.queue.next_start(self._core.clock.now())

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Settle the attempt's task, unless it went on without it."""
        del live
        ending = self.gangs.primary_ended(attempt, ending)
        task = self._core.store.tasks.by_key(attempt.task_key)
        if task is not None and task.state in ON_A_NODE and task.run_number == ending.run_number:
            self._core.store.statistics.add_attempt(task, ending, self._context.usage)
            self._settle(task, ending, now)

    def returned(self, attempt: Attempt, event: TaskReturned, now: datetime) -> None:
        """Put a task back that its node had no slot for, unless it is to end anyway."""
        task = self._core.store.tasks.by_key(attempt.task_key)
        if task is None or task.state not in ON_A_NODE or task.run_number != event.run_number:
            return
        if task.doomed or task.end_reason is not None:
            self._settle(task, ended_early(event.key, event.run_number, now), now)
            return
        job = self._context.job(task.job_key)
        self._core.store.tasks.settle(task, job, put_back(now), now, self._context.counts)

    def launch(self, start: TaskStart, now: datetime, *, after: Admission | None = None) -> None:
        """Launch a task that nothing holds back.

        Args:
            start: the task.
            now: the time.
            after: the admission that lets it go; those before it let it go already.
        """
        begin = 0 if after is None else self._admissions.index(after) + 1
        launch = start.launch
        for admission in self._admissions[begin:]:
            admitted = admission.admit(start if launch is start.launch else replace(start, launch=launch), now)
            if admitted is None:
                return
            launch = admitted
        self._context.launch(start.live, launch)

    def _start(self, action: StartTask, before: TaskRecord, now: datetime) -> None:
        store = self._core.store
        live = self._context.live(action.pool_id, action.node_id)
        store.tasks.start(before, action.pool_id, action.node_id, now, self._context.counts)
        job = self._context.job(before.job_key)
        launch = make_launch(job, before, action, now)
        if references := package_references(before):
            launch = replace(launch, packages=find_packages(self._core, references))
        attempt = Attempt(task_key=before.key, job_key=job.key, run_number=launch.run_number, slots=action.slots)
        start = TaskStart(job=job, task=before, live=live, launch=launch)
        if action.others is None:
            live.expect(launch, attempt, now)
            self.launch(start, now)
            return
        others = [self._context.live(action.pool_id, node_id) for node_id in action.others]
        starts = self.gangs.form(start, others, now)
        for member in starts:
            kind = WorkKind.TASK if member.live is live else WorkKind.SUBTASK
            member.live.expect(member.launch, replace(attempt, kind=kind), now)
        for member in starts:
            self.launch(member, now)

    def _settle(self, task: TaskRecord, ending: TaskEnding, now: datetime) -> None:
        store = self._core.store
        if task.doomed:
            self._core.forget_files(ending.key.job_id, task)
            store.tasks.remove(task, self._context.counts)
            return
        job = self._context.job(task.job_key)
        settlement = settle(task, ending, job.max_retries)
        store.tasks.settle(task, job, settlement, now, self._context.counts)
        store.statistics.add_outcome(task, settlement, self._context.usage)
        if task.kills_job or job.performs_exit_options:
            self._core.act_on_job(store.jobs.by_key(job.key), task, settlement)

    def _queue(self, now: datetime) -> tuple[Queue, Mapping[int, TaskRecord]]:
        """Return what could start, and the tasks among it by key."""
        store = self._core.store
        pools = tuple(pool_views(self._core))
        barred = store.job_tasks.barred()
        jobs = {pool.id: self._jobs_of(pool, barred) for pool in pools if pool.takes_now()}
        ready: list[ReadyTask] = []  # one more than there are slots: a job manager may find no node that it may use
        tasks: dict[int, TaskRecord] = {}
        for pool in pools:
            for job in jobs.get(pool.id, ()):
                for view, task in store.queue.ready_tasks(
                    job.key, now, slots=_widest(pool), instances=_most_instances(pool), most=pool.takes_now() + 1
                ):
                    ready.append(view)
                    tasks[task.key] = task
        views = tuple(view for of_pool in jobs.values() for view in of_pool)
        return Queue(pools=pools, jobs=views, ready=tuple(ready)), tasks

    def _jobs_of(self, pool: PoolView, barred: Mapping[int, frozenset[str]]) -> list[JobView]:
        jobs = self._core.store.queue.waiting_jobs(pool.id, barred)
        if not pool.room_ahead():
            return jobs
        return [job if self._is_prepared(job.key) else replace(job, is_prepared=False) for job in jobs]

    def _is_prepared(self, job_key: int) -> bool:
        """Say whether a job's tasks wait for no preparation task; a job never comes to have one."""
        known = self._prepared.get(job_key)
        if known is None:
            if len(self._prepared) >= _MOST_KNOWN:
                self._prepared.clear()
            document = self._context.job(job_key).document
            known = self._prepared[job_key] = job_tasks_of(document).preparation is None
        return known


def _most_instances(pool: PoolView) -> int:
    """Return how many nodes a multi-instance task may take: all, where nodes talk to each other and have one slot."""
    if not pool.is_inter_node or pool.slots != 1:
        return 0
    return sum(takes_tasks(node) for node in pool.nodes)


def _widest(pool: PoolView) -> int:
    widest = max((pool.slots - node.used_slots for node in pool.nodes), default=0)
    return max(widest, 1 if pool.room_ahead() else 0)

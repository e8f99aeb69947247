"""The worker: takes in what happened on the nodes, plans, and carries the plan out. It owns the service's one tick.

A step is one transaction: endings, then the plan's changes; tasks are launched after it is stored, so that a crash in
between leaves tasks that run nowhere, which the next start requeues, and never processes that nobody knows of.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import singledispatchmethod

from dispatcher.service.core import Core
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.launching import make_launch
from dispatcher.service.node.launch import EndReason, NodeEvent, TaskEnding, TaskKey, TaskLaunch
from dispatcher.service.records import JobRecord, NodeRecord, TaskRecord, deallocation_end
from dispatcher.service.scheduler import (
    Action,
    AddNodes,
    ExpireFiles,
    FinishJob,
    LeavePool,
    PoolView,
    ReadyTask,
    RemoveNode,
    RemovePool,
    SettlePool,
    Snapshot,
    StartTask,
    TerminateJob,
    plan,
)
from dispatcher.service.settlement import ended_by_request, settle
from dispatcher.service.states import JOB, JobEvent, JobState, NodeState, TaskEvent, TaskState
from dispatcher.service.states import NodeEvent as Happening
from dispatcher.service.store import CountChanges


class Inbox:
    """What happened on the nodes, posted from any thread and taken by the worker."""

    def __init__(self) -> None:
        self._events: deque[tuple[NodeRecord, TaskEnding]] = deque()
        self._cleared: deque[int] = deque()

    def post(self, record: NodeRecord, event: NodeEvent) -> None:
        """Keep an ending. A start needs nothing: a task is running from the moment it was given to its node."""
        if isinstance(event, TaskEnding):
            self._events.append((record, event))

    def take(self) -> list[tuple[NodeRecord, TaskEnding]]:
        """Return all that was posted, in order, and forget it."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def post_cleared(self, job_key: int) -> None:
        """Keep that the folders of a deleted job are gone."""
        self._cleared.append(job_key)

    def take_cleared(self) -> list[int]:
        """Return the jobs whose folders are gone, and forget them."""
        return [self._cleared.popleft() for _ in range(len(self._cleared))]


class Worker:
    """Applies events and plans to a core; called by the thread that owns the store."""

    def __init__(self, core: Core, inbox: Inbox) -> None:
        self._core = core
        self._inbox = inbox
        self._counts = CountChanges()
        self._launches: list[tuple[LiveNode, TaskLaunch]] = []
        self._clearing: set[int] = set()
        """Jobs being deleted whose folders are going: their ids are not free before."""
        self._fruitless: set[Action] = set()
        """What of the last plan could not be carried out at all; the next wake tries it again."""

    def recover(self) -> None:
        """Open the stored nodes, and put the tasks that ran when the service last ended back in the queue."""
        store = self._core.store
        slots = {pool.id.lower(): pool.slots for pool in store.pools.scan()}
        for record in store.pools.nodes():
            self._core.fleet.open(record, slots[record.pool_id.lower()])
        now = self._core.clock.now()
        with store.transaction():
            for task in store.tasks.running():
                lost = task if task.end_reason else replace(task, end_reason=EndReason.REQUEUED)
                job = store.jobs.by_key(task.job_key)
                self._settle(lost, ended_by_request(job.id, task, now), now)
            self._write_counts()

    def step(self) -> bool:
        """Take in what happened, plan once and carry it out; return whether another step could do more at once."""
        now = self._core.clock.now()
        events = self._inbox.take()
        with self._core.store.transaction():
            for record, ending in events:
                self._take_in(record, ending, now)
            for job_key in self._inbox.take_cleared():
                self._core.store.jobs.remove(job_key)
                self._clearing.discard(job_key)
            self._write_counts()
            self._fruitless.clear()
            actions = plan(self._snapshot(now), now)
            for action in actions:
                self._apply(action, now)
            self._write_counts()
        launches, self._launches = self._launches, []
        begun = [self._begin(live, launch, now) for live, launch in launches]
        return self._leaves_more([action for action in actions if action not in self._fruitless]) or not all(begun)

    def _begin(self, live: LiveNode, launch: TaskLaunch, now: datetime) -> bool:
        """Launch an attempt; where this machine cannot, it has ended, as the next step sees."""
        ending = live.launch(launch, now)
        if ending is not None:
            self._inbox.post(live.record, ending)
        return ending is None

    def _leaves_more(self, actions: Sequence[Action]) -> bool:
        """Say whether a plan changed what the next one sees, beyond filling slots until none is free."""
        if all(isinstance(action, StartTask) for action in actions):
            return bool(actions) and any(pool.free_slots() for pool in self._pool_views())
        return True

    def _take_in(self, record: NodeRecord, ending: TaskEnding, now: datetime) -> None:
        live = self._core.fleet.find(record.pool_id, record.id)
        attempt = None if live is None else live.finish(ending, now)
        task = None if attempt is None else self._core.store.tasks.by_key(attempt.task_key)
        if task is not None and task.state is TaskState.RUNNING and task.run_number == ending.run_number:
            self._settle(task, ending, now)

    def _settle(self, task: TaskRecord, ending: TaskEnding, now: datetime) -> None:
        store = self._core.store
        if task.doomed:
            store.tasks.remove(task, self._counts)
            self._core.forget_files(ending.key.job_id, task)
            return
        job = store.jobs.by_key(task.job_key)
        settlement = settle(task, ending, job.max_retries)
        store.tasks.settle(task, job, settlement, now, self._counts)
        kills = task.kills_job and settlement.event is TaskEvent.COMPLETE
        if kills and JOB.allows(job.state, JobEvent.TERMINATE):
            self._core.terminate_job(job, "JMComplete")

    def _snapshot(self, now: datetime) -> Snapshot:
        store = self._core.store
        pools = tuple(self._pool_views())
        jobs = {pool.id: store.queue.waiting_jobs(pool.id) for pool in pools if pool.free_slots()}
        ready: list[ReadyTask] = []
        for pool in pools:
            for job in jobs.get(pool.id, ()):
                ready += store.queue.ready_tasks(job.key, slots=_widest(pool), most=pool.free_slots())
        return Snapshot(
            pools=pools,
            jobs=tuple(job for views in jobs.values() for job in views),
            ready=tuple(ready),
            done_jobs=store.queue.done_jobs(),
            job_deadlines=store.queue.job_deadlines(now),
            closing_jobs=tuple(job for job in store.queue.closing_jobs() if job.key not in self._clearing),
            file_deadlines=store.queue.file_deadlines(now),
        )

    def _pool_views(self) -> Sequence[PoolView]:
        return [
            PoolView(
                id=pool.id,
                state=pool.state,
                allocation_state=pool.allocation_state,
                target_dedicated=pool.target_dedicated,
                target_low_priority=pool.target_low_priority,
                deallocation=pool.deallocation,
                slots=pool.slots,
                fill=pool.fill,
                nodes=tuple(live.view() for live in self._core.fleet.of_pool(pool.id)),
            )
            for pool in self._core.store.pools.scan()
        ]

    @singledispatchmethod
    def _apply(self, action: Action, now: datetime) -> None:
        raise TypeError(f"no way to carry out {action!r} at {now}")

    @_apply.register
    def _(self, action: StartTask, now: datetime) -> None:
        store = self._core.store
        live = self._live(action.pool_id, action.node_id)
        before = store.tasks.start(action.task_key, action.pool_id, action.node_id, now, self._counts)
        job = store.jobs.by_key(before.job_key)
        launch = make_launch(job, before, action.pool_id, action.node_id)
        attempt = Attempt(task_key=before.key, job_key=job.key, run_number=launch.run_number, slots=action.slots)
        live.expect(launch, attempt, now)
        self._launches.append((live, launch))

    @_apply.register
    def _(self, action: TerminateJob, now: datetime) -> None:
        del now
        job = self._core.store.jobs.by_key(action.job_key)
        if JOB.allows(job.state, JobEvent.TERMINATE):  # not both done and overdue in one plan
            self._core.terminate_job(job, action.reason)

    @_apply.register
    def _(self, action: FinishJob, now: datetime) -> None:
        store = self._core.store
        job = store.jobs.by_key(action.job_key)
        if job.state is JobState.DELETING:
            self._clear(job)
        else:
            event = JobEvent.DISABLED if job.state is JobState.DISABLING else JobEvent.TERMINATED
            store.jobs.happen(job, event, now)

    @_apply.register
    def _(self, action: ExpireFiles, now: datetime) -> None:
        del now
        store = self._core.store
        task = store.tasks.by_key(action.task_key)
        if task is not None:
            store.tasks.expire_files(task.key)
            self._core.forget_files(store.jobs.by_key(task.job_key).id, task)

    @_apply.register
    def _(self, action: AddNodes, now: datetime) -> None:
        pool = self._core.store.pools.get(action.pool_id)
        suffix = "d" if action.is_dedicated else "p"
        records = [
            NodeRecord(
                pool_id=pool.id,
                id=f"tvmps_{secrets.token_hex(8)}_{suffix}",
                is_dedicated=action.is_dedicated,
                state=NodeState.IDLE,
                allocated=now,
            )
            for _ in range(action.count)
        ]
        opened = [record for record in records if self._core.fleet.try_open(record, pool.slots)]
        self._core.store.pools.add_nodes(opened)
        if not opened:
            self._fruitless.add(action)

    @_apply.register
    def _(self, action: LeavePool, now: datetime) -> None:
        live = self._live(action.pool_id, action.node_id)
        live.happen(Happening.LEAVE, now)
        self._core.store.pools.set_node_state(action.pool_id, action.node_id, live.state)
        reason = deallocation_end(action.deallocation)
        live.lingers = reason is None
        if reason is None:
            return
        for key, attempt in live.attempts.items():
            self._core.store.tasks.mark_ending(attempt.task_key, reason)
            live.end(key, reason)

    @_apply.register
    def _(self, action: RemoveNode, now: datetime) -> None:
        del now
        self._core.store.pools.remove_node(action.pool_id, action.node_id)
        self._core.fleet.remove(self._live(action.pool_id, action.node_id))

    @_apply.register
    def _(self, action: SettlePool, now: datetime) -> None:
        self._core.store.pools.settle(self._core.store.pools.get(action.pool_id), now)

    @_apply.register
    def _(self, action: RemovePool, now: datetime) -> None:
        del now
        self._core.store.pools.remove(action.pool_id)

    def _clear(self, job: JobRecord) -> None:
        """Begin to delete the folders of a job's tasks."""
        folders = [
            (task.pool_id, task.node_id, TaskKey(job_id=job.id, task_id=task.id))
            for task in self._core.store.tasks.scan(job.key)
            if task.pool_id is not None and task.node_id is not None
        ]

        def done() -> None:
            self._inbox.post_cleared(job.key)
            self._core.wake()

        self._clearing.add(job.key)
        self._core.fleet.forget_later(folders, done)

    def _live(self, pool_id: str, node_id: str) -> LiveNode:
        live = self._core.fleet.find(pool_id, node_id)
        if live is None:
            raise KeyError(f"no node {node_id} in pool {pool_id}")
        return live

    def _write_counts(self) -> None:
        self._core.store.tasks.write(self._counts)


def _widest(pool: PoolView) -> int:
    return max((pool.slots - node.used_slots for node in pool.nodes), default=0)

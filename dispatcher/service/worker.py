"""The worker: takes in what happened on the nodes, and lets each part plan and carry out what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from dispatcher.service.core import Core
from dispatcher.service.fleet import NodeRenewed
from dispatcher.service.inbox import Inbox, Taken
from dispatcher.service.node.launch import CoordinationDone, NodeLost, SetupEnding, TaskEnding, TaskReturned, WorkKind
from dispatcher.service.records import NodeRecord
from dispatcher.service.work.auto_pools import AutoPoolPart
from dispatcher.service.work.autoscale import AutoscalePart
from dispatcher.service.work.faults import FaultPart
from dispatcher.service.work.jobs import JobPart
from dispatcher.service.work.nodes import NodePart
from dispatcher.service.work.parts import EndingTaker, Part, WorkContext
from dispatcher.service.work.pools import PoolPart
from dispatcher.service.work.preemption import PreemptionPart
from dispatcher.service.work.preparation import PreparationPart
from dispatcher.service.work.release import ReleasePart
from dispatcher.service.work.schedules import SchedulePart
from dispatcher.service.work.tasks import TaskPart


class Worker:
    """Applies events and plans to a core; called by the thread that owns the store."""

    def __init__(self, core: Core, inbox: Inbox) -> None:
        self._core = core
        self._context = WorkContext(core, inbox)
        self._inbox = inbox
        self._nodes = NodePart(self._context)
        self._preparations = PreparationPart(self._context)
        self._releases = ReleasePart(self._context)
        self._faults = None if core.faults is None else FaultPart(self._context, core.faults)
        faults = () if self._faults is None else (self._faults,)
        self._tasks = TaskPart(self._context, (self._preparations, *faults))
        self._preparations.resume = partial(self._tasks.launch, after=self._preparations)
        self._parts: tuple[Part, ...] = (
            self._preparations,
            self._releases,
            JobPart(self._context),
            SchedulePart(self._context),
            AutoPoolPart(self._context),
            AutoscalePart(self._context),
            PoolPart(self._context),
            self._nodes,
            self._tasks,
            PreemptionPart(self._context),
            *faults,
        )
        """In the order they step: what ends a job comes before what would start its tasks."""
        self._takers: Mapping[WorkKind, EndingTaker] = {
            WorkKind.TASK: self._tasks,
            WorkKind.SUBTASK: self._tasks.gangs,
            WorkKind.START_TASK: self._nodes,
            WorkKind.JOB_PREPARATION: self._preparations,
            WorkKind.JOB_RELEASE: self._releases,
        }

    def recover(self) -> None:
        """Take up what the store holds of an earlier service: its nodes, and what ran there."""
        now = self._core.clock.now()
        with self._core.store.transaction():
            self._nodes.recover(now)
            self._preparations.recover(now)
            self._tasks.recover(now)
            self._context.write_counts()

    def step(self) -> bool:
        """Take in what happened, let every part plan once; return whether another step could do more at once."""
        now = self._core.clock.now()
        events = self._inbox.take()
        with self._core.store.transaction():
            for record, event in events:
                self._take_in(record, event, now)
            self._context.write_counts()
            more = False
            for part in self._parts:
                more |= part.step(now)
                self._context.write_counts()
        launched = self._context.begin_launches(now)
        return more or not launched or not self._inbox.is_empty()

    def next_deadline(self) -> datetime | None:
        """Return when there is something to do though nothing happens."""
        deadlines = [deadline for part in self._parts if (deadline := part.next_deadline()) is not None]
        return min(deadlines, default=None)

    def _take_in(self, record: NodeRecord, event: Taken, now: datetime) -> None:
        live = self._core.fleet.find(record.pool_id, record.id)
        if live is None:
            return
        match event:
            case SetupEnding():
                self._nodes.set_up_ended(event, live, now)
            case NodeRenewed():
                self._nodes.renewed(event, live, now)
            case NodeLost():
                self._nodes.lost(live)
            case CoordinationDone():
                self._tasks.gangs.coordinated(event, live)
            case TaskReturned():
                attempt = live.take_back(event, now)
                if attempt is not None:
                    self._tasks.returned(attempt, event, now)
            case TaskEnding():
                if self._faults is not None:
                    self._faults.ending(event, live)
                attempt = live.finish(event, now)
                if attempt is not None:
                    self._takers[attempt.kind].ended(attempt, event, live, now)

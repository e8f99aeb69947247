"""Nodes: from their allocation until tasks may start there, and what switches them off and on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from dispatcher.service.documents.start_tasks import StartTaskSpec, start_task_of
from dispatcher.service.fleet import Attempt, LiveNode, NodeRenewed
from dispatcher.service.launching import make_start_launch
from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import (
    START_TASK,
    EndReason,
    NodeSetup,
    SetupEnding,
    Stage,
    TaskEnding,
    TaskFailure,
    WorkKind,
)
from dispatcher.service.node_setups import make_setup
from dispatcher.service.planning.nodes import WIPED, NodeAction, Phase, is_restless, plan_node
from dispatcher.service.records import Deallocation, StartTaskRun
from dispatcher.service.states import NODE, NodeEvent, NodeState
from dispatcher.service.switching import switch_off
from dispatcher.service.work.parts import WorkContext
from dispatcher.service.work.start_faults import StartFaults

logger = logging.getLogger(__name__)

_STAYING = frozenset({NodeState.OFFLINE, NodeState.IDLE, NodeState.RUNNING})
"""Where a node is that was opened again because its process had ended, without being switched off."""
_PAUSE = timedelta(seconds=1)
"""Before a start task that is retried without limit runs again; Azure's is not documented."""


class NodePart:
    """Takes every node through its life."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core
        self._faults = StartFaults(context.core)

    def recover(self, now: datetime) -> None:
        """Open the stored nodes, and run again what ran there; one that cannot be opened is unusable."""
        slots = {pool.id.lower(): pool.slots for pool in self._core.store.pools.scan()}
        records = self._core.store.pools.nodes()
        self._core.fleet.sweep(records)
        for record in records:
            live = self._core.fleet.open_or_stand_in(record, slots[record.pool_id.lower()])
            if live.is_absent and NODE.allows(live.state, NodeEvent.BREAK):
                self._break(live, failure("Unknown", Reason="The node could not be opened."), now)
            elif live.state is NodeState.IDLE and live.start is not None and live.start.is_running:
                live.phase = Phase.SET_UP

    def step(self, now: datetime) -> bool:
        """Do with each node what is to be done now."""
        worked = False
        for live in self._restless():
            while (action := self._plan(live, now)) is not None and self._apply(action, live, now):
                worked = True
        return worked

    def next_deadline(self) -> datetime | None:
        """Return when the time of a node's state is next over."""
        now = self._core.clock.now()
        times = [live.until for live in self._restless() if live.until is not None and live.until > now]
        return min(times, default=None)

    def set_up_ended(self, event: SetupEnding, live: LiveNode, now: datetime) -> None:
        """Go on with a node that is set up; one that could not be is unusable."""
        if live.phase is not Phase.SETTING_UP:
            return
        if event.failure is not None:
            self._break(live, event.failure, now)
        else:
            live.phase = Phase.SET_UP

    def lost(self, live: LiveNode) -> None:
        """Reboot a node whose process has ended: its tasks go back to the queue.

        One that takes no tasks for now stays as it is; one that is switched off is opened again by what comes next.
        """
        logger.error("what ran node %s of pool %s has ended; it is started again", live.record.id, live.record.pool_id)
        if NODE.allows(live.state, NodeEvent.CRASH):
            switch_off(self._core, live, NodeEvent.CRASH, Deallocation.REQUEUE)
            return
        self._core.end_attempts(live, EndReason.REQUEUED)
        live.end(START_TASK, EndReason.REQUEUED)
        if live.state is NodeState.OFFLINE and live.phase is not Phase.RENEWING:
            pool = self._core.store.pools.get(live.record.pool_id)
            self._core.fleet.renew(live, pool.slots, wipe=False)

    def renewed(self, event: NodeRenewed, live: LiveNode, now: datetime) -> None:
        """Let a node that was switched off wait for its time; one that this machine cannot carry is unusable."""
        live.phase = Phase.NONE if live.state in _STAYING else Phase.RENEWED
        if event.error is not None and NODE.allows(live.state, NodeEvent.BREAK):
            self._break(live, failure("Unknown", Reason=event.error), now)
            return
        if live.state in _STAYING:
            return
        if live.state is not NodeState.PREEMPTED:
            waits = live.state in {NodeState.REBOOTING, NodeState.REIMAGING}
            live.until = self._after_boot(now) if waits else None
        live.start = None
        if live.state in WIPED:
            self._core.store.job_tasks.reimaged(live.record.pool_id, live.record.id)
        else:
            self._core.store.job_tasks.rebooted(live.record.pool_id, live.record.id)
        self._save(live)

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Take in the end of a start task."""
        del attempt
        if live.phase is not Phase.START_TASK or live.start is None:
            return
        task = self._start_task(live)
        run = replace(live.start, is_running=False, ended=ending.at, exit_code=ending.exit_code, failure=ending.failure)
        if task is not None and ending.failure is not None and _may_retry(task, run, ending):
            live.start = replace(run, is_running=True, retries=run.retries + 1, last_retry=now)
            live.until = now + _PAUSE if task.max_retries == -1 else None
            live.phase = Phase.SET_UP
        else:
            live.start, live.phase = run, Phase.NONE
            if live.state is NodeState.WAITING_FOR_START_TASK:
                live.happen(NodeEvent.READY if ending.failure is None else NodeEvent.START_TASK_FAILED, now)
        self._save(live)

    def _plan(self, live: LiveNode, now: datetime) -> NodeAction | None:
        return plan_node(live.life(has_start_task=self._start_task(live) is not None), now)

    def _restless(self) -> Iterator[LiveNode]:
        return (live for live in self._core.fleet if is_restless(live.state, live.phase))

    def _start_task(self, live: LiveNode) -> StartTaskSpec | None:
        return start_task_of(self._core.store.pools.get(live.record.pool_id).document)

    def _apply(self, action: NodeAction, live: LiveNode, now: datetime) -> bool:
        """Carry an action out; return whether another may follow at once."""
        match action:
            case NodeAction.ALLOCATE:
                live.happen(NodeEvent.ALLOCATED, now)
                live.until = self._after_boot(now)
                self._faults.begin(live)
            case NodeAction.SET_UP:
                self._set_up(live, now)
            case NodeAction.RUN_START_TASK:
                self._run_start_task(live, now)
            case NodeAction.BE_READY:
                live.phase, live.until = Phase.NONE, None
                if NODE.allows(live.state, NodeEvent.READY):
                    live.happen(NodeEvent.READY, now)
            case NodeAction.SWITCH_OFF:
                return self._switch_off(live, now)
            case NodeAction.BE_DEALLOCATED:
                live.happen(NodeEvent.DEALLOCATED, now)
                live.phase = Phase.NONE
            case NodeAction.SWITCH_ON:
                live.happen(NodeEvent.START, now)
                live.booted, live.phase, live.until, live.errors = now, Phase.NONE, None, ()
                self._faults.begin(live)
        self._save(live)
        return True

    def _set_up(self, live: LiveNode, now: datetime) -> None:
        if self._faults.breaks(live):
            self._break(live, failure("Unknown", Reason="The node does not answer."), now)
            return
        setup = make_setup(self._core, self._core.store.pools.get(live.record.pool_id))
        if setup == NodeSetup():
            live.phase = Phase.SET_UP
            return
        live.phase = Phase.SETTING_UP
        try:
            live.set_up(setup)
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is left
            logger.exception("node %s of pool %s could not be set up", live.record.id, live.record.pool_id)
            self._break(live, failure("Unknown", Reason=f"{type(error).__name__}: {error}"), now)

    def _run_start_task(self, live: LiveNode, now: datetime) -> None:
        task = self._start_task(live)
        if task is None:
            return
        before = live.start
        live.start = StartTaskRun(
            is_running=True,
            started=now,
            retries=0 if before is None else before.retries,
            last_retry=None if before is None else before.last_retry,
        )
        live.phase, live.until = Phase.START_TASK, None
        if live.state in {NodeState.STARTING, NodeState.WAITING_FOR_START_TASK}:
            live.happen(NodeEvent.WAIT_FOR_START_TASK if task.waits_for_success else NodeEvent.READY, now)
        live.start_runs += 1
        launch = make_start_launch(task.fields, live.record, live.start_runs, keep_files=live.start.retries > 0)
        launch = self._faults.change(live, launch)
        live.expect(launch, Attempt(run_number=live.start_runs, kind=WorkKind.START_TASK), now)
        self._context.launch(live, launch)

    def _switch_off(self, live: LiveNode, now: datetime) -> bool:
        """Begin to switch a node off, unless it is to keep its tasks' files for a while."""
        if live.retains and live.until is not None and live.until > now:
            return False
        if live.retains and live.state in WIPED:
            kept = self._core.store.pools.retained_until(live.record.pool_id, live.record.id)
            live.until = kept
            if kept is not None and kept > now:
                return False
        live.retains = live.lingers = False
        pool = self._core.store.pools.get(live.record.pool_id)
        if live.state in WIPED:
            self._core.store.node_users.clear(live.record.pool_id, live.record.id)
        self._core.fleet.renew(live, pool.slots, wipe=live.state in WIPED)
        return True

    def _break(self, live: LiveNode, why: TaskFailure, now: datetime) -> None:
        live.happen(NodeEvent.BREAK, now)
        live.errors, live.phase, live.until = (why,), Phase.NONE, None
        self._save(live)

    def _after_boot(self, now: datetime) -> datetime | None:
        seconds = self._core.options.boot_seconds
        return now + timedelta(seconds=seconds) if seconds else None

    def _save(self, live: LiveNode) -> None:
        self._core.store.pools.save_node(live.snapshot())


def _may_retry(task: StartTaskSpec, run: StartTaskRun, ending: TaskEnding) -> bool:
    """Say whether a start task that failed runs again: not where its command could not be prepared (REST reference)."""
    return ending.stage is Stage.RUN and (task.max_retries == -1 or run.retries < task.max_retries)

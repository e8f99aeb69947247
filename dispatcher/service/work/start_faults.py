"""Faults of nodes that start: decided when a node is allocated or switched on, met until it starts the next time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dispatcher.service.core import Core
from dispatcher.service.documents.start_tasks import start_task_of
from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.plan import Rule, node_start
from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.launch import TaskLaunch
from dispatcher.service.records import PoolRecord


class StartFaults:
    """What the nodes of an account meet when they start. Which they are is memory: a restart of the service forgets."""

    def __init__(self, core: Core) -> None:
        """Put nothing in where the service is to have no faults."""
        self._core = core
        self._met: dict[tuple[str, str], tuple[Rule, ...]] = {}

    def begin(self, live: LiveNode) -> None:
        """Decide what a node meets that starts now; one that is slow does nothing before its time is over."""
        self._met.pop(_key(live), None)
        faults = self._core.faults
        if faults is None or not faults.awaits(Subject.NODE_START):
            return
        pool = self._core.store.pools.get(live.record.pool_id)
        number = faults.nth(f"start of {self._core.account}/{pool.id} of {pool.created}")
        event = node_start(self._core.account, pool.id, number)
        rules = faults.strike(event, takes=lambda rule: _takes(rule, pool))
        if rules:
            self._met[_key(live)] = rules
        if (slow := self._find(live, Fault.SLOW_BOOT)) is not None:
            live.until = (live.until or self._core.clock.now()) + timedelta(seconds=slow.number("time"))

    def breaks(self, live: LiveNode) -> bool:
        """Say whether a node is to be unusable."""
        return self._find(live, Fault.BREAK_NODE) is not None

    def change(self, live: LiveNode, launch: TaskLaunch) -> TaskLaunch:
        """Return the launch of a node's start task, which is to fail where that was decided."""
        rule = self._find(live, Fault.FAIL_START_TASK)
        if rule is None:
            return launch
        if rule.number("download"):
            return replace(launch, faults=AttemptFaults(fails_download=True))
        return replace(launch, command_line=f"/bin/sh -c 'exit {rule.number('exit-code'):.0f}'", container=None)

    def _find(self, live: LiveNode, fault: Fault) -> Rule | None:
        return next((rule for rule in self._met.get(_key(live), ()) if rule.fault is fault), None)


def _takes(rule: Rule, pool: PoolRecord) -> bool:
    """Say whether a fault can be put into a node's start at all."""
    if rule.fault is not Fault.FAIL_START_TASK:
        return True
    start = start_task_of(pool.document)
    return start is not None and (not rule.number("download") or bool(start.fields.objects("resourceFiles")))


def _key(live: LiveNode) -> tuple[str, str]:
    return live.record.pool_id.lower(), live.record.id.lower()

"""Faults of nodes and of attempts: decided when an attempt is launched, done when they are due.

What is due is memory: a service that ends requeues what runs, which is what most of these faults do anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.nodes import NODE_FAULTS, may_meet, put_in
from dispatcher.service.faults.plan import Rule, download, run, upload
from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.launch import TaskEnding, TaskKey, TaskLaunch
from dispatcher.service.work.parts import TaskStart, WorkContext

logger = logging.getLogger(__name__)

_EVENTS = ((Subject.RUN, run), (Subject.DOWNLOAD, download), (Subject.UPLOAD, upload))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Due:
    """A fault that a node is to meet, because of an attempt that runs there."""

    at: datetime
    rule: Rule
    live: LiveNode
    key: TaskKey
    run_number: int

    def is_of(self, live: LiveNode, key: TaskKey, run_number: int) -> bool:
        return self.live is live and self.key == key and self.run_number == run_number


@dataclass(frozen=True, kw_only=True, slots=True)
class _Met:
    """What the latest attempt of a task met that met anything."""

    number: int
    """Of the attempt."""
    rules: tuple[Rule, ...]
    has_ended: bool = False


class FaultPart:
    """Decides which faults an attempt meets, tells its node those that are the node's to do, and does the others.

    It is an admission of tasks that holds none back, and steps after they were launched.
    """

    def __init__(self, context: WorkContext, faults: Faults) -> None:
        self._core = context.core
        self._faults = faults
        self._due: list[_Due] = []
        self._met: dict[int, _Met] = {}
        """By task."""

    def admit(self, start: TaskStart, now: datetime) -> TaskLaunch:
        """Decide what an attempt meets; a multi-instance task meets it on its primary node."""
        launch = start.launch
        if launch.coordination is not None and not launch.coordination.is_primary:
            return launch
        rules = self._decide(start)
        for rule in rules:
            if rule.fault in NODE_FAULTS:
                at = now + timedelta(seconds=rule.number("delay"))
                self._due.append(_Due(at=at, rule=rule, live=start.live, key=launch.key, run_number=launch.run_number))
        return replace(launch, faults=_of_attempt(rules)) if rules else launch

    def step(self, now: datetime) -> bool:
        """Do what is due; what follows are the endings of attempts."""
        due = [each for each in self._due if each.at <= now]
        if due:
            self._due = [each for each in self._due if each.at > now]
        for each in due:
            attempt = each.live.attempts.get(each.key)
            if attempt is not None and attempt.run_number == each.run_number:
                self._do(each)
        return False

    def next_deadline(self) -> datetime | None:
        """Return when a fault is next due."""
        return min((each.at for each in self._due), default=None)

    def ending(self, ending: TaskEnding, live: LiveNode) -> None:
        """Do what an attempt was to meet later, since it has ended by itself now; call it before the ending counts."""
        attempt = live.attempts.get(ending.key)
        if attempt is None or attempt.run_number != ending.run_number:
            return
        met = self._met.get(attempt.task_key)
        if met is not None:
            self._met[attempt.task_key] = replace(met, has_ended=True)
        due = [each for each in self._due if each.is_of(live, ending.key, ending.run_number)]
        if not due:
            return
        self._due = [each for each in self._due if each not in due]
        task = self._core.store.tasks.by_key(attempt.task_key)
        if task is not None and task.end_reason is None:
            for each in due:
                self._do(each)

    def _decide(self, start: TaskStart) -> tuple[Rule, ...]:
        """Return what an attempt meets. One that its node gave back is the same attempt when it is launched again."""
        task, met = start.task, self._met.get(start.task.key)
        if met is not None and not met.has_ended:
            return met.rules
        number = task.retries + task.requeues + 1
        if met is not None:  # a task that was reactivated counts its retries anew, and is not to meet the same again
            number = max(number, met.number + 1)
        rules = tuple(self._strike(start, number))
        if rules:
            self._met[task.key] = _Met(number=number, rules=rules)
        return rules

    def _strike(self, start: TaskStart, number: int) -> Iterable[Rule]:
        key = start.launch.key
        for subject, event_of in _EVENTS:
            if self._faults.awaits(subject):
                event = event_of(self._core.account, start.launch.pool_id, key.job_id, key.task_id, number)
                yield from self._faults.strike(event, takes=lambda rule: _takes(rule, start))

    def _do(self, due: _Due) -> None:
        if not put_in(self._core, due.live, due.rule):
            logger.info("%s comes too late: node %s is %s", due.rule.fault, due.live.record.id, due.live.state)


def _takes(rule: Rule, start: TaskStart) -> bool:
    """Say whether a fault can be put into an attempt at all."""
    launch = start.launch
    match rule.fault.subject:
        case Subject.DOWNLOAD:
            return bool(_brought(launch))
        case Subject.UPLOAD:
            return bool(launch.output_files)
    if rule.fault is Fault.EXPIRED_SAS:
        return any("sig=" in url for url in (_sent(launch) if rule.number("uploads") else _brought(launch)))
    return may_meet(start.live, rule)


def _brought(launch: TaskLaunch) -> list[str]:
    common = () if launch.coordination is None else launch.coordination.files
    return [file.http_url or file.container_url or "" for file in (*launch.resource_files, *common)]


def _sent(launch: TaskLaunch) -> list[str]:
    return [file.container_url for file in launch.output_files]


def _of_attempt(rules: Iterable[Rule]) -> AttemptFaults | None:
    """Return what a node is to do to an attempt; None where that is nothing."""
    faults = AttemptFaults()
    for rule in rules:
        match rule.fault:
            case Fault.KILL_TASK:
                faults = replace(faults, kill_after=rule.number("delay"))
            case Fault.SLOW_DOWNLOAD:
                faults = replace(faults, slow_download=rule.number("time"))
            case Fault.FAIL_DOWNLOAD:
                faults = replace(faults, fails_download=True)
            case Fault.SLOW_UPLOAD:
                faults = replace(faults, slow_upload=rule.number("time"))
            case Fault.FAIL_UPLOAD:
                faults = replace(faults, fails_upload=True)
            case Fault.EXPIRED_SAS if rule.number("uploads"):
                faults = replace(faults, expires_uploads=True)
            case Fault.EXPIRED_SAS:
                faults = replace(faults, expires_downloads=True)
    return None if faults == AttemptFaults() else faults

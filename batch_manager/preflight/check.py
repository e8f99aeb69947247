"""The pre-flight of a job's tasks: every rule over every task, before anything is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from batch_manager import environment
from batch_manager.errors import Problem
from batch_manager.gates import needs_gate
from batch_manager.preflight import (
    constraints,
    graph,
    ids,
    inputs,
    kinds,
    machines,
    outputs,
    packages,
    places,
    retries,
    sizes,
    variables,
)
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.rules import Finding, Rule
from batch_manager.preflight.texts import IDENTITY_FORM, is_identity
from batch_manager.specification import TaskSpecification

NO_IDENTITY = Rule(
    "identity",
    "identity_reference",
    "settings that name no user-assigned managed identity, so that no node could upload a log",
    f"set {environment.IDENTITY_REFERENCE}, or identity_reference in the settings, to {IDENTITY_FORM}",
)

RULES: tuple[Rule, ...] = (
    *kinds.RULES,
    *ids.RULES,
    *graph.RULES,
    *constraints.RULES,
    *retries.RULES,
    *variables.RULES,
    *places.RULES,
    *inputs.RULES,
    *outputs.RULES,
    *machines.RULES,
    *packages.RULES,
    *sizes.RULES,
    NO_IDENTITY,
)
"""Every rule that ``find_problems`` goes by."""

_task_id = attrgetter("id")


def find_problems(tasks: Sequence[TaskSpecification], facts: JobFacts) -> tuple[Problem, ...]:
    """Everything in a job that Batch would refuse or that could never run: the job's own first, then that of single
    tasks in the order of the tasks, then what only all of them show.

    A task with values of wrong types is told for these alone.
    """
    return (*_check_job(facts), *_JobCheck(facts).problems(tasks))


def _check_job(facts: JobFacts) -> Iterator[Problem]:
    identity = facts.identity_reference
    if identity is None:
        yield NO_IDENTITY.broken("is not set").to_problem(None)
    elif not is_identity(identity):
        yield NO_IDENTITY.broken(f"is {identity!r}, no ARM id of such an identity").to_problem(None)


class _JobCheck:
    """One pass over the tasks of a job. Of a task without problems it keeps its id and the blobs it names."""

    def __init__(self, facts: JobFacts) -> None:
        self._facts = facts
        self._ids = ids.IdRegister()
        self._graph = graph.Graph()
        self._blobs = outputs.BlobRegister(facts)
        self._gates = 0

    def problems(self, tasks: Sequence[TaskSpecification]) -> Iterator[Problem]:
        """What is wrong with these tasks."""
        strange: set[int] = set()
        for task in tasks:
            wrong = kinds.check(task)
            if wrong:
                strange.add(id(task))
                self._graph.skip(task)
                yield from (finding.to_problem(str(task.id)) for finding in wrong)
                continue
            for findings in self._findings(task):
                if findings:
                    yield from (finding.to_problem(task.id) for finding in findings)
        if strange:
            tasks = [task for task in tasks if id(task) not in strange]
        yield from self._graph.problems(tasks)
        yield from self._ids.problems(self._gates)
        yield from graph.check_finalize(map(_task_id, tasks))

    def _findings(self, task: TaskSpecification) -> tuple[Sequence[Finding], ...]:
        if not self._graph.add(task):
            return ((ids.ADDED_TWICE.broken(f"task {task.id!r} stands in the list of tasks twice"),),)
        facts = self._facts
        if task.command_line is not None and needs_gate(task, has_time_limit=facts.has_time_limit):
            self._gates += 1
        return (
            ids.check(task),
            self._ids.add(task),
            graph.check(task),
            constraints.check(task),
            retries.check(task),
            variables.check(task),
            inputs.check(task, facts),
            outputs.check(task, facts),
            self._blobs.add(task),
            machines.check(task, facts),
            packages.check(task, facts),
            sizes.check(task, facts),
        )

"""What tasks wait for: parents that are not there, cycles, lists that are too long. Pure.

Figures: azure-batch 15.1.0 docstrings (``TaskDependencyListTooLong``). How many ranges Azure takes is not documented;
the local service gives their digits the same limit, and so does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from batch_manager.dependencies import (
    MAX_IDS_LENGTH,
    DependencyRule,
    TaskDependencies,
    compress,
    encode_ids,
)
from batch_manager.errors import Problem
from batch_manager.naming import FINALIZE_TASK_ID
from batch_manager.preflight.cycles import find_cycles
from batch_manager.preflight.ids import MAX_ID_LENGTH
from batch_manager.preflight.limits import MAX_SETTING_LENGTH
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.specification import TaskSpecification

MISSING = Rule(
    "parent-missing",
    "dependencies",
    "a task that is not one of this job",
    "give what add_workload_task returned in this run of the job manager",
)
ITSELF = Rule("parent-itself", "dependencies", "the task itself", "leave it out")
CYCLE = Rule("parents-in-a-cycle", "dependencies", "tasks that wait for one another", "leave one of them out")
LATER = Rule("parent-later", "dependencies", "a task that was added after this one", "add the parent first")
TOO_LONG = Rule(
    "dependencies-too-long",
    "dependencies",
    f"parents whose ids have more than {MAX_IDS_LENGTH} characters together, or as many digits as ranges, "
    f"or {MAX_SETTING_LENGTH} characters as text",
    "leave the ids as they are given, which travel as ranges, and add tasks that are waited for together one after "
    "another",
)
NEVER_RUNS = Rule(
    "rule-never-met",
    "run_when",
    "`ANY_FAILED` of a task without dependencies, which would be skipped always",
    "give it dependencies, or another rule",
)

RULES = (MISSING, ITSELF, CYCLE, LATER, TOO_LONG, NEVER_RUNS)

_SURELY_SHORT = MAX_IDS_LENGTH // (MAX_ID_LENGTH + 1)
"""So many ids fit into one list, whatever they are."""

_IDS_SHOWN = 12


def check(task: TaskSpecification) -> Sequence[Finding]:
    """What is wrong with a task's list of parents, whoever they are."""
    if not task.dependencies:
        if task.run_when is DependencyRule.ANY_FAILED:
            return (NEVER_RUNS.broken(f"is {task.run_when}, and there are no dependencies"),)
        return ()
    if len(task.dependencies) <= _SURELY_SHORT:
        return ()
    wrong = _too_long(compress(parent.id for parent in task.dependencies), travels=True)
    return () if wrong is None else (TOO_LONG.broken(wrong),)


def check_finalize(task_ids: Iterable[str]) -> Iterator[Problem]:
    """FinalizeTask depends on all tasks, so their ids must fit into one list too."""
    wrong = _too_long(compress(task_ids), travels=False)
    if wrong is not None:
        yield TOO_LONG.broken(f"FinalizeTask waits for every task, and {wrong}").to_problem(FINALIZE_TASK_ID)


class Graph:
    """Who waits for whom. Parents are added first, so only what breaks that is remembered."""

    def __init__(self) -> None:
        self._added: set[int] = set()
        self._loose: list[tuple[TaskSpecification, TaskSpecification]] = []

    def add(self, task: TaskSpecification) -> bool:
        """Take a task that comes after those that were added before. False if it was added already."""
        key = id(task)
        if key in self._added:
            return False
        for parent in task.dependencies:
            if id(parent) not in self._added:
                self._loose.append((task, parent))
        self._added.add(key)
        return True

    def skip(self, task: TaskSpecification) -> None:
        """Take a task whose parents cannot be looked at."""
        self._added.add(id(task))

    def problems(self, tasks: Sequence[TaskSpecification]) -> Iterator[Problem]:
        """What is wrong with the parents that had not been added when they were named.

        Args:
            tasks: all that were added.
        """
        if not self._loose:
            return
        members: dict[int, int] = {}
        for number, cycle in enumerate(find_cycles(tasks)):
            members.update((id(task), number) for task in cycle.members)
            yield CYCLE.broken(_in_words(cycle.path)).to_problem(cycle.path[0].id)
        for task, parent in self._loose:
            if id(parent) not in self._added:
                yield MISSING.broken(f"{shown(parent.id)} is no task of this job").to_problem(task.id)
            elif parent is task:
                yield ITSELF.broken("holds the task itself, so it would wait for ever").to_problem(task.id)
            elif id(task) not in members or members.get(id(parent)) != members[id(task)]:
                yield LATER.broken(f"{shown(parent.id)} was added after this task").to_problem(task.id)


def _in_words(path: Sequence[TaskSpecification]) -> str:
    ids = [repr(task.id) for task in path]
    if len(ids) > _IDS_SHOWN:
        ids = [*ids[: _IDS_SHOWN - 2], f"... {len(ids) - _IDS_SHOWN + 1} more ...", ids[-1]]
    return "these tasks wait for one another for ever: " + " -> ".join([*ids, repr(path[0].id)])


def _too_long(parents: TaskDependencies, *, travels: bool) -> str | None:
    if parents.ids_length > MAX_IDS_LENGTH:
        return f"their ids have {parents.ids_length} characters together, at most {MAX_IDS_LENGTH} are allowed"
    digits = sum(len(str(each.start)) + len(str(each.end)) for each in parents.ranges)
    if digits > MAX_IDS_LENGTH:
        return f"their ids make {len(parents.ranges)} ranges of {digits} digits, at most {MAX_IDS_LENGTH} are allowed"
    text = len(encode_ids(parents)) if travels else 0
    if text > MAX_SETTING_LENGTH:
        return f"their ids have {text} characters as text, at most {MAX_SETTING_LENGTH} are allowed"
    return None

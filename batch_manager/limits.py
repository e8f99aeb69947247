"""Batch's limits on tasks, checked over a whole job before anything is sent. Pure.

Figures: azure-batch 15.1.0 docstrings and the Azure Batch quota page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from batch_manager.dependencies import MAX_IDS_LENGTH, DependencyRule, compress
from batch_manager.environment import RESERVED_PREFIXES, STORAGE_ACCOUNT_URL
from batch_manager.errors import Problem
from batch_manager.naming import BATCH_RESERVED_TASK_IDS, CALLBACK_BLOB, FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.specification import (
    ApplicationPackageReference,
    InputFileSpecification,
    OutputFileSpecification,
    TaskConstraints,
    TaskSpecification,
    UserIdentity,
)

MAX_ID_LENGTH = 64
MAX_DISPLAY_NAME_LENGTH = 1024
MAX_LIFETIME = timedelta(days=180)
MAX_SLOTS = 256
MAX_SETTING_LENGTH = 131_000
"""Characters of one environment variable with its name: Linux starts no process with more (MAX_ARG_STRLEN, 128 KiB)."""

RESERVED_TASK_IDS = frozenset({JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID, *BATCH_RESERVED_TASK_IDS})

_ID = re.compile(r"[A-Za-z0-9_-]+")
CONTAINER_NAME = re.compile(r"\$root|(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")

_Finding = tuple[str, str]
"""A field and what is wrong with it."""


def find_problems(tasks: Sequence[TaskSpecification], container: str | None = None) -> tuple[Problem, ...]:
    """Everything in these tasks that Batch would refuse or that could never run, in the order of the tasks.

    Args:
        tasks: all tasks of the job.
        container: the job's own container, where it is known.
    """
    wrong_types = tuple(
        Problem(task_id=str(task.id), field=field, message=message)
        for task in tasks
        for field, message in _check_types(task)
    )
    if wrong_types:
        return wrong_types  # the other checks would stumble over them
    found = tuple(
        Problem(task_id=task.id, field=field, message=message)
        for task, known in _with_predecessors(tasks)
        for field, message in (
            *(finding for check in _CHECKS for finding in check(task, known)),
            *_check_secrets(task, container),
        )
    )
    return (*_duplicate_ids(tasks), *_check_finalize(tasks), *found)


def check_id(value: str, what: str) -> str | None:
    """What is wrong with an id of a pool, job or task; None if nothing."""
    if len(value) > MAX_ID_LENGTH:
        return f"the {what} {value!r} has {len(value)} characters, at most {MAX_ID_LENGTH} are allowed"
    if not _ID.fullmatch(value):
        return f"the {what} {value!r} may hold letters, digits, '-' and '_' only"
    return None


def _with_predecessors(tasks: Sequence[TaskSpecification]) -> Iterator[tuple[TaskSpecification, set[int]]]:
    known: set[int] = set()
    for task in tasks:
        yield task, known
        known.add(id(task))


def _duplicate_ids(tasks: Sequence[TaskSpecification]) -> Iterator[Problem]:
    seen: dict[str, TaskSpecification] = {}
    for task in tasks:
        first = seen.setdefault(task.id.lower(), task)
        if first is not task:
            message = f"another task has the id {first.id!r}; ids are compared without regard to case"
            yield Problem(task_id=task.id, field="id", message=message)


def _check_finalize(tasks: Sequence[TaskSpecification]) -> Iterator[Problem]:
    """FinalizeTask depends on all tasks, so all ids that are no numbers must fit into one list."""
    length = compress(task.id for task in tasks).ids_length
    if length > MAX_IDS_LENGTH:
        message = (
            f"FinalizeTask waits for every task, and the ids have {length} characters together, at most "
            f"{MAX_IDS_LENGTH} are allowed; leave the ids as they are given, which travel as ranges"
        )
        yield Problem(task_id=FINALIZE_TASK_ID, field="dependencies", message=message)


def _check_types(task: TaskSpecification) -> Iterator[_Finding]:
    wanted: tuple[tuple[str, object, type | tuple[type, ...], str], ...] = (
        ("id", task.id, str, "a string"),
        ("display_name", task.display_name, (str, type(None)), "a string or None"),
        ("required_slots", task.required_slots, int, "a whole number"),
        ("run_when", task.run_when, DependencyRule, "a DependencyRule"),
        ("constraints", task.constraints, TaskConstraints, "a TaskConstraints"),
        ("affinity_id", task.affinity_id, (str, type(None)), "a string or None"),
        ("user_identity", task.user_identity, (UserIdentity, type(None)), "a UserIdentity or None"),
    )
    for field, value, kind, name in wanted:
        if not isinstance(value, kind):
            yield field, f"is {value!r}; it must be {name}"
    members: tuple[tuple[str, Iterable[object], type, str], ...] = (
        ("dependencies", task.dependencies, TaskSpecification, "what add_workload_task returned"),
        ("input_files", task.input_files, InputFileSpecification, "an InputFileSpecification"),
        ("output_files", task.output_files, OutputFileSpecification, "an OutputFileSpecification"),
        ("environment_settings", task.environment_settings, str, "a string"),
        ("environment_settings", task.environment_settings.values(), str, "a string"),
        (
            "application_package_references",
            task.application_package_references,
            ApplicationPackageReference,
            "an ApplicationPackageReference",
        ),
    )
    for field, values, kind, name in members:
        for value in values:
            if not isinstance(value, kind):
                yield field, f"holds {value!r}; each must be {name}"


def _check_secrets(task: TaskSpecification, container: str | None) -> Iterator[_Finding]:
    """The callback's URL is for FinalizeTask alone, so no task takes the blob that holds it."""
    for given in task.input_files:
        own = given.storage_account_name is None and given.container_name in (None, container)
        path = given.source_blob_path
        if own and (path == CALLBACK_BLOB or (given.is_folder and CALLBACK_BLOB.startswith(path))):
            yield (
                "input_files",
                f"source_blob_path {path!r} takes in {CALLBACK_BLOB!r}, a secret; name a folder of your own",
            )


def _check_names(task: TaskSpecification, known: set[int]) -> Iterator[_Finding]:
    wrong = check_id(task.id, "id")
    if wrong:
        yield "id", wrong
    if task.id.lower() in RESERVED_TASK_IDS:
        yield "id", f"{task.id!r} is kept for the framework or for Batch; choose another"
    if task.display_name is not None and len(task.display_name) > MAX_DISPLAY_NAME_LENGTH:
        yield "display_name", f"has {len(task.display_name)} characters, at most {MAX_DISPLAY_NAME_LENGTH} are allowed"


def _check_dependencies(task: TaskSpecification, known: set[int]) -> Iterator[_Finding]:
    for parent in task.dependencies:
        if id(parent) not in known:
            yield "dependencies", f"{parent.id!r} is not a task that this job manager added before this one"
    length = compress(parent.id for parent in task.dependencies).ids_length
    if length > MAX_IDS_LENGTH:
        yield (
            "dependencies",
            f"their ids have {length} characters together, at most {MAX_IDS_LENGTH} are allowed; "
            "leave the ids as they are given, which travel as ranges",
        )


def _check_constraints(task: TaskSpecification, known: set[int]) -> Iterator[_Finding]:
    limits = task.constraints
    if limits.max_task_retry_count is not None and limits.max_task_retry_count < -1:
        yield "constraints.max_task_retry_count", f"is {limits.max_task_retry_count}; use -1 (no limit), 0 or more"
    wall_clock = limits.max_wall_clock_time
    if wall_clock is not None and not timedelta(0) < wall_clock <= MAX_LIFETIME:
        yield (
            "constraints.max_wall_clock_time",
            f"is {wall_clock}; it must be over 0 and at most {MAX_LIFETIME.days} days",
        )
    if limits.retention_time is not None and limits.retention_time < timedelta(0):
        yield "constraints.retention_time", f"is {limits.retention_time}; it may not be negative"
    if not 1 <= task.required_slots <= MAX_SLOTS:
        yield "required_slots", f"is {task.required_slots}; it must be from 1 to {MAX_SLOTS}"


def _check_environment(task: TaskSpecification, known: set[int]) -> Iterator[_Finding]:
    for name in task.environment_settings:
        if not name or "=" in name or "\0" in name:
            yield "environment_settings", f"{name!r} is not a name of an environment variable"
        elif len(name) + len(task.environment_settings[name]) > MAX_SETTING_LENGTH:
            yield "environment_settings", f"{name!r} has more than {MAX_SETTING_LENGTH} characters; use an input file"
        elif "\0" in task.environment_settings[name]:
            yield "environment_settings", f"the value of {name!r} holds a NUL character"
        elif name == STORAGE_ACCOUNT_URL:
            yield "environment_settings", f"{name!r} is set for the whole job"
        elif name.upper().startswith(RESERVED_PREFIXES):
            yield "environment_settings", f"{name!r} begins with {' or '.join(RESERVED_PREFIXES)}, which are kept"


def _check_files(task: TaskSpecification, known: set[int]) -> Iterator[_Finding]:
    for given in task.input_files:
        yield from _check_container("input_files", given.container_name)
        if given.target_file_path is not None and _leaves_folder(given.target_file_path):
            yield "input_files", f"target_file_path {given.target_file_path!r} leaves the working directory"
    for made in task.output_files:
        yield from _check_container("output_files", made.container_name)
        if not made.source_file_path:
            yield "output_files", "source_file_path is empty"
        if made.task_id is not None and made.task_id != task.id:
            yield "output_files", f"task_id is {made.task_id!r}, but it is attached to task {task.id!r}"


def _check_container(field: str, name: str | None) -> Iterator[_Finding]:
    if name is not None and not CONTAINER_NAME.fullmatch(name):
        yield (
            field,
            f"container_name {name!r}: use 3 to 63 lower-case letters and digits, with single '-' between them",
        )


def _leaves_folder(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts


_Check = Callable[[TaskSpecification, set[int]], Iterable[_Finding]]
_CHECKS: tuple[_Check, ...] = (_check_names, _check_dependencies, _check_constraints, _check_environment, _check_files)

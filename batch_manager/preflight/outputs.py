"""Output files: those of one task, and those that two tasks would write to one blob. Pure.

Two tasks may have the same virtual folder: their files' names are not known. A blob that two tasks name is an error,
even if one waits for the other: what the first wrote would be lost. It is none where the one task uploads only if it
succeeds and the other runs only if that one did not, or the reverse.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from batch_manager.dependencies import DependencyRule
from batch_manager.naming import REPORT_FILE
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.limits import MAX_PATH
from batch_manager.preflight.places import check_place, is_own_account, is_own_container
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import is_plain_path, is_sendable
from batch_manager.specification import FOLDER_MARK, OutputFileSpecification, TaskSpecification, UploadCondition

SOURCE = Rule(
    "output-source",
    "output_files",
    f"a `source_file_path` that is empty, longer than {MAX_PATH} characters, out of the task's folder, or no text that "
    "can be sent",
    "give a path or pattern in the working directory",
)
OTHER_TASK = Rule(
    "output-task",
    "output_files",
    "a `task_id` of another task than the one the file is attached to",
    "attach the file to the task that writes it, or give None",
)
TARGET = Rule(
    "output-target",
    "output_files",
    "a `target_blob_path` that ends with `/` for a single file, or none where the file's own path is no blob's name",
    "name the blob",
)
KEPT = Rule(
    "output-reserved",
    "output_files",
    "blobs of the job's container that the framework writes: `batch-manager/...`, and "
    f"`stdout.txt`, `stderr.txt` and `{REPORT_FILE}` of a task in `logs/`",
    "choose another target_blob_path",
)
SHARED = Rule(
    "output-shared",
    "output_files",
    "a blob that another output file is uploaded to as well, unless never both are",
    "give each its own target_blob_path: the second would be written over the first",
)

RULES = (SOURCE, OTHER_TASK, TARGET, KEPT, SHARED)

_WILDCARD = re.compile(r"[*?\[]")
_KEPT = re.compile(rf"batch-manager/.*|logs/[^/]+/(?:stdout\.txt|stderr\.txt|{re.escape(REPORT_FILE)})", re.DOTALL)

_OPPOSITE = {
    UploadCondition.TASK_SUCCESS: UploadCondition.TASK_FAILURE,
    UploadCondition.TASK_FAILURE: UploadCondition.TASK_SUCCESS,
}


def check(task: TaskSpecification, facts: JobFacts) -> Sequence[Finding]:
    """What is wrong with a task's output files, whatever the other tasks'."""
    return tuple(_check(task, facts)) if task.output_files else ()


def _check(task: TaskSpecification, facts: JobFacts) -> Iterator[Finding]:
    for index, made in enumerate(task.output_files):
        field = f"output_files[{index}]"
        yield from check_place(made, made.target_blob_path, field, "target_blob_path")
        wrong = _check_source(made.source_file_path)
        if wrong is not None:
            yield SOURCE.broken(wrong, f"{field}.source_file_path")
        if made.task_id is not None and made.task_id != task.id:
            said = f"is {shown(made.task_id)}, but it is attached to task {task.id!r}"
            yield OTHER_TASK.broken(said, f"{field}.task_id")
        yield from _check_target(made, facts, field)


def _check_source(path: str) -> str | None:
    if is_plain_path(path):
        return None
    if not path:
        return "is empty"
    if not is_sendable(path) or len(path) > MAX_PATH:
        return f"is {shown(path)}, which is no path"
    fixed = path[: found.start()] if (found := _WILDCARD.search(path)) else path
    plain = posixpath.normpath(f"task/wd/{fixed}") if not path.startswith(("/", "$", "%")) else "task"
    if plain != "task" and not plain.startswith("task/"):
        return f"is {shown(path)}, which is not in the task's folder"
    return None


def _check_target(made: OutputFileSpecification, facts: JobFacts, field: str) -> Iterator[Finding]:
    path, source = made.target_blob_path, made.source_file_path
    own = is_own_container(made, facts)
    if made.is_pattern:
        if own and path is not None and f"{path}/".startswith("batch-manager/"):
            yield KEPT.broken(f"is {shown(path)}", f"{field}.target_blob_path")
        return
    if path is None and (posixpath.isabs(source) or source.startswith(("$", "%", "..", "./"))):
        yield TARGET.broken(f"is None, and source_file_path is {shown(source)}", f"{field}.target_blob_path")
    elif path is not None and (not path or path.endswith(FOLDER_MARK)):
        yield TARGET.broken(f"is {shown(path)}, and the file is a single one", f"{field}.target_blob_path")
    elif own and _KEPT.fullmatch(path or source):
        yield KEPT.broken(f"is {shown(path or source)}", f"{field}.target_blob_path")


class _Writer(NamedTuple):
    task: TaskSpecification
    condition: UploadCondition
    field: str


class BlobRegister:
    """The blobs that a job's tasks name, as they are added. Patterns name none."""

    def __init__(self, facts: JobFacts) -> None:
        self._facts = facts
        self._writers: dict[tuple[str, str, str], _Writer | list[_Writer]] = {}

    def add(self, task: TaskSpecification) -> Sequence[Finding]:
        """Remember a task's blobs; which of them others write too."""
        return tuple(self._add(task)) if task.output_files else ()

    def _add(self, task: TaskSpecification) -> Iterator[Finding]:
        for index, made in enumerate(task.output_files):
            if made.is_pattern:
                continue
            path = made.target_blob_path or made.source_file_path
            account = "" if is_own_account(made.storage_account_name, self._facts) else made.storage_account_name or ""
            key = (account, made.container_name or self._facts.container or "", path)
            writer = _Writer(task, made.upload_condition, f"output_files[{index}]")
            before = self._writers.setdefault(key, writer)
            if before is writer:
                continue
            others = before if isinstance(before, list) else [before]
            self._writers[key] = [*others, writer]
            other = next((each for each in others if not _never_both(each, writer)), None)
            if other is not None:
                said = f"is {shown(path)}, and {other.field} of task {other.task.id!r} is uploaded there too"
                yield SHARED.broken(said, f"{writer.field}.target_blob_path")


def _never_both(first: _Writer, second: _Writer) -> bool:
    """Whether a job in which both were uploaded cannot be."""
    if first.task is second.task:
        return _OPPOSITE.get(first.condition) is second.condition
    return _only_after_other_end(first, second) or _only_after_other_end(second, first)


def _only_after_other_end(parent: _Writer, child: _Writer) -> bool:
    """Whether the child's task runs only if the parent's ended in a way that uploads nothing."""
    parents = child.task.dependencies
    if child.task.run_when is DependencyRule.ALL_SUCCEEDED:
        return parent.condition is UploadCondition.TASK_FAILURE and any(each is parent.task for each in parents)
    alone = bool(parents) and all(each is parent.task for each in parents)
    only_failed = child.task.run_when is DependencyRule.ANY_FAILED and alone
    return parent.condition is UploadCondition.TASK_SUCCESS and only_failed

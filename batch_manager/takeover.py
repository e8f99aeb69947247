"""What a job that runs another one again takes over from it: the tasks that need not run, and how to tell. Pure.

``rerun`` writes the document where the job is submitted; the job manager reads it and leaves those tasks out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from batch_manager import environment
from batch_manager.definitions import TaskDetail
from batch_manager.dependencies import DependencyRule
from batch_manager.errors import DefinitionError, InputError
from batch_manager.specification import OutputFileSpecification, TaskSpecification

_DIGEST_LENGTH = 8
_GLOB_MARKS = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What is taken over.

    Attributes:
        job_id: the job that is run again.
        done: the ids of its tasks that succeeded there, or in the job that it ran again itself; each with the
            ``added_digest`` that it had, or an empty text where that is not known.
    """

    job_id: str
    done: Mapping[str, str]


def draft_digest(task: TaskSpecification) -> str:
    """A short text that two tasks share only if they do the same: type and inputs, or the same command."""
    if task.command_line is not None:
        return _digest(task.command_line)
    return _digest(f"{task.task_name}\0{task.inputs}")


def added_digest(task: TaskDetail) -> str:
    """The same of a task that Batch has; an empty text if its inputs lie in a blob, so that it cannot be told."""
    settings = task.environment
    if environment.COMMAND in settings:
        return _digest(settings[environment.COMMAND])
    if environment.INPUTS_FILE in settings:
        return ""
    if environment.INPUTS not in settings:
        return _digest(task.command_line or "")
    name = (task.command_line or "").rpartition(" ")[2]
    return _digest(f"{name}\0{settings[environment.INPUTS]}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def encode_takeover(takeover: Takeover) -> bytes:
    """The document, a JSON object."""
    return json.dumps({"jobId": takeover.job_id, "done": dict(takeover.done)}, separators=(",", ":")).encode()


def read_takeover(document: bytes) -> Takeover:
    """The reverse.

    Raises:
        InputError: the document is not one that ``encode_takeover`` writes.
    """
    try:
        values = json.loads(document)
        done = {str(task_id): str(digest) for task_id, digest in values["done"].items()}
        return Takeover(job_id=str(values["jobId"]), done=done)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("what this job takes over from another one cannot be read") from error


def tasks_to_run(tasks: Sequence[TaskSpecification], takeover: Takeover) -> list[TaskSpecification]:
    """The drafts that run again, without dependencies on those that do not. The drafts are changed.

    A task that is done runs again all the same if what it was made of does: a summary of whatever there was
    (``ALL_ENDED``), and what was made of that. A task that runs only if a parent fails is left out with its parents, if
    all of them are done.

    Args:
        tasks: all tasks of the job, as its job manager added them.
        takeover: what need not run.

    Raises:
        DefinitionError: the job manager adds other tasks now than it did then.
    """
    _check_same(tasks, takeover)
    left_out = _still_done(tasks, takeover)
    kept: list[TaskSpecification] = []
    for task in tasks:
        parents = tuple(parent for parent in task.dependencies if id(parent) not in left_out)
        is_needless = task.run_when is DependencyRule.ANY_FAILED and task.dependencies and not parents
        if id(task) in left_out or is_needless:
            left_out.add(id(task))
        else:
            task.dependencies = parents
            kept.append(task)
    return kept


def _still_done(tasks: Sequence[TaskSpecification], takeover: Takeover) -> set[int]:
    """The tasks that are done, but for those that come after one that runs again. What was done about a failure stays
    done."""
    children: dict[int, list[TaskSpecification]] = {}
    for task in tasks:
        for parent in task.dependencies:
            children.setdefault(id(parent), []).append(task)
    done = {id(task) for task in tasks if task.id in takeover.done}
    again = [task for task in tasks if id(task) not in done]
    while again:
        for child in children.get(id(again.pop()), ()):
            if id(child) in done and child.run_when is not DependencyRule.ANY_FAILED:
                done.remove(id(child))
                again.append(child)
    return done


def stale_outputs(
    running: Iterable[TaskSpecification], done: Iterable[TaskSpecification], container: str, blobs: Iterable[str]
) -> list[str]:
    """Which blobs that were taken over only tasks that run again write: what an earlier try left there must not be
    taken for the new one's. A blob that a task which is done may have written as well stays.

    Args:
        running: the tasks that run again.
        done: those that do not.
        container: the job's own.
        blobs: the names of the blobs that were taken over.
    """
    theirs, others = _Outputs(running, container), _Outputs(done, container)
    return [blob for blob in blobs if blob in theirs and blob not in others]


class _Outputs:
    """The blobs that tasks may write into one container."""

    def __init__(self, tasks: Iterable[TaskSpecification], container: str) -> None:
        self._exact: set[str] = set()
        self._patterns: set[str] = set()
        for task in tasks:
            for made in task.output_files:
                if made.storage_account_name is None and made.container_name in (None, container):
                    self._add(made)

    def __contains__(self, blob: str) -> bool:
        return blob in self._exact or any(fnmatchcase(blob, pattern) for pattern in self._patterns)

    def _add(self, made: OutputFileSpecification) -> None:
        target = made.target_blob_path
        if not made.is_pattern:
            self._exact.add(target or made.source_file_path)
            return
        folder = f"{target.rstrip('/')}/" if target else ""
        self._patterns.add(folder + _beneath(made.source_file_path))


def _beneath(source: str) -> str:
    """The part of a pattern that becomes the blob's name: what begins with the first folder that holds a wildcard."""
    folders = source.split("/")
    first = next(index for index, folder in enumerate(folders) if _GLOB_MARKS.search(folder))
    return "/".join(folders[first:]).replace("**/", "*")


def _check_same(tasks: Sequence[TaskSpecification], takeover: Takeover) -> None:
    by_id = {task.id: task for task in tasks}
    for task_id, digest in takeover.done.items():
        task = by_id.get(task_id)
        if task is None:
            found = "it adds no such task"
        elif digest and digest != draft_digest(task):
            found = f"it adds a {task.task_name} with other inputs or another name"
        else:
            continue
        raise DefinitionError(
            f"task {task_id!r} of job {takeover.job_id!r} succeeded and need not run again, but {found}: the workload "
            "or its inputs have changed since; submit the job anew"
        )

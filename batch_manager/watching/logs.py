"""Logs of tasks for people: of one task, or the ends of those that tell most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batch_manager.client import BatchClient
from batch_manager.definitions import TaskRecord
from batch_manager.errors import NotFoundError
from batch_manager.job_operations import JobOperations
from batch_manager.naming import JOB_MANAGER_TASK_ID
from batch_manager.node_files import NodeFiles
from batch_manager.watching.overview import unsuccessful_page
from batch_manager.watching.places import open_file, start_of_last_lines
from batch_manager.watching.retry_plan import was_skipped

STDOUT = "stdout.txt"
STDERR = "stderr.txt"

MAX_TASKS = 5
"""Failed tasks whose logs are shown where none is named."""

MAX_EXCERPT = 1 << 20
"""Bytes of a log that are kept in memory, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The end of a log.

    Attributes:
        task: whose.
        path: which file, below the task's folder.
        where: ``node`` or ``storage``; None if it is nowhere.
        content: its last lines.
        left_out: bytes before them.
        missing: why there is none; None if there is one.
    """

    task: TaskRecord
    path: str
    where: str | None = None
    content: bytes = b""
    left_out: int = 0
    missing: str | None = None

    @property
    def text(self) -> str:
        """The lines as text; what is none of UTF-8 is replaced."""
        return self.content.decode(errors="replace")


def excerpt(
    client: BatchClient, files: NodeFiles, job_id: str, task: TaskRecord, path: str, *, lines: int | None = None
) -> Excerpt:
    """The end of a task's log: its last lines, ``MAX_EXCERPT`` bytes at most.

    Args:
        client: the job's account.
        files: the same account's nodes.
        job_id: the job.
        task: the task.
        path: the file, below the task's folder.
        lines: how many; None for all.
    """
    try:
        with open_file(files, client.storage, job_id, task, path) as place:
            size = place.size()
            start = 0 if lines is None else start_of_last_lines(place, lines)
            start = max(start, size - MAX_EXCERPT)
            content = place.read(start, size)
            return Excerpt(task=task, path=path, where=place.where, content=content, left_out=start)
    except NotFoundError as error:
        return Excerpt(task=task, path=path, missing=str(error))


def telling_excerpts(
    operations: JobOperations, client: BatchClient, files: NodeFiles, job_id: str, path: str | None, *, lines: int
) -> Iterator[Excerpt]:
    """The ends of the logs of the first tasks that failed; of the job manager, if none did.

    Args:
        operations: the job's account.
        client: the same.
        files: the same account's nodes.
        job_id: the job.
        path: which file; None means standard error, or standard output where there is nothing in that.
        lines: how many of each.

    Raises:
        NotFoundError: there is no such job.
    """
    failed = [task.record for task in unsuccessful_page(operations, job_id) if not was_skipped(task.record)]
    for task in failed[:MAX_TASKS] or _job_manager(client, job_id):
        found = excerpt(client, files, job_id, task, path or STDERR, lines=lines)
        if path is None and not found.content.strip():
            other = excerpt(client, files, job_id, task, STDOUT, lines=lines)
            found = other if other.content.strip() else found
        yield found


def _job_manager(client: BatchClient, job_id: str) -> list[TaskRecord]:
    try:
        return [client.get_task(job_id, JOB_MANAGER_TASK_ID).record]
    except NotFoundError as error:
        if error.code == "JobNotFound":
            raise
        return []

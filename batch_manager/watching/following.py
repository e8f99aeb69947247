"""Follows a file that a task writes, until the task has ended and all of it was shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from batch_manager.client import BatchClient
from batch_manager.definitions import TaskDetail, TaskState
from batch_manager.errors import ConflictError, NotFoundError
from batch_manager.node_files import NodeFiles
from batch_manager.watching.places import NodePlace, Place, open_blob, parts, start_of_last_lines

INTERVAL = 1.0
"""Seconds between two looks, each of which is two requests and one more where the file has grown."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say of the file, which is none of its content."""

    text: str


class Follower:
    """Follows one file of one task.

    Args:
        client: the job's account.
        files: the same account's nodes.
        job_id: the job.
        task_id: the task.
        path: the file, below the task's folder.
        tail: begin with so many of its last lines; None means with its first.
        sleep: waits between two looks.
    """

    def __init__(
        self,
        client: BatchClient,
        files: NodeFiles,
        job_id: str,
        task_id: str,
        path: str,
        *,
        tail: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._files = client, files
        self._job_id, self._task_id, self._path = job_id, task_id, path
        self._tail = tail
        self._sleep = sleep
        self._position: int | None = None
        self._run: tuple[object, ...] | None = None
        self._said = ""

    def follow(self) -> Iterator[bytes | Notice]:
        """What the file holds, as it grows, and what happens to it meanwhile; ends once the task has ended.

        Raises:
            NotFoundError: the task is gone.
            ServiceError: Batch or Blob Storage said no.
        """
        while True:
            task = self._client.get_task(self._job_id, self._task_id)  # before the file: what it has then is all
            yield from self._begin_anew(task)
            has_ended = task.record.state is TaskState.COMPLETED
            is_there = yield from self._grown()
            if has_ended:
                if not is_there:
                    yield from self._from_storage()
                return
            if not is_there:
                yield from self._say(_why_not_there(task))
            self._sleep(INTERVAL)

    def _begin_anew(self, task: TaskDetail) -> Iterator[Notice]:
        """A task that was tried again, or runs on another node, writes its files from the beginning."""
        record = task.record
        run = (task.node_id, record.retry_count, record.requeue_count)
        if record.start_time is None:
            return
        if self._run is not None and run != self._run and self._position:
            on = f" on node {task.node_id}" if task.node_id else ""
            yield Notice(f"the task runs again{on}: its file begins anew")
            self._position = 0
        self._run = run

    def _grown(self) -> Generator[bytes | Notice, None, bool]:
        """What came since the last look; whether the file could be read, as the generator's value."""
        place = NodePlace(self._files, self._job_id, self._task_id, self._path)
        try:
            size = place.size()
            if self._position is not None and size < self._position:
                yield Notice("the file was cut: it begins anew")
                self._position = 0
            yield from self._rest(place)
        except (NotFoundError, ConflictError):
            return False
        return True

    def _from_storage(self) -> Iterator[bytes | Notice]:
        with open_blob(self._client.storage, self._job_id, self._task_id, self._path) as blob:
            if blob is None:
                yield from self._say("the task has ended; its file is neither on the node nor in storage")
                return
            if self._position is not None and blob.size() < self._position:
                yield Notice("what was uploaded is shorter than what was shown: it begins anew")
                self._position = 0
            yield from self._rest(blob)

    def _rest(self, place: Place) -> Iterator[bytes]:
        if self._position is None:
            self._position = 0 if self._tail is None else start_of_last_lines(place, self._tail)
        for part in parts(place, self._position):
            self._position += len(part)
            yield part

    def _say(self, text: str) -> Iterator[Notice]:
        """Once, until something else is to be said."""
        if text != self._said:
            self._said = text
            yield Notice(text)


def _why_not_there(task: TaskDetail) -> str:
    record = task.record
    if record.start_time is None or record.state is TaskState.ACTIVE:
        again = " again" if record.requeue_count or record.retry_count else ""
        return f"the task is {record.state.value}: waiting for it to begin{again}"
    return "the file is not there yet"

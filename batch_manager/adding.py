"""Adds many tasks to a job for good: the step that a lost reply, a busy service or a kill may interrupt anywhere.

Batch takes 100 tasks and 1 MB a request, adds some and not others, and a request whose reply is lost may have added
all. So a task that is there is compared with the one that was meant, by its digest: the same counts as added.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from batch_manager.client import BatchClient
from batch_manager.definitions import MAX_TASKS_PER_REQUEST, AddStatus, TaskAddResult, TaskDefinition
from batch_manager.errors import BusyError, ConflictError, ServiceError
from batch_manager.patience import DEFAULT_PATIENCE, Patience

IN_FLIGHT = 10
"""Requests on their way at the same time; Azure takes a tenth of a second and more for each. Microsoft's client keeps
so many connections, and would open a new one for each request beyond."""

LOOKED_UP_ONE_BY_ONE = 100
"""Tasks that were there already and are asked for singly; where there are more, all of the job's are listed once."""

_TOO_LARGE = 413


def add_all(
    client: BatchClient,
    job_id: str,
    definitions: Iterable[TaskDefinition],
    *,
    patience: Patience = DEFAULT_PATIENCE,
    in_flight: int = IN_FLIGHT,
) -> int:
    """Add tasks to a job, in no certain order, and return how many there are. What is there and the same counts.

    Memory holds a few requests, whatever the number of tasks.

    Args:
        client: the account.
        job_id: a job that takes tasks.
        definitions: read as they are needed.
        patience: for one request and the parts of it that Batch did not take.
        in_flight: how many requests are on their way at the same time.

    Raises:
        ConflictError: the job has another task with one of the ids, or takes no tasks any more.
        BusyError: Batch stayed busy, or kept failing to add a task, for longer than ``patience`` lasts.
        ServiceError: Batch refused a task, or the request. Whatever is raised, some of the tasks are there: the
            message says how many, and adding all of them again adds the rest.
    """
    adder = _Adder(client, job_id, patience)
    try:
        _run(adder.add, adder.chunks(definitions), in_flight, adder.stop)
    except ServiceError as error:
        raise error.extended(f" ({adder.added} tasks are added; adding them all again adds the rest)") from error
    return adder.added


class _Adder:
    """One call of ``add_all``; its methods are called from several threads."""

    def __init__(self, client: BatchClient, job_id: str, patience: Patience) -> None:
        self.added = 0
        self._client = client
        self._job_id = job_id
        self._patience = patience
        self._lock = threading.Lock()
        self._size = MAX_TASKS_PER_REQUEST
        self._stopped = False
        self._existing = _Existing(client, job_id)

    def stop(self) -> None:
        """Begin nothing new: the other requests have failed."""
        self._stopped = True

    def chunks(self, definitions: Iterable[TaskDefinition]) -> Iterator[list[TaskDefinition]]:
        """So many tasks at a time as fitted into a request lately."""
        source = iter(definitions)
        while chunk := list(islice(source, self._size)):
            yield chunk

    def add(self, tasks: Sequence[TaskDefinition]) -> None:
        """Add the tasks of one request."""
        deadline = self._patience.begin()
        pending = list(tasks)
        while pending and not self._stopped:
            try:
                results = self._client.add_tasks(self._job_id, pending)
            except BusyError as error:
                deadline.pause(error)
                continue
            except ServiceError as error:
                if error.status != _TOO_LARGE:
                    raise
                self._add_halves(pending, error)
                return
            left, failure = self._judge(pending, results)
            self._fitted(len(pending), len(pending) - len(left))
            if failure is not None:
                deadline = deadline.renewed() if len(left) < len(pending) else deadline
                deadline.pause(failure)
            pending = left

    def _add_halves(self, tasks: list[TaskDefinition], error: ServiceError) -> None:
        if len(tasks) == 1:
            raise error.extended(
                f": task {tasks[0].id!r} alone is too large for Batch, which takes 1 MB for all that is said of a "
                "task; give large inputs as files"
            ) from error
        middle = len(tasks) // 2
        self._size = middle
        self.add(tasks[:middle])
        self.add(tasks[middle:])

    def _fitted(self, sent: int, added: int) -> None:
        with self._lock:
            self.added += added
            if sent >= self._size:
                self._size = min(MAX_TASKS_PER_REQUEST, 2 * self._size)

    def _judge(
        self, tasks: Sequence[TaskDefinition], results: Sequence[TaskAddResult]
    ) -> tuple[list[TaskDefinition], BusyError | None]:
        """The tasks that are to be sent again, and why."""
        found = {result.task_id.lower(): result for result in results}
        again, failure = [], None
        for task in tasks:
            result = found.get(task.id.lower())
            operation = f"add task {task.id!r} to job {self._job_id!r}"
            if result is None or result.status is AddStatus.SERVER_ERROR:
                again.append(task)
                failure = failure or _not_added(operation, result)
            elif result.code == "TaskExists":
                self._existing.compare(task, operation)
            elif result.status is AddStatus.CLIENT_ERROR:
                message = f"{operation}: {result.message or 'refused'} (code {result.code})"
                raise ServiceError(message, operation=operation, status=400, code=result.code)
        return again, failure


class _Existing:
    """The tasks that the job has already."""

    def __init__(self, client: BatchClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._lock = threading.Lock()
        self._looked_up = 0
        self._digests: dict[str, str | None] | None = None

    def compare(self, task: TaskDefinition, operation: str) -> None:
        """Nothing, if the task of this id is this one.

        Raises:
            ConflictError: it is another; the message names both.
        """
        digest = task.digest()
        if self._listed().get(task.id.lower()) == digest:
            return
        existing = self._client.get_task(self._job_id, task.id)
        if existing.definition != digest:
            message = f"{operation}: {task.conflict(existing.command_line)}"
            raise ConflictError(message, operation=operation, status=409, code="TaskExists")

    def _listed(self) -> dict[str, str | None]:
        """The tasks by id, once so many were looked up that a list is cheaper; none before."""
        with self._lock:
            self._looked_up += 1
            if self._digests is None and self._looked_up > LOOKED_UP_ONE_BY_ONE:
                details = self._client.list_task_details(self._job_id)
                self._digests = {detail.record.id.lower(): detail.definition for detail in details}
            return self._digests or {}


def _not_added(operation: str, result: TaskAddResult | None) -> BusyError:
    code = result.code if result is not None else None
    message = (result.message if result is not None else None) or "Batch did not say what became of it"
    return BusyError(f"{operation}: {message} (code {code or 'none'})", operation=operation, status=503, code=code)


def _run(
    work: Callable[[Sequence[TaskDefinition]], None],
    chunks: Iterator[list[TaskDefinition]],
    in_flight: int,
    stop: Callable[[], None],
) -> None:
    """Do the work for each chunk, a few at the same time; the first error ends it, once what runs has ended."""
    running: deque[Future[None]] = deque()
    with ThreadPoolExecutor(in_flight) as pool:
        try:
            for chunk in chunks:
                if len(running) == in_flight:
                    running.popleft().result()
                running.append(pool.submit(work, chunk))
            while running:
                running.popleft().result()
        except BaseException:  # Ctrl-C too: what has not begun must not
            stop()
            for future in running:
                future.cancel()
            raise

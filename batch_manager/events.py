"""What a job tells while it runs: CloudEvents 1.0, in structured JSON, to its progress URL.

docs/events.md describes each event, docs/events.schema.json all of them. They are for watching, not for deciding: an
event may be lost. How a job ended is told by the callback. Light: a task's process imports this only when its job has
a progress URL.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from batch_manager.environment import attempt_number
from batch_manager.errors import InputError
from batch_manager.event_sender import EXIT_PATIENCE, EventSender
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name, container_url

if TYPE_CHECKING:
    from batch_manager.environment import NodeEnvironment
    from batch_manager.outcome import JobOutcome

JOB_STARTED = "azure-batch-manager.job.started"
TASK_PROGRESS = "azure-batch-manager.task.progress"
TASK_ENDED = "azure-batch-manager.task.ended"
JOB_ENDED = "azure-batch-manager.job.ended"

MAX_URL_LENGTH = 2000
MAX_TEXT_LENGTH = 1000
"""Characters of a message or a cause that an event repeats."""

_UNUSABLE = re.compile(r"[^!-~]")


def check_progress_url(url: str) -> None:
    """Refuse what cannot be called and what may hold a secret: every task of the job knows the URL.

    Raises:
        InputError: it is no such URL. The message does not repeat it: it may hold a secret.
    """
    wrong = _find_fault(url)
    if wrong:
        raise InputError(f"the progress URL {wrong}; give https://HOST/PATH, and let the receiver need no secret")


class Events:
    """Tells what happens in one job. Nothing here raises or waits, but for ``close``."""

    def __init__(
        self, *, sender: EventSender, job_id: str, source: str, clock: Callable[[], float] = time.time
    ) -> None:
        """
        Args:
            sender: takes the events.
            job_id: the job.
            source: its address, as ``event_source`` makes it.
            clock: seconds since 1970, UTC.
        """
        self._sender = sender
        self._job_id = job_id
        self._source = source
        self._clock = clock

    def job_started(self, *, pool_id: str) -> None:
        """The job manager begins."""
        self._sender.send(self._event(JOB_STARTED, "job", "job-started", {"poolId": pool_id}))

    def job_ended(self, *, outcome: str, summary: str, counts: Mapping[str, int]) -> None:
        """FinalizeTask knows how the job ended."""
        data = {"outcome": outcome, "summary": summary[:MAX_TEXT_LENGTH], "counts": dict(counts)}
        self._sender.send(self._event(JOB_ENDED, "job", "job-ended", data))

    def task_progress(self, task: TaskAttempt, *, number: int, fraction: float, message: str) -> None:
        """A task says how far it is; ``number`` counts what this process said."""
        data = {**task.data(), "fraction": fraction, "message": message[:MAX_TEXT_LENGTH]}
        name = f"task-progress/{task.path()}/{number}"
        self._sender.send_latest(self._event(TASK_PROGRESS, f"tasks/{task.task_id}", name, data))

    def task_ended(self, task: TaskAttempt, *, exit_code: int, cause: str | None, is_retried: bool) -> None:
        """An attempt at a task ended; ``is_retried`` says whether another is to follow."""
        data = {
            **task.data(),
            "outcome": _outcome(exit_code),
            "exitCode": exit_code,
            "cause": None if cause is None else cause[:MAX_TEXT_LENGTH],
            "isRetried": is_retried,
        }
        self._sender.send(self._event(TASK_ENDED, f"tasks/{task.task_id}", f"task-ended/{task.path()}", data))

    def close(self, patience: float = EXIT_PATIENCE) -> None:
        """Wait at most so many seconds until what was told is sent."""
        self._sender.close(patience)

    def _event(self, kind: str, subject: str, name: str, data: Mapping[str, object]) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "type": kind,
            "source": self._source,
            "subject": subject,
            "id": name,
            "time": _timestamp(self._clock()),
            "datacontenttype": "application/json",
            "data": {"jobId": self._job_id, **data},
        }


class TaskAttempt:
    """Which attempt at which task, on which node."""

    __slots__ = ("attempt", "node_id", "task_id")

    def __init__(self, *, task_id: str, node_id: str, attempt: int) -> None:
        self.task_id = task_id
        self.node_id = node_id
        self.attempt = attempt

    def path(self) -> str:
        """In the id of an event: the same in each process that does the same."""
        return f"{self.task_id}/{self.node_id}/{self.attempt}"

    def data(self) -> dict[str, object]:
        """In the data of an event."""
        return {"taskId": self.task_id, "nodeId": self.node_id, "attempt": self.attempt}


class TaskEvents:
    """What one task's process tells."""

    def __init__(self, events: Events, task: TaskAttempt) -> None:
        self._events = events
        self._task = task
        self._numbers = count(1)

    def progress(self, fraction: float, message: str) -> None:
        """How far it is."""
        self._events.task_progress(self._task, number=next(self._numbers), fraction=fraction, message=message)

    def ended(self, *, exit_code: int, cause: str | None = None, is_retried: bool = False) -> None:
        """How the attempt ended. It is the last event: waits a moment until all are sent."""
        self._events.task_ended(self._task, exit_code=exit_code, cause=cause, is_retried=is_retried)
        self._events.close()


def event_source(storage_account_url: str, job_id: str) -> str:
    """Where a job's blobs lie, which is the source of its events, for whoever tells them."""
    return container_url(storage_account_url, None, container_name(job_id))


def connect_events(
    *, progress_url: str | None, storage_account_url: str, job_id: str, is_quiet: bool = False
) -> Events | None:
    """What tells a job's events; None if it has no progress URL, or none that can be used.

    Args:
        progress_url: the job's.
        storage_account_url: the blob endpoint of its storage account.
        job_id: the job.
        is_quiet: whether nothing is logged when the receiver takes nothing.
    """
    if progress_url is None or _find_fault(progress_url):
        return None
    source = event_source(storage_account_url, job_id)
    return Events(sender=EventSender(progress_url, is_quiet=is_quiet), job_id=job_id, source=source)


def node_events(node: NodeEnvironment, *, is_quiet: bool = False) -> Events | None:
    """What tells the events of the job this process belongs to; None if nobody is to be told."""
    try:
        return connect_events(
            progress_url=node.progress_url,
            storage_account_url=node.storage_account_url,
            job_id=node.job_id,
            is_quiet=is_quiet,
        )
    except InputError:  # a job of somebody else's, whose id is none of ours
        return None


@cache
def task_events(node: NodeEnvironment) -> TaskEvents | None:
    """What tells the events of the task this process is, the same in all of it; None if nobody is to be told."""
    if node.guarded_task or node.task_id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID):
        return None
    events = node_events(node, is_quiet=True)  # its job manager says it; a million tasks need not
    if events is None:
        return None
    attempt = attempt_number(node.working_directory)
    return TaskEvents(events, TaskAttempt(task_id=node.task_id, node_id=node.node_id, attempt=attempt))


def tell_task_ended(
    node: NodeEnvironment, *, exit_code: int, cause: str | None = None, is_retried: bool = False
) -> None:
    """Tell that the task this process is has ended, if that is a task of the workload and somebody is to be told."""
    events = task_events(node)
    if events is not None:
        events.ended(exit_code=exit_code, cause=cause, is_retried=is_retried)


def tell_job_ended(outcome: JobOutcome, *, progress_url: str | None, storage_account_url: str) -> None:
    """Tell how a job ended, from wherever that is told; waits a moment until it is sent."""
    events = connect_events(progress_url=progress_url, storage_account_url=storage_account_url, job_id=outcome.job_id)
    if events is None:
        return
    counts = {
        "succeeded": outcome.succeeded,
        "failed": outcome.failed,
        "skipped": outcome.skipped,
        "cancelled": outcome.cancelled,
        "notEnded": outcome.not_ended,
        "missing": outcome.missing,
    }
    events.job_ended(outcome=outcome.outcome.value, summary=outcome.summary, counts=counts)
    events.close()


@contextmanager
def telling_job_started(node: NodeEnvironment) -> Iterator[None]:
    """Tell that the job this process belongs to began, beside what is done meanwhile."""
    events = node_events(node)
    if events is not None:
        events.job_started(pool_id=node.pool_id)
    try:
        yield
    finally:
        if events is not None:
            events.close()


def _find_fault(url: str) -> str | None:
    if len(url) > MAX_URL_LENGTH:
        return f"has {len(url)} characters, of at most {MAX_URL_LENGTH}"
    if _UNUSABLE.search(url):
        return "holds white space or characters beyond ASCII"
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete:
        return "is not one that can be called"
    if "@" in parts.netloc:
        return "names a user, which every task of the job could read"
    if "?" in url or "#" in url:
        return "has a query or a fragment, which every task of the job could read"
    return None


def _outcome(exit_code: int) -> str:
    known = {0: "succeeded", ExitCode.SKIPPED: "skipped", ExitCode.TIME_LIMIT: "cancelled"}
    return known.get(exit_code, "failed")


def _timestamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"

"""What a user subclasses for a unit of work, and what its builder is given on the node."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from batch_manager.errors import DefinitionError

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.environment import JsonValue
    from batch_manager.events import TaskEvents

_ROUNDING = 1e-6
"""By how much a fraction may leave its range: a sum of many parts of 1 is rarely 1."""

_log = logging.getLogger(__name__)


class TaskContext:
    """What a task's builder knows.

    Attributes:
        job_id: the Batch job.
        task_id: the Batch task.
        inputs: what ``add_workload_task`` was given.
        working_directory: absolute; the process runs in it, input files lie in it, output files are taken from it.
        batch_client: the client of the workload; it becomes real, which costs half a second, when it is first used.
    """

    __slots__ = ("batch_client", "inputs", "job_id", "task_id", "working_directory")

    def __init__(
        self,
        *,
        job_id: str,
        task_id: str,
        inputs: Mapping[str, JsonValue],
        working_directory: Path,
        batch_client: BatchClient,
    ) -> None:
        self.job_id = job_id
        self.task_id = task_id
        self.inputs = inputs
        self.working_directory = working_directory
        self.batch_client = batch_client


class WorkloadTask(ABC):
    """A unit of work of a job.

    Batch may run a task again after a node is lost, without counting it as a retry: what ``run`` does must be the
    same when done twice.
    """

    _events: TaskEvents | None = None

    @abstractmethod
    def run(self) -> None:
        """Do the work, with the task's working directory as the current one. Returning means success.

        Raises:
            InputError: the data are wrong (exit code 65).
            Exception: anything else fails the task (exit code 1, traceback in its stderr.txt).
        """

    def report_progress(self, fraction: float, message: str = "") -> None:
        """Say how far the work is, as often as it is convenient: about one report a second is sent, and the last one.

        It goes to the job's progress URL (docs/events.md), as well as it can: whatever becomes of it there, the work
        goes on. Without one, or outside Batch, it is logged at debug. From a fork of the task's process nothing is
        sent.

        Args:
            fraction: from 0 to 1.
            message: what is being done, for people; up to 1000 characters are sent. Never a secret.

        Raises:
            DefinitionError: ``fraction`` is no number from 0 to 1, or ``message`` no text.
        """
        done = _checked_fraction(fraction)
        if not isinstance(message, str):
            raise DefinitionError(f"message of report_progress is a {type(message).__name__}: give a text")
        if self._events is None:
            _log.debug("progress", extra={"fraction": done, "step": message})
        else:
            self._events.progress(done, message)

    def tell_progress_to(self, events: TaskEvents | None) -> None:
        """Where ``report_progress`` goes; for whoever runs the task."""
        self._events = events


TTask = TypeVar("TTask", bound=WorkloadTask)


class WorkloadTaskBuilder(ABC, Generic[TTask]):
    """Makes one task from its inputs. A type checker refuses a task that is registered with another task's builder."""

    @abstractmethod
    def build(self, context: TaskContext) -> TTask:
        """The task, ready to run. A wrong input is an ``InputError``."""


def _checked_fraction(given: Any) -> float:
    try:
        fraction = float(given)  # whatever a number is: NumPy has its own
    except (TypeError, ValueError, OverflowError):
        fraction = float("nan")
    if isinstance(given, str | bytes) or not -_ROUNDING <= fraction <= 1 + _ROUNDING:
        raise DefinitionError(f"fraction of report_progress is {given!r}: give a number from 0 to 1")
    return min(max(fraction, 0.0), 1.0)

"""What a user subclasses for a unit of work, and what its builder is given on the node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.environment import JsonValue


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

    @abstractmethod
    def run(self) -> None:
        """Do the work, with the task's working directory as the current one. Returning means success.

        Raises:
            InputError: the data are wrong (exit code 65).
            Exception: anything else fails the task (exit code 1, traceback in its stderr.txt).
        """


TTask = TypeVar("TTask", bound=WorkloadTask)


class WorkloadTaskBuilder(ABC, Generic[TTask]):
    """Makes one task from its inputs. A type checker refuses a task that is registered with another task's builder."""

    @abstractmethod
    def build(self, context: TaskContext) -> TTask:
        """The task, ready to run. A wrong input is an ``InputError``."""

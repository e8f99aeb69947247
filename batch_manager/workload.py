"""What a user subclasses to put a workload together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from batch_manager.entry_points import EntryPointsRepository
from batch_manager.task import WorkloadTask, WorkloadTaskBuilder

if TYPE_CHECKING:
    from batch_manager.client import BatchClient, BlobStorage
    from batch_manager.environment import JsonValue
    from batch_manager.job_manager import JobManagerBuilder
    from batch_manager.outcome import JobOutcome

TTask = TypeVar("TTask", bound=WorkloadTask)


class JobResults:
    """The blobs of a job that has ended."""

    def __init__(self, storage: BlobStorage, container: str) -> None:
        self._storage = storage
        self.container = container

    def read(self, blob_path: str) -> bytes:
        """A blob's content. ``NotFoundError`` if the job did not write it."""
        return self._storage.read(self.container, blob_path)

    def paths(self, prefix: str = "") -> Iterator[str]:
        """The names of the blobs under a prefix, in order."""
        return self._storage.list_blobs(self.container, prefix)


class WorkloadBase:
    """A workload: its tasks, each with a builder, and the builder of its job manager.

    A subclass registers its tasks in its constructor. The constructor makes no request and imports nothing heavy: it
    runs in every process of the job.
    """

    def __init__(self, *, batch_client: BatchClient, job_manager_builder_type: type[JobManagerBuilder]) -> None:
        self.batch_client = batch_client
        self.job_manager_builder_type = job_manager_builder_type
        self._entry_points_repository = EntryPointsRepository()

    @property
    def entry_points(self) -> EntryPointsRepository:
        """The tasks that are registered."""
        return self._entry_points_repository

    def register_task(self, task_type: type[TTask], builder_type: type[WorkloadTaskBuilder[TTask]]) -> None:
        """Make a task known, with the builder of that very type.

        Raises:
            RegistrationError: the name is taken by another class or builder.
        """
        self._entry_points_repository.register_entry_point(task_type, builder_type)

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        """Files that whoever submits the job uploads first: blob path in the job's container to file on this machine.

        Called where the job is submitted, never on a node. The default is none.

        Raises:
            InputError: a parameter is wrong or a file is missing.
        """
        return {}

    def finalize(self, outcome: JobOutcome, results: JobResults) -> None:
        """The workload's own last work, whatever the end of the job was: it runs on a node, before the callback.

        It may run again if the node is lost. If it raises, or takes longer than ``FINALIZE_WORK_TIMEOUT``, the
        callback tells that too, and the job's outcome is failed. The default does nothing.
        """

    def summarize(self, results: JobResults) -> Iterable[str]:
        """Lines to show whoever waited for the job, once it has succeeded. The default is none."""
        return ()

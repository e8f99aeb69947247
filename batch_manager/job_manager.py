"""What a user subclasses to say which tasks a job has."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batch_manager.errors import DefinitionError, InputError
from batch_manager.naming import container_name
from batch_manager.task import WorkloadTask

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.entry_points import EntryPointsRepository
    from batch_manager.environment import JsonValue
    from batch_manager.specification import TaskSpecification


class JobManagerContext:
    """What a job manager's builder knows.

    Attributes:
        job_id: the Batch job.
        container_name: the job's container.
        parameters: what the job was submitted with.
        working_directory: absolute; the process runs in it.
        batch_client: the client of the workload.
        entry_points: the tasks of the workload.
    """

    def __init__(
        self,
        *,
        job_id: str,
        parameters: Mapping[str, JsonValue],
        working_directory: Path,
        batch_client: BatchClient,
        entry_points: EntryPointsRepository,
    ) -> None:
        self.job_id = job_id
        self.container_name = container_name(job_id)
        self.parameters = parameters
        self.working_directory = working_directory
        self.batch_client = batch_client
        self.entry_points = entry_points

    def download(self, blob_path: str) -> Path:
        """Bring a blob of the job's container to the same path in the working directory.

        Raises:
            NotFoundError: there is no such blob.
        """
        target = self.working_directory / blob_path
        self.batch_client.storage.download(self.container_name, blob_path, target)
        return target


class JobManager(ABC):
    """Says which tasks a job has, by adding them in ``create_job``.

    A job manager may be killed at any line and started again: ``create_job`` must add the same tasks in the same
    order each time. FinalizeTask is added by itself.
    """

    def __init__(self, context: JobManagerContext) -> None:
        self.context = context
        self._tasks: list[TaskSpecification] = []

    @abstractmethod
    def create_job(self) -> None:
        """Add the job's tasks with ``add_workload_task`` and ``add_command_task``."""

    @property
    def tasks(self) -> list[TaskSpecification]:
        """The tasks added so far, in order."""
        return self._tasks

    def add_workload_task(
        self,
        task_type: type[WorkloadTask],
        inputs: Mapping[str, JsonValue] | None = None,
        dependencies: Iterable[TaskSpecification] = (),
    ) -> TaskSpecification:
        """Add a task to the job. Makes no network call; the task is a draft until ``create_job`` has returned.

        Args:
            task_type: a registered task type.
            inputs: JSON values that its builder is given; taken down now, later changes do not count. Never a secret:
                whoever may read the job reads them.
            dependencies: tasks of this job that end before it starts.

        Returns:
            The draft. Its id is its number in the order of adding, so that many dependencies travel as one range.

        Raises:
            RegistrationError: the task type is not registered.
            InputError: an input is not a JSON value.
            DefinitionError: the dependencies are not a list.
        """
        name = self.context.entry_points.name_of(task_type)
        return self._add(task_name=name, inputs=_inputs_text(task_type, inputs), dependencies=dependencies)

    def add_command_task(
        self, name: str, command_line: str, dependencies: Iterable[TaskSpecification] = ()
    ) -> TaskSpecification:
        """Add a task that runs a program in the place of Python code. Makes no network call, as ``add_workload_task``.

        Args:
            name: a word for people, ``Mesh``; with the task's number it is the display name.
            command_line: the program and its words. No shell reads it: for pipes and variables give
                ``/bin/sh -c '...'``. It is split into words as a shell splits. Its exit code is the task's; 80 and 81
                mean nothing else of it than failures. Never a place for a secret.
            dependencies: tasks of this job that end before it starts.

        Returns:
            The draft; its input and output files, its rule, its ``RetryPolicy``, its container are set on it.

        Raises:
            DefinitionError: the name or the command line is empty or no text, or the dependencies are not a list.
        """
        for field, value in (("name", name), ("command_line", command_line)):
            if not isinstance(value, str) or not value.strip():
                raise DefinitionError(f"{field} is {value!r}: give a text that is not empty")
        return self._add(task_name=name, inputs="{}", dependencies=dependencies, command_line=command_line)

    def _add(
        self, *, task_name: str, inputs: str, dependencies: Iterable[TaskSpecification], command_line: str | None = None
    ) -> TaskSpecification:
        from batch_manager.specification import TaskSpecification  # 10 ms that a task's own process saves

        if isinstance(dependencies, TaskSpecification):
            raise DefinitionError("dependencies is one task; give a list of tasks, [task]")
        task = TaskSpecification(
            task_name=task_name,
            inputs=inputs,
            dependencies=tuple(dependencies),
            id=str(len(self._tasks) + 1),
            command_line=command_line,
        )
        self._tasks.append(task)
        return task


class JobManagerBuilder(ABC):
    """Makes a workload's job manager; the place to choose between several by the job's parameters."""

    @abstractmethod
    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager, ready for ``create_job``. A wrong parameter is an ``InputError``."""


def _inputs_text(task_type: type[WorkloadTask], inputs: Mapping[str, JsonValue] | None) -> str:
    try:
        return json.dumps(dict(inputs or {}), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"the inputs of a {task_type.__name__} are not all JSON values: {error}") from error

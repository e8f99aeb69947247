"""What the job manager's process does with the drafts: checks them, adds them, adds FinalizeTask, lets the job end.

Every step may be done again by a job manager that was restarted: what is there and the same counts as done.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from batch_manager.adding import add_all
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame, needs_blob
from batch_manager.definitions import MAX_TASKS_PER_REQUEST
from batch_manager.dependencies import TaskDependencies, compress
from batch_manager.errors import SpecificationError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.limits import find_problems
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name, inputs_blob
from batch_manager.specification import TaskSpecification

_log = logging.getLogger(__name__)


class JobSubmission:
    """Adds a job's tasks to Batch."""

    def __init__(self, *, client: BatchClient, frame: JobFrame) -> None:
        self._client = client
        self._frame = frame
        self._container = container_name(frame.job_id)

    def submit(self, tasks: Sequence[TaskSpecification]) -> None:
        """Add all tasks and FinalizeTask, and let the job complete once they have ended.

        Definitions are made a request at a time, so that memory does not grow with them.

        Raises:
            SpecificationError: at least one task breaks a limit; nothing was sent.
            ServiceError: Batch or Blob Storage refused something; some tasks may have been added.
        """
        problems = find_problems(tasks, self._container)
        if problems:
            raise SpecificationError(problems)
        self._client.storage.create_container(self._container)
        for start in range(0, len(tasks), MAX_TASKS_PER_REQUEST):
            self._add(tasks[start : start + MAX_TASKS_PER_REQUEST])
        self._finish(compress(task.id for task in tasks), cause=None)
        _log.info("job submitted", extra={"tasks": len(tasks)})

    def submit_failure(self, cause: str | None) -> None:
        """Let a job whose job manager failed end all the same: FinalizeTask waits for what was added and tells the
        cause."""
        self._client.storage.create_container(self._container)
        own = {JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID}
        added = [record.id for record in self._client.list_tasks(self._frame.job_id)]
        if FINALIZE_TASK_ID not in added:
            self._finish(compress(task_id for task_id in added if task_id not in own), cause=cause)
        else:
            self._client.terminate_job_when_tasks_complete(self._frame.job_id)

    def _add(self, tasks: Sequence[TaskSpecification]) -> None:
        for task in tasks:
            if needs_blob(task.inputs):
                self._client.storage.upload(self._container, inputs_blob(task.id), task.inputs.encode())
        add_all(self._client, self._frame.job_id, [self._frame.compile_task(task) for task in tasks])

    def _finish(self, task_ids: TaskDependencies, *, cause: str | None) -> None:
        finalize = self._frame.compile_finalize(task_ids, FinalizeInputs(cause=cause))
        add_all(self._client, self._frame.job_id, [finalize])
        self._client.terminate_job_when_tasks_complete(self._frame.job_id)

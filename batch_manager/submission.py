"""What the job manager's process does with the drafts: checks them, adds them, adds FinalizeTask, lets the job end.

Every step may be done again by a job manager that was restarted: what is there and the same counts as done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from batch_manager.adding import add_all
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame, needs_blob
from batch_manager.definitions import JobState, TaskDefinition
from batch_manager.dependencies import TaskDependencies, compress, expand
from batch_manager.errors import ConflictError, NotFoundError, SpecificationError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.gates import guarded_task_of
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name, inputs_blob
from batch_manager.patience import DEFAULT_PATIENCE, Patience
from batch_manager.preflight import find_problems, gather_facts
from batch_manager.specification import TaskSpecification
from batch_manager.stranded import AddedTasks

PARALLEL_REQUESTS = 8
"""Stranded tasks that are ended, and inputs that are uploaded, at the same time."""

_log = logging.getLogger(__name__)


class JobSubmission:
    """Adds a job's tasks to Batch."""

    def __init__(
        self,
        *,
        client: BatchClient,
        frame: JobFrame,
        has_work: bool | None = False,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        """
        Args:
            client: the job's account.
            frame: what the tasks share.
            has_work: whether the workload has finalize work of its own; None if that is not known.
            patience: for what Batch does not take at once.
        """
        self._client = client
        self._frame = frame
        self._has_work = has_work
        self._patience = patience
        self._container = container_name(frame.job_id)

    def submit(self, tasks: Sequence[TaskSpecification], *, taken_over: int = 0) -> None:
        """Add all tasks, then their gates, then FinalizeTask, and let the job complete once they have ended.

        Definitions are made as they are sent, so that memory does not grow with them.

        Args:
            tasks: the drafts.
            taken_over: how many more the job has that another one did before.

        Raises:
            SpecificationError: the pre-flight found something; nothing was sent.
            ServiceError: Batch or Blob Storage refused something; some tasks may have been added.
        """
        problems = find_problems(tasks, gather_facts(self._client, self._frame, tasks))
        if problems:
            raise SpecificationError(problems)
        self._client.storage.create_container(self._container)
        self._upload_inputs(tasks)
        gates = self._add_tasks(tasks)
        if gates:
            self._add(definition for definition in self._frame.definitions(tasks) if definition.blocks_on_failure)
        self._finish(self._frame.finalize_definition(tasks, has_work=self._has_work, taken_over=taken_over))
        _log.info("job submitted", extra={"tasks": len(tasks), "gates": gates})

    def submit_failure(self, cause: str | None, *, is_time_limit: bool = False) -> None:
        """Let a job whose job manager failed end all the same: FinalizeTask waits for what was added and tells the
        cause. What was added and can never run, since its parents were not, is ended.

        Args:
            cause: why it failed, in one sentence; None if it did not, and the job was cancelled.
            is_time_limit: whether the cause is that the job's time was over.

        Raises:
            ServiceError: Batch or Blob Storage refused something; call again.
        """
        self._client.storage.create_container(self._container)
        added = AddedTasks(self._client.list_task_details(self._frame.job_id))
        if FINALIZE_TASK_ID in added.display_names:
            self._let_end()
            return
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            list(pool.map(self._end_stranded, added.stranded))
        inputs = replace(self._failure_inputs(added), cause=cause, is_time_limit=is_time_limit)
        ids = compress(added.display_names.keys() - {JOB_MANAGER_TASK_ID})
        self._finish(self._frame.compile_finalize(ids, inputs))

    def _upload_inputs(self, tasks: Sequence[TaskSpecification]) -> None:
        """Those that are too large for an environment setting. Before any task is added: it could run at once."""
        large = (task for task in tasks if task.command_line is None and needs_blob(task.inputs))
        storage = self._client.storage
        for task in large:
            storage.upload(self._container, inputs_blob(task.id), task.inputs.encode())

    def _add_tasks(self, tasks: Sequence[TaskSpecification]) -> int:
        """Add all but the gates, which may end a task as soon as they are there, so that it must be there before.
        The number of gates."""
        gates = 0

        def without_gates() -> Iterator[TaskDefinition]:
            nonlocal gates
            for definition in self._frame.definitions(tasks):
                if definition.blocks_on_failure:
                    gates += 1
                else:
                    yield definition

        self._add(without_gates())
        return gates

    def _add(self, definitions: Iterator[TaskDefinition]) -> None:
        add_all(self._client, self._frame.job_id, definitions, patience=self._patience)

    def _finish(self, finalize: TaskDefinition) -> None:
        self._add(iter([finalize]))
        self._let_end()

    def _let_end(self) -> None:
        """Let the job complete with its tasks; it may have done so, if the reply to this was lost before."""
        try:
            self._client.terminate_job_when_tasks_complete(self._frame.job_id)
        except ConflictError:
            if self._client.get_job(self._frame.job_id).state not in (JobState.TERMINATING, JobState.COMPLETED):
                raise

    def _end_stranded(self, task_id: str) -> None:
        try:
            self._client.terminate_task(self._frame.job_id, task_id)
        except NotFoundError:
            _log.info("a task that was to be ended is gone", extra={"task": task_id})
        else:
            _log.warning("a task was ended, since what it depends on was never added", extra={"task": task_id})

    def _failure_inputs(self, added: AddedTasks) -> FinalizeInputs:
        """What FinalizeTask is told, read from the tasks that are there."""
        guards = {task_id: guarded_task_of(name) for task_id, name in added.display_names.items()}
        gates = {task_id: guarded for task_id, guarded in guards.items() if guarded is not None}
        own = {JOB_MANAGER_TASK_ID, *gates}
        return FinalizeInputs(
            tasks=len(added.display_names.keys() - own),
            gates=compress(gates),
            guarded=_in_order(gates),
            plain=compress(set(added.plain) - own),
            has_work=self._has_work,
        )


def _in_order(gates: dict[str, str]) -> TaskDependencies:
    """The guarded tasks, if they are in the order of their gates; the numbers of the gates were given so."""
    guarded = compress(gates.values())
    ordered = [gates[gate] for gate in expand(compress(gates))]
    return guarded if list(expand(guarded)) == ordered else TaskDependencies()

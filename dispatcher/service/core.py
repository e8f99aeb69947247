"""What the account's state, its nodes and the clock are together: the object that handlers and the worker act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.service.clock import Clock
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.fleet import Fleet, LiveNode
from dispatcher.service.node.launch import EndReason, TaskKey, WorkKind
from dispatcher.service.records import DisableTasks, JobRecord, TaskRecord
from dispatcher.service.settlement import ended_by_request, settle
from dispatcher.service.states import JOB, JobEvent, JobState, TaskState
from dispatcher.service.store import CountChanges, Store

_OF_TASKS = frozenset({WorkKind.TASK, WorkKind.SUBTASK})

_JOB_REFUSALS = {
    JobState.DELETING: Refusal.JOB_BEING_DELETED,
    JobState.TERMINATING: Refusal.JOB_BEING_TERMINATED,
    JobState.COMPLETED: Refusal.JOB_COMPLETED,
    JobState.DISABLED: Refusal.JOB_DISABLED,
    JobState.DISABLING: Refusal.JOB_DISABLED,
    JobState.ACTIVE: Refusal.OPERATION_INVALID_FOR_CURRENT_STATE,
}


@dataclass(frozen=True, kw_only=True)
class Core:
    """One Batch account. Every method is called by the one thread that owns the store."""

    account: str
    store: Store
    fleet: Fleet
    clock: Clock
    wake: Callable[[], None]
    """Says that there may be something to plan."""

    def terminate_job(self, job: JobRecord, reason: str) -> None:
        """Begin to end a job: its running tasks are ended, its active ones stay active.

        Raises:
            BatchError: it is completed, terminating or being deleted.
        """
        self._happen(job, JobEvent.TERMINATE, reason=reason)
        self._end_attempts(job, EndReason.TERMINATED)

    def disable_job(self, job: JobRecord, tasks: DisableTasks) -> None:
        """Begin to disable a job; ``tasks`` says what becomes of those that run.

        Raises:
            BatchError: it is not active.
        """
        self._happen(job, JobEvent.DISABLE)
        if tasks is not DisableTasks.WAIT:
            self._end_attempts(job, EndReason.REQUEUED if tasks is DisableTasks.REQUEUE else EndReason.TERMINATED)

    def enable_job(self, job: JobRecord) -> None:
        """Let a disabled job's tasks start again.

        Raises:
            BatchError: it is not disabled.
        """
        self._happen(job, JobEvent.ENABLE)

    def delete_job(self, job: JobRecord) -> None:
        """Begin to delete a job; what runs is ended, and all of it goes once nothing runs.

        Raises:
            BatchError: it is being deleted.
        """
        self._happen(job, JobEvent.DELETE)
        self._end_attempts(job, EndReason.TERMINATED)

    def terminate_task(self, job: JobRecord, task: TaskRecord) -> None:
        """End a task: at once if it waits, else as soon as its processes have ended.

        Raises:
            BatchError: it is completed.
        """
        if task.state is TaskState.COMPLETED:
            raise BatchError(Refusal.TASK_COMPLETED)
        if task.state is TaskState.RUNNING:
            self.store.tasks.mark_ending(task.key, EndReason.TERMINATED)
            self._end_attempt(job, task)
        else:
            self._complete_waiting(job, task)
        self.wake()

    def delete_task(self, job: JobRecord, task: TaskRecord) -> None:
        """Delete a task with its files; one that runs is hidden and goes when its processes have ended."""
        if task.state is TaskState.RUNNING:
            with self.store.transaction():
                self.store.tasks.mark_ending(task.key, EndReason.TERMINATED)
                self.store.tasks.doom(task)
            self._end_attempt(job, task)
        else:
            self.remove_task(job.id, task)
        self.wake()

    def remove_task(self, job_id: str, task: TaskRecord) -> None:
        """Forget a task of which nothing runs, with its files."""
        with self.store.transaction():
            counts = CountChanges()
            self.store.tasks.remove(task, counts)
            self.store.tasks.write(counts)
        self.forget_files(job_id, task)

    def forget_files(self, job_id: str, task: TaskRecord) -> None:
        """Delete a task's folder now, since a task of the same id may follow at once."""
        if task.pool_id is not None and task.node_id is not None:
            self.fleet.forget(task.pool_id, task.node_id, TaskKey(job_id=job_id, task_id=task.id))

    def reactivate_task(self, job: JobRecord, task: TaskRecord) -> None:
        """Let a failed task run again.

        Raises:
            BatchError: it is not completed or succeeded, or its job takes no tasks.
        """
        require_open(job)
        if task.state is not TaskState.COMPLETED or task.exit_code == 0:
            raise BatchError(Refusal.TASK_NOT_COMPLETED)
        with self.store.transaction():
            counts = CountChanges()
            self.store.tasks.reactivate(task, self.clock.now(), counts)
            self.store.tasks.write(counts)
        self.wake()

    def end_attempts(self, live: LiveNode, reason: EndReason) -> None:
        """End the attempts at tasks that run on a node."""
        for attempt in live.attempts.values():
            if attempt.kind in _OF_TASKS:
                self.store.tasks.mark_ending(attempt.task_key, reason)
                self._end_task(attempt.task_key, reason)

    def _complete_waiting(self, job: JobRecord, task: TaskRecord) -> None:
        now = self.clock.now()
        with self.store.transaction():
            counts = CountChanges()
            settlement = settle(task, ended_by_request(job.id, task, now), 0)
            self.store.tasks.settle(task, job, settlement, now, counts)
            self.store.statistics.add_outcome(task, settlement)
            self.store.tasks.write(counts)
            if task.kills_job and JOB.allows(job.state, JobEvent.TERMINATE):
                self.terminate_job(job, "JMComplete")

    def _end_attempts(self, job: JobRecord, reason: EndReason) -> None:
        running = [
            (live, key, attempt)
            for live, key, attempt in self.fleet.attempts_of_job(job.key)
            if attempt.kind in _OF_TASKS
        ]
        with self.store.transaction():
            for _, _, attempt in running:
                self.store.tasks.mark_ending(attempt.task_key, reason)
        for live, key, _ in running:
            live.end(key, reason)

    def _end_attempt(self, job: JobRecord, task: TaskRecord) -> None:
        live = self.fleet.find(task.pool_id or "", task.node_id or "")
        if live is not None:  # the subtasks of a multi-instance task end with its primary
            live.end(TaskKey(job_id=job.id, task_id=task.id), EndReason.TERMINATED)

    def _end_task(self, task_key: int, reason: EndReason) -> None:
        for live, key, _ in self.fleet.attempts_of_task(task_key):
            live.end(key, reason)

    def _happen(self, job: JobRecord, event: JobEvent, reason: str | None = None) -> None:
        if not JOB.allows(job.state, event):
            raise BatchError(_JOB_REFUSALS[job.state])
        self.store.jobs.happen(job, event, self.clock.now(), reason=reason)
        self.wake()


def require_open(job: JobRecord) -> None:
    """Refuse what a job cannot take any more once it ends.

    Raises:
        BatchError: it is completed, terminating or being deleted.
    """
    if job.state in {JobState.COMPLETED, JobState.TERMINATING, JobState.DELETING}:
        raise BatchError(_JOB_REFUSALS[job.state])

"""What the account's state, its nodes and the clock are together: the object that handlers and the worker act on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dispatcher.service.autoscale_samples import PoolSamples
from dispatcher.service.clock import Clock
from dispatcher.service.documents.exit_conditions import JobAction
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.faults.injector import Faults
from dispatcher.service.fleet import Fleet, LiveNode
from dispatcher.service.node.launch import EndReason, TaskKey, WorkKind
from dispatcher.service.options import ServiceOptions
from dispatcher.service.records import DisableTasks, JobRecord, TaskRecord
from dispatcher.service.settlement import Settlement, ended_by_request, settle
from dispatcher.service.states import (
    JOB,
    ON_A_NODE,
    JobEvent,
    JobState,
    TaskEvent,
    TaskState,
)
from dispatcher.service.store import CountChanges, Store
from dispatcher.service.store.statistics import UsageChanges

_OF_TASKS = frozenset({WorkKind.TASK, WorkKind.SUBTASK})
_OF_JOBS = _OF_TASKS | {WorkKind.JOB_PREPARATION}
_OF_NODES = _OF_JOBS | {WorkKind.JOB_RELEASE}

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
    options: ServiceOptions = field(default_factory=ServiceOptions)
    samples: PoolSamples = field(default_factory=PoolSamples)
    """What the formulas of pools know."""
    faults: Faults | None = None
    """Those put in on purpose; None, which is the rule, puts none in."""

    def terminate_job(self, job: JobRecord, reason: str, *, force: bool = False) -> None:
        """Begin to end a job: its running tasks are ended, its active ones stay active.

        Args:
            job: the job.
            reason: kept, unless there is one already.
            force: do not wait for its release tasks; with it a job that is being terminated is no error.

        Raises:
            BatchError: it is completed, terminating or being deleted.
        """
        if not (force and job.state is JobState.TERMINATING):
            self._happen(job, JobEvent.TERMINATE, reason=reason)
        self._end_attempts(job, EndReason.TERMINATED)
        if force:
            self._skip_release(job)

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

    def delete_job(self, job: JobRecord, *, force: bool = False) -> None:
        """Begin to delete a job; what runs is ended, and all of it goes once nothing runs.

        Args:
            job: the job.
            force: do not wait for its release tasks; with it a job that is being deleted is no error.

        Raises:
            BatchError: it is being deleted.
        """
        if not (force and job.state is JobState.DELETING):
            self._happen(job, JobEvent.DELETE)
        self._end_attempts(job, EndReason.TERMINATED)
        if force:
            self._skip_release(job)

    def act_on_job(self, job: JobRecord, task: TaskRecord, settlement: Settlement) -> None:
        """Let what became of a task have its effect on its job; ``job`` is as it is now."""
        if settlement.event is not TaskEvent.COMPLETE:
            return
        if task.kills_job and JOB.allows(job.state, JobEvent.TERMINATE):
            self.terminate_job(job, "JMComplete")
        elif job.performs_exit_options and job.state is JobState.ACTIVE:
            if settlement.job_action is JobAction.TERMINATE:
                self.terminate_job(job, "TaskFailed")
            elif settlement.job_action is JobAction.DISABLE:
                self.disable_job(job, DisableTasks.REQUEUE)

    def terminate_task(self, job: JobRecord, task: TaskRecord) -> None:
        """End a task: at once if it waits, else as soon as its processes have ended.

        Raises:
            BatchError: it is completed.
        """
        if task.state is TaskState.COMPLETED:
            raise BatchError(Refusal.TASK_COMPLETED)
        if task.state in ON_A_NODE:
            self.store.tasks.mark_ending(task.key, EndReason.TERMINATED)
            self._end_attempt(job, task)
        else:
            self._complete_waiting(job, task)
        self.wake()

    def delete_task(self, job: JobRecord, task: TaskRecord) -> None:
        """Delete a task with its files; one that runs is hidden and goes when its processes have ended."""
        if task.state in ON_A_NODE:
            with self.store.transaction():
                self.store.tasks.mark_ending(task.key, EndReason.TERMINATED)
                self.store.tasks.doom(task)
            self._end_attempt(job, task)
        else:
            self.remove_task(job.id, task)
        self.wake()

    def remove_task(self, job_id: str, task: TaskRecord) -> None:
        """Forget a task of which nothing runs, with its files; subtasks that are ending take theirs with them."""
        others = self.store.subtasks.places_of_task(task.key)
        with self.store.transaction():
            counts = CountChanges()
            self.store.tasks.remove(task, counts)
            self.store.tasks.write(counts)
        self._forget(job_id, task, others)

    def forget_files(self, job_id: str, task: TaskRecord) -> None:
        """Delete a task's folders now, since a task of the same id may follow at once."""
        self._forget(job_id, task, self.store.subtasks.places_of_task(task.key))

    def reactivate_task(self, job: JobRecord, task: TaskRecord) -> None:
        """Let a failed task run again.

        Raises:
            BatchError: it is not completed or succeeded, or its job takes no tasks.
        """
        require_open(job)
        if task.state is not TaskState.COMPLETED:
            raise BatchError(Refusal.TASK_NOT_COMPLETED)
        if task.exit_code == 0:
            raise BatchError(Refusal.TASK_SUCCEEDED)
        with self.store.transaction():
            counts = CountChanges()
            self.store.tasks.reactivate(task, self.clock.now(), counts)
            self.store.tasks.write(counts)
        self.wake()

    def end_attempts(self, live: LiveNode, reason: EndReason) -> None:
        """End the attempts at tasks, and at what prepares and releases for jobs, that run on a node."""
        for key, attempt in live.attempts.items():
            if attempt.kind in _OF_TASKS:
                self.end_task(attempt.task_key, reason)
            elif attempt.kind in _OF_NODES:
                live.end(key, reason)

    def end_task(self, task_key: int, reason: EndReason) -> None:
        """End a task's attempts, on all its nodes."""
        self.store.tasks.mark_ending(task_key, reason)
        for live, key, _ in self.fleet.attempts_of_task(task_key):
            live.end(key, reason)

    def _complete_waiting(self, job: JobRecord, task: TaskRecord) -> None:
        now = self.clock.now()
        with self.store.transaction():
            counts = CountChanges()
            settlement = settle(task, ended_by_request(job.id, task, now), 0)
            self.store.tasks.settle(task, job, settlement, now, counts)
            usage = UsageChanges()
            self.store.statistics.add_outcome(task, settlement, usage)
            self.store.statistics.write(usage)
            self.store.tasks.write(counts)
            self.act_on_job(job, task, settlement)

    def _end_attempts(self, job: JobRecord, reason: EndReason) -> None:
        running = [
            (live, key, attempt)
            for live, key, attempt in self.fleet.attempts_of_job(job.key)
            if attempt.kind in (_OF_JOBS if reason is EndReason.TERMINATED else _OF_TASKS)
        ]
        with self.store.transaction():
            for _, _, attempt in running:
                self.store.tasks.mark_ending(attempt.task_key, reason)
        for live, key, _ in running:
            live.end(key, reason)

    def _forget(self, job_id: str, task: TaskRecord, others: Sequence[tuple[str, str]]) -> None:
        places = [*others, (task.pool_id, task.node_id)]
        for pool_id, node_id in places:
            if pool_id is not None and node_id is not None:
                self.fleet.forget(pool_id, node_id, TaskKey(job_id=job_id, task_id=task.id))

    def _end_attempt(self, job: JobRecord, task: TaskRecord) -> None:
        live = self.fleet.find(task.pool_id or "", task.node_id or "")
        if live is not None:  # the subtasks of a multi-instance task end with its primary
            live.end(TaskKey(job_id=job.id, task_id=task.id), EndReason.TERMINATED)

    def _skip_release(self, job: JobRecord) -> None:
        self.store.job_tasks.forgive(job.key)
        for live, key, attempt in list(self.fleet.attempts_of_job(job.key)):
            if attempt.kind is WorkKind.JOB_RELEASE:
                live.end(key, EndReason.TERMINATED)
        self.wake()

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

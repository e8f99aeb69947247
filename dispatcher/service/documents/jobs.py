"""Job bodies, checked: what a client may ask of a job here, with Batch's limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dispatcher.service.documents.fields import Fields, check_environment, check_metadata
from dispatcher.service.documents.job_tasks import JobTasks, check_other_id, read_job_tasks
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.documents.pool_info import AutoPoolSpec, read_pool_info
from dispatcher.service.documents.tasks import TaskSpec, check_program, named_user, read_limits
from dispatcher.service.errors import Refusal, invalid_property
from dispatcher.service.wire import JsonObject

LOWEST_PRIORITY, HIGHEST_PRIORITY = -1000, 1000

_MOST_SLOTS = 256


class OnAllTasksComplete(StrEnum):
    """What becomes of a job whose tasks are all completed."""

    NO_ACTION = "noaction"
    TERMINATE_JOB = "terminatejob"


class OnTaskFailure(StrEnum):
    """What becomes of a job when a task fails."""

    NO_ACTION = "noaction"
    PERFORM_EXIT_OPTIONS = "performexitoptionsjobaction"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """A job to add, or what a change makes of it."""

    id: str
    document: str
    """The body as JSON text."""
    pool_id: str
    """Empty where the job is to have a pool of its own, until that is made."""
    auto_pool: AutoPoolSpec | None
    priority: int
    terminates_when_done: bool
    uses_dependencies: bool
    max_parallel: int
    performs_exit_options: bool
    max_retries: int
    wall_clock: timedelta | None
    manager: TaskSpec | None
    job_tasks: JobTasks
    allows_preemption: bool
    """Jobs of a higher priority may have the places of its tasks."""
    user_names: tuple[str, ...]
    """Of the users of its pool that its own tasks ask to run as."""


def read_job(body: JsonObject) -> JobSpec:
    """Check the body of a job.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    fields = Fields(values=body)
    job_id = fields.required_id()
    fields.check_display_name()
    check_metadata(fields)
    check_environment(fields, "commonEnvironmentSettings")
    pool = read_pool_info(fields.required_object("poolInfo"))
    constraints = fields.object("constraints") or Fields(values={})
    on_all = fields.choice("onAllTasksComplete", OnAllTasksComplete, OnAllTasksComplete.NO_ACTION)
    on_failure = fields.choice("onTaskFailure", OnTaskFailure, OnTaskFailure.NO_ACTION)
    manager = fields.object("jobManagerTask")
    return JobSpec(
        id=job_id,
        document=json.dumps(body),
        pool_id=pool.pool_id,
        auto_pool=pool.auto_pool,
        priority=_priority(fields),
        terminates_when_done=on_all is OnAllTasksComplete.TERMINATE_JOB,
        uses_dependencies=fields.boolean("usesTaskDependencies", default=False),
        max_parallel=_max_parallel(fields),
        performs_exit_options=on_failure is OnTaskFailure.PERFORM_EXIT_OPTIONS,
        max_retries=constraints.integer("maxTaskRetryCount", lowest=-1, refusal=Refusal.INVALID_CONSTRAINT_VALUE) or 0,
        wall_clock=constraints.duration("maxWallClockTime"),
        manager=None if manager is None else _read_manager(manager),
        job_tasks=_read_job_tasks(fields, manager),
        allows_preemption=fields.boolean("allowTaskPreemption", default=False),
        user_names=_user_names(fields),
    )


def _user_names(fields: Fields) -> tuple[str, ...]:
    tasks = [fields.object(key) for key in ("jobManagerTask", "jobPreparationTask", "jobReleaseTask")]
    names = [named_user(task) for task in tasks if task is not None]
    return tuple(name for name in names if name is not None)


def _read_job_tasks(fields: Fields, manager: Fields | None) -> JobTasks:
    job_tasks = read_job_tasks(fields)
    if manager is not None:
        check_other_id(job_tasks, manager.required_id())
    return job_tasks


def _priority(fields: Fields) -> int:
    refusal = Refusal.OUT_OF_RANGE_PRIORITY
    return fields.integer("priority", lowest=LOWEST_PRIORITY, highest=HIGHEST_PRIORITY, refusal=refusal) or 0


def _max_parallel(fields: Fields) -> int:
    value = fields.integer("maxParallelTasks", lowest=-1)
    if value == 0:
        raise invalid_property("maxParallelTasks", value, "it is -1 (no limit) or greater than 0")
    return -1 if value is None else value


def _read_manager(fields: Fields) -> TaskSpec:
    task_id = fields.required_id()
    check_program(fields, named_users=True)
    return TaskSpec(
        id=task_id,
        document=json.dumps(fields.values),
        slots=fields.integer("requiredSlots", lowest=1, highest=_MOST_SLOTS) or 1,
        limits=read_limits(fields.object("constraints")),
        conditions=None,
        parents=(),
        parent_ranges=(),
        is_manager=True,
        is_dedicated=not fields.boolean("allowLowPriorityNode", default=True),
        is_exclusive=fields.boolean("runExclusive", default=True),
        kills_job=fields.boolean("killJobOnCompletion", default=True),
        packages=read_package_references(fields),
    )

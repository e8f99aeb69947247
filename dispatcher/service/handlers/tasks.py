"""Tasks: create, list, get, change, terminate, reactivate, delete."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from dispatcher.service.admission import check_packages, check_users
from dispatcher.service.calls import Call, Handler, Reply, stamp_headers, stamp_of
from dispatcher.service.core import Core, require_open
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.job_tasks import check_other_id, job_tasks_of
from dispatcher.service.documents.tasks import TaskSpec, read_limits, read_task
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.expansion import expand_task
from dispatcher.service.handlers.jobs import find as find_job
from dispatcher.service.odata import select
from dispatcher.service.paging import expands_stats, page, read_listing, read_select
from dispatcher.service.records import JobRecord, TaskRecord
from dispatcher.service.rendering.tasks import task_body
from dispatcher.service.states import TaskState
from dispatcher.service.store.task_filter import condition_of
from dispatcher.service.wire import JsonObject


def create(call: Call) -> Reply:
    """Add a task."""
    job = find_job(call)
    require_open(job)
    spec = read_new_task(call.core, job, call.body)
    (version,) = call.core.store.tasks.add(job, [spec], call.now)
    if version is None:
        raise taken_id(call, job, spec)
    call.core.wake()
    task = call.core.store.tasks.get(job.key, spec.id)
    url = task_url(call, job, spec)
    return Reply(headers={**_stamp(task), "Location": url, "DataServiceId": url})


def list_all(call: Call) -> Reply:
    """List a job's tasks, in the order they were added.

    A filter that has to be tried on task after task is tried on so many of them for one page, which may be empty and
    still have a link to the rest: however large the job, a page costs the same.
    """
    job = find_job(call)
    listing, tasks = read_listing(call), call.core.store.tasks
    after, condition = listing.after_number(), condition_of(listing.filter)
    until = tasks.end_of_look(job.key, after, condition)
    found = tasks.scan(job.key, after, condition, until)
    listing = dataclasses.replace(listing, filter=None)  # each that is found passes
    only, expand = listing.select, _as_it_is
    if expands_stats(call):
        only, expand = None if only is None else only | {"url"}, expand_task
    return page(
        call,
        listing,
        found,
        render=lambda task: expand(call, task, task_body(task, job, call.base_url, only=only)),
        cursor=lambda task: str(task.key),
        rest=None if until is None else str(until),
    )


def get(call: Call) -> Reply:
    """Return a task."""
    job, task = find(call)
    body = expand_task(call, task, task_body(task, job, call.base_url))
    return Reply(body=select(body, read_select(call)), headers=_stamp(task))


def replace(call: Call) -> Reply:
    """Set a task's constraints; without any they go back to their defaults."""
    job, task = find(call)
    if task.state is TaskState.COMPLETED:
        raise BatchError(Refusal.TASK_COMPLETED)
    document = json.loads(task.document)
    constraints = Fields(values=call.body).object("constraints")
    document["constraints"] = None if constraints is None else constraints.values
    call.core.store.tasks.replace(task, json.dumps(document), read_limits(constraints), call.now)
    return Reply(headers=_stamp(call.core.store.tasks.get(job.key, task.id)))


def delete(call: Call) -> Reply:
    """Delete a task with its files."""
    call.core.delete_task(*find(call))
    return Reply()


def terminate(call: Call) -> Reply:
    """End a task."""
    call.core.terminate_task(*find(call))
    return Reply()


def reactivate(call: Call) -> Reply:
    """Let a failed task run again."""
    call.core.reactivate_task(*find(call))
    return Reply()


def find(call: Call) -> tuple[JobRecord, TaskRecord]:
    """Return the job and the task of the call's path.

    Raises:
        BatchError: JobNotFound or TaskNotFound.
    """
    job = find_job(call)
    return job, call.core.store.tasks.get(job.key, call.parameters["taskId"])


def read_new_task(core: Core, job: JobRecord, body: JsonObject) -> TaskSpec:
    """Check the body of a task for a job.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    spec = read_task(body)
    if spec.has_dependencies and not job.uses_dependencies:
        raise BatchError(Refusal.TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB)
    check_other_id(job_tasks_of(job.document), spec.id)
    if spec.names_job_actions and not job.performs_exit_options:
        reason = "the job's onTaskFailure is noaction, so a job action has no meaning"
        raise invalid_property("exitConditions", "jobAction", reason)
    check_packages(core, spec.packages)
    check_users(core, job.pool_id, () if spec.user_name is None else (spec.user_name,))
    return spec


def taken_id(call: Call, job: JobRecord, spec: TaskSpec) -> BatchError:
    """Return the refusal of a task whose id is taken: by a task, or by one that is being deleted."""
    there = call.core.store.tasks.find(job.key, spec.id)
    return BatchError(Refusal.TASK_BEING_DELETED if there is None else Refusal.TASK_EXISTS)


def task_url(call: Call, job: JobRecord, spec: TaskSpec) -> str:
    """Return the URL of a task."""
    return f"{call.base_url}/jobs/{job.id}/tasks/{spec.id}"


def _as_it_is(call: Call, task: TaskRecord, body: JsonObject) -> JsonObject:
    del call, task
    return body


def _stamp(task: TaskRecord) -> dict[str, str]:
    return stamp_headers(stamp_of(task.version, task.modified))


HANDLERS: Mapping[str, Handler] = {
    "create_task": create,
    "list_tasks": list_all,
    "get_task": get,
    "replace_task": replace,
    "delete_task": delete,
    "terminate_task": terminate,
    "reactivate_task": reactivate,
}

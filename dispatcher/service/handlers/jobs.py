"""Jobs: create, list, get, change, disable, enable, terminate, delete, count tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace as replace_fields

from dispatcher.service.auto_pools import change_pool
from dispatcher.service.calls import Call, Handler, Reply, is_forced, stamp_headers, stamp_of
from dispatcher.service.core import require_open
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.jobs import JobSpec, read_job
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.expansion import expand_job
from dispatcher.service.job_creation import add_job
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.records import DisableTasks, JobRecord
from dispatcher.service.rendering.jobs import job_body
from dispatcher.service.rendering.tasks import task_counts_body
from dispatcher.service.states import JobState
from dispatcher.service.wire import JsonObject

_ANY_ID = "job"
_CHANGEABLE = frozenset(
    {
        "priority",
        "maxParallelTasks",
        "onAllTasksComplete",
        "constraints",
        "poolInfo",
        "metadata",
        "allowTaskPreemption",
        "networkConfiguration",
    }
)


def create(call: Call) -> Reply:
    """Add a job, with its job manager task if it has one."""
    spec = read_job(call.body)
    if call.core.store.schedules.find(spec.id) is not None:
        raise BatchError(Refusal.JOB_SCHEDULE_WITH_SAME_ID_EXISTS)
    job = add_job(call.core, spec, call.now)
    url = f"{call.base_url}/jobs/{job.id}"
    return Reply(headers={**_stamp(job), "Location": url, "DataServiceId": url})


def list_all(call: Call) -> Reply:
    """List jobs, by id."""
    listing = read_listing(call)
    jobs = call.core.store.jobs.scan(listing.after)
    return page(
        call,
        listing,
        jobs,
        render=lambda job: expand_job(call, job, job_body(job, call.base_url)),
        cursor=lambda job: job.id,
    )


def get(call: Call) -> Reply:
    """Return a job."""
    job = find(call)
    body = expand_job(call, job, job_body(job, call.base_url))
    return Reply(body=select(body, read_select(call)), headers=_stamp(job))


def update(call: Call) -> Reply:
    """Change the given properties of a job."""
    job = find(call)
    return _change(call, job, {name: value for name, value in call.body.items() if value is not None})


def replace(call: Call) -> Reply:
    """Set the changeable properties of a job; those not given go back to their defaults."""
    job = find(call)
    Fields(values=call.body).required_object("poolInfo")
    return _change(call, job, {**dict.fromkeys(_CHANGEABLE), **call.body})


def terminate(call: Call) -> Reply:
    """Begin to terminate a job."""
    reason = Fields(values=call.body).text("terminateReason")
    call.core.terminate_job(find(call), reason or "UserTerminate", force=is_forced(call))
    return Reply(headers=_stamp(find(call)))


def disable(call: Call) -> Reply:
    """Begin to disable a job."""
    fields = Fields(values=call.body)
    fields.required_text("disableTasks")
    call.core.disable_job(find(call), fields.choice("disableTasks", DisableTasks, DisableTasks.WAIT))
    return Reply(headers=_stamp(find(call)))


def enable(call: Call) -> Reply:
    """Enable a disabled job."""
    call.core.enable_job(find(call))
    return Reply(headers=_stamp(find(call)))


def delete(call: Call) -> Reply:
    """Begin to delete a job with its tasks and their files."""
    call.core.delete_job(find(call), force=is_forced(call))
    return Reply()


def task_counts(call: Call) -> Reply:
    """Count a job's tasks by state."""
    return Reply(body=task_counts_body(find(call).counts))


def find(call: Call) -> JobRecord:
    """Return the job of the call's path.

    Raises:
        BatchError: JobNotFound.
    """
    return call.core.store.jobs.get(call.parameters["jobId"])


def _change(call: Call, job: JobRecord, changes: JsonObject) -> Reply:
    require_open(job)
    shown = job_body(job, call.base_url)
    for name, value in changes.items():
        if name not in _CHANGEABLE and value is not None and shown.get(name) != value:
            raise invalid_property(name, value, "it cannot be changed after the job is created")
    allowed = {name: value for name, value in changes.items() if name in _CHANGEABLE}
    document = {**json.loads(job.document), **allowed}
    spec = read_job({**document, "id": _ANY_ID})  # a schedule's job has an id that no client may give
    spec = replace_fields(spec, id=job.id, document=json.dumps(document), pool_id=spec.pool_id or job.pool_id)
    _check_pool_change(job, spec)
    _check_completion_change(job, spec)
    with call.core.store.transaction():
        if spec.auto_pool is not None:
            change_pool(call.core, job, document, spec.auto_pool)
        call.core.store.jobs.replace(job, spec, call.now)
    call.core.wake()
    return Reply(headers=_stamp(find(call)))


def _check_pool_change(job: JobRecord, spec: JobSpec) -> None:
    if spec.pool_id.lower() != job.pool_id.lower() and job.state is not JobState.DISABLED:
        message = "The pool of a job can be changed only while the job is disabled."
        raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)


def _check_completion_change(job: JobRecord, spec: JobSpec) -> None:
    """Refuse to turn automatic termination off, as Azure does; a PUT that does not name it asks for that too."""
    if job.terminates_when_done and not spec.terminates_when_done:
        reason = "it cannot be changed from terminatejob to noaction"
        raise invalid_property("onAllTasksComplete", "noaction", reason)


def _stamp(job: JobRecord) -> dict[str, str]:
    return stamp_headers(stamp_of(job.version, job.modified))


HANDLERS: Mapping[str, Handler] = {
    "create_job": create,
    "list_jobs": list_all,
    "get_job": get,
    "update_job": update,
    "replace_job": replace,
    "begin_delete_job": delete,
    "begin_terminate_job": terminate,
    "begin_disable_job": disable,
    "begin_enable_job": enable,
    "get_job_task_counts": task_counts,
}

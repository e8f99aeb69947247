"""Job schedules: create, list, get, change, disable, enable, end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from dispatcher.service.admission import check_active_quota
from dispatcher.service.calls import Call, Handler, Reply, is_forced, stamp_headers, stamp_of
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.job_schedules import ScheduleSpec, read_schedule, recurrence_of
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.expansion import expand_job, expand_schedule
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.planning.schedules import TERMINATED
from dispatcher.service.records import ScheduleRecord
from dispatcher.service.rendering.job_schedules import job_schedule_body
from dispatcher.service.rendering.jobs import job_body
from dispatcher.service.states import JOB, SCHEDULE, JobEvent, JobState, ScheduleEvent, ScheduleState
from dispatcher.service.wire import JsonObject

_CHANGEABLE = frozenset({"schedule", "jobSpecification", "metadata"})

_REFUSALS = {
    ScheduleState.ACTIVE: Refusal.OPERATION_INVALID_FOR_CURRENT_STATE,
    ScheduleState.DISABLED: Refusal.JOB_SCHEDULE_DISABLED,
    ScheduleState.TERMINATING: Refusal.JOB_SCHEDULE_BEING_TERMINATED,
    ScheduleState.COMPLETED: Refusal.JOB_SCHEDULE_COMPLETED,
    ScheduleState.DELETING: Refusal.JOB_SCHEDULE_BEING_DELETED,
}


def create(call: Call) -> Reply:
    """Add a job schedule; a job that is due at once is made as soon as the answer is sent."""
    spec = read_schedule(call.body)
    if call.core.store.jobs.find(spec.id) is not None:
        raise BatchError(Refusal.JOB_WITH_SAME_ID_EXISTS)
    check_active_quota(call.core)
    schedule = call.core.store.schedules.add(spec, call.now)
    call.core.wake()
    url = f"{call.base_url}/jobschedules/{schedule.id}"
    return Reply(headers={**_stamp(schedule), "Location": url, "DataServiceId": url})


def list_all(call: Call) -> Reply:
    """List job schedules, by id."""
    listing = read_listing(call)
    return page(
        call,
        listing,
        call.core.store.schedules.scan(listing.after),
        render=lambda schedule: expand_schedule(call, schedule, job_schedule_body(schedule, call.base_url)),
        cursor=lambda schedule: schedule.id,
    )


def list_jobs(call: Call) -> Reply:
    """List the jobs that a schedule made, in the order it made them."""
    schedule = _find(call)
    listing = read_listing(call)
    return page(
        call,
        listing,
        call.core.store.schedules.jobs(schedule, listing.after_number()),
        render=lambda job: expand_job(call, job, job_body(job, call.base_url)),
        cursor=lambda job: str(job.key),
    )


def get(call: Call) -> Reply:
    """Return a job schedule."""
    schedule = _find(call)
    body = expand_schedule(call, schedule, job_schedule_body(schedule, call.base_url))
    return Reply(body=select(body, read_select(call)), headers=_stamp(schedule))


def exists(call: Call) -> Reply:
    """Say whether there is such a job schedule."""
    return Reply(headers=_stamp(_find(call)))


def update(call: Call) -> Reply:
    """Change the given properties of a job schedule; jobs that are there go on as they are."""
    return _change(call, {name: value for name, value in call.body.items() if value is not None})


def replace(call: Call) -> Reply:
    """Set the changeable properties of a job schedule; those not given go back to their defaults."""
    Fields(values=call.body).required_object("jobSpecification")
    return _change(call, {**dict.fromkeys(_CHANGEABLE), **call.body})


def disable(call: Call) -> Reply:
    """Make no more jobs until the schedule is enabled; one that runs goes on."""
    return _happen(call, ScheduleEvent.DISABLE)


def enable(call: Call) -> Reply:
    """Let a disabled schedule make jobs again."""
    return _happen(call, ScheduleEvent.ENABLE)


def terminate(call: Call) -> Reply:
    """Begin to end a job schedule, and its job that runs; with ``force``, without waiting for release tasks."""
    if not is_forced(call):
        return _happen(call, ScheduleEvent.TERMINATE)
    with call.core.store.transaction():
        if _find(call).state is not ScheduleState.TERMINATING:
            _happen(call, ScheduleEvent.TERMINATE)
        for job in list(call.core.store.schedules.jobs(_find(call))):
            if job.state is JobState.TERMINATING or JOB.allows(job.state, JobEvent.TERMINATE):
                call.core.terminate_job(job, TERMINATED, force=True)
    return Reply(headers=_stamp(_find(call)))


def delete(call: Call) -> Reply:
    """Begin to delete a job schedule with all its jobs; with ``force``, without waiting for their release tasks."""
    if not is_forced(call):
        _happen(call, ScheduleEvent.DELETE)
        return Reply()
    with call.core.store.transaction():
        if _find(call).state is not ScheduleState.DELETING:
            _happen(call, ScheduleEvent.DELETE)
        for job in list(call.core.store.schedules.jobs(_find(call))):
            call.core.delete_job(job, force=True)
    return Reply()


def _happen(call: Call, event: ScheduleEvent) -> Reply:
    schedule = _find(call)
    if not SCHEDULE.allows(schedule.state, event):
        raise BatchError(_REFUSALS[schedule.state])
    call.core.store.schedules.happen(schedule, event, call.now)
    call.core.wake()
    return Reply(headers=_stamp(_find(call)))


def _change(call: Call, changes: JsonObject) -> Reply:
    schedule = _find(call)
    if schedule.state not in {ScheduleState.ACTIVE, ScheduleState.DISABLED}:
        raise BatchError(_REFUSALS[schedule.state])
    for name, value in changes.items():
        if name not in _CHANGEABLE and value is not None:
            raise invalid_property(name, value, "it cannot be changed after the job schedule is created")
    spec = read_schedule({**json.loads(schedule.document), **changes})
    call.core.store.schedules.replace(schedule, spec, _due(schedule, spec, call.now), call.now)
    call.core.wake()
    return Reply(headers=_stamp(_find(call)))


def _due(schedule: ScheduleRecord, spec: ScheduleSpec, now: datetime) -> datetime | None:
    """Return when the next job is due after a change.

    Only another beginning or interval starts the recurrence anew, from now; another window or end does not.
    """
    before, after = recurrence_of(schedule.document), spec.recurrence
    if (before.not_until, before.interval) == (after.not_until, after.interval):
        return schedule.due
    return max(after.not_until or now, now)


def _find(call: Call) -> ScheduleRecord:
    return call.core.store.schedules.get(call.parameters["jobScheduleId"])


def _stamp(schedule: ScheduleRecord) -> dict[str, str]:
    return stamp_headers(stamp_of(schedule.version, schedule.modified))


HANDLERS: Mapping[str, Handler] = {
    "create_job_schedule": create,
    "list_job_schedules": list_all,
    "list_jobs_from_schedule": list_jobs,
    "get_job_schedule": get,
    "job_schedule_exists": exists,
    "update_job_schedule": update,
    "replace_job_schedule": replace,
    "disable_job_schedule": disable,
    "enable_job_schedule": enable,
    "begin_terminate_job_schedule": terminate,
    "begin_delete_job_schedule": delete,
}

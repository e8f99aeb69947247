"""Job schedule bodies, checked: what a client may ask of a schedule, with Batch's limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatcher.service.documents.fields import Fields, check_metadata
from dispatcher.service.documents.jobs import JobSpec, read_job
from dispatcher.service.errors import invalid_property
from dispatcher.service.planning.schedules import Recurrence
from dispatcher.service.wire import JsonObject, parse_time

_SHORTEST = timedelta(minutes=1)
_ANY_ID = "job-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleSpec:
    """A job schedule to add, or what a change makes of it."""

    id: str
    document: str
    """The body as JSON text."""
    recurrence: Recurrence


def read_schedule(body: JsonObject) -> ScheduleSpec:
    """Check the body of a job schedule, its job specification included.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    fields = Fields(values=body)
    schedule_id = fields.required_id()
    fields.check_display_name()
    check_metadata(fields)
    read_job({**fields.required_object("jobSpecification").values, "id": _ANY_ID})
    times = fields.object("schedule")
    recurrence = Recurrence() if times is None else _read_recurrence(times)
    return ScheduleSpec(id=schedule_id, document=json.dumps(body), recurrence=recurrence)


def read_scheduled_job(schedule_document: str, job_id: str) -> JobSpec:
    """Return a job as a schedule's document specifies it.

    Args:
        schedule_document: JSON text that `read_schedule` accepted.
        job_id: ``<schedule>:job-<number>``, which no client could give a job.
    """
    specification = json.loads(schedule_document)["jobSpecification"]
    spec = read_job({**specification, "id": _ANY_ID})
    return replace(spec, id=job_id, document=json.dumps({**specification, "id": job_id}))


def recurrence_of(document: str) -> Recurrence:
    """Return the recurrence in a document that `read_schedule` accepted."""
    times = Fields(values=json.loads(document)).object("schedule")
    return Recurrence() if times is None else _read_recurrence(times)


def _read_recurrence(fields: Fields) -> Recurrence:
    recurrence = Recurrence(
        not_until=_time(fields, "doNotRunUntil"),
        not_after=_time(fields, "doNotRunAfter"),
        window=_span(fields, "startWindow"),
        interval=_span(fields, "recurrenceInterval"),
    )
    until, after = recurrence.not_until, recurrence.not_after
    if until is not None and after is not None and after <= until:
        raise invalid_property(fields.name("doNotRunAfter"), after.isoformat(), "it must lie after doNotRunUntil")
    return recurrence


def _time(fields: Fields, key: str) -> datetime | None:
    text = fields.text(key)
    if text is None:
        return None
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise invalid_property(fields.name(key), text, "an ISO 8601 time is expected") from None


def _span(fields: Fields, key: str) -> timedelta | None:
    span = fields.duration(key)
    if span is not None and span < _SHORTEST:
        raise invalid_property(fields.name(key), fields.text(key), "it is at least one minute")
    return span

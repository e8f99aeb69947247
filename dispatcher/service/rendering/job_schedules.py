"""Job schedules' bodies."""

from __future__ import annotations

from urllib.parse import quote

from dispatcher.service.documents.job_schedules import recurrence_of
from dispatcher.service.documents.secrets import read_public
from dispatcher.service.planning.schedules import next_run
from dispatcher.service.records import ScheduleRecord
from dispatcher.service.rendering.parts import job_url, set_time
from dispatcher.service.states import ScheduleState
from dispatcher.service.wire import JsonObject, format_etag, format_time


def job_schedule_body(schedule: ScheduleRecord, base_url: str) -> JsonObject:
    """Return a job schedule."""
    body = read_public(schedule.document)
    body.setdefault("schedule", {})
    body |= {
        "id": schedule.id,
        "url": f"{base_url}/jobschedules/{quote(schedule.id)}",
        "eTag": format_etag(schedule.version),
        "creationTime": format_time(schedule.created),
        "lastModified": format_time(schedule.modified),
        "state": schedule.state.value,
        "stateTransitionTime": format_time(schedule.state_time),
        "executionInfo": _execution_info(schedule, base_url),
    }
    if schedule.previous_state is not None:
        body["previousState"] = schedule.previous_state.value
    return body


def _execution_info(schedule: ScheduleRecord, base_url: str) -> JsonObject:
    info: JsonObject = {}
    if schedule.state in {ScheduleState.ACTIVE, ScheduleState.DISABLED}:
        set_time(info, "nextRunTime", next_run(schedule.due, recurrence_of(schedule.document)))
    set_time(info, "endTime", schedule.ended)
    if schedule.recent_job is not None:
        info["recentJob"] = {
            "id": schedule.recent_job,
            "url": job_url(base_url, schedule.recent_job),
        }
    return info

"""Jobs' bodies."""

from __future__ import annotations

from dispatcher.service.documents.secrets import read_public
from dispatcher.service.records import JobRecord
from dispatcher.service.rendering.parts import failure_info, job_url, over, set_time
from dispatcher.service.wire import UNLIMITED, JsonObject, format_etag, format_time


def job_body(job: JobRecord, base_url: str) -> JsonObject:
    """Return a job."""
    body = read_public(job.document)
    body["constraints"] = over({"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0}, body.get("constraints"))
    for name, default in (("onAllTasksComplete", "noaction"), ("onTaskFailure", "noaction"), ("maxParallelTasks", -1)):
        body.setdefault(name, default)
    execution: JsonObject = {"startTime": format_time(job.created)}
    if job.pool_id:
        execution["poolId"] = job.pool_id
    if job.scheduling_error is not None:
        execution["schedulingError"] = failure_info(job.scheduling_error)
    set_time(execution, "endTime", job.ended)
    if job.terminate_reason is not None:
        execution["terminateReason"] = job.terminate_reason
    body |= {
        "id": job.id,
        "url": job_url(base_url, job.id),
        "eTag": format_etag(job.version),
        "creationTime": format_time(job.created),
        "lastModified": format_time(job.modified),
        "state": job.state.value,
        "stateTransitionTime": format_time(job.state_time),
        "priority": job.priority,
        "usesTaskDependencies": job.uses_dependencies,
        "executionInfo": execution,
    }
    if job.previous_state is not None:
        body["previousState"] = job.previous_state.value
        set_time(body, "previousStateTransitionTime", job.previous_state_time)
    return body

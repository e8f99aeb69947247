"""Add a collection of tasks: up to 100 at once, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.core import require_open
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.tasks import TaskSpec
from dispatcher.service.errors import BatchError, error_values, invalid_property
from dispatcher.service.faults.requests import fail_addition
from dispatcher.service.handlers.jobs import find as find_job
from dispatcher.service.handlers.tasks import read_new_task, taken_id, task_url
from dispatcher.service.records import JobRecord
from dispatcher.service.wire import JsonObject, JsonValue, format_etag, format_time

MOST_TASKS = 100


def create(call: Call) -> Reply:
    """Add tasks, all that can be added in one transaction; the answer has one result for each, in their order.

    No tasks have no results; what Azure answers to an empty list is not documented.
    """
    job = find_job(call)
    require_open(job)
    fields = Fields(values=call.body)
    fields.require("value")
    items = fields.objects("value")
    if len(items) > MOST_TASKS:
        raise invalid_property("value", len(items), f"at most {MOST_TASKS} tasks can be added at once")
    read = [_read(call, job, item) for item in items]
    specs = [spec for spec in read if isinstance(spec, TaskSpec)]
    now = call.now
    versions = iter(call.core.store.tasks.add(job, specs, now))
    added: JsonObject = {"status": "success", "lastModified": format_time(now)}
    results: list[JsonValue] = []
    for item, spec in zip(items, read, strict=True):
        if isinstance(spec, BatchError):
            results.append(_refused(item.values.get("id"), spec))
            continue
        version = next(versions)
        if version is None:
            results.append(_refused(spec.id, taken_id(call, job, spec)))
            continue
        url = task_url(call, job, spec)
        results.append({**added, "taskId": spec.id, "eTag": format_etag(version), "location": url})
    call.core.wake()
    return Reply(body={"odata.metadata": f"{call.base_url}/$metadata#taskaddresult", "value": results})


def _read(call: Call, job: JobRecord, item: Fields) -> TaskSpec | BatchError:
    try:
        spec = read_new_task(call.core, job, item.values)
        if call.core.faults is not None:
            fail_addition(call.core.faults, call.core.account, job.id, spec.id, call.request_id)
        return spec
    except BatchError as error:
        return error


def _refused(task_id: JsonValue, error: BatchError) -> JsonObject:
    """Return a refusal; the status is spelled in lower case, since one client compares it so."""
    return {
        "status": "clienterror" if error.status < HTTPStatus.INTERNAL_SERVER_ERROR else "servererror",
        "taskId": task_id if isinstance(task_id, str) else "",
        "error": {
            "code": error.code,
            "message": {"lang": "en-US", "value": error.message},
            "values": error_values(error.values),
        },
    }


HANDLERS: Mapping[str, Handler] = {
    "create_task_collection": create,
}

"""The service's logs of a compute node."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.handlers.nodes import find
from dispatcher.service.node.launch import LogRequest
from dispatcher.service.wire import parse_time


def upload(call: Call) -> Reply:
    """Begin to upload the files of a node's log that have lines of a time; the blobs come a moment after the answer."""
    live = find(call)
    fields = Fields(values=call.body)
    url, since, until = fields.required_text("containerUrl"), _time(fields, "startTime"), None
    if fields.has("endTime"):
        until = _time(fields, "endTime")
        if until < since:
            raise invalid_property("endTime", fields.text("endTime"), "it is before startTime")
    fields.object("identityReference")
    folder = f"{live.record.pool_id}/{live.record.id.replace('_', '-')}/{uuid.uuid4()}"
    request = LogRequest(
        container_url=url, folder=folder, since=since, until=until, uses_identity=fields.has("identityReference")
    )
    try:
        files = live.upload_log(request)
    except OSError:  # what runs the node has just ended, and is started again
        raise BatchError(Refusal.NODE_NOT_READY) from None
    return Reply(body={"virtualDirectoryName": folder, "numberOfFilesUploaded": files})


def _time(fields: Fields, key: str) -> datetime:
    text = fields.required_text(key)
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise invalid_property(key, text, "an ISO 8601 time is expected") from None


HANDLERS: Mapping[str, Handler] = {"upload_node_logs": upload}

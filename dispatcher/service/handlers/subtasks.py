"""The subtasks of a multi-instance task."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.handlers.tasks import find
from dispatcher.service.odata import select
from dispatcher.service.paging import read_select
from dispatcher.service.rendering.subtasks import subtask_body
from dispatcher.service.wire import JsonValue


def list_all(call: Call) -> Reply:
    """List the subtasks of a task's latest run; the primary, which the task itself tells of, is none of them."""
    job, task = find(call)
    wanted = read_select(call)
    subtasks: list[JsonValue] = [
        select(subtask_body(subtask, task, job, call.base_url), wanted)
        for subtask in call.core.store.subtasks.of_task(task.key)
    ]
    return Reply(body={"odata.metadata": f"{call.base_url}/$metadata#subtaskinfo", "value": subtasks})


HANDLERS: Mapping[str, Handler] = {"list_subtasks": list_all}

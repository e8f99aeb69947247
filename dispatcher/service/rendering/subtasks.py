"""Subtasks' bodies."""

from __future__ import annotations

from dispatcher.service.records import JobRecord, SubtaskRecord, TaskRecord
from dispatcher.service.rendering.parts import failure_info, set_time
from dispatcher.service.rendering.tasks import node_info
from dispatcher.service.states import TaskState
from dispatcher.service.wire import JsonObject, format_time


def subtask_body(subtask: SubtaskRecord, task: TaskRecord, job: JobRecord, base_url: str) -> JsonObject:
    """Return a subtask."""
    body: JsonObject = {
        "id": subtask.number,
        "nodeInfo": node_info(task, job, base_url, subtask.pool_id, subtask.node_id),
        "startTime": format_time(subtask.started),
        "state": subtask.state.value,
        "stateTransitionTime": format_time(subtask.ended or subtask.started),
    }
    set_time(body, "endTime", subtask.ended)
    if subtask.exit_code is not None:
        body["exitCode"] = subtask.exit_code
    if subtask.state is TaskState.COMPLETED:
        body |= {
            "previousState": TaskState.RUNNING.value,
            "previousStateTransitionTime": format_time(subtask.started),
            "result": "success" if subtask.failure is None else "failure",
        }
    if subtask.failure is not None:
        body["failureInfo"] = failure_info(subtask.failure)
    return body

"""Checks and plans as JSON: what ``--json`` prints."""

from __future__ import annotations

from batch_manager.environment import JsonValue
from batch_manager.planning.checking import CheckReport


def check_document(report: CheckReport) -> dict[str, JsonValue]:
    """A check. Every problem names its task (null for the job), its field and its rule."""
    return {
        "module": report.module,
        "workload": report.workload_type,
        "taskTypes": list(report.task_types),
        "tasks": report.tasks,
        "problems": [
            {
                "kind": fault.exit_code.name.lower(),
                "taskId": fault.problem.task_id,
                "field": fault.problem.field,
                "rule": fault.problem.rule,
                "message": fault.problem.message,
                "details": fault.details or None,
            }
            for fault in report.faults
        ],
        "notChecked": list(report.unchecked),
        "exitCode": int(report.exit_code),
    }

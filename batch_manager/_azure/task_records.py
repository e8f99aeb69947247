"""Batch's JSON of tasks as our values. Pure.

FinalizeTask reads every task of a job; Microsoft's models cost many times what is read here (ADR 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from batch_manager import environment
from batch_manager._azure.translate import clean
from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import IdRange, TaskDependencies

Document = Mapping[str, Any]
"""An object of a reply."""

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_UNLIMITED = timedelta(days=10_000)


def task_record(task: Document) -> TaskRecord:
    """What a task of a list says; fields that were not selected are as if not set."""
    info: Document = task.get("executionInfo") or {}
    failure: Document = info.get("failureInfo") or {}
    code = failure.get("code")
    result = info.get("result")
    return TaskRecord(
        id=task.get("id") or "",
        state=TaskState(task.get("state")),
        display_name=task.get("displayName"),
        exit_code=info.get("exitCode"),
        succeeded=str(result).lower() == "success" if result is not None else None,
        failure_code=str(code) if code else None,
        failure_message=failure.get("message"),
        failure_details=tuple(
            (pair.get("name") or "", clean(pair.get("value"))) for pair in failure.get("details") or ()
        ),
        retry_count=info.get("retryCount") or 0,
        requeue_count=info.get("requeueCount") or 0,
        required_slots=task.get("requiredSlots") or 1,
        start_time=_time(info.get("startTime")),
        end_time=_time(info.get("endTime")),
        max_wall_clock_time=_limit((task.get("constraints") or {}).get("maxWallClockTime")),
    )


def task_detail(task: Document) -> TaskDetail:
    """A task with its command and its environment; whoever added it."""
    settings = {item["name"]: item.get("value") or "" for item in task.get("environmentSettings") or ()}
    definition = settings.pop(environment.DEFINITION, None)
    return TaskDetail(
        record=task_record(task),
        command_line=task.get("commandLine"),
        definition=definition,
        environment=settings,
        depends_on=_dependencies(task.get("dependsOn") or {}),
        node_id=(task.get("nodeInfo") or {}).get("nodeId"),
    )


def read_duration(text: str) -> timedelta:
    """A duration as Batch writes it, such as ``PT1H30M`` or ``P7DT0.5S``.

    Raises:
        ValueError: it is none.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@lru_cache(maxsize=64)
def _limit(text: str | None) -> timedelta | None:
    """Batch gives a task without a limit one of 29 000 years."""
    if not text:
        return None
    limit = read_duration(text)
    return limit if limit < _UNLIMITED else None


def _dependencies(given: Document) -> TaskDependencies:
    spans = given.get("taskIdRanges") or ()
    return TaskDependencies(
        task_ids=tuple(given.get("taskIds") or ()), ranges=tuple(IdRange(span["start"], span["end"]) for span in spans)
    )

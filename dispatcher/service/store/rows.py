"""Rows as records and back: the one place that knows the columns' order."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from dispatcher.service.node.launch import EndReason, ErrorCategory, TaskFailure
from dispatcher.service.records import (
    Deallocation,
    FillType,
    JobRecord,
    NodeRecord,
    PoolRecord,
    ResizeError,
    StartTaskRun,
    TaskCounts,
    TaskRecord,
    TaskResult,
)
from dispatcher.service.states import AllocationState, JobState, NodeState, PoolState, TaskState
from dispatcher.service.wire import from_micros, to_micros

POOL_COLUMNS: Final = (
    "id, document, version, state, state_time, allocation_state, allocation_time, created, modified, "
    "target_dedicated, target_low_priority, slots, fill, deallocation, allocated_from, resize_deadline, resize_errors"
)
NODE_COLUMNS: Final = "pool_id, id, is_dedicated, state, state_time, allocated, booted, until, start, errors"
JOB_COLUMNS: Final = (
    "key, id, pool_id, document, version, state, previous_state, state_time, created, modified, ended, "
    "terminate_reason, priority, terminates_when_done, uses_dependencies, max_parallel, max_retries, "
    "n_active, n_running, n_succeeded, n_failed, s_active, s_running, s_succeeded, s_failed, "
    "performs_exit_options, previous_state_time, scheduling_error"
)
TASK_COLUMNS: Final = (
    "key, job_key, id, document, version, state, previous_state, state_time, created, modified, slots, is_manager, "
    "kills_job, max_retries, conditions, run_number, retries, last_retry, requeues, last_requeue, started, ended, "
    "exit_code, result, failure, pool_id, node_id, end_reason, doomed, files_expired, previous_state_time"
)


def micros(time: datetime | None) -> int | None:
    """Return a time as columns hold it."""
    return None if time is None else to_micros(time)


def failure_text(failure: TaskFailure | None) -> str | None:
    """Return a failure as a column holds it."""
    if failure is None:
        return None
    return json.dumps(_failure_values(failure))


def pool_record(row: Any) -> PoolRecord:
    """Return a pool from a row of `POOL_COLUMNS`."""
    return PoolRecord(
        id=row[0],
        document=row[1],
        version=row[2],
        state=PoolState(row[3]),
        state_time=from_micros(row[4]),
        allocation_state=AllocationState(row[5]),
        allocation_time=from_micros(row[6]),
        created=from_micros(row[7]),
        modified=from_micros(row[8]),
        target_dedicated=row[9],
        target_low_priority=row[10],
        slots=row[11],
        fill=FillType(row[12]),
        deallocation=Deallocation(row[13]),
        allocated_from=from_micros(row[14]),
        resize_deadline=from_micros(row[15]),
        resize_errors=() if row[16] is None else tuple(ResizeError(**error) for error in json.loads(row[16])),
    )


def node_record(row: Any) -> NodeRecord:
    """Return a node from a row of `NODE_COLUMNS`."""
    return NodeRecord(
        pool_id=row[0],
        id=row[1],
        is_dedicated=bool(row[2]),
        state=NodeState(row[3]),
        state_time=from_micros(row[4]),
        allocated=from_micros(row[5]),
        booted=from_micros(row[6]),
        until=_time(row[7]),
        start=_start_run(row[8]),
        errors=() if row[9] is None else tuple(_failure(values) for values in json.loads(row[9])),
    )


def node_row(node: NodeRecord) -> tuple[Any, ...]:
    """Undo `node_record`; running is stored as idle, since what runs does not outlive the service."""
    return (
        node.pool_id,
        node.id,
        node.is_dedicated,
        NodeState.IDLE if node.state is NodeState.RUNNING else node.state,
        to_micros(node.state_time),
        to_micros(node.allocated),
        to_micros(node.booted),
        micros(node.until),
        None if node.start is None else _start_text(node.start),
        json.dumps([_failure_values(failure) for failure in node.errors]) if node.errors else None,
    )


def _start_text(run: StartTaskRun) -> str:
    return json.dumps(
        [
            run.is_running,
            to_micros(run.started),
            micros(run.ended),
            run.exit_code,
            None if run.failure is None else _failure_values(run.failure),
            run.retries,
            micros(run.last_retry),
        ]
    )


def _start_run(text: str | None) -> StartTaskRun | None:
    if text is None:
        return None
    is_running, started, ended, exit_code, failure, retries, last_retry = json.loads(text)
    return StartTaskRun(
        is_running=is_running,
        started=from_micros(started),
        ended=_time(ended),
        exit_code=exit_code,
        failure=None if failure is None else _failure(failure),
        retries=retries,
        last_retry=_time(last_retry),
    )


def job_record(row: Any) -> JobRecord:
    """Return a job from a row of `JOB_COLUMNS`."""
    return JobRecord(
        key=row[0],
        id=row[1],
        pool_id=row[2],
        document=row[3],
        version=row[4],
        state=JobState(row[5]),
        previous_state=None if row[6] is None else JobState(row[6]),
        state_time=from_micros(row[7]),
        created=from_micros(row[8]),
        modified=from_micros(row[9]),
        ended=_time(row[10]),
        terminate_reason=row[11],
        priority=row[12],
        terminates_when_done=bool(row[13]),
        uses_dependencies=bool(row[14]),
        max_parallel=row[15],
        max_retries=row[16],
        counts=TaskCounts(
            active=row[17],
            running=row[18],
            succeeded=row[19],
            failed=row[20],
            active_slots=row[21],
            running_slots=row[22],
            succeeded_slots=row[23],
            failed_slots=row[24],
        ),
        performs_exit_options=bool(row[25]),
        scheduling_error=failure_of(row[27]),
        previous_state_time=_time(row[26]),
    )


def task_record(row: Any) -> TaskRecord:
    """Return a task from a row of `TASK_COLUMNS`."""
    return TaskRecord(
        key=row[0],
        job_key=row[1],
        id=row[2],
        document=row[3],
        version=row[4],
        state=TaskState(row[5]),
        previous_state=None if row[6] is None else TaskState(row[6]),
        state_time=from_micros(row[7]),
        created=from_micros(row[8]),
        modified=from_micros(row[9]),
        slots=row[10],
        is_manager=bool(row[11]),
        kills_job=bool(row[12]),
        max_retries=row[13],
        conditions=row[14],
        run_number=row[15],
        retries=row[16],
        last_retry=_time(row[17]),
        requeues=row[18],
        last_requeue=_time(row[19]),
        started=_time(row[20]),
        ended=_time(row[21]),
        exit_code=row[22],
        result=None if row[23] is None else TaskResult(row[23]),
        failure=failure_of(row[24]),
        pool_id=row[25],
        node_id=row[26],
        end_reason=None if row[27] is None else EndReason(row[27]),
        doomed=bool(row[28]),
        files_expired=bool(row[29]),
        previous_state_time=_time(row[30]),
    )


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)


def failure_of(text: str | None) -> TaskFailure | None:
    """Undo `failure_text`."""
    return None if text is None else _failure(json.loads(text))


def _failure_values(failure: TaskFailure) -> list[Any]:
    return [failure.category.value, failure.code, failure.message, failure.details]


def _failure(values: list[Any]) -> TaskFailure:
    category, code, message, details = values
    pairs = tuple((name, value) for name, value in details)
    return TaskFailure(category=ErrorCategory(category), code=code, message=message, details=pairs)

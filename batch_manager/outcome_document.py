"""The document that tells how a job ended: the ``Output`` of the callback, and the blob beside it. Pure.

docs/callback.md describes it, docs/callback.schema.json is its schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from batch_manager.naming import container_name, log_folder
from batch_manager.outcome import FinalizeWork, JobOutcome, Outcome, Standstill, TaskSummary, WorkState
from batch_manager.reports import Attempt

VERSION = 2

MAX_DOCUMENT_BYTES = 1_000_000
"""Bytes of an outcome as JSON. Azure Data Factory takes 4 MB for all that an activity puts out."""


def encode_outcome(outcome: JobOutcome) -> bytes:
    """The outcome as JSON, at most ``MAX_DOCUMENT_BYTES``: what does not fit is left out, the attempts first and then
    the last tasks; the counts stay."""
    told = outcome
    while len(content := _encode(told)) > MAX_DOCUMENT_BYTES:
        has_attempts = any(task.attempts for task in (*told.failures, *told.retried))
        if has_attempts:
            told = replace(told, failures=_without_attempts(told.failures), retried=_without_attempts(told.retried))
        elif told.retried:
            told = replace(told, retried=told.retried[: len(told.retried) // 2])
        else:
            told = replace(told, failures=told.failures[: len(told.failures) // 2])
    return content


def outcome_document(outcome: JobOutcome) -> dict[str, Any]:
    """The outcome as JSON values: the ``Output`` of the callback, and the blob beside it."""
    duration = outcome.duration
    return {
        "version": VERSION,
        "jobId": outcome.job_id,
        "outcome": outcome.outcome.value,
        "errorCode": None if outcome.error_code is None else outcome.error_code.value,
        "summary": outcome.summary,
        "cause": outcome.cause,
        "causeIsTimeLimit": outcome.cause_is_time_limit,
        "cancelledBecause": outcome.cancelled_because,
        "standstill": None if outcome.standstill is None else _standstill_document(outcome.standstill),
        "createdAt": _time_text(outcome.created_at),
        "endedAt": _time_text(outcome.ended_at),
        "durationSeconds": None if duration is None else duration.total_seconds(),
        "counts": {
            "succeeded": outcome.succeeded,
            "failed": outcome.failed,
            "skipped": outcome.skipped,
            "cancelled": outcome.cancelled,
            "notEnded": outcome.not_ended,
            "missing": outcome.missing,
            "takenOver": outcome.taken_over,
        },
        "timedOut": outcome.timed_out,
        "retries": outcome.retries,
        "requeues": outcome.requeues,
        "failures": [_task_document(task) for task in outcome.failures],
        "failuresLeftOut": max(outcome.failed + outcome.cancelled - len(outcome.failures), 0),
        "retried": [_task_document(task) for task in outcome.retried],
        "finalizeWork": {"state": outcome.work.state.value, "reason": outcome.work.reason},
        "container": container_name(outcome.job_id),
    }


def read_outcome(document: Mapping[str, Any]) -> JobOutcome:
    """The reverse of ``outcome_document``; what an older version did not tell has its default.

    Raises:
        KeyError: it is no such document.
    """
    counts, work, standstill = document["counts"], document.get("finalizeWork") or {}, document.get("standstill")
    return JobOutcome(
        job_id=document["jobId"],
        cause=document.get("cause"),
        cause_is_time_limit=bool(document.get("causeIsTimeLimit")),
        cancelled_because=document.get("cancelledBecause"),
        standstill=None if standstill is None else Standstill(code=standstill["code"], message=standstill["message"]),
        created_at=_read_time(document.get("createdAt")),
        ended_at=_read_time(document.get("endedAt")),
        succeeded=counts["succeeded"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        cancelled=counts.get("cancelled", 0),
        timed_out=document.get("timedOut", 0),
        not_ended=counts["notEnded"],
        missing=counts.get("missing", 0),
        taken_over=counts.get("takenOver", 0),
        retries=document.get("retries", 0),
        requeues=document.get("requeues", 0),
        failures=tuple(_read_task(task, Outcome.FAILED) for task in document["failures"]),
        retried=tuple(_read_task(task, Outcome.SUCCEEDED) for task in document.get("retried", ())),
        work=FinalizeWork(state=WorkState(work.get("state", "none")), reason=work.get("reason")),
    )


def is_settled(document: Mapping[str, Any], created_at: datetime) -> bool:
    """Whether a document tells the end of the job that was created at this moment, and nothing in it can change."""
    is_of_this_job = document.get("version") == VERSION and document.get("createdAt") == _time_text(created_at)
    if not is_of_this_job:
        return False
    try:
        outcome = read_outcome(document)
    except (KeyError, TypeError, ValueError):
        return False
    has_ended = outcome.standstill is not None or outcome.not_ended == 0
    return has_ended and outcome.work.state is not WorkState.PENDING


def _encode(outcome: JobOutcome) -> bytes:
    return json.dumps(outcome_document(outcome), indent=1, ensure_ascii=False).encode(errors="backslashreplace")


def _without_attempts(tasks: tuple[TaskSummary, ...]) -> tuple[TaskSummary, ...]:
    return tuple(replace(task, attempts=()) for task in tasks)


def _standstill_document(standstill: Standstill) -> dict[str, str]:
    return {"code": standstill.code, "message": standstill.message}


def _task_document(task: TaskSummary) -> dict[str, Any]:
    return {
        "taskId": task.task_id,
        "displayName": task.display_name,
        "outcome": task.outcome.value,
        "exitCode": task.exit_code,
        "reason": task.reason,
        "retryCount": task.retry_count,
        "requeueCount": task.requeue_count,
        "attempts": [_attempt_document(attempt) for attempt in task.attempts],
        "logs": log_folder(task.task_id),
    }


def _attempt_document(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "nodeId": attempt.node_id,
        "endedAt": _time_text(datetime.fromtimestamp(attempt.ended_at, UTC)),
        "exitCode": attempt.exit_code,
        "cause": attempt.cause,
        "retried": attempt.retried,
        "delaySeconds": attempt.delay,
    }


def _read_task(document: Mapping[str, Any], outcome: Outcome) -> TaskSummary:
    return TaskSummary(
        task_id=document["taskId"],
        display_name=document["displayName"],
        outcome=Outcome(document.get("outcome", outcome.value)),
        exit_code=document["exitCode"],
        reason=document["reason"],
        retry_count=document["retryCount"],
        requeue_count=document["requeueCount"],
        attempts=tuple(map(_read_attempt, document.get("attempts", ()))),
    )


def _read_attempt(document: Mapping[str, Any]) -> Attempt:
    ended_at = _read_time(document["endedAt"])
    return Attempt(
        number=document["number"],
        node_id=document["nodeId"],
        ended_at=0.0 if ended_at is None else ended_at.timestamp(),
        exit_code=document["exitCode"],
        cause=document["cause"],
        retried=document["retried"],
        delay=document["delaySeconds"],
    )


def _time_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

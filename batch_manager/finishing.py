"""Settles how a job ended and tells it, on a node or from outside the pool.

Each step may be done again: the outcome is settled once and kept as a blob, the key of the callback is derived, and a
marker says that it was delivered.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from batch_manager.callback import callback_body, idempotency_key, read_callback
from batch_manager.cancelling import read_cancellation
from batch_manager.client import BatchClient, BlobStorage
from batch_manager.counting import JobFacts, count_job, with_reports
from batch_manager.definitions import JobRecord
from batch_manager.delivery import Clock, DeliveryLimits, deliver
from batch_manager.environment import TIME_LIMIT
from batch_manager.errors import CallbackError, NotFoundError, ServiceError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.naming import (
    CALLBACK_BLOB,
    CALLBACK_BODY_BLOB,
    CALLBACK_SENT_BLOB,
    OUTCOME_BLOB,
    container_name,
    report_blob,
)
from batch_manager.outcome import FinalizeWork, JobOutcome, Standstill, WorkState
from batch_manager.outcome_document import encode_outcome, is_settled, read_outcome
from batch_manager.reports import Attempt, decode_report
from batch_manager.unstarted import told_as_failed, told_as_skipped

PARALLEL_READS = 8
"""Reports of tasks that are read at the same time."""

NOT_RUN_OUTSIDE = "it was not run, since the job was finished from outside its pool"

OwnWork = Callable[[JobOutcome], str | None]
"""Does the workload's own finalize work, and says why it failed; None if it did not. ``NoOwnWorkError`` if there is
none."""

_log = logging.getLogger(__name__)


class NoOwnWorkError(Exception):
    """The workload turned out to have no finalize work of its own, or none that anybody knows of."""


def finish_job(
    client: BatchClient,
    job_id: str,
    inputs: FinalizeInputs,
    *,
    standstill: Standstill | None = None,
    work: OwnWork | None = None,
    tell: Callable[[JobOutcome], None] | None = None,
    limits: DeliveryLimits = DeliveryLimits(),
    clock: Clock = Clock(),
) -> JobOutcome:
    """Settle how a job ended and tell it, once, whoever does it and however often.

    Whoever supervises a job calls it from outside when nothing on the pool can run: what is settled already stays,
    and what was delivered already is not delivered again. Two at the same time send the same key.

    Args:
        client: the job's account.
        job_id: a job whose tasks have ended, or will never run.
        inputs: what FinalizeTask was told; from outside, what it was to be told.
        standstill: what kept the job from going on; given from outside alone.
        work: does the workload's own finalize work; None where it cannot be done.
        tell: is given the outcome before the callback; what it raises is logged and nothing more.
        limits: how long to go on trying to deliver.
        clock: time and chance.

    Returns:
        The outcome.

    Raises:
        CallbackError: the callback could not be delivered; the outcome and the callback's body are kept as blobs.
        ServiceError: Batch or Blob Storage could not be asked; call again.
    """
    job = client.get_job(job_id)
    blobs = _Blobs(client.storage, container_name(job_id))
    document = blobs.settled_outcome(job)
    if document is None:
        document = _settle(client, blobs, _facts(client, job, inputs, standstill), work)
    outcome = read_outcome(document)
    _log.info("job ended", extra={"outcome": outcome.outcome.value, "summary": outcome.summary})
    if tell is not None:
        _tell(tell, outcome)
    _call_back(blobs, document, key=idempotency_key(job.id, job.creation_time), limits=limits, clock=clock)
    return outcome


class _Blobs:
    """The blobs in which the end of a job is told."""

    def __init__(self, storage: BlobStorage, container: str) -> None:
        self._storage = storage
        self._container = container
        storage.create_container(container)

    def settled_outcome(self, job: JobRecord) -> dict[str, Any] | None:
        """The document of this very job, if nothing in it can change any more."""
        document = _json_object(self.read(OUTCOME_BLOB))
        return document if is_settled(document, job.creation_time) else None

    def write_outcome(self, outcome: JobOutcome) -> dict[str, Any]:
        content = encode_outcome(outcome)
        self.write(OUTCOME_BLOB, content)
        document: dict[str, Any] = json.loads(content)
        return document

    def was_delivered(self, key: str) -> bool:
        """Whether the marker is there, and not that of an earlier job with the same id."""
        return _json_object(self.read(CALLBACK_SENT_BLOB)).get("idempotencyKey") == key

    def reports(self, outcome: JobOutcome) -> dict[str, tuple[Attempt, ...]]:
        """What the tasks that the outcome names reported of their attempts."""
        task_ids = [task.task_id for task in (*outcome.failures, *outcome.retried)]
        with ThreadPoolExecutor(PARALLEL_READS) as pool:
            return dict(zip(task_ids, pool.map(self._report, task_ids), strict=True))

    def read(self, blob: str) -> bytes | None:
        try:
            return self._storage.read(self._container, blob)
        except NotFoundError:
            return None

    def write(self, blob: str, content: bytes) -> None:
        self._storage.upload(self._container, blob, content)

    def _report(self, task_id: str) -> tuple[Attempt, ...]:
        try:
            return decode_report(self.read(report_blob(task_id)) or b"")
        except ServiceError as error:
            _log.warning("the report of task %s cannot be read: %s", task_id, error)
            return ()


def _facts(client: BatchClient, job: JobRecord, inputs: FinalizeInputs, standstill: Standstill | None) -> JobFacts:
    cancellation = read_cancellation(client.storage, job.id)
    return JobFacts(
        job_id=job.id,
        created_at=job.creation_time,
        inputs=inputs,
        cancelled_because=None if cancellation is None else cancellation.reason,
        standstill=standstill,
        has_time_limit=TIME_LIMIT in job.common_environment,
    )


def _settle(client: BatchClient, blobs: _Blobs, facts: JobFacts, work: OwnWork | None) -> dict[str, Any]:
    """Count the tasks and do the workload's own work. What is written before the work is not final."""
    outcome = _count(client, facts)
    outcome = with_reports(outcome, blobs.reports(outcome))
    has_work = facts.inputs.has_work
    if has_work is False or (has_work is None and work is None):
        return blobs.write_outcome(outcome)
    if work is None:
        return blobs.write_outcome(_with_work(outcome, WorkState.FAILED, NOT_RUN_OUTSIDE))
    pending = _with_work(outcome, WorkState.PENDING)
    blobs.write_outcome(pending)
    try:
        reason = work(pending)
    except NoOwnWorkError:
        return blobs.write_outcome(outcome)
    state = WorkState.SUCCEEDED if reason is None else WorkState.FAILED
    return blobs.write_outcome(_with_work(outcome, state, reason))


def _count(client: BatchClient, facts: JobFacts) -> JobOutcome:
    outcome = count_job(facts, told_as_skipped(client, facts.job_id, client.list_tasks(facts.job_id)))
    if outcome.error_code is None and outcome.skipped:  # nothing failed: were they skipped for a reason?
        records = told_as_skipped(client, facts.job_id, client.list_tasks(facts.job_id))
        outcome = count_job(facts, told_as_failed(client, facts.job_id, records))
    return outcome


def _with_work(outcome: JobOutcome, state: WorkState, reason: str | None = None) -> JobOutcome:
    return replace(outcome, work=FinalizeWork(state=state, reason=reason))


def _tell(tell: Callable[[JobOutcome], None], outcome: JobOutcome) -> None:
    try:
        tell(outcome)
    except Exception as error:  # noqa: BLE001 - whoever watches must not keep the callback from being sent
        _log.warning("the outcome could not be told to a watcher: %s", type(error).__name__)


def _call_back(blobs: _Blobs, document: Mapping[str, Any], *, key: str, limits: DeliveryLimits, clock: Clock) -> None:
    given = blobs.read(CALLBACK_BLOB)
    if given is None:
        _log.info("the job was given no callback")
        return
    if blobs.was_delivered(key):
        _log.info("the callback was delivered before")
        return
    body = callback_body(document)
    try:
        target = read_callback(given)
        if target is None:
            _log.info("the job was given no callback")
            return
        deliver(target, body, key=key, limits=limits, clock=clock)
    except CallbackError:
        _keep(blobs, body)
        raise
    blobs.write(CALLBACK_SENT_BLOB, json.dumps({"idempotencyKey": key}).encode())


def _keep(blobs: _Blobs, body: bytes) -> None:
    try:
        blobs.write(CALLBACK_BODY_BLOB, body)
    except ServiceError as error:
        _log.error("the callback's body could not be kept either: %s", error)


def _json_object(content: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(content or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

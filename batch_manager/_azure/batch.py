"""The Batch account, through Microsoft's client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models
from azure.core.rest import HttpRequest, HttpResponse

from batch_manager._azure.listing import JsonPages, Listing
from batch_manager._azure.records import (
    job_record,
    node_record,
    pool_record,
    preparation_record,
)
from batch_manager._azure.requests import JsonObject, job_body, pool_body, task_body
from batch_manager._azure.task_records import task_detail, task_record
from batch_manager._azure.translate import clean, service_error, translated
from batch_manager.client import BlobStorage
from batch_manager.definitions import (
    MAX_REQUEST_BYTES,
    MAX_TASKS_PER_REQUEST,
    AddStatus,
    JobDefinition,
    JobRecord,
    NodeRecord,
    PoolDefinition,
    PoolRecord,
    PreparationRecord,
    TaskAddResult,
    TaskCounts,
    TaskDefinition,
    TaskDetail,
    TaskQuery,
    TaskRecord,
)
from batch_manager.errors import ConflictError
from batch_manager.exit_codes import ExitCode

API_VERSION = "2025-06-01"
"""The version that azure-batch 15.1.0 sends."""

REQUEST_TOO_LARGE = 413

_FILTERS = {
    None: None,
    TaskQuery.UNSUCCESSFUL: "executionInfo/result eq 'failure'",
    TaskQuery.SKIPPED: f"executionInfo/exitCode eq {int(ExitCode.SKIPPED)}",
    TaskQuery.NOT_ENDED: "state eq 'active' or state eq 'preparing' or state eq 'running'",
}
_SELECT = ["id", "state", "displayName", "executionInfo", "requiredSlots", "constraints"]
_SELECT_DETAILS = [*_SELECT, "commandLine", "environmentSettings", "dependsOn"]
_NODE_SELECT = ["id", "state", "stateTransitionTime", "startTaskInfo", "errors"]

_JSON_CONTENT_TYPE = "application/json; odata=minimalmetadata"


class AzureBatchClient:
    """A ``BatchClient`` over the official client: its signing, retries and policies, and our errors."""

    def __init__(self, *, sdk: SdkBatchClient, storage: BlobStorage) -> None:
        self._sdk = sdk
        self._storage = storage

    @property
    def storage(self) -> BlobStorage:
        """The storage account that the account's jobs use."""
        return self._storage

    def create_pool(self, pool: PoolDefinition) -> None:
        """See ``BatchClient``."""
        with translated(f"create pool {pool.id!r}"):
            self._sdk.create_pool(models.BatchPoolCreateOptions(pool_body(pool)))

    def create_job(self, job: JobDefinition) -> None:
        """See ``BatchClient``."""
        with translated(f"create job {job.id!r}"):
            self._sdk.create_job(models.BatchJobCreateOptions(job_body(job)))

    def get_job(self, job_id: str) -> JobRecord:
        """See ``BatchClient``."""
        with translated(f"get job {job_id!r}"):
            return job_record(self._sdk.get_job(job_id))

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
        """See ``BatchClient``. What is longer than Batch takes is refused here, with Batch's own status and code."""
        # Plain JSON: the SDK's task models cost five times the time, and its create_tasks takes TaskExists for success
        # and repeats some answers for ever (ADR 3).
        operation = f"add {len(tasks)} tasks to job {job_id!r}"
        content = _encode({"value": [task_body(task) for task in tasks]})
        if len(content) > MAX_REQUEST_BYTES or len(tasks) > MAX_TASKS_PER_REQUEST:
            message = f"{len(content)} bytes and {len(tasks)} tasks in one request, {MAX_REQUEST_BYTES} and 100 at most"
            raise service_error(operation, status=REQUEST_TOO_LARGE, code="RequestBodyTooLarge", message=message)
        reply = self._post(f"/jobs/{quote(job_id, safe='')}/addtaskcollection", content, operation)
        return tuple(_add_result(item) for item in reply.json()["value"])

    def get_task(self, job_id: str, task_id: str) -> TaskDetail:
        """See ``BatchClient``."""
        with translated(f"get task {task_id!r} of job {job_id!r}"):
            return task_detail(self._get(f"{_tasks_url(job_id)}/{quote(task_id, safe='')}", {}))

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """See ``BatchClient``."""
        words = _FILTERS[query]
        filtered = {"$filter": words} if words is not None else {}
        pages = JsonPages(self._get, _tasks_url(job_id), {"$select": ",".join(_SELECT), **filtered})
        return Listing(f"list the tasks of job {job_id!r}", pages, task_record)

    def list_task_details(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``BatchClient``."""
        pages = JsonPages(self._get, _tasks_url(job_id), {"$select": ",".join(_SELECT_DETAILS)})
        return Listing(f"list the tasks of job {job_id!r} in detail", pages, task_detail)

    def get_task_counts(self, job_id: str) -> TaskCounts:
        """See ``BatchClient``."""
        with translated(f"count the tasks of job {job_id!r}"):
            counts = self._sdk.get_job_task_counts(job_id).task_counts
            return TaskCounts(
                active=counts.active, running=counts.running, succeeded=counts.succeeded, failed=counts.failed
            )

    def terminate_job_when_tasks_complete(self, job_id: str) -> None:
        """See ``BatchClient``."""
        with translated(f"let job {job_id!r} complete with its tasks"):
            self._sdk.update_job(job_id, models.BatchJobUpdateOptions({"onAllTasksComplete": "terminatejob"}))

    def terminate_job(self, job_id: str, reason: str) -> None:
        """See ``BatchClient``. The SDK's ``begin_terminate_job`` would leave a thread behind that polls the job."""
        try:
            content = _encode({"terminateReason": reason})
            self._post(f"/jobs/{quote(job_id, safe='')}/terminate", content, f"terminate job {job_id!r}")
        except ConflictError as error:
            if error.code not in ("JobCompleted", "JobBeingTerminated"):
                raise

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``. The task's other constraints stay as they are."""
        with translated(f"stop the retries of task {task_id!r} of job {job_id!r}"):
            constraints = self._constraints(job_id, task_id)
            constraints.max_task_retry_count = 0
            self._sdk.replace_task(job_id, task_id, models.BatchTask(constraints=constraints))

    def limit_wall_clock(self, job_id: str, task_id: str, at_most: timedelta) -> None:
        """See ``BatchClient``. The task's other constraints stay as they are."""
        with translated(f"limit the wall clock time of task {task_id!r} of job {job_id!r}"):
            constraints = self._constraints(job_id, task_id)
            own = constraints.max_wall_clock_time
            if own is None or own > at_most:
                constraints.max_wall_clock_time = at_most
                self._sdk.replace_task(job_id, task_id, models.BatchTask(constraints=constraints))

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        try:
            with translated(f"terminate task {task_id!r} of job {job_id!r}"):
                self._sdk.terminate_task(job_id, task_id)
        except ConflictError as error:
            if error.code != "TaskCompleted":
                raise

    def get_pool(self, pool_id: str) -> PoolRecord:
        """See ``BatchClient``."""
        with translated(f"get pool {pool_id!r}"):
            return pool_record(self._sdk.get_pool(pool_id))

    def list_nodes(self, pool_id: str) -> Iterator[NodeRecord]:
        """See ``BatchClient``."""
        pages = self._sdk.list_nodes(pool_id, select=_NODE_SELECT).by_page()
        return Listing(f"list the nodes of pool {pool_id!r}", pages, node_record)

    def list_job_preparation(self, job_id: str) -> Iterator[PreparationRecord]:
        """See ``BatchClient``."""
        pages = self._sdk.list_job_preparation_and_release_task_status(job_id).by_page()
        return _PreparationListing(f"list the preparations of job {job_id!r}", pages, preparation_record)

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        """See ``BatchClient``."""
        with translated(f"get application {application_id!r}"):
            return tuple(self._sdk.get_application(application_id).versions or ())

    def _get(self, url: str, parameters: dict[str, str]) -> Any:
        """The answer to a read, as plain JSON, through the same pipeline; the SDK's errors are let out."""
        version = {} if "api-version=" in url else {"api-version": API_VERSION}
        headers = {"Content-Type": _JSON_CONTENT_TYPE, "Accept": "application/json"}
        response = self._sdk.send_request(HttpRequest("GET", url, params={**version, **parameters}, headers=headers))
        response.raise_for_status()
        return response.json()

    def _constraints(self, job_id: str, task_id: str) -> models.BatchTaskConstraints:
        found = self._sdk.get_task(job_id, task_id, select=["id", "constraints"]).constraints
        return found or models.BatchTaskConstraints()

    def _post(self, path: str, content: bytes, operation: str) -> HttpResponse:
        """A request of plain JSON through the client's own pipeline, which signs, retries and logs as ever."""
        request = HttpRequest(
            "POST",
            path,
            params={"api-version": API_VERSION},
            headers={"Content-Type": _JSON_CONTENT_TYPE, "Accept": "application/json"},
            content=content,
        )
        with translated(operation):
            response = self._sdk.send_request(request)
            response.raise_for_status()
            return response


class _PreparationListing(Listing[PreparationRecord]):
    """Empty for a job without a preparation task, which Batch answers with a conflict."""

    def __next__(self) -> PreparationRecord:
        try:
            return super().__next__()
        except ConflictError as error:
            if error.code != "JobPreparationTaskNotSpecified":
                raise
            raise StopIteration from None


def _tasks_url(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}/tasks"


def _encode(body: JsonObject) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _add_result(item: JsonObject) -> TaskAddResult:
    error = item.get("error")
    if error is None:
        return TaskAddResult(task_id=str(item["taskId"]), status=AddStatus(str(item["status"]).lower()))
    found = error if isinstance(error, dict) else {}
    code = found.get("code")
    return TaskAddResult(
        task_id=str(item["taskId"]),
        status=AddStatus(str(item["status"]).lower()),
        code=str(code) if code else None,
        message=_message(found) or None,
    )


def _message(error: JsonObject) -> str:
    message = error.get("message")
    text = str(message.get("value", "")) if isinstance(message, dict) else str(message or "")
    values = error.get("values")
    pairs = [pair for pair in values if isinstance(pair, dict)] if isinstance(values, list) else []
    named = ", ".join(f"{pair.get('key')}: {clean(str(pair.get('value')))}" for pair in pairs)
    return f"{clean(text).partition(chr(10))[0]} {named}".strip()

"""The Batch account, through Microsoft's client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models
from azure.core.rest import HttpRequest, HttpResponse

from batch_manager import environment
from batch_manager._azure.requests import (
    JsonObject,
    environment_value,
    job_body,
    job_record,
    pool_body,
    task_body,
    task_record,
)
from batch_manager._azure.translate import service_error, translated
from batch_manager.client import BlobStorage
from batch_manager.definitions import (
    JobDefinition,
    JobRecord,
    PoolDefinition,
    TaskCounts,
    TaskDefinition,
    TaskQuery,
    TaskRecord,
)
from batch_manager.errors import ConflictError, ServiceError
from batch_manager.exit_codes import ExitCode

API_VERSION = "2025-06-01"
"""The version that azure-batch 15.1.0 sends."""

REQUEST_TOO_LARGE = 413

_CLIENT_ERROR, _SERVER_ERROR = 400, 503
"""What the two kinds of a refusal within a collection would be as answers."""

_FILTERS = {
    None: None,
    TaskQuery.UNSUCCESSFUL: "executionInfo/result eq 'failure'",
    TaskQuery.SKIPPED: f"executionInfo/exitCode eq {int(ExitCode.SKIPPED)}",
}
_SELECT = ["id", "state", "displayName", "executionInfo", "requiredSlots"]

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

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> None:
        """See ``BatchClient``. A request that is too large is halved until it fits."""
        # Plain JSON: the SDK's task models cost five times the time, and its create_tasks takes TaskExists for success
        # and repeats some answers for ever (ADR 3).
        body: JsonObject = {"value": [task_body(task) for task in tasks]}
        try:
            reply = self._post(f"/jobs/{job_id}/addtaskcollection", body, f"add {len(tasks)} tasks to job {job_id!r}")
        except ServiceError as error:
            if error.status != REQUEST_TOO_LARGE or len(tasks) == 1:
                raise
            middle = len(tasks) // 2
            self.add_tasks(job_id, tasks[:middle])
            self.add_tasks(job_id, tasks[middle:])
            return
        definitions = {task.id: task for task in tasks}
        for result in reply.json()["value"]:
            outcome = str(result["status"]).lower()
            if outcome != "success":
                status = _SERVER_ERROR if outcome == "servererror" else _CLIENT_ERROR
                self._accept_existing(job_id, definitions[result["taskId"]], result.get("error") or {}, status)

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """See ``BatchClient``."""
        with translated(f"list the tasks of job {job_id!r}"):
            for task in self._sdk.list_tasks(job_id, filter=_FILTERS[query], select=_SELECT):
                yield task_record(task)

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
            self._post(f"/jobs/{job_id}/terminate", {"terminateReason": reason}, f"terminate job {job_id!r}")
        except ConflictError as error:
            if error.code not in ("JobCompleted", "JobBeingTerminated"):
                raise

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``. The task's other constraints stay as they are."""
        with translated(f"stop the retries of task {task_id!r} of job {job_id!r}"):
            limits = self._sdk.get_task(job_id, task_id, select=["id", "constraints"]).constraints
            constraints = limits or models.BatchTaskConstraints()
            constraints.max_task_retry_count = 0
            self._sdk.replace_task(job_id, task_id, models.BatchTask(constraints=constraints))

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        try:
            with translated(f"terminate task {task_id!r} of job {job_id!r}"):
                self._sdk.terminate_task(job_id, task_id)
        except ConflictError as error:
            if error.code != "TaskCompleted":
                raise

    def _post(self, path: str, body: JsonObject, operation: str) -> HttpResponse:
        """A request of plain JSON through the client's own pipeline, which signs, retries and logs as ever."""
        request = HttpRequest(
            "POST",
            path,
            params={"api-version": API_VERSION},
            headers={"Content-Type": _JSON_CONTENT_TYPE, "Accept": "application/json"},
            content=json.dumps(body, separators=(",", ":")).encode(),
        )
        with translated(operation):
            response = self._sdk.send_request(request)
            response.raise_for_status()
            return response

    def _accept_existing(self, job_id: str, task: TaskDefinition, error: JsonObject, status: int) -> None:
        """An id that is taken is fine if the task there is the same one, added before."""
        operation = f"add task {task.id!r} to job {job_id!r}"
        code = str(error.get("code"))
        if code != "TaskExists":
            raise service_error(operation, status=status, code=code, message=_message(error))
        with translated(f"get task {task.id!r} of job {job_id!r}"):
            existing = self._sdk.get_task(job_id, task.id, select=["id", "commandLine", "environmentSettings"])
        if environment_value(existing, environment.DEFINITION) != task.digest():
            raise ConflictError(
                f"{operation}: {task.conflict(existing.command_line)}",
                operation=operation,
                status=409,
                code="TaskExists",
            )


def _message(error: JsonObject) -> str:
    message = error.get("message")
    text = str(message.get("value", "")) if isinstance(message, dict) else str(message or "")
    values = error.get("values")
    pairs = [pair for pair in values if isinstance(pair, dict)] if isinstance(values, list) else []
    named = ", ".join(f"{pair.get('key')}: {pair.get('value')}" for pair in pairs)
    return f"{text.partition(chr(10))[0]} {named}".strip()

"""The account's jobs as a whole, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models
from azure.core.rest import HttpRequest, HttpResponse

from batch_manager._azure.batch import API_VERSION
from batch_manager._azure.connect import batch_sdk, patience
from batch_manager._azure.listing import JsonPages, Listing
from batch_manager._azure.task_records import Document, task_detail
from batch_manager._azure.translate import translated
from batch_manager.definitions import JobState, TaskDetail
from batch_manager.errors import ConflictError, NotFoundError, PreconditionError
from batch_manager.job_operations import JobQuery, JobSummary
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings

T = TypeVar("T")

_SELECT = ["id", "displayName", "state", "creationTime", "poolInfo", "executionInfo", "metadata", "eTag"]
_SELECT_TASKS = "id,state,displayName,executionInfo,requiredSlots,constraints,dependsOn,nodeInfo"
_FILTERS = {
    JobQuery.NOT_ENDED: "state ne 'completed' and state ne 'deleting'",
    JobQuery.ENDED: "state eq 'completed'",
}
_ACTIVE = "state eq 'active'"
_RUNNING = "state eq 'running'"
_UNSUCCESSFUL = "executionInfo/result eq 'failure'"
_GONE = ("JobBeingDeleted",)
_HEADERS = {"Content-Type": "application/json; odata=minimalmetadata", "Accept": "application/json"}


def connect_job_operations(settings: BatchClientSettings) -> AzureJobOperations:
    """For the account that the settings name. Makes no request.

    Raises:
        ConfigurationError: a setting that is needed is missing.
    """
    return AzureJobOperations(sdk=batch_sdk(settings), patience=patience(settings))


class AzureJobOperations:
    """``JobOperations`` over the official client; every request is repeated while the account is busy."""

    def __init__(self, *, sdk: SdkBatchClient, patience: Patience) -> None:
        self._sdk = sdk
        self._patience = patience

    def list_jobs(self, query: JobQuery | None = None) -> Iterator[JobSummary]:
        """See ``JobOperations``."""
        words = None if query is None else _FILTERS[query]

        def pages() -> Iterator[JobSummary]:
            return Listing("list jobs", self._sdk.list_jobs(filter=words, select=_SELECT).by_page(), job_summary)

        return self._patience.iterate(pages)

    def get_job(self, job_id: str) -> JobSummary:
        """See ``JobOperations``."""
        return self._ask(f"get job {job_id!r}", lambda: job_summary(self._sdk.get_job(job_id, select=_SELECT)))

    def delete_job(self, job_id: str, etag: str | None = None) -> None:
        """See ``JobOperations``. The SDK's ``begin_delete_job`` would leave a thread behind that polls the job."""
        condition = {} if etag is None else {"If-Match": etag}
        delete = partial(self._send, "DELETE", f"/jobs/{quote(job_id, safe='')}", headers=condition)
        try:
            self._ask(f"delete job {job_id!r}", delete)
        except NotFoundError:
            return
        except ConflictError as error:
            if error.code not in _GONE:
                raise
        except PreconditionError:
            if not self._is_deleting(job_id):  # otherwise the reply to an earlier try was lost
                raise

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        """See ``JobOperations``."""
        tries = 0

        def reactivate() -> None:
            nonlocal tries
            tries += 1
            self._sdk.reactivate_task(job_id, task_id)

        try:
            self._ask(f"reactivate task {task_id!r} of job {job_id!r}", reactivate)
        except ConflictError as error:
            if tries == 1 or error.code != "TaskNotCompleted":  # the reply to an earlier try was lost
                raise

    def allow_retries(self, job_id: str, task_id: str, count: int) -> None:
        """See ``JobOperations``."""

        def allow() -> None:
            found = self._sdk.get_task(job_id, task_id, select=["id", "constraints"]).constraints
            constraints = found or models.BatchTaskConstraints()
            if constraints.max_task_retry_count != count:
                constraints.max_task_retry_count = count
                self._sdk.replace_task(job_id, task_id, models.BatchTask(constraints=constraints))

        try:
            self._ask(f"allow retries of task {task_id!r} of job {job_id!r}", allow)
        except ConflictError as error:
            if error.code != "TaskCompleted":
                raise

    def list_active(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``JobOperations``."""
        return self._list_tasks(job_id, _ACTIVE)

    def list_running(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``JobOperations``."""
        return self._list_tasks(job_id, _RUNNING)

    def list_unsuccessful(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``JobOperations``."""
        return self._list_tasks(job_id, _UNSUCCESSFUL)

    def _list_tasks(self, job_id: str, words: str) -> Iterator[TaskDetail]:
        operation, url = f"list the tasks of job {job_id!r}", f"/jobs/{quote(job_id, safe='')}/tasks"
        parameters = {"$select": _SELECT_TASKS, "$filter": words}
        return self._patience.iterate(
            lambda: Listing(operation, JsonPages(self._get, url, dict(parameters)), task_detail)
        )

    def _is_deleting(self, job_id: str) -> bool:
        try:
            return self.get_job(job_id).state is JobState.DELETING
        except NotFoundError:
            return True

    def _get(self, url: str, parameters: dict[str, str]) -> Document:
        document: Document = self._send("GET", url, parameters).json()
        return document

    def _send(
        self,
        method: str,
        url: str,
        parameters: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        version = {} if "api-version=" in url else {"api-version": API_VERSION}
        request = HttpRequest(
            method, url, params={**version, **(parameters or {})}, headers={**_HEADERS, **(headers or {})}
        )
        response = self._sdk.send_request(request)
        response.raise_for_status()
        return response

    def _ask(self, operation: str, request: Callable[[], T]) -> T:
        def translating() -> T:
            with translated(operation):
                return request()

        return self._patience.repeat(translating)


def job_summary(job: models.BatchJob) -> JobSummary:
    """What Batch says of a job in a list."""
    info, pool = job.execution_info, job.pool_info
    return JobSummary(
        id=job.id,
        state=JobState(str(getattr(job.state, "value", job.state))),
        creation_time=job.creation_time,
        pool_id=(info.pool_id if info is not None else None) or (pool.pool_id if pool is not None else None) or "",
        display_name=job.display_name,
        start_time=info.start_time if info is not None else None,
        end_time=info.end_time if info is not None else None,
        terminate_reason=info.termination_reason if info is not None else None,
        metadata={item.name: item.value for item in job.metadata or ()},
        etag=job.etag,
    )

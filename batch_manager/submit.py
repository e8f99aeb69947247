"""Starts a workload's job: what whoever submits does, wherever that is.

The files come first and the job last, so that a submission that dies half-way leaves no job.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from batch_manager import environment
from batch_manager.callback import CallbackTarget, check_callback_secret, encode_callback, is_callback_url
from batch_manager.client import BatchClient, BlobStorage
from batch_manager.compilation import JobFrame, needs_blob
from batch_manager.definitions import JobDefinition, JobRecord, JobState
from batch_manager.environment import JsonValue
from batch_manager.errors import AccessDeniedError, BusyError, ConflictError, InputError, JobRequestError, NotFoundError
from batch_manager.events import check_progress_url
from batch_manager.job_request import JobRequest, encode_request, request_digest
from batch_manager.naming import (
    CALLBACK_BLOB,
    CALLBACK_BODY_BLOB,
    CALLBACK_SENT_BLOB,
    CANCEL_BLOB,
    JOB_MANAGER_TASK_ID,
    OUTCOME_BLOB,
    REQUEST_BLOB,
    REQUEST_METADATA,
    RERUN_READY_BLOB,
    WORKLOAD_METADATA,
    container_name,
    inputs_blob,
)
from batch_manager.patience import Patience
from batch_manager.preflight import RequestFacts, check_id, find_request_problems, find_wrong_types

JOB_GRACE = timedelta(hours=1)
"""Between a job's time limit and its end by Batch, as the last resort: for FinalizeTask and its callback."""

LONGEST_JOB = timedelta(days=180)
"""Batch ends every job then (Azure Batch documentation, quotas and limits)."""

JOB_QUOTA_REACHED = "ActiveJobAndScheduleQuotaReached"

LEFTOVERS = (OUTCOME_BLOB, CALLBACK_SENT_BLOB, CALLBACK_BODY_BLOB, CANCEL_BLOB, RERUN_READY_BLOB)
"""What FinalizeTask and others would take for the new job's."""

_log = logging.getLogger(__name__)


def new_job_id(module: str, now: datetime) -> str:
    """A job id that tells the workload and the time: ``water-network-20260131-154501``."""
    words = re.sub(r"[^a-z0-9]+", "-", module.rpartition(".")[2].lower()).strip("-") or "job"
    return f"{words[:40].strip('-')}-{now:%Y%m%d-%H%M%S}"


def check_job_id(job_id: str) -> str:
    """The name of the job's container.

    Raises:
        InputError: Batch or Azure Storage would refuse the id.
    """
    wrong = check_id(job_id, "job id")
    if wrong:
        raise InputError(wrong)
    return container_name(job_id)


def check_callback_url(url: str) -> None:
    """Refuse what cannot be called. The message does not repeat it: it is a secret.

    Raises:
        InputError: it is not an http or https URL.
    """
    if not is_callback_url(url):
        raise InputError("the callback URL is not one: give https://HOST/PATH, with nothing before or after it")


class HasLocalInputs(Protocol):
    """What a submission needs of a ``WorkloadBase``."""

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        """See ``WorkloadBase``."""
        ...


def submit_job(
    workload: HasLocalInputs,
    client: BatchClient,
    request: JobRequest,
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Upload what the workload needs from this machine and create its job, whose job manager adds the tasks.

    Killed at any line and called again with the same request, it comes to the same job. The input files of a job that
    is there already are not looked at.

    Args:
        workload: the workload.
        client: the account that runs it.
        request: the job.
        clock: seconds since 1970.
        monotonic: the clock for ``quota_wait``.
        sleep: waits so many seconds.

    Raises:
        JobRequestError: the pre-flight found something: every wrong field, missing file or pool; nothing was sent.
        ConfigurationError: a setting is missing.
        ConflictError: there is another job with this id, or one that is being deleted; it is untouched.
        BusyError: the account had as many active jobs as it may have for longer than ``quota_wait``.
        ServiceError: Batch or Blob Storage refused something.
    """
    files = _check(workload, client, request)
    container = check_job_id(request.job_id)
    callback = _callback_document(request)
    _job_definition(client, request, clock())  # what is wrong with the request is found before anything is sent
    if _is_submitted(client, request, callback):
        return
    _upload(client.storage, container, request, files, callback)
    patience = Patience(
        limit=request.quota_wait.total_seconds(), first_pause=5, max_pause=60, monotonic=monotonic, sleep=sleep
    )
    try:
        _create(client, lambda: _job_definition(client, request, clock()), patience)
    except ConflictError as error:
        if error.code != "JobExists" or not _is_submitted(client, request, callback):
            raise


def _check(workload: HasLocalInputs, client: BatchClient, request: JobRequest) -> Mapping[str, Path]:
    """The files to upload first, once nothing is found to be wrong with the request."""
    problems = find_wrong_types(request)
    if problems:
        raise JobRequestError(problems)
    facts = _request_facts(workload, client, request)
    problems = find_request_problems(request, facts)
    if problems:
        raise JobRequestError(problems)
    return facts.files


def _request_facts(workload: HasLocalInputs, client: BatchClient, request: JobRequest) -> RequestFacts:
    pool, refusal, fault = None, None, None
    may_read_pool = True
    files: Mapping[str, Path] = {}
    try:
        pool = client.get_pool(request.pool_id) if check_id(request.pool_id, "pool id") is None else None
    except NotFoundError:
        pass
    except AccessDeniedError as error:
        may_read_pool = False
        _log.info("the pool of the job is not looked at: %s", error)
    try:
        files = workload.local_inputs(request.parameters)
    except InputError as error:
        refusal = str(error)
    try:
        _callback_document(request)
    except InputError as error:
        fault = str(error)
    return RequestFacts(
        longest=LONGEST_JOB - JOB_GRACE,
        pool=pool,
        files=files,
        refusal=refusal,
        callback_fault=fault,
        may_read_pool=may_read_pool,
        identity_reference=client.storage.identity_reference,
    )


def _is_submitted(client: BatchClient, request: JobRequest, callback: bytes) -> bool:
    """Whether the job is there, made by an earlier call with the same request.

    Raises:
        ConflictError: it is there and another.
    """
    try:
        job = client.get_job(request.job_id)
    except NotFoundError:
        return False
    differs = _difference(client, request, job, callback)
    if differs is None:
        _log.info("the job was submitted before", extra={"job": job.id, "state": job.state.value})
        return True
    raise ConflictError(
        f"submit job {request.job_id!r}: there is a job with this id, created on {job.creation_time:%Y-%m-%d at %H:%M} "
        f"for the workload {job.metadata.get(WORKLOAD_METADATA)!r} in pool {job.pool_id!r}, and {differs}. "
        "Choose another id",
        operation=f"submit job {request.job_id!r}",
        status=409,
        code="JobExists",
    )


def _difference(client: BatchClient, request: JobRequest, job: JobRecord, callback: bytes) -> str | None:
    """Why a job is not the one that is asked for; None if it is."""
    if job.state is JobState.DELETING:
        return "it is being deleted"
    if job.metadata.get(REQUEST_METADATA) != request_digest(request):
        return "it was submitted with something else"
    try:
        given = client.storage.read(container_name(job.id), CALLBACK_BLOB)
    except NotFoundError:
        given = encode_callback(None)
    return None if given == callback else "it has another callback"


def _upload(
    storage: BlobStorage, container: str, request: JobRequest, files: Mapping[str, Path], callback: bytes
) -> None:
    """What the job reads, without anything that an earlier job of this id, since deleted, has left behind."""
    storage.create_container(container)
    for blob in LEFTOVERS:
        storage.delete(container, blob)
    for blob, source in files.items():
        storage.upload(container, blob, source)
    if needs_blob(request.inputs):
        storage.upload(container, inputs_blob(JOB_MANAGER_TASK_ID), request.inputs.encode())
    storage.upload(container, REQUEST_BLOB, encode_request(request))
    storage.upload(container, CALLBACK_BLOB, callback)


def _create(client: BatchClient, make: Callable[[], JobDefinition], patience: Patience) -> None:
    """Create the job, once the account has room for it. Its time limit begins when it is created."""
    deadline = patience.begin()
    while True:
        definition = make()
        try:
            client.create_job(definition)
        except ConflictError as error:
            if error.code != JOB_QUOTA_REACHED:
                raise
            deadline.pause(_quota_error(definition.id, error))
        else:
            return


def _quota_error(job_id: str, error: ConflictError) -> BusyError:
    operation = f"create job {job_id!r}"
    return BusyError(
        f"{operation}: the account has as many active jobs as its quota allows; a job counts until it is completed: "
        "end or delete some, or ask for a higher quota",
        operation=operation,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


def _callback_document(request: JobRequest) -> bytes:
    if request.callback_url is None:
        if request.callback_secret is not None:
            raise InputError("there is a callback secret but no callback URL: give both, or neither")
        return encode_callback(None)
    check_callback_url(request.callback_url)
    if request.callback_secret is not None:
        check_callback_secret(request.callback_secret)
    return encode_callback(CallbackTarget(url=request.callback_url, secret=request.callback_secret))


def _job_definition(client: BatchClient, request: JobRequest, now: float) -> JobDefinition:
    storage = client.storage
    frame = JobFrame(
        job_id=request.job_id,
        module=request.module,
        launcher=request.launcher,
        storage_account_url=storage.account_url,
        identity_reference=storage.identity_reference,
    )
    common = {
        environment.LAUNCHER: request.launcher,
        environment.STORAGE_ACCOUNT_URL: storage.account_url,
        **request.environment_settings,
    }
    if storage.identity_reference is not None:
        common[environment.IDENTITY_REFERENCE] = storage.identity_reference
    if request.progress_url is not None:
        check_progress_url(request.progress_url)
        common[environment.PROGRESS_URL] = request.progress_url
    if request.rerun_of is not None:
        common[environment.RERUN_OF] = request.rerun_of
    if request.time_limit is not None:
        common[environment.TIME_LIMIT] = _time_limit(request.time_limit, now)
    return JobDefinition(
        id=request.job_id,
        pool_id=request.pool_id,
        display_name=request.module,
        job_manager=frame.compile_job_manager(request.inputs),
        common_environment=common,
        metadata={WORKLOAD_METADATA: request.module, REQUEST_METADATA: request_digest(request)},
        max_wall_clock_time=None if request.time_limit is None else request.time_limit + JOB_GRACE,
    )


def _time_limit(limit: timedelta, now: float) -> str:
    """When the job's time is over, as its tasks read it."""
    longest = LONGEST_JOB - JOB_GRACE
    if not timedelta(0) < limit <= longest:
        raise InputError(f"time_limit is {limit}: give more than 0 and at most {longest}")
    return str(round(now + limit.total_seconds()))

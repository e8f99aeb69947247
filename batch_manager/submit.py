"""Starts a workload's job: what whoever submits does, wherever that is.

The files come first and the job last, so that a submission that dies half-way leaves no job.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from batch_manager.claiming import Claim, claimed
from batch_manager.client import BatchClient, BlobStorage
from batch_manager.compilation import needs_blob
from batch_manager.definitions import JobDefinition
from batch_manager.environment import JsonValue
from batch_manager.errors import AccessDeniedError, BusyError, ConflictError, InputError, JobRequestError, NotFoundError
from batch_manager.job_request import JobRequest, encode_request, request_digest
from batch_manager.job_writing import (
    JOB_GRACE,
    LONGEST_JOB,
    callback_document,
    check_callback_url,
    job_definition,
    ownership_metadata,
)
from batch_manager.naming import (
    CALLBACK_BLOB,
    CALLBACK_BODY_BLOB,
    CALLBACK_SENT_BLOB,
    CANCEL_BLOB,
    JOB_MANAGER_TASK_ID,
    OUTCOME_BLOB,
    REQUEST_BLOB,
    RERUN_READY_BLOB,
    container_name,
    inputs_blob,
)
from batch_manager.patience import Patience
from batch_manager.preflight import (
    RequestFacts,
    check_id,
    find_request_problems,
    find_wrong_types,
    usable_versions,
)
from batch_manager.submitted import is_submitted

__all__ = [
    "JOB_GRACE",
    "LONGEST_JOB",
    "HasLocalInputs",
    "PlaceFiles",
    "check_callback_url",
    "check_job_id",
    "claim_of",
    "examine_job",
    "new_job_id",
    "one_by_one",
    "submit_job",
]

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


PlaceFiles: TypeAlias = Callable[[BlobStorage, str, Mapping[str, Path]], None]
"""Uploads files to a container: blob path to file. What is there already may be left alone."""


def one_by_one(storage: BlobStorage, container: str, files: Mapping[str, Path]) -> None:
    """Upload files, one after the other."""
    for blob, source in files.items():
        storage.upload(container, blob, source)


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
    place_files: PlaceFiles = one_by_one,
    make_pool: Callable[[], None] | None = None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Upload what the workload needs from this machine and create its job, whose job manager adds the tasks.

    Killed at any line and called again with the same request, it comes to the same job. The input files of a job that
    is there already are not looked at. Of two that submit different jobs under one id at the same moment, one is
    refused before it has changed anything of the other's.

    Args:
        workload: the workload.
        client: the account that runs it.
        request: the job.
        place_files: uploads the files of ``local_inputs``.
        make_pool: makes the job's pool, before anything is uploaded; success if it is there. None means that the pool
            must be there.
        clock: seconds since 1970.
        monotonic: the clock for ``quota_wait``.
        sleep: waits so many seconds.

    Returns:
        Whether the job is new; False if an earlier call made it, which changes nothing.

    Raises:
        JobRequestError: the pre-flight found something: every wrong field, missing file or pool; nothing was sent.
        ConfigurationError: a setting is missing.
        ConflictError: there is another job with this id, or one that is being deleted or submitted; it is untouched.
        BusyError: the account had as many active jobs as it may have for longer than ``quota_wait``.
        ServiceError: Batch or Blob Storage refused something.
    """
    files = examine_job(workload, client, request, clock=clock, makes_pool=make_pool is not None)
    container = check_job_id(request.job_id)
    callback = callback_document(request)
    if is_submitted(client, request, callback):
        return False
    if make_pool is not None:
        make_pool()
    client.storage.create_container(container, ownership_metadata(request, of_container=True))
    with claimed(client.storage, container, claim_of(request, clock())):
        if is_submitted(client, request, callback):
            return False
        _upload(client.storage, container, request, callback, partial(place_files, client.storage, container, files))
        patience = Patience(
            limit=request.quota_wait.total_seconds(), first_pause=5, max_pause=60, monotonic=monotonic, sleep=sleep
        )
        try:
            _create(client, lambda: job_definition(client.storage, request, clock()), patience)
        except ConflictError as error:
            if error.code != "JobExists" or not is_submitted(client, request, callback):
                raise
            return False
    return True


def examine_job(
    workload: HasLocalInputs,
    client: BatchClient,
    request: JobRequest,
    *,
    clock: Callable[[], float] = time.time,
    makes_pool: bool = False,
) -> Mapping[str, Path]:
    """The files to upload first, blob path to file, once nothing is found to be wrong with the request. Sends nothing.

    Raises:
        JobRequestError: something is.
        ConfigurationError: a setting is missing.
        ServiceError: the account could not be asked.
    """
    problems = find_wrong_types(request)
    if problems:
        raise JobRequestError(problems)
    facts = _request_facts(workload, client, request, makes_pool=makes_pool)
    problems = find_request_problems(request, facts)
    if problems:
        raise JobRequestError(problems)
    job_definition(client.storage, request, clock())
    return facts.files


def claim_of(request: JobRequest, now: float) -> Claim:
    """What keeps other submissions off the job's container while its files are written.

    Raises:
        InputError: the callback cannot be used.
    """
    told = hashlib.sha256(request_digest(request).encode() + callback_document(request)).hexdigest()[:16]
    since = datetime.fromtimestamp(now, UTC)
    return Claim(job_id=request.job_id, digest=told, owner=request.owner, since=since)


def _request_facts(
    workload: HasLocalInputs, client: BatchClient, request: JobRequest, *, makes_pool: bool
) -> RequestFacts:
    pool, refusal, fault = None, None, None
    may_read_pool = not makes_pool
    files: Mapping[str, Path] = {}
    try:
        if may_read_pool and check_id(request.pool_id, "pool id") is None:
            pool = client.get_pool(request.pool_id)
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
        callback_document(request)
    except InputError as error:
        fault = str(error)
    return RequestFacts(
        longest=LONGEST_JOB - JOB_GRACE,
        pool=pool,
        files=files,
        refusal=refusal,
        callback_fault=fault,
        may_read_pool=may_read_pool,
        packages=usable_versions(client, request.packages),
        identity_reference=client.storage.identity_reference,
    )


def _upload(
    storage: BlobStorage, container: str, request: JobRequest, callback: bytes, place_files: Callable[[], None]
) -> None:
    """What the job reads, without anything that an earlier job of this id, since deleted, has left behind."""
    for blob in LEFTOVERS:
        storage.delete(container, blob)
    place_files()
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

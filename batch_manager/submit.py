"""Starts a workload's job: what whoever submits does, wherever that is.

The files come first and the job last, so that a submission that dies half-way leaves no job.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch_manager import environment
from batch_manager.callback import CALLBACK_FIELD, is_callback_url
from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame, needs_blob
from batch_manager.definitions import JobDefinition
from batch_manager.environment import JsonValue
from batch_manager.errors import InputError
from batch_manager.events import check_progress_url
from batch_manager.limits import check_id
from batch_manager.naming import CALLBACK_BLOB, JOB_MANAGER_TASK_ID, WORKLOAD_METADATA, container_name, inputs_blob
from batch_manager.workload import WorkloadBase

JOB_GRACE = timedelta(hours=1)
"""Between a job's time limit and its end by Batch, as the last resort: for FinalizeTask and its callback."""

LONGEST_JOB = timedelta(days=180)
"""Batch ends every job then (Azure Batch documentation, quotas and limits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job to start.

    Attributes:
        job_id: letters, digits and single ``-`` between them, at most 59 characters: it makes a container name too.
        pool_id: an existing pool.
        module: the workload's package, as ``python -m`` on the node finds it.
        launcher: the command-line prefix that starts Python on the node with the workload importable.
        parameters: what the job manager is given. Never a secret: whoever may read the job reads them.
        callback_url: where FinalizeTask tells the outcome; kept in a blob that it alone reads.
        callback_secret: what FinalizeTask signs the callback with; kept beside the URL. None for no signature.
        progress_url: where the job's processes send events, as well as they can; every task of the job knows it, so
            it may hold no secret.
        time_limit: how long the job may take from its creation until FinalizeTask begins; None for no limit.
        quota_wait: how long to wait while the account has as many active jobs as it may have.
        environment_settings: set for every task of the job.
    """

    job_id: str
    pool_id: str
    module: str
    launcher: str = "python3"
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    callback_url: str | None = field(default=None, repr=False)
    callback_secret: str | None = field(default=None, repr=False)
    progress_url: str | None = None
    time_limit: timedelta | None = None
    quota_wait: timedelta = timedelta(minutes=10)
    environment_settings: Mapping[str, str] = field(default_factory=dict)


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


def submit_job(
    workload: WorkloadBase, client: BatchClient, request: JobRequest, *, clock: Callable[[], float] = time.time
) -> None:
    """Upload what the workload needs from this machine and create its job, whose job manager adds the tasks.

    Raises:
        InputError: a parameter is wrong, a file is missing, or the job's id cannot be used; nothing was sent.
        ConfigurationError: a setting is missing.
        ConflictError: there is a job with this id.
        ServiceError: Batch or Blob Storage refused something.
    """
    container = check_job_id(request.job_id)
    files = workload.local_inputs(request.parameters)
    for blob, source in files.items():
        if not source.is_file():
            raise InputError(f"the input file {str(source)!r} (for {blob!r}) does not exist")
    definition = _job_definition(client, request, clock())
    callback = _callback_document(request)
    storage = client.storage
    storage.create_container(container)
    for blob, source in files.items():
        storage.upload(container, blob, source)
    inputs = _inputs(request)
    if needs_blob(inputs):
        storage.upload(container, inputs_blob(JOB_MANAGER_TASK_ID), inputs.encode())
    if callback is not None:
        storage.upload(container, CALLBACK_BLOB, callback)
    client.create_job(definition)


def _inputs(request: JobRequest) -> str:
    try:
        return json.dumps(dict(request.parameters), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"the parameters are not all JSON values: {error}") from error


def _callback_document(request: JobRequest) -> bytes | None:
    if request.callback_url is None:
        return None
    check_callback_url(request.callback_url)
    return json.dumps({CALLBACK_FIELD: request.callback_url}).encode()


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
    if request.time_limit is not None:
        common[environment.TIME_LIMIT] = _time_limit(request.time_limit, now)
    return JobDefinition(
        id=request.job_id,
        pool_id=request.pool_id,
        display_name=request.module,
        job_manager=frame.compile_job_manager(_inputs(request)),
        common_environment=common,
        metadata={WORKLOAD_METADATA: request.module},
        max_wall_clock_time=None if request.time_limit is None else request.time_limit + JOB_GRACE,
    )


def _time_limit(limit: timedelta, now: float) -> str:
    """When the job's time is over, as its tasks read it."""
    longest = LONGEST_JOB - JOB_GRACE
    if not timedelta(0) < limit <= longest:
        raise InputError(f"time_limit is {limit}: give more than 0 and at most {longest}")
    return str(round(now + limit.total_seconds()))

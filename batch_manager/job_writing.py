"""What a request becomes: the job as it is sent to Batch, and the document that keeps its callback. Pure."""

from __future__ import annotations

from datetime import timedelta

from batch_manager import environment
from batch_manager.callback import CallbackTarget, check_callback_secret, encode_callback, is_callback_url
from batch_manager.client import BlobStorage
from batch_manager.compilation import JobFrame
from batch_manager.definitions import JobDefinition
from batch_manager.errors import InputError
from batch_manager.events import check_progress_url
from batch_manager.job_request import JobRequest, request_digest
from batch_manager.naming import REQUEST_METADATA, WORKLOAD_METADATA
from batch_manager.ownership import Ownership
from batch_manager.specification import encode_packages

JOB_GRACE = timedelta(hours=1)
"""Between a job's time limit and its end by Batch, as the last resort: for FinalizeTask and its callback."""

LONGEST_JOB = timedelta(days=180)
"""Batch ends every job then (Azure Batch documentation, quotas and limits)."""


def check_callback_url(url: str) -> None:
    """Refuse what cannot be called. The message does not repeat it: it is a secret.

    Raises:
        InputError: it is not an http or https URL.
    """
    if not is_callback_url(url):
        raise InputError("the callback URL is not one: give https://HOST/PATH, with nothing before or after it")


def callback_document(request: JobRequest) -> bytes:
    """What FinalizeTask reads of whom to call.

    Raises:
        InputError: the URL cannot be called, or the secret cannot be signed with.
    """
    if request.callback_url is None:
        if request.callback_secret is not None:
            raise InputError("there is a callback secret but no callback URL: give both, or neither")
        return encode_callback(None)
    check_callback_url(request.callback_url)
    if request.callback_secret is not None:
        check_callback_secret(request.callback_secret)
    return encode_callback(CallbackTarget(url=request.callback_url, secret=request.callback_secret))


def job_definition(storage: BlobStorage, request: JobRequest, now: float) -> JobDefinition:
    """The job as it is sent.

    Args:
        storage: the account that its blobs lie in.
        request: the job.
        now: seconds since 1970; its time limit counts from then.

    Raises:
        ConfigurationError: the settings name no identity for its files.
        InputError: something of the request cannot be used.
    """
    frame = JobFrame(
        job_id=request.job_id,
        module=request.module,
        launcher=request.launcher,
        storage_account_url=storage.account_url,
        identity_reference=storage.identity_reference,
        packages=request.packages,
    )
    return JobDefinition(
        id=request.job_id,
        pool_id=request.pool_id,
        display_name=request.module,
        priority=request.priority,
        job_manager=frame.compile_job_manager(request.inputs),
        common_environment=_common_environment(storage, request, now),
        metadata={
            WORKLOAD_METADATA: request.module,
            REQUEST_METADATA: request_digest(request),
            **ownership_metadata(request),
        },
        max_wall_clock_time=None if request.time_limit is None else request.time_limit + JOB_GRACE,
    )


def ownership_metadata(request: JobRequest, *, of_container: bool = False) -> dict[str, str]:
    """Whose the job is, as its metadata or its container's; empty if nobody was told."""
    if request.owner is None:
        return {}
    job_id = request.job_id if of_container else None
    return Ownership(owner=request.owner, tags=request.tags, job_id=job_id).as_metadata()


def _common_environment(storage: BlobStorage, request: JobRequest, now: float) -> dict[str, str]:
    """What every task of the job finds in its environment."""
    common = {
        environment.LAUNCHER: request.launcher,
        environment.STORAGE_ACCOUNT_URL: storage.account_url,
        **request.environment_settings,
    }
    if request.packages:
        common[environment.PACKAGES] = encode_packages(request.packages)
    if storage.identity_reference is not None:
        common[environment.IDENTITY_REFERENCE] = storage.identity_reference
    if request.progress_url is not None:
        check_progress_url(request.progress_url)
        common[environment.PROGRESS_URL] = request.progress_url
    if request.rerun_of is not None:
        common[environment.RERUN_OF] = request.rerun_of
    if request.time_limit is not None:
        common[environment.TIME_LIMIT] = _time_limit(request.time_limit, now)
    return common


def _time_limit(limit: timedelta, now: float) -> str:
    """When the job's time is over, as its tasks read it."""
    longest = LONGEST_JOB - JOB_GRACE
    if not timedelta(0) < limit <= longest:
        raise InputError(f"time_limit is {limit}: give more than 0 and at most {longest}")
    return str(round(now + limit.total_seconds()))

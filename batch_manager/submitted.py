"""Whether a job was submitted before, by the same request; who asks for another under its id is told in what."""

from __future__ import annotations

import logging

from batch_manager.callback import encode_callback
from batch_manager.claiming import give_back
from batch_manager.client import BatchClient
from batch_manager.definitions import JobRecord, JobState
from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.job_request import JobRequest, differing_fields, read_request, request_digest
from batch_manager.naming import CALLBACK_BLOB, REQUEST_BLOB, REQUEST_METADATA, WORKLOAD_METADATA, container_name
from batch_manager.ownership import read_ownership

_log = logging.getLogger(__name__)


def is_submitted(client: BatchClient, request: JobRequest, callback: bytes) -> bool:
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
        give_back(client.storage, container_name(job.id))
        return True
    raise ConflictError(
        f"submit job {request.job_id!r}: there is a job with this id, created on {job.creation_time:%Y-%m-%d at %H:%M} "
        f"{_by(job)}for the workload {job.metadata.get(WORKLOAD_METADATA)!r} in pool {job.pool_id!r}, and {differs}. "
        "Choose another id",
        operation=f"submit job {request.job_id!r}",
        status=409,
        code="JobExists",
    )


def _by(job: JobRecord) -> str:
    owned = read_ownership(job.metadata)
    return "" if owned is None else f"by {owned.owner} "


def _difference(client: BatchClient, request: JobRequest, job: JobRecord, callback: bytes) -> str | None:
    """Why a job is not the one that is asked for; None if it is."""
    if job.state is JobState.DELETING:
        return "it is being deleted"
    if job.metadata.get(REQUEST_METADATA) != request_digest(request):
        return f"it was submitted with {_other_words(client, request)}"
    try:
        given = client.storage.read(container_name(job.id), CALLBACK_BLOB)
    except NotFoundError:
        given = encode_callback(None)
    return None if given == callback else "it has another callback"


def _other_words(client: BatchClient, request: JobRequest) -> str:
    """What a job was submitted with that differs, as far as it was kept."""
    try:
        kept = read_request(client.storage.read(container_name(request.job_id), REQUEST_BLOB))
    except (NotFoundError, InputError):
        return "something else"
    fields = differing_fields(request, kept)
    return f"other {', '.join(fields)}" if fields else "something else"

"""Runs a job again that has ended: what succeeded is taken over, the rest runs in a job of its own.

A completed job takes no more tasks and none of its own can run again, so there is a new job, with a container of its
own: the files of the earlier one stay as they are (ADR 21).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from batch_manager.claiming import claimed
from batch_manager.client import BatchClient, BlobStorage
from batch_manager.command_line import decode_line
from batch_manager.counting import task_outcome
from batch_manager.definitions import JobState
from batch_manager.environment import JsonValue
from batch_manager.errors import InputError, NotFoundError
from batch_manager.gates import guarded_task_of
from batch_manager.job_request import JobRequest, read_request
from batch_manager.job_writing import ownership_metadata
from batch_manager.naming import (
    FINALIZE_TASK_ID,
    JOB_MANAGER_TASK_ID,
    LOGS_FOLDER,
    OWN_FOLDER,
    REQUEST_BLOB,
    RERUN_BLOB,
    RERUN_READY_BLOB,
    container_name,
)
from batch_manager.outcome import Outcome
from batch_manager.submit import check_job_id, claim_of, submit_job
from batch_manager.takeover import Takeover, added_digest, encode_takeover, read_takeover

PARALLEL_COPIES = 8
"""Blobs that are copied at the same time."""

_NUMBERED = re.compile(r"(.+)-r([2-9]|[1-9][0-9]+)")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """A job that runs another one again.

    Attributes:
        job_id: the new job.
        taken_over: tasks that count as done; those of them that come after one that runs again, run again as well.
        copied: blobs that were copied into its container; None if the job was there already.
    """

    job_id: str
    taken_over: int
    copied: int | None


class NothingToRunAgainError(InputError):
    """Every task of the job succeeded."""


def rerun_failed(
    client: BatchClient,
    job_id: str,
    *,
    new_job_id: str | None = None,
    pool_id: str | None = None,
    callback_url: str | None = None,
    callback_secret: str | None = None,
) -> Rerun:
    """Run again what did not succeed in a job: tasks that failed, were skipped or cancelled, or were never added.

    What its tasks wrote is copied into the new job's container, so that the tasks that run again find it where they
    look for it. Called again, it comes to the same job; killed at any line and called again, too.

    Args:
        client: the job's account.
        job_id: a job that has ended; it may have been a rerun itself.
        new_job_id: None means ``<job>-r2``, or ``-r3`` for a rerun of that.
        pool_id: where it runs; None means the earlier job's pool.
        callback_url: where the new job's FinalizeTask calls; the former URL is not used again.
        callback_secret: what it signs that with.

    Raises:
        InputError: the job has not ended, or was not submitted by this framework, or the new id cannot be used.
        NothingToRunAgainError: all its tasks succeeded.
        NotFoundError: there is no such job.
        ConflictError: the new job exists and is another one.
        ServiceError: Batch or Blob Storage refused something; call again.
    """
    former = _former_request(client, job_id)
    request = replace(
        former,
        job_id=new_job_id or next_job_id(job_id),
        pool_id=pool_id or former.pool_id,
        callback_url=callback_url,
        callback_secret=callback_secret,
        rerun_of=job_id,
    )
    source, target = container_name(job_id), check_job_id(request.job_id)
    takeover = _takeover(client, job_id)
    copied = None
    if not _exists(client, request.job_id):
        client.storage.create_container(target, ownership_metadata(request, of_container=True))
        with claimed(client.storage, target, claim_of(request, time.time())):
            client.storage.upload(target, RERUN_BLOB, encode_takeover(takeover))
            copied = _copy(client.storage, source, target)
            submit_job(_FilesAreThere(), client, request)
    else:
        submit_job(_FilesAreThere(), client, request)
    _log.info("job is run again", extra={"job": job_id, "again": request.job_id, "taken_over": len(takeover.done)})
    return Rerun(job_id=request.job_id, taken_over=len(takeover.done), copied=copied)


def next_job_id(job_id: str) -> str:
    """``night`` becomes ``night-r2``, and that ``night-r3``."""
    numbered = _NUMBERED.fullmatch(job_id)
    return f"{job_id}-r2" if numbered is None else f"{numbered[1]}-r{int(numbered[2]) + 1}"


class _FilesAreThere:
    """In the place of the workload: its input files are copied with the rest, not looked for on this machine."""

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        """None."""
        return {}


def _former_request(client: BatchClient, job_id: str) -> JobRequest:
    job = client.get_job(job_id)
    if job.state is not JobState.COMPLETED:
        raise InputError(f"job {job_id!r} is {job.state.value}: wait for its end, or cancel it, and run it again then")
    try:
        return read_request(client.storage.read(container_name(job_id), REQUEST_BLOB))
    except NotFoundError:
        raise InputError(
            f"job {job_id!r} cannot be run again: its container holds no {REQUEST_BLOB!r}, so it was submitted by "
            "something else, or its files were deleted; submit it anew"
        ) from None


def _takeover(client: BatchClient, job_id: str) -> Takeover:
    """What succeeded in this job, and in those that it ran again itself."""
    done = _taken_over_before(client.storage, container_name(job_id))
    is_whole, failed = False, False
    for detail in client.list_task_details(job_id):
        record = detail.record
        if record.id == JOB_MANAGER_TASK_ID:
            is_whole = bool(record.succeeded)
        elif record.id != FINALIZE_TASK_ID and guarded_task_of(record.display_name) is None:
            outcome = task_outcome(record, is_plain=decode_line(detail.command_line or "") is None)
            if outcome is Outcome.SUCCEEDED:
                done[record.id] = added_digest(detail)
            elif outcome is not Outcome.SKIPPED:  # a skip has its reason in another task, or nothing had failed
                failed = True
    if is_whole and not failed:
        raise NothingToRunAgainError(f"every task of job {job_id!r} succeeded: there is nothing to run again")
    return Takeover(job_id=job_id, done=done)


def _taken_over_before(storage: BlobStorage, container: str) -> dict[str, str]:
    """What this job took over itself: as its job manager wrote it down, since what came after a task that ran again
    ran again as well; or, if that did not come so far, as it was told."""
    for blob in (RERUN_READY_BLOB, RERUN_BLOB):
        with suppress(NotFoundError):
            return dict(read_takeover(storage.read(container, blob)).done)
    return {}


def _exists(client: BatchClient, job_id: str) -> bool:
    try:
        client.get_job(job_id)
    except NotFoundError:
        return False
    return True


def _copy(storage: BlobStorage, source: str, target: str) -> int:
    """Copy what the job and its tasks were given and wrote; logs and what this framework wrote stay behind."""
    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        return sum(pool.map(lambda blob: _copy_one(storage, source, blob, target), _worth_copying(storage, source)))


def _copy_one(storage: BlobStorage, source: str, blob: str, target: str) -> int:
    storage.copy(source, blob, target)
    return 1


def _worth_copying(storage: BlobStorage, container: str) -> Iterable[str]:
    return (blob for blob in storage.list_blobs(container) if not blob.startswith((OWN_FOLDER, LOGS_FOLDER)))

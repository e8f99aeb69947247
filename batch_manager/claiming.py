"""Keeps two submissions of one job id apart while their files are uploaded: a blob that only one of them can write.

Batch keeps the id of a job for whoever creates the job first, but that comes last, when its files are there. A claim on
the job's container is taken before the first of them, and given back once the job is there or the submission failed.
Who was killed leaves it: the same request goes on from there, another is refused for a day.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from batch_manager.client import BlobStorage
from batch_manager.errors import BusyError, ConflictError, NotFoundError, ServiceError
from batch_manager.naming import CLAIM_BLOB

CLAIM_LIFETIME = timedelta(days=1)
"""After this a submission that never ended counts as given up. Longer than any upload takes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who submits what.

    Attributes:
        job_id: the job.
        digest: two submissions of the same job have the same.
        owner: who submits it; None if nobody is told.
        since: when the submission began.
    """

    job_id: str
    digest: str
    owner: str | None
    since: datetime


@contextmanager
def claimed(storage: BlobStorage, container: str, claim: Claim) -> Iterator[None]:
    """Have the container for one submission.

    Raises:
        ConflictError: another submission has it.
        ServiceError: Azure Storage refused something.
    """
    _take(storage, container, claim)
    try:
        yield
    except BusyError:  # asking once more would wait as long again
        raise
    except (Exception, KeyboardInterrupt):
        with suppress(ServiceError):
            storage.delete(container, CLAIM_BLOB)
        raise
    give_back(storage, container)


def give_back(storage: BlobStorage, container: str) -> None:
    """Let go of a claim. What is left of it harms nobody for longer than ``CLAIM_LIFETIME``, so no error is raised."""
    try:
        storage.delete(container, CLAIM_BLOB)
    except NotFoundError:
        return
    except ServiceError as error:
        _log.warning("the mark of a submission that has ended could not be deleted: %s", error)


def standing_claim(storage: BlobStorage, container: str, job_id: str, now: datetime) -> Claim | None:
    """The claim of a submission that goes on, or was killed less than ``CLAIM_LIFETIME`` ago; None if there is none.

    Raises:
        ServiceError: Azure Storage could not be asked.
    """
    try:
        found = _decode(job_id, storage.read(container, CLAIM_BLOB))
    except NotFoundError:
        return None
    return found if found is not None and now - found.since < CLAIM_LIFETIME else None


def _take(storage: BlobStorage, container: str, claim: Claim) -> None:
    content = _encode(claim)
    while not storage.upload_new(container, CLAIM_BLOB, content):
        try:
            found = _decode(claim.job_id, storage.read(container, CLAIM_BLOB))
        except NotFoundError:
            continue  # it was given back meanwhile
        if found is not None and found.digest == claim.digest:
            return
        if found is not None and claim.since - found.since < CLAIM_LIFETIME:
            raise _refusal(found)
        storage.delete(container, CLAIM_BLOB)


def _refusal(found: Claim) -> ConflictError:
    whose = f" by {found.owner}" if found.owner else ""
    return ConflictError(
        f"submit job {found.job_id!r}: another job with this id is being submitted{whose} since "
        f"{found.since:%Y-%m-%d %H:%M} UTC. Choose another id. If that submission was killed, submit what it was to "
        f"submit, or delete the blob {CLAIM_BLOB!r} of the job's container",
        operation=f"submit job {found.job_id!r}",
        status=409,
        code="JobExists",
    )


def _encode(claim: Claim) -> bytes:
    values = {"digest": claim.digest, "owner": claim.owner, "since": claim.since.timestamp()}
    return json.dumps(values, indent=1).encode()


def _decode(job_id: str, content: bytes) -> Claim | None:
    """A claim that is there; None if it cannot be read."""
    try:
        values = json.loads(content)
        since = datetime.fromtimestamp(float(values["since"]), UTC)
        return Claim(job_id=job_id, digest=str(values["digest"]), owner=values.get("owner"), since=since)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None

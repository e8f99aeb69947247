"""The account that a job manager sees while it is tried out: nothing reaches a service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from batch_manager.definitions import JobRecord, JobState, PoolRecord
from batch_manager.errors import AccessDeniedError, NotFoundError
from batch_manager.job_request import JobRequest
from batch_manager.planning.surroundings import Surroundings
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage

_REMEDY = "while a job is tried out there are only the files of the workload's local_inputs, and what create_job wrote"


class StandInStorage(InMemoryBlobStorage):
    """The job's container holds the workload's local inputs, which stay where they are; what is written is kept in
    memory."""

    def __init__(self, around: Surroundings, container: str) -> None:
        super().__init__(account_url=around.storage_account_url, identity_reference=around.identity_reference)
        self._container = container
        self._files: Mapping[str, Path] = {}
        self.create_container(container)

    def place(self, files: Mapping[str, Path]) -> None:
        """Let these files of this machine be blobs of the job's container."""
        self._files = files

    def download(self, container: str, blob: str, target: Path) -> None:
        """See ``BlobStorage``."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.read(container, blob))

    def read(self, container: str, blob: str) -> bytes:
        """See ``BlobStorage``."""
        try:
            return super().read(container, blob)
        except NotFoundError as error:
            source = self._files.get(blob) if container == self._container else None
            if source is None:
                raise error.extended(f"; {_REMEDY}") from None
            return source.read_bytes()

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """See ``BlobStorage``."""
        written = set(super().list_blobs(container, prefix))
        if container == self._container:
            written |= {name for name in self._files if name.startswith(prefix)}
        yield from sorted(written)


class StandInClient(InMemoryBatchClient):
    """An account of one job; of the real one it knows the pool and the packages, if they may be asked for."""

    def __init__(self, around: Surroundings, storage: StandInStorage, request: JobRequest) -> None:
        super().__init__(storage=storage)
        self._around = around
        self._request = request

    def get_job(self, job_id: str) -> JobRecord:
        """See ``BatchClient``."""
        if job_id != self._request.job_id:
            return super().get_job(job_id)
        return JobRecord(
            id=job_id, state=JobState.ACTIVE, creation_time=datetime.now(UTC), pool_id=self._request.pool_id
        )

    def get_pool(self, pool_id: str) -> PoolRecord:
        """See ``BatchClient``. Another pool than the job's is looked for among those that were made here."""
        if pool_id == self._around.pool_id and self._around.pool is not None:
            return self._around.pool
        if self._around.pool_id is None:
            raise _not_asked(f"get pool {pool_id!r}")
        return super().get_pool(pool_id)

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        """See ``BatchClient``."""
        if self._around.account is None:
            raise _not_asked(f"get application {application_id!r}")
        return self._around.account.list_package_versions(application_id)


def _not_asked(operation: str) -> AccessDeniedError:
    return AccessDeniedError(f"{operation}: no pool was named, so the account is not asked", operation=operation)

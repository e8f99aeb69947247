"""A Batch account and a storage account that are asked again while they are busy: what ``_azure`` hands out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from batch_manager.client import BatchClient, BlobStorage
from batch_manager.definitions import (
    JobDefinition,
    JobRecord,
    NodeRecord,
    PoolDefinition,
    PoolRecord,
    PreparationRecord,
    TaskAddResult,
    TaskCounts,
    TaskDefinition,
    TaskDetail,
    TaskQuery,
    TaskRecord,
)
from batch_manager.errors import ConflictError
from batch_manager.patience import Patience


class PatientBlobStorage:
    """A ``BlobStorage`` whose every request is repeated while the account is busy: each may be made twice."""

    def __init__(self, storage: BlobStorage, patience: Patience) -> None:
        self._storage = storage
        self._patience = patience

    @property
    def account_url(self) -> str:
        """See ``BlobStorage``."""
        return self._storage.account_url

    @property
    def identity_reference(self) -> str | None:
        """See ``BlobStorage``."""
        return self._storage.identity_reference

    def create_container(self, container: str, metadata: Mapping[str, str] | None = None) -> None:
        """See ``BlobStorage``."""
        self._patience.repeat(partial(self._storage.create_container, container, metadata))

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """See ``BlobStorage``."""
        self._patience.repeat(partial(self._storage.upload, container, blob, source))

    def upload_new(self, container: str, blob: str, content: bytes) -> bool:
        """See ``BlobStorage``."""
        return self._patience.repeat(partial(self._storage.upload_new, container, blob, content))

    def download(self, container: str, blob: str, target: Path) -> None:
        """See ``BlobStorage``."""
        self._patience.repeat(partial(self._storage.download, container, blob, target))

    def read(self, container: str, blob: str) -> bytes:
        """See ``BlobStorage``."""
        return self._patience.repeat(partial(self._storage.read, container, blob))

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """See ``BlobStorage``."""
        return self._patience.iterate(partial(self._storage.list_blobs, container, prefix))

    def copy(self, container: str, blob: str, target_container: str) -> None:
        """See ``BlobStorage``."""
        self._patience.repeat(partial(self._storage.copy, container, blob, target_container))

    def delete(self, container: str, blob: str) -> None:
        """See ``BlobStorage``."""
        self._patience.repeat(partial(self._storage.delete, container, blob))


class PatientBatchClient:
    """A ``BatchClient`` whose requests are repeated while the account is busy.

    All but ``add_tasks``, which ``adding.add_all`` repeats for the tasks that need it. A pool or job that is found to
    be there when its creation is repeated counts as created if it is the same: the first try's reply was lost.
    """

    def __init__(self, client: BatchClient, patience: Patience) -> None:
        self._client = client
        self._patience = patience
        self._storage = PatientBlobStorage(client.storage, patience)

    @property
    def storage(self) -> BlobStorage:
        """See ``BatchClient``."""
        return self._storage

    def create_pool(self, pool: PoolDefinition) -> None:
        """See ``BatchClient``. Success after a lost reply if the pool that is there has its size and slots."""
        self._create(partial(self._client.create_pool, pool), partial(self._has_pool, pool), "PoolExists")

    def create_job(self, job: JobDefinition) -> None:
        """See ``BatchClient``. Success after a lost reply if the job that is there is the same."""
        self._create(partial(self._client.create_job, job), partial(self._has_job, job), "JobExists")

    def get_job(self, job_id: str) -> JobRecord:
        """See ``BatchClient``."""
        return self._patience.repeat(partial(self._client.get_job, job_id))

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
        """See ``BatchClient``. One request, never repeated here."""
        return self._client.add_tasks(job_id, tasks)

    def get_task(self, job_id: str, task_id: str) -> TaskDetail:
        """See ``BatchClient``."""
        return self._patience.repeat(partial(self._client.get_task, job_id, task_id))

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """See ``BatchClient``."""
        return self._patience.iterate(partial(self._client.list_tasks, job_id, query))

    def list_task_details(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``BatchClient``."""
        return self._patience.iterate(partial(self._client.list_task_details, job_id))

    def get_task_counts(self, job_id: str) -> TaskCounts:
        """See ``BatchClient``."""
        return self._patience.repeat(partial(self._client.get_task_counts, job_id))

    def terminate_job_when_tasks_complete(self, job_id: str) -> None:
        """See ``BatchClient``."""
        self._patience.repeat(partial(self._client.terminate_job_when_tasks_complete, job_id))

    def terminate_job(self, job_id: str, reason: str) -> None:
        """See ``BatchClient``."""
        self._patience.repeat(partial(self._client.terminate_job, job_id, reason))

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        self._patience.repeat(partial(self._client.stop_retries, job_id, task_id))

    def limit_wall_clock(self, job_id: str, task_id: str, at_most: timedelta) -> None:
        """See ``BatchClient``."""
        self._patience.repeat(partial(self._client.limit_wall_clock, job_id, task_id, at_most))

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        self._patience.repeat(partial(self._client.terminate_task, job_id, task_id))

    def get_pool(self, pool_id: str) -> PoolRecord:
        """See ``BatchClient``."""
        return self._patience.repeat(partial(self._client.get_pool, pool_id))

    def list_nodes(self, pool_id: str) -> Iterator[NodeRecord]:
        """See ``BatchClient``."""
        return self._patience.iterate(partial(self._client.list_nodes, pool_id))

    def list_job_preparation(self, job_id: str) -> Iterator[PreparationRecord]:
        """See ``BatchClient``."""
        return self._patience.iterate(partial(self._client.list_job_preparation, job_id))

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        """See ``BatchClient``."""
        return self._patience.repeat(partial(self._client.list_package_versions, application_id))

    def _create(self, create: Callable[[], None], is_there: Callable[[], bool], code: str) -> None:
        tries = 0

        def attempt() -> None:
            nonlocal tries
            tries += 1
            create()

        try:
            self._patience.repeat(attempt)
        except ConflictError as error:
            if tries == 1 or error.code != code or not is_there():
                raise

    def _has_pool(self, pool: PoolDefinition) -> bool:
        found = self.get_pool(pool.id)
        return (found.id, found.target_nodes, found.task_slots_per_node) == (
            pool.id,
            pool.target_dedicated_nodes,
            pool.task_slots_per_node,
        )

    def _has_job(self, job: JobDefinition) -> bool:
        found = self.get_job(job.id)
        manager = self.get_task(job.id, job.job_manager.id)
        return (
            found.id,
            found.pool_id,
            dict(found.metadata),
            dict(found.common_environment),
            manager.command_line,
        ) == (
            job.id,
            job.pool_id,
            dict(job.metadata),
            dict(job.common_environment),
            job.job_manager.command_line,
        )

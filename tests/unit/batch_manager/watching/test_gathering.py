"""What a look finds out of the callback: only whether it waits, never what it holds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from batch_manager.definitions import JobDefinition, TaskDefinition, TaskDetail
from batch_manager.errors import NotFoundError
from batch_manager.job_operations import JobQuery, JobSummary
from batch_manager.naming import CALLBACK_BLOB, CALLBACK_SENT_BLOB, OUTCOME_BLOB
from batch_manager.outcome import JobOutcome
from batch_manager.outcome_document import encode_outcome
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from batch_manager.watching.facts import Facts
from batch_manager.watching.gathering import gather

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


class NoSecrets(InMemoryBlobStorage):
    """Blobs, of which the callback is nobody's to read."""

    def read(self, container: str, blob: str) -> bytes:
        assert blob != CALLBACK_BLOB
        return super().read(container, blob)


class World:
    """A job whose FinalizeTask runs, on nodes that nobody can ask."""

    def __init__(self) -> None:
        self.client = InMemoryBatchClient(storage=NoSecrets())
        manager = TaskDefinition(id="job-manager", command_line="m")
        self.client.create_job(JobDefinition(id="job", pool_id="pool", job_manager=manager, metadata={"workload": "w"}))
        self.client.end_task("job", "job-manager", exit_code=0)
        self.client.add_tasks("job", [TaskDefinition(id="finalize", command_line="f")])
        self.client.start_task("job", "finalize")
        self.client.storage.create_container("job-job")

    def put(self, blob: str, content: bytes = b"{}") -> None:
        """Write a blob of the job."""
        self.client.storage.upload("job-job", blob, content)

    def settle(self) -> None:
        """What FinalizeTask writes before it calls anybody."""
        outcome = JobOutcome(job_id="job", created_at=self.client.get_job("job").creation_time)
        self.put(OUTCOME_BLOB, encode_outcome(outcome))

    def get_job(self, job_id: str) -> JobSummary:
        found = self.client.get_job(job_id)
        return JobSummary(
            id=job_id, state=found.state, creation_time=found.creation_time, pool_id="pool", metadata=found.metadata
        )

    def list_jobs(self, query: JobQuery | None = None) -> Iterator[JobSummary]:
        return iter(())

    def list_running(self, job_id: str) -> Iterator[TaskDetail]:
        return iter([self.client.get_task(job_id, "finalize")])

    list_active = list_unsuccessful = list_jobs

    def task_file(self, job_id: str, task_id: str, path: str) -> None:
        raise NotFoundError("no node", operation="look", status=404)

    def look(self) -> Facts:
        """What is found out."""
        return gather(self, self.client, self, "job", now=NOW, silent=timedelta(minutes=10))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("is_settled", "blobs", "waits"),
    [
        (False, [CALLBACK_BLOB], False),
        (True, [], False),
        (True, [CALLBACK_BLOB], True),
        (True, [CALLBACK_BLOB, CALLBACK_SENT_BLOB], False),
    ],
)
def test_callback_waits_once_the_outcome_is_settled(is_settled: bool, blobs: list[str], waits: bool) -> None:
    """Until the marker says that it was delivered."""
    world = World()
    for blob in blobs:
        world.put(blob)
    if is_settled:
        world.settle()
    assert world.look().callback_waits is waits


def test_task_whose_files_cannot_be_looked_at_is_not_called_silent() -> None:
    """Its node may just have gone."""
    assert World().look().quiet == {}

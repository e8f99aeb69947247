"""Deletions on the condition that nothing was changed, as the real services answer them."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.definitions import JobDefinition, JobState, PoolDefinition, TaskDefinition
from batch_manager.errors import PreconditionError
from tests.support.local_account import LocalAccount

LOST = '"0x8D000000000000"'
"""The ETag of an earlier try, whose reply was lost: what it deleted has another by now."""


@pytest.fixture
def settings(account: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> BatchClientSettings:
    """Those of the account."""
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    return BatchClientSettings()


def test_job_that_was_changed_is_not_deleted(settings: BatchClientSettings) -> None:
    """And one that is being deleted is deleted, whatever its ETag."""
    client, operations = BatchClientFactory.create(settings), BatchClientFactory.create_job_operations(settings)
    manager = TaskDefinition(id="job-manager", command_line="true")
    client.create_job(JobDefinition(id="changed", pool_id="none", job_manager=manager))
    before = operations.get_job("changed").etag
    client.terminate_job("changed", "done")
    with pytest.raises(PreconditionError):
        operations.delete_job("changed", before)
    deadline = time.monotonic() + 30
    while operations.get_job("changed").state is not JobState.COMPLETED:
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(0.02)
    operations.delete_job("changed", operations.get_job("changed").etag)
    operations.delete_job("changed", LOST)


def test_pool_that_was_changed_is_not_deleted(settings: BatchClientSettings) -> None:
    """Likewise."""
    operations = BatchClientFactory.create_pool_operations(settings)
    BatchClientFactory.create(settings).create_pool(PoolDefinition(id="changed", target_dedicated_nodes=0))
    before = operations.get_pool("changed").etag
    operations.put_metadata("changed", {"a": "b"})
    with pytest.raises(PreconditionError):
        operations.delete_pool("changed", before)
    operations.delete_pool("changed", operations.get_pool("changed").etag)
    operations.delete_pool("changed", LOST)


def test_container_that_was_changed_is_not_deleted(settings: BatchClientSettings) -> None:
    """By the time of its last change."""
    operations = BatchClientFactory.create_container_operations(settings)
    BatchClientFactory.create_storage(settings).create_container("job-changed")
    seen = operations.get_container("job-changed").last_modified
    with pytest.raises(PreconditionError):
        operations.delete_container("job-changed", unmodified_since=seen - timedelta(minutes=1))
    operations.delete_container("job-changed", unmodified_since=seen)
    operations.delete_container("job-changed", unmodified_since=seen)


def test_container_is_measured_up_to_a_bound(settings: BatchClientSettings) -> None:
    """Beyond which it says that there is more."""
    storage = BatchClientFactory.create_storage(settings)
    storage.create_container("job-measured")
    for name in ("a", "b", "c"):
        storage.upload("job-measured", name, b"12345")
    operations = BatchClientFactory.create_container_operations(settings)
    some = operations.measure_container("job-measured", at_most=2)
    assert (some.blobs, some.total_bytes, some.is_all) == (2, 10, False)
    assert operations.measure_container("job-measured", at_most=3).is_all

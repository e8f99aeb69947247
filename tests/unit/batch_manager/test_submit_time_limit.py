"""A job's time limit: what its tasks are told, and when Batch itself ends it."""

from datetime import timedelta

import pytest

from batch_manager import InputError, JobRequest, submit_job
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import TIME_LIMIT
from batch_manager.errors import NotFoundError
from batch_manager.testing import InMemoryBatchClient
from tests.support.sample import SampleWorkload


def _submit(client: InMemoryBatchClient, limit: timedelta | None) -> None:
    client.create_pool(PoolDefinition(id="p"))
    request = JobRequest(job_id="sample", pool_id="p", module="m", parameters={"parts": 1}, time_limit=limit)
    submit_job(SampleWorkload(batch_client=client), client, request, clock=lambda: 1000.0)


def test_time_limit_is_told_to_every_task_and_batch_comes_an_hour_later() -> None:
    """Batch ends FinalizeTask too, so it is the last resort."""
    client = InMemoryBatchClient()
    _submit(client, timedelta(minutes=2))
    job = client.job_definition("sample")
    assert job.common_environment[TIME_LIMIT] == "1120"
    assert job.max_wall_clock_time == timedelta(minutes=62)


def test_job_without_time_limit_has_none_at_batch() -> None:
    """Nor do its tasks look at the clock."""
    client = InMemoryBatchClient()
    _submit(client, None)
    job = client.job_definition("sample")
    assert TIME_LIMIT not in job.common_environment
    assert job.max_wall_clock_time is None


@pytest.mark.parametrize("limit", [timedelta(0), timedelta(seconds=-1), timedelta(days=180)])
def test_time_limit_that_batch_could_not_keep_is_refused_before_anything_is_sent(limit: timedelta) -> None:
    """With the field, the value and the limit."""
    client = InMemoryBatchClient()
    with pytest.raises(InputError, match=r"time_limit: is .*; it must be over 0 and at most 179 days, 23:00:00"):
        _submit(client, limit)
    with pytest.raises(NotFoundError):
        client.get_job("sample")

"""The progress URL of a job that is submitted."""

import pytest

from batch_manager import InputError, JobRequest, submit_job
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import PROGRESS_URL
from batch_manager.errors import NotFoundError
from batch_manager.testing import InMemoryBatchClient
from tests.support.sample import SampleWorkload


def _submit(progress_url: str | None) -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    request = JobRequest(job_id="j", pool_id="p", module="sample", progress_url=progress_url)
    try:
        submit_job(SampleWorkload(batch_client=client), client, request)
    except InputError:
        with pytest.raises(NotFoundError):
            client.get_job("j")
        raise
    return client


def test_progress_url_is_known_to_every_task() -> None:
    """It is a setting of the whole job."""
    client = _submit("https://events.example/jobs")
    assert client.get_job("j").common_environment[PROGRESS_URL] == "https://events.example/jobs"


def test_job_without_a_progress_url_has_no_setting_for_it() -> None:
    """So that its processes import nothing for it."""
    assert PROGRESS_URL not in _submit(None).get_job("j").common_environment


def test_progress_url_with_a_secret_is_refused_before_anything_is_sent() -> None:
    """There is no job then."""
    with pytest.raises(InputError, match="query"):
        _submit("https://events.example/jobs?key=hush")

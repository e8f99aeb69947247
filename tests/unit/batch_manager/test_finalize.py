"""FinalizeTask calls back once, whatever happens to its process."""

import json
from pathlib import Path

import httpx
import pytest
from pytest_mock import MockerFixture

from batch_manager import JobRequest, submit_job
from batch_manager.errors import CallbackError
from batch_manager.finalize import FinalizeTask
from batch_manager.naming import CALLBACK_BLOB, CALLBACK_SENT_BLOB, OUTCOME_BLOB
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from dispatcher.receiver import CallbackReceiver
from tests.support.sample import SampleWorkload

CONTAINER = "job-j"


class _DiesAtTheMarker(InMemoryBlobStorage):
    """The process is killed between the POST and the marker."""

    armed = True

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        if self.armed and blob == CALLBACK_SENT_BLOB:
            raise SystemExit(137)
        super().upload(container, blob, source)


def _job(callback_url: str | None, storage: InMemoryBlobStorage | None = None) -> InMemoryBatchClient:
    client = InMemoryBatchClient(storage=storage)
    request = JobRequest(job_id="j", pool_id="p", module="tests.sample", callback_url=callback_url)
    submit_job(SampleWorkload(batch_client=client), client, request)
    return client


def _finalize(client: InMemoryBatchClient, *, cause: str | None = None, callback_timeout: float = 30) -> None:
    FinalizeTask(client=client, job_id="j", cause=cause, callback_timeout=callback_timeout).run()


def test_callback_tells_the_outcome_and_leaves_a_marker() -> None:
    """The marker holds the key that was sent."""
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client, cause="why")
        body = receiver.wait(5)
    assert body is not None
    assert (body["StatusCode"], body["Output"]["cause"]) == ("500", "why")
    assert json.loads(client.storage.read(CONTAINER, CALLBACK_SENT_BLOB))["idempotencyKey"].startswith("j-")


def test_finalize_run_again_after_delivery_calls_nobody(mocker: MockerFixture) -> None:
    """A requeue after a node loss is no second callback."""
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client)
        post = mocker.spy(httpx, "post")
        _finalize(client)
        assert post.call_count == 0


def test_finalize_killed_before_its_marker_repeats_with_the_same_key(mocker: MockerFixture) -> None:
    """The one case that may call twice; the receiver can tell by the key."""
    post = mocker.spy(httpx, "post")
    storage = _DiesAtTheMarker()
    with CallbackReceiver() as receiver:
        client = _job(receiver.url, storage)
        with pytest.raises(SystemExit):
            _finalize(client)
        storage.armed = False
        _finalize(client)
    keys = {call.kwargs["headers"]["Idempotency-Key"] for call in post.call_args_list}
    assert (post.call_count, len(keys)) == (2, 1)


def test_callback_that_cannot_be_delivered_keeps_the_outcome() -> None:
    """Nothing is lost: the blob has what would have been sent."""
    client = _job("http://127.0.0.1:9/")
    with pytest.raises(CallbackError):
        _finalize(client, callback_timeout=0.2)
    assert json.loads(client.storage.read(CONTAINER, OUTCOME_BLOB))["jobId"] == "j"


def test_job_without_a_callback_ends_well() -> None:
    """Not every job has somebody waiting."""
    client = _job(None)
    _finalize(client)
    assert OUTCOME_BLOB in list(client.storage.list_blobs(CONTAINER))


def test_callback_url_is_in_its_blob_alone() -> None:
    """Neither the job's definition nor any representation holds it."""
    url = "https://secret.example/callback?token=secret"
    client = _job(url)
    assert url.encode() in client.storage.read(CONTAINER, CALLBACK_BLOB)
    assert "secret" not in repr(client.job_definition("j"))
    assert "secret" not in repr(JobRequest(job_id="j", pool_id="p", module="m", callback_url=url))

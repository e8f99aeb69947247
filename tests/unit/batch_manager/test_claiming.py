"""Two that submit different jobs under one id: one has it, the other is told and has changed nothing."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batch_manager import JobRequest, submit_job
from batch_manager.claiming import CLAIM_LIFETIME
from batch_manager.client import BlobStorage
from batch_manager.definitions import PoolDefinition
from batch_manager.errors import BusyError, ConflictError, NotFoundError, ServiceError
from batch_manager.naming import CLAIM_BLOB, REQUEST_BLOB
from batch_manager.submit import PlaceFiles, one_by_one
from batch_manager.testing import InMemoryBatchClient
from tests.support.sample import SampleWorkload

ANNAS = JobRequest(job_id="night", pool_id="p", module="m", parameters={"parts": 1}, owner="anna")
BENS = replace(ANNAS, parameters={"parts": 2}, owner="ben")
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CONTAINER = "job-night"


class Killed(BaseException):
    """The process ends here."""


def _account() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    return client


def _submit(
    client: InMemoryBatchClient, request: JobRequest, *, place: PlaceFiles = one_by_one, now: datetime = NOON
) -> bool:
    workload = SampleWorkload(batch_client=client)
    return submit_job(workload, client, request, place_files=place, clock=now.timestamp)


def _raising(error: BaseException) -> PlaceFiles:
    def place(storage: BlobStorage, container: str, files: Mapping[str, Path]) -> None:
        raise error

    return place


def _left(client: InMemoryBatchClient) -> list[str]:
    return list(client.storage.list_blobs(CONTAINER))


def test_other_job_under_the_id_of_one_that_is_being_submitted_is_refused() -> None:
    """It would write over the files of the first; the message says whose that is."""
    client = _account()
    refused: list[str] = []

    def meanwhile(storage: BlobStorage, container: str, files: Mapping[str, Path]) -> None:
        before = _left(client)
        with pytest.raises(ConflictError) as caught:
            _submit(client, BENS)
        refused.append(str(caught.value))
        assert _left(client) == before

    assert _submit(client, ANNAS, place=meanwhile)
    assert "being submitted by anna since 2026-01-31 12:00 UTC. Choose another id" in refused[0]
    assert b'"parts": 1' in client.storage.read(CONTAINER, REQUEST_BLOB)


def test_same_job_that_is_submitted_twice_at_the_same_moment_is_one() -> None:
    """Both succeed; one of them made it."""
    client = _account()
    made: list[bool] = []
    assert not _submit(client, ANNAS, place=lambda *_: made.append(_submit(client, ANNAS)))
    assert made == [True]
    assert CLAIM_BLOB not in _left(client)


def test_job_that_came_between_look_and_claim_is_not_written_over() -> None:
    """Who gets the claim looks once more."""
    client = _account()

    storage = client.storage
    take = storage.upload_new

    def upload_new(container: str, blob: str, content: bytes) -> bool:
        storage.upload_new = take  # type: ignore[method-assign]
        _submit(client, ANNAS)
        return take(container, blob, content)

    storage.upload_new = upload_new  # type: ignore[method-assign]
    with pytest.raises(ConflictError, match="there is a job with this id"):
        _submit(client, BENS)
    assert b'"parts": 1' in client.storage.read(CONTAINER, REQUEST_BLOB)


@pytest.mark.parametrize("error", [ServiceError("no", operation="it"), KeyboardInterrupt()])
def test_submission_that_fails_lets_another_have_the_id(error: BaseException) -> None:
    """Interrupted, or refused: corrected and submitted again."""
    client = _account()
    with suppress(type(error)):
        _submit(client, ANNAS, place=_raising(error))
    assert _submit(client, BENS)


@pytest.mark.parametrize("error", [BusyError("busy", operation="it"), Killed()])
def test_submission_that_could_not_clean_up_goes_on_when_it_is_repeated(error: BaseException) -> None:
    """Another is refused until a day has passed."""
    client = _account()
    with suppress(type(error)):
        _submit(client, ANNAS, place=_raising(error))
    with pytest.raises(ConflictError, match="If that submission was killed"):
        _submit(client, BENS, now=NOON + CLAIM_LIFETIME - timedelta(seconds=1))
    assert _submit(client, ANNAS)
    assert CLAIM_BLOB not in _left(client)


def test_submission_that_was_given_up_a_day_ago_is_in_nobodys_way() -> None:
    """No upload takes that long."""
    client = _account()
    with suppress(Killed):
        _submit(client, ANNAS, place=_raising(Killed()))
    assert _submit(client, BENS, now=NOON + CLAIM_LIFETIME)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"digest": "x"}', b'{"digest": "x", "since": 1e99}'])
def test_claim_that_cannot_be_read_is_in_nobodys_way(content: bytes) -> None:
    """Something else wrote it."""
    client = _account()
    client.storage.create_container(CONTAINER)
    client.storage.upload(CONTAINER, CLAIM_BLOB, content)
    assert _submit(client, BENS)


def test_claim_holds_no_secret() -> None:
    """Whoever may read the container reads it."""
    client = _account()
    secret = replace(ANNAS, callback_url="https://adf.example/?token=DEEP")
    with suppress(Killed):
        _submit(client, secret, place=_raising(Killed()))
    assert b"DEEP" not in client.storage.read(CONTAINER, CLAIM_BLOB)
    with pytest.raises(NotFoundError):
        client.get_job("night")

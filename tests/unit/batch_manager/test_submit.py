"""Starting a job: what is sent, what counts as the same, what is waited for, and what a kill leaves."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager import InputError, JobRequest, submit_job
from batch_manager.client import BatchClient
from batch_manager.compilation import MAX_INPUTS_LENGTH
from batch_manager.definitions import JobDefinition, PoolDefinition, TaskDefinition
from batch_manager.environment import PACKAGES, TIME_LIMIT
from batch_manager.errors import BusyError, ConflictError, NotFoundError
from batch_manager.job_request import encode_request, read_request, request_digest
from batch_manager.naming import CALLBACK_BLOB, CANCEL_BLOB, OUTCOME_BLOB, REQUEST_BLOB
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.specification import ApplicationPackageReference
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from tests.support.interrupting import Interruption, Requests, interrupt
from tests.support.sample import SampleWorkload

URL, SECRET = "https://adf.example/callback?token=DEEP", "whsec_" + "QUJD" * 8
REQUEST = JobRequest(
    job_id="night",
    pool_id="p",
    module="m",
    parameters={"parts": 3, "text": "x" * MAX_INPUTS_LENGTH},
    callback_url=URL,
    callback_secret=SECRET,
    time_limit=timedelta(hours=1),
    environment_settings={"A": "1"},
)
CONTAINER = "job-night"
PACKAGE = ApplicationPackageReference(application_id="pi", version="1.0.0")


def _account(**options: Any) -> InMemoryBatchClient:
    client = InMemoryBatchClient(**options)
    client.put_package("pi", ["1.0.0"])
    for pool_id in ("p", "q"):
        client.create_pool(PoolDefinition(id=pool_id))
    return client


class Killed(BaseException):
    """The process ends here."""


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _submit(client: BatchClient, request: JobRequest = REQUEST, clock: Clock | None = None, **more: Any) -> bool:
    clock = clock or Clock()
    workload = SampleWorkload(batch_client=client)
    return submit_job(workload, client, request, clock=clock.read, monotonic=clock.read, sleep=clock.sleep, **more)


def _blobs(client: InMemoryBatchClient) -> dict[str, bytes]:
    return {name: client.storage.read(CONTAINER, name) for name in client.storage.list_blobs(CONTAINER)}


def _number_of_requests() -> int:
    client = _account()
    requests = Requests(0, Interruption.BEFORE, Killed())
    _submit(interrupt(client, 0, Interruption.BEFORE, Killed(), requests))
    return requests.count


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, _number_of_requests() + 1))
def test_submission_killed_anywhere_and_repeated_comes_to_the_same_job(number: int, when: Interruption) -> None:
    """At every request, before and after it took effect."""
    client, whole = _account(), _account()
    with suppress(Killed):
        _submit(interrupt(client, number, when, Killed()))
    _submit(client)
    _submit(whole)
    assert client.job_definition("night") == whole.job_definition("night")
    assert _blobs(client) == _blobs(whole)


def test_same_request_later_is_success_and_changes_nothing() -> None:
    """Even with a time limit, which is counted from the job's creation, and whoever submits it."""
    client, clock = _account(), Clock()
    _submit(client, clock=clock)
    before = client.job_definition("night"), _blobs(client)
    clock.now += 86_400
    assert not _submit(client, replace(REQUEST, owner="ben", tags={"a": "b"}), clock=clock)
    assert (client.job_definition("night"), _blobs(client)) == before


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"parts": 4}},
        {"pool_id": "q"},
        {"module": "n"},
        {"time_limit": None},
        {"environment_settings": {}},
        {"callback_url": f"{URL}-other"},
        {"callback_url": None, "callback_secret": None},
        {"callback_secret": None},
        {"priority": 5},
        {"packages": (PACKAGE,)},
    ],
)
def test_other_request_for_the_same_job_is_a_conflict_that_changes_nothing(change: dict[str, object]) -> None:
    """The message names the job that is there, and no secret."""
    client = _account()
    _submit(client)
    before = _blobs(client)
    with pytest.raises(ConflictError, match=r"there is a job with this id, created on .* workload 'm'") as caught:
        _submit(client, replace(REQUEST, **change))  # type: ignore[arg-type]
    assert _blobs(client) == before
    assert caught.value.code == "JobExists"
    assert "DEEP" not in str(caught.value)


def test_conflict_names_whose_job_it_is_and_what_differs() -> None:
    """Whoever chose the id sees whether it is his own mistake."""
    client = _account()
    _submit(client, replace(REQUEST, owner="anna"))
    with pytest.raises(ConflictError, match=r"by anna for .* submitted with other parameters, priority\. Choose"):
        _submit(client, replace(REQUEST, owner="ben", parameters={"parts": 4}, priority=1))


def test_job_that_somebody_else_made_is_a_conflict() -> None:
    """Nothing of it is touched."""
    client = _account()
    client.create_job(JobDefinition(id="night", pool_id="p", job_manager=TaskDefinition(id="a", command_line="b")))
    with pytest.raises(ConflictError):
        _submit(client)
    with pytest.raises(NotFoundError):
        _blobs(client)


def test_job_that_is_created_meanwhile_by_the_same_request_is_success() -> None:
    """Two that submit at the same time, or a reply that was lost within Microsoft's client."""

    class Racing(InMemoryBatchClient):
        def create_job(self, job: JobDefinition) -> None:
            super().create_job(job)
            super().create_job(job)

    client = Racing()
    client.create_pool(PoolDefinition(id="p"))
    _submit(client)
    assert client.get_job("night").pool_id == "p"


def test_full_job_quota_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """With a line in the log; the time limit begins when the job is created."""
    client, clock = _account(active_job_quota=1), Clock()
    _submit(client, replace(REQUEST, job_id="evening"), clock)

    def sleep(seconds: float) -> None:
        clock.now += seconds
        if clock.now >= 1_100:
            client.terminate_job("evening", "done")

    workload = SampleWorkload(batch_client=client)
    submit_job(workload, client, REQUEST, clock=clock.read, monotonic=clock.read, sleep=sleep)
    assert "as many active jobs as its quota allows" in caplog.text
    assert client.job_definition("night").common_environment[TIME_LIMIT] == str(round(clock.now + 3_600))


def test_job_quota_that_stays_full_is_told_after_the_limit() -> None:
    """Try again later: exit code 75."""
    client, clock = _account(active_job_quota=0), Clock()
    with pytest.raises(BusyError, match=r"quota allows.*asked \d+ times in 600 s") as caught:
        _submit(client, clock=clock)
    assert (caught.value.code, clock.now) == ("ActiveJobAndScheduleQuotaReached", 1_600.0)


def test_what_an_earlier_job_of_this_id_left_behind_is_gone() -> None:
    """FinalizeTask would take its outcome, and a cancellation, for the new job's."""
    client = _account()
    client.storage.create_container(CONTAINER)
    for blob in (OUTCOME_BLOB, CANCEL_BLOB, "kept"):
        client.storage.upload(CONTAINER, blob, b"old")
    _submit(client)
    assert OUTCOME_BLOB not in _blobs(client)
    assert CANCEL_BLOB not in _blobs(client)
    assert "kept" in _blobs(client)


def test_secrets_lie_in_the_callback_blob_alone() -> None:
    """Not in the request that is kept, nor in anything that the job shows."""
    client = _account()
    _submit(client)
    for name, content in _blobs(client).items():
        assert (b"DEEP" in content, SECRET.encode() in content) == (name == CALLBACK_BLOB, name == CALLBACK_BLOB)
    assert "DEEP" not in repr(client.job_definition("night"))
    assert "DEEP" not in repr(REQUEST)
    assert SECRET not in repr(REQUEST)


def test_callback_secret_without_a_callback_is_refused() -> None:
    """It would sign nothing."""
    with pytest.raises(InputError, match="give both, or neither"):
        _submit(_account(), replace(REQUEST, callback_url=None))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _JSON, max_size=4), st.none() | st.timedeltas(timedelta(1), timedelta(100)))
def test_request_that_is_kept_is_the_request_without_its_callback(
    parameters: dict[str, object], limit: timedelta | None
) -> None:
    """So that a job can be run again."""
    request = replace(REQUEST, parameters=parameters, time_limit=limit)  # type: ignore[arg-type]
    again = read_request(encode_request(request))
    assert again == replace(request, callback_url=None, callback_secret=None)
    assert request_digest(again) == request_digest(request)


def test_request_that_is_kept_lies_beside_the_job() -> None:
    """In its container."""
    client = _account()
    _submit(client)
    assert read_request(client.storage.read(CONTAINER, REQUEST_BLOB)).parameters == REQUEST.parameters


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"jobId": 1}', b"\xff"])
def test_document_that_is_no_request_is_refused(document: bytes) -> None:
    """In words."""
    with pytest.raises(InputError, match="cannot be read"):
        read_request(document)


def test_owner_and_tags_are_on_the_job_and_on_its_container() -> None:
    """To find them by; the container says whose job it is of."""
    client = _account()
    assert _submit(client, replace(REQUEST, owner="anna", tags={"team": "water"}))
    own = Ownership(owner="anna", tags={"team": "water"})
    assert read_ownership(client.job_definition("night").metadata) == own
    assert isinstance(client.storage, InMemoryBlobStorage)
    assert read_ownership(client.storage.container_metadata(CONTAINER)) == replace(own, job_id="night")


def test_packages_of_a_job_are_on_its_job_manager_and_known_to_its_tasks() -> None:
    """The job manager gives them to the tasks that it adds."""
    client = _account()
    _submit(client, replace(REQUEST, packages=(PACKAGE,), priority=7))
    job = client.job_definition("night")
    assert job.job_manager.application_package_references == (PACKAGE,)
    assert (job.common_environment[PACKAGES], job.priority) == ("pi:1.0.0", 7)
    assert read_request(client.storage.read(CONTAINER, REQUEST_BLOB)).packages == (PACKAGE,)


def test_pool_of_the_job_is_made_before_its_files_are_uploaded_and_once() -> None:
    """A pool that costs nothing is what a killed submission may leave; a job without a pool would wait."""
    client = _account()
    made: list[object] = []

    def make() -> None:
        made.append(list(client.storage.list_blobs(CONTAINER)) if made else "first")
        client.create_pool(PoolDefinition(id="own"))

    assert _submit(client, replace(REQUEST, pool_id="own"), make_pool=make)
    assert not _submit(client, replace(REQUEST, pool_id="own"), make_pool=make)
    assert made == ["first"]

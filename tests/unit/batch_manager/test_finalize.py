"""FinalizeTask tells how a job ended, once, whatever happens to its process."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from pytest_mock import MockerFixture

from batch_manager import JobRequest, submit_job
from batch_manager.callback import CallbackTarget, encode_callback
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, PoolDefinition, TaskDefinition, TaskState
from batch_manager.delivery import DeliveryLimits
from batch_manager.environment import DEPENDS_ON, RULE
from batch_manager.errors import BusyError, CallbackError, CallbackRefusedError
from batch_manager.exit_codes import ExitCode
from batch_manager.finalize import FinalizeTask
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.finishing import NOT_RUN_OUTSIDE, NoOwnWorkError, OwnWork, finish_job
from batch_manager.naming import (
    CALLBACK_BLOB,
    CALLBACK_BODY_BLOB,
    CALLBACK_SENT_BLOB,
    CANCEL_BLOB,
    OUTCOME_BLOB,
    report_blob,
)
from batch_manager.outcome import JobOutcome, Standstill, WorkState
from batch_manager.reports import Attempt, encode_report
from batch_manager.testing import InMemoryBatchClient
from dispatcher.receiver import Answer, CallbackReceiver
from tests.support.interrupting import Interruption, Requests, interrupt
from tests.support.outcomes import HandClock
from tests.support.sample import SampleWorkload

CONTAINER = "job-j"
WITH_WORK = FinalizeInputs(tasks=2, has_work=True)


class _KilledError(BaseException):
    """The process ends here."""


def _job(callback_url: str | None = None, *, failed: bool = False) -> InMemoryBatchClient:
    """A job whose two tasks have ended."""
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    request = JobRequest(job_id="j", pool_id="p", module="tests.sample", callback_url=callback_url)
    submit_job(SampleWorkload(batch_client=client), client, request)
    client.add_tasks("j", [TaskDefinition(id=name, command_line="x") for name in ("1", "2", "finalize")])
    client.end_task("j", "job-manager")
    client.end_task("j", "1")
    client.end_task("j", "2", 3 if failed else 0)
    client.start_task("j", "finalize")
    return client


def _finalize(
    client: BatchClient,
    inputs: FinalizeInputs = FinalizeInputs(tasks=2),
    *,
    work: OwnWork | None = None,
    seconds: float = 60,
    hand: HandClock | None = None,
) -> None:
    limits, clock = DeliveryLimits(seconds=seconds), (hand or HandClock()).clock()
    FinalizeTask(client=client, job_id="j", inputs=inputs, work=work, limits=limits, clock=clock).run()


def _document(client: BatchClient, blob: str = OUTCOME_BLOB) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(client.storage.read(CONTAINER, blob))
    return document


def _blobs(client: BatchClient) -> set[str]:
    return set(client.storage.list_blobs(CONTAINER, "batch-manager/"))


def test_callback_tells_the_outcome_and_leaves_a_marker() -> None:
    """The body holds what the blob holds; the marker holds the key that was sent."""
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client, FinalizeInputs(cause="why", tasks=2))
    (delivery,) = receiver.deliveries
    assert (delivery.body["StatusCode"], delivery.body["Output"]["cause"]) == ("500", "why")
    assert delivery.body["Output"] == _document(client)
    assert _document(client, CALLBACK_SENT_BLOB) == {"idempotencyKey": delivery.key}


def test_finalize_run_again_after_delivery_calls_nobody() -> None:
    """A requeue after a node loss is no second callback."""
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client)
        _finalize(client)
        assert len(receiver.deliveries) == 1


def test_marker_of_an_earlier_job_with_the_same_id_counts_for_nothing() -> None:
    """Its container may be there still, with all that it told."""
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client)
        again = _job(receiver.url)
        for blob in (CALLBACK_SENT_BLOB, OUTCOME_BLOB):
            again.storage.upload(CONTAINER, blob, client.storage.read(CONTAINER, blob))
        again.end_task("j", "2", 3)
        _finalize(again)
    first, second = receiver.deliveries
    assert first.key != second.key
    assert [delivery.body["Output"]["counts"]["failed"] for delivery in (first, second)] == [0, 1]


@pytest.mark.parametrize("when", Interruption)
@pytest.mark.parametrize("inputs", [FinalizeInputs(tasks=2), WITH_WORK])
def test_finalize_killed_at_any_request_tells_one_outcome_with_one_key(
    when: Interruption, inputs: FinalizeInputs
) -> None:
    """Before each request and after it; twice at most, then with the same body."""
    for number in count(1):
        ran: list[JobOutcome] = []
        with CallbackReceiver() as receiver:
            client = _job(receiver.url, failed=True)
            requests = Requests(number, when, _KilledError())
            killed = _end_of_first_run(interrupt(client, number, when, _KilledError(), requests), inputs, ran)
            _finalize(client, inputs, work=ran.append)
        bodies = {delivery.content for delivery in receiver.deliveries}
        assert (len(bodies), len({delivery.key for delivery in receiver.deliveries})) == (1, 1), number
        assert receiver.deliveries[0].body["Output"] == _document(client)
        assert len(receiver.deliveries) <= 2
        assert bool(ran) == inputs.has_work
        assert CALLBACK_SENT_BLOB in _blobs(client)
        if not killed:
            assert number > 8
            return


def _end_of_first_run(client: BatchClient, inputs: FinalizeInputs, ran: list[JobOutcome]) -> bool:
    try:
        _finalize(client, inputs, work=ran.append)
    except _KilledError:
        return True
    return False


@pytest.mark.parametrize("when", Interruption)
def test_finalize_whose_request_fails_at_any_step_tells_it_the_next_time(when: Interruption) -> None:
    """Batch tries it again; the reply may have been lost."""
    for number in count(1):
        with CallbackReceiver() as receiver:
            client = _job(receiver.url)
            requests = Requests(number, when, BusyError("busy", operation="any"))
            with suppress(BusyError):
                _finalize(interrupt(client, number, when, BusyError("busy", operation="any"), requests))
            _finalize(client)
        assert len({(delivery.key, delivery.content) for delivery in receiver.deliveries}) == 1
        if requests.count < number:
            return


def test_callback_that_cannot_be_delivered_keeps_its_body() -> None:
    """Nothing is lost: two blobs have what would have been sent; another attempt may send it."""
    client = _job("http://127.0.0.1:9/")
    with pytest.raises(CallbackError) as caught:
        _finalize(client)
    assert not isinstance(caught.value, CallbackRefusedError)
    assert _document(client, CALLBACK_BODY_BLOB)["Output"] == _document(client)
    with CallbackReceiver() as receiver:
        client.storage.upload(CONTAINER, CALLBACK_BLOB, encode_callback(CallbackTarget(url=receiver.url)))
        _finalize(client)
    assert receiver.deliveries[0].body == _document(client, CALLBACK_BODY_BLOB)


def test_callback_that_is_refused_for_good_is_not_tried_again(mocker: MockerFixture) -> None:
    """Batch would repeat it in vain."""
    with CallbackReceiver([Answer(status=403)]) as receiver:
        client = _job(receiver.url)
        stopped = mocker.spy(client, "stop_retries")
        with pytest.raises(CallbackRefusedError):
            _finalize(client)
    stopped.assert_called_once_with("j", "finalize")
    assert CALLBACK_BODY_BLOB in _blobs(client)


def test_callback_blob_that_cannot_be_read_keeps_the_outcome_too() -> None:
    """It was written by somebody else."""
    client = _job()
    client.storage.upload(CONTAINER, CALLBACK_BLOB, b"{}")
    with pytest.raises(CallbackRefusedError):
        _finalize(client)
    assert {OUTCOME_BLOB, CALLBACK_BODY_BLOB} <= _blobs(client)


def test_job_without_a_callback_ends_well() -> None:
    """Not every job has somebody waiting."""
    client = _job()
    _finalize(client)
    assert OUTCOME_BLOB in _blobs(client)
    client.storage.upload(CONTAINER, CALLBACK_BLOB, encode_callback(None))
    _finalize(client)


def test_job_whose_job_manager_could_not_let_it_complete_completes_all_the_same() -> None:
    """Killed between FinalizeTask and the last request."""
    client = _job()
    _finalize(client)
    client.end_task("j", "finalize")
    assert client.get_job("j").state is JobState.COMPLETED
    _finalize(client)


def test_own_work_is_given_the_outcome_and_its_failure_is_told() -> None:
    """Before the callback; its reason is part of outcome and callback."""
    seen: list[tuple[int, str]] = []

    def work(outcome: JobOutcome) -> str | None:
        seen.append((outcome.succeeded, str(_document(client)["finalizeWork"])))
        return "KeyError: 'x'"

    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        _finalize(client, WITH_WORK, work=work)
    assert seen == [(2, "{'state': 'pending', 'reason': None}")]
    (delivery,) = receiver.deliveries
    assert delivery.body["Error"]["ErrorCode"] == "FinalizeWorkFailed"
    assert delivery.body["Output"]["finalizeWork"] == {"state": "failed", "reason": "KeyError: 'x'"}


def test_own_work_that_was_done_is_not_done_again() -> None:
    """The outcome is settled, though the callback was not delivered."""
    client, ran = _job("http://127.0.0.1:9/"), list[JobOutcome]()
    for _ in range(2):
        with pytest.raises(CallbackError):
            _finalize(client, WITH_WORK, work=ran.append)
    assert len(ran) == 1


def test_own_work_that_the_workload_does_not_have_is_not_started() -> None:
    """A process less."""
    ran: list[JobOutcome] = []
    _finalize(_job(), work=ran.append)
    assert ran == []


def test_own_work_that_nobody_knows_of_is_tried_and_may_turn_out_to_be_none() -> None:
    """Whoever added FinalizeTask could not ask the workload."""

    def work(outcome: JobOutcome) -> str | None:
        raise NoOwnWorkError

    client = _job()
    _finalize(client, FinalizeInputs(tasks=2, has_work=None), work=work)
    assert _document(client)["finalizeWork"] == {"state": "none", "reason": None}


def test_own_work_that_nobody_knows_of_is_not_missed_outside_the_pool() -> None:
    """It may be none."""
    outcome = finish_job(_job(), "j", FinalizeInputs(tasks=2, has_work=None))
    assert outcome.work.state is WorkState.NONE


@pytest.mark.parametrize("has_work", [True, False, None])
def test_inputs_tell_what_is_known_of_own_work(has_work: bool | None) -> None:
    """Three answers, through JSON."""
    inputs = FinalizeInputs(has_work=has_work)
    assert FinalizeInputs.from_values(json.loads(inputs.to_json())) == inputs


def test_reports_of_failed_tasks_are_read() -> None:
    """The exception says more than Batch's exit code."""
    client = _job(failed=True)
    attempts = (Attempt(1, "n1", 1.0, 3, "ValueError: no such pipe", False),)
    client.storage.upload(CONTAINER, report_blob("2"), encode_report(attempts).encode())
    _finalize(client)
    (failure,) = _document(client)["failures"]
    assert failure["reason"] == "ValueError: no such pipe"
    assert failure["attempts"][0]["nodeId"] == "n1"
    assert failure["logs"] == "logs/2"


def test_cancelled_job_has_its_last_tasks_ended_and_says_why() -> None:
    """A task that was added while the job was cancelled may still run."""
    client = _job()
    client.add_tasks("j", [TaskDefinition(id="3", command_line="x")])
    client.start_task("j", "3")
    marker = {"reason": "enough", "requestedAt": datetime.now(UTC).isoformat()}
    client.storage.upload(CONTAINER, CANCEL_BLOB, json.dumps(marker).encode())
    _finalize(client)
    assert client.get_task("j", "3").record.state is TaskState.COMPLETED
    document = _document(client)
    assert (document["outcome"], document["errorCode"]) == ("cancelled", "Cancelled")
    assert document["cancelledBecause"] == "enough"


def test_job_finished_from_outside_is_stuck_and_told_once() -> None:
    """Nothing on the pool could run; FinalizeTask that comes after all tells nothing else."""
    standstill = Standstill(code="pool_gone", message="there is no pool")
    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        for _ in range(2):
            outcome = finish_job(client, "j", WITH_WORK, standstill=standstill)
        _finalize(client, WITH_WORK)
    (delivery,) = receiver.deliveries
    assert delivery.body["Error"] == {"ErrorCode": "Stuck", "Message": outcome.summary}
    assert delivery.body["Output"]["standstill"] == {"code": "pool_gone", "message": "there is no pool"}
    assert outcome.work.reason == NOT_RUN_OUTSIDE


def test_watcher_that_raises_keeps_nothing_from_being_told() -> None:
    """It is given the outcome and no say."""

    def tell(outcome: JobOutcome) -> None:
        raise RuntimeError(outcome.summary)

    with CallbackReceiver() as receiver:
        client = _job(receiver.url)
        FinalizeTask(client=client, job_id="j", tell=tell).run()
        assert len(receiver.deliveries) == 1


def test_callback_url_is_in_its_blob_alone() -> None:
    """Neither the job's definition nor any representation holds it."""
    url = "https://secret.example/callback?token=secret"
    client = _job(url)
    assert url.encode() in client.storage.read(CONTAINER, CALLBACK_BLOB)
    assert "secret" not in repr(client.job_definition("j"))
    assert "secret" not in repr(JobRequest(job_id="j", pool_id="p", module="m", callback_url=url))


@pytest.mark.parametrize("parents", ["", "1"])
def test_task_that_only_says_that_it_was_skipped_has_failed(parents: str) -> None:
    """Nothing that would be a reason had failed: its own code ended the process with that code."""
    client = _job()
    client.add_tasks("j", [TaskDefinition(id="3", command_line="x", environment={DEPENDS_ON: parents})])
    client.end_task("j", "3", ExitCode.SKIPPED)
    _finalize(client, FinalizeInputs(tasks=3))
    assert (_document(client)["outcome"], _document(client)["counts"]["failed"]) == ("failed", 1)


def test_task_for_a_failure_that_did_not_come_is_skipped() -> None:
    """Its rule was its reason, and the job succeeded."""
    client = _job()
    alarm = TaskDefinition(id="3", command_line="x", environment={DEPENDS_ON: "1", RULE: "any_failed"})
    client.add_tasks("j", [alarm])
    client.end_task("j", "3", ExitCode.SKIPPED)
    _finalize(client, FinalizeInputs(tasks=3))
    assert (_document(client)["outcome"], _document(client)["counts"]["skipped"]) == ("succeeded", 1)


def test_task_that_lacks_what_a_skipped_one_was_to_write_is_skipped() -> None:
    """It never began, for the same reason, and the job succeeded."""
    client = _job()
    alarm = TaskDefinition(id="3", command_line="x", environment={DEPENDS_ON: "1", RULE: "any_failed"})
    after = TaskDefinition(id="4", command_line="x", environment={DEPENDS_ON: "3"})
    client.add_tasks("j", [alarm, after])
    client.end_task("j", "3", ExitCode.SKIPPED)
    client.end_task("j", "4", None, code="BlobNotFound")
    _finalize(client, FinalizeInputs(tasks=4))
    assert (_document(client)["outcome"], _document(client)["counts"]["skipped"]) == ("succeeded", 2)


def test_task_that_only_says_that_the_jobs_time_was_over_has_failed() -> None:
    """The job has no time limit."""
    client = _job()
    client.add_tasks("j", [TaskDefinition(id="3", command_line="x")])
    client.end_task("j", "3", ExitCode.TIME_LIMIT)
    _finalize(client, FinalizeInputs(tasks=3))
    told = _document(client)
    assert (told["errorCode"], told["counts"]["failed"], told["timedOut"]) == ("TasksFailed", 1, 0)

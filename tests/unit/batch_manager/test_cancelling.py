"""Cancelling a job: what ends, what is left for FinalizeTask, and that it may be done twice."""

from datetime import UTC, datetime

import pytest

from batch_manager import cancelling
from batch_manager.cancelling import Cancellation, cancel_job, end_other_tasks, read_cancellation
from batch_manager.definitions import JobDefinition, JobState, TaskDefinition, TaskRecord, TaskState
from batch_manager.dependencies import compress
from batch_manager.environment import LAUNCHER, STORAGE_ACCOUNT_URL
from batch_manager.errors import DefinitionError, NotFoundError
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name
from batch_manager.testing import TEST_IDENTITY, InMemoryBatchClient
from tests.support.interrupting import Interruption, Requests, interrupt

NOW = datetime(2026, 1, 31, tzinfo=UTC)
COMMON = {LAUNCHER: "python3", STORAGE_ACCOUNT_URL: "https://test.blob.core.windows.net"}


def make_job(*, tasks: int = 5, finalize: bool = True, ours: bool = True) -> InMemoryBatchClient:
    """A job whose first task runs and whose others wait."""
    client = InMemoryBatchClient()
    common = {**COMMON, "BATCH_MANAGER_IDENTITY_REFERENCE": TEST_IDENTITY}
    manager = TaskDefinition(id=JOB_MANAGER_TASK_ID, command_line="manage")
    metadata = {"workload": "sample"} if ours else {}
    client.create_job(
        JobDefinition(id="job", pool_id="pool", job_manager=manager, common_environment=common, metadata=metadata)
    )
    client.storage.create_container(container_name("job"))
    ids = [str(number) for number in range(1, tasks + 1)]
    client.add_tasks("job", [TaskDefinition(id=task_id, command_line="work") for task_id in ids])
    client.start_task("job", "1")
    if finalize:
        client.end_task("job", JOB_MANAGER_TASK_ID)
        last = TaskDefinition(id=FINALIZE_TASK_ID, command_line="finalize", depends_on=compress(ids))
        client.add_tasks("job", [last])
        client.terminate_job_when_tasks_complete("job")
    else:
        client.start_task("job", JOB_MANAGER_TASK_ID)
    return client


def cancel(client: InMemoryBatchClient, reason: str = "no longer needed") -> cancelling.CancelResult:
    return cancel_job(client, "job", reason, now=NOW, sleep=lambda seconds: None)


def states(client: InMemoryBatchClient) -> dict[str, TaskState]:
    return {record.id: record.state for record in client.list_tasks("job")}


def assert_cancelled(client: InMemoryBatchClient, tasks: int = 5) -> None:
    """All has ended but FinalizeTask, which knows of it and whose end completes the job."""
    found = states(client)
    assert found.pop(FINALIZE_TASK_ID) is TaskState.ACTIVE
    assert set(found.values()) == {TaskState.COMPLETED}
    assert len(found) == tasks + 1
    assert read_cancellation(client.storage, "job") == Cancellation(reason="no longer needed", requested_at=NOW)
    client.end_task("job", FINALIZE_TASK_ID)
    assert client.get_job("job").state is JobState.COMPLETED


def test_cancelled_job_has_nothing_left_but_finalize() -> None:
    """Which tells it."""
    client = make_job()
    result = cancel(client)
    assert (result.too_late, result.left) == (False, 0)
    assert_cancelled(client)


def test_job_without_finalize_is_given_one() -> None:
    """Its job manager had not come so far, and does not any more."""
    client = make_job(finalize=False)
    cancel(client)
    assert client.task_definitions("job")[-1].depends_on == compress("12345")
    assert_cancelled(client)


def test_cancelling_twice_keeps_the_first_reason() -> None:
    """And does no harm."""
    client = make_job()
    cancel(client)
    assert cancel(client, "another reason").too_late is False
    assert_cancelled(client)
    assert "cancelled" in cancel(client).summary


class Killed(BaseException):
    """The process is no more."""


def cancel_and_be_killed(client: InMemoryBatchClient, number: int, when: Interruption) -> bool:
    """Whether there were so many requests."""
    requests = Requests(number, when, Killed())
    try:
        interrupted = interrupt(client, number, when, Killed(), requests)
        cancel_job(interrupted, "job", "no longer needed", now=NOW, sleep=lambda seconds: None)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("finalize", [True, False], ids=["with finalize", "without finalize"])
@pytest.mark.parametrize("when", Interruption)
def test_cancellation_that_is_killed_anywhere_and_repeated_comes_to_the_same_end(
    finalize: bool, when: Interruption
) -> None:
    """At every request there is, before and after it took effect."""
    number = 1
    while cancel_and_be_killed(client := make_job(finalize=finalize), number, when):
        cancel(client)
        assert_cancelled(client)
        number += 1
    assert number > 10


def test_task_that_is_added_meanwhile_is_ended_too() -> None:
    """A job manager's last request may be on its way when it is ended."""
    client = make_job(finalize=False)
    late = [TaskDefinition(id="late", command_line="work")]

    def add_late(seconds: float) -> None:
        if late:
            client.add_tasks("job", [late.pop()])

    cancel_job(client, "job", "no longer needed", now=NOW, sleep=add_late)
    assert_cancelled(client, tasks=6)


def test_finalize_that_the_job_manager_adds_just_now_is_taken() -> None:
    """Its ids differ from ours, which is no mistake."""
    client = make_job(finalize=False)
    add_tasks = client.add_tasks

    def overtaken(job_id: str, tasks: list[TaskDefinition]) -> object:
        add_tasks(job_id, [TaskDefinition(id=FINALIZE_TASK_ID, command_line="finalize", depends_on=compress("123"))])
        return add_tasks(job_id, tasks)

    client.add_tasks = overtaken  # type: ignore[method-assign, assignment]
    cancel(client)
    assert_cancelled(client)


@pytest.mark.parametrize("state", [TaskState.RUNNING, TaskState.COMPLETED])
def test_job_that_is_being_finalized_is_not_cancelled_any_more(state: TaskState) -> None:
    """It is told as it ended: no marker stays behind."""
    client = make_job()
    for task_id in ("1", "2", "3", "4", "5"):
        client.end_task("job", task_id)
    client.change_task("job", TaskRecord(id=FINALIZE_TASK_ID, state=state, exit_code=0, succeeded=True))
    result = cancel(client)
    assert result.too_late
    assert "ended before" in result.summary
    assert read_cancellation(client.storage, "job") is None


def test_task_that_does_not_end_is_left_to_finalize() -> None:
    """Nobody waits for ever, for a cancellation neither."""
    client = make_job()
    client.terminate_task = lambda job_id, task_id: None  # type: ignore[method-assign]
    result = cancel(client)
    assert result.left == 5
    assert "5 tasks have not ended yet" in result.summary


def test_job_that_others_made_is_refused() -> None:
    """Nothing would tell its end, so nothing of it is touched."""
    client = make_job(ours=False)
    with pytest.raises(DefinitionError, match="not submitted by batch_manager"):
        cancel(client)
    assert states(client)["1"] is TaskState.RUNNING
    assert read_cancellation(client.storage, "job") is None


def test_job_that_is_not_there_is_said_to_be_missing() -> None:
    """With Batch's own code."""
    with pytest.raises(NotFoundError, match="JobNotFound"):
        cancel(InMemoryBatchClient())


def test_tasks_are_ended_from_the_last_to_the_first_and_waiting_ones_before() -> None:
    """So that none lets another go whose turn would then come."""
    client, order = make_job(), []
    client.terminate_task = lambda job_id, task_id: order.append(task_id)  # type: ignore[method-assign]
    assert end_other_tasks(client, "job") == 5
    assert set(order[:4]) == set("2345")
    assert order[4] == "1"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"reason": "x"}', b"\xff"])
def test_marker_that_cannot_be_read_is_one_all_the_same(content: bytes) -> None:
    """Somebody wanted the job cancelled."""
    assert Cancellation.from_json(content).reason


def test_reason_is_one_line_of_a_limited_length() -> None:
    """Whatever was typed."""
    client = make_job()
    cancel(client, "a\nb " + "x" * 9999)
    marker = read_cancellation(client.storage, "job")
    assert marker is not None
    assert marker.reason.startswith("a b xxx")
    assert len(marker.reason) == cancelling.MAX_REASON_LENGTH

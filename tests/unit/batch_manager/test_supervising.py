"""The supervisor's loop over an account in memory, with a clock of the test's own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch_manager.definitions import (
    AllocationState,
    JobDefinition,
    JobState,
    NodeRecord,
    PoolDefinition,
    PoolRecord,
    TaskDefinition,
)
from batch_manager.environment import LAUNCHER, STORAGE_ACCOUNT_URL
from batch_manager.errors import BusyError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.finishing import finish_job
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name
from batch_manager.outcome import ErrorCode, JobOutcome, Outcome, WorkState
from batch_manager.supervision import SupervisionLimits, supervise_job
from batch_manager.supervision.supervising import CALM_LOOKS, MAX_REASON_LENGTH
from batch_manager.testing import InMemoryBatchClient
from tests.support.interrupting import Interruption, Requests, interrupt

START = datetime(2026, 1, 31, tzinfo=UTC)
COMMON = {LAUNCHER: "python3", STORAGE_ACCOUNT_URL: "https://test.blob.core.windows.net"}
MINUTES = 1000
"""Looks, one a minute, after which a test gives up."""


class Killed(BaseException):
    """The process is no more."""


class Clock:
    """A clock that sleeping sets; ``events`` happen once so many minutes are over."""

    def __init__(self, events: dict[int, Callable[[], None]] | None = None) -> None:
        self.time = START
        self.events = events or {}

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        minute = int((self.time - START) / timedelta(minutes=1))
        assert minute < MINUTES, "it waits for ever"
        self.events.pop(minute, lambda: None)()


def make_job(*, pool: bool = True, finalize: bool = True) -> InMemoryBatchClient:
    """A job with two tasks that wait, and its job manager's work done."""
    client = InMemoryBatchClient()
    if pool:
        client.create_pool(PoolDefinition(id="pool"))
        record = client.get_pool("pool")
        client.put_pool(record, [NodeRecord(id="node", state="idle")])
    manager = TaskDefinition(id=JOB_MANAGER_TASK_ID, command_line="manage")
    metadata = {"workload": "sample"}
    client.create_job(
        JobDefinition(id="job", pool_id="pool", job_manager=manager, common_environment=COMMON, metadata=metadata)
    )
    client.storage.create_container(container_name("job"))
    client.end_task("job", JOB_MANAGER_TASK_ID, 0 if finalize else 9)
    client.add_tasks("job", [TaskDefinition(id=task_id, command_line="work") for task_id in ("1", "2")])
    if finalize:
        client.add_tasks("job", [TaskDefinition(id=FINALIZE_TASK_ID, command_line="finalize")])
        client.terminate_job_when_tasks_complete("job")
    return client


def supervise(
    client: InMemoryBatchClient, clock: Clock | None = None, limits: SupervisionLimits | None = None
) -> JobOutcome:
    clock = clock or Clock()
    return supervise_job(client, "job", limits, interval=60, now=clock.now, sleep=clock.sleep)


def end_tasks(client: InMemoryBatchClient) -> None:
    client.end_task("job", "1")
    client.end_task("job", "2")


def finalize(client: InMemoryBatchClient, exit_code: int | None = 0, code: str | None = None) -> None:
    """What FinalizeTask does, and its end."""
    finish_job(client, "job", FinalizeInputs())
    client.end_task("job", FINALIZE_TASK_ID, exit_code, code=code)


def test_job_that_ends_by_itself_is_waited_for() -> None:
    """Nothing is done to it, whatever lies in between."""
    client = make_job()
    events = {
        5: lambda: client.start_task("job", "1"),
        100: lambda: client.end_task("job", "1"),
        101: lambda: client.end_task("job", "2"),
        102: lambda: finalize(client),
    }
    outcome = supervise(client, Clock(events))
    assert (outcome.outcome, outcome.succeeded) == (Outcome.SUCCEEDED, 2)
    assert client.get_job("job").terminate_reason == "AllTasksComplete"


def test_job_that_cannot_go_on_is_ended_and_told() -> None:
    """With what kept it, in the job's own reason too."""
    client, clock = make_job(pool=False), Clock()
    outcome = supervise(client, clock)
    assert clock.now() - START >= SupervisionLimits().pool_missing
    assert (outcome.error_code, outcome.not_ended) == (ErrorCode.STUCK, 2)
    assert outcome.standstill is not None
    assert outcome.standstill.code == "pool_missing"
    assert "there is no pool 'pool'" in (client.get_job("job").terminate_reason or "")


def test_job_whose_pool_is_made_later_goes_on() -> None:
    """Patience is there for that."""
    client = make_job(pool=False)
    node = NodeRecord(id="node", state="idle")
    pool = PoolRecord(id="pool", state="active", allocation_state=AllocationState.STEADY)
    events = {
        9: lambda: client.put_pool(pool, [node]),
        30: lambda: end_tasks(client),
        31: lambda: finalize(client),
    }
    assert supervise(client, Clock(events)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("when", Interruption)
def test_supervisor_that_is_killed_anywhere_and_started_again_tells_the_same(when: Interruption) -> None:
    """At every request, before and after it took effect."""
    expected = supervise(make_job(pool=False))
    number = 1
    limits = SupervisionLimits(pool_missing=timedelta(0))
    while True:
        client, requests = make_job(pool=False), Requests(number, when, Killed())
        clock = Clock()
        try:
            killed = interrupt(client, number, when, Killed(), requests)
            supervise_job(killed, "job", limits, interval=60, now=clock.now, sleep=clock.sleep)
        except Killed:
            number += 1
        else:
            break
        again = supervise(client, clock)
        assert replace(again, created_at=None, ended_at=None) == replace(expected, created_at=None, ended_at=None)
    assert number > 10


def test_job_manager_that_left_is_the_cause() -> None:
    """As if it could have said so itself."""
    outcome = supervise(make_job(finalize=False))
    assert outcome.error_code is ErrorCode.JOB_MANAGER_FAILED
    assert "exit code 9 without adding FinalizeTask" in (outcome.cause or "")


def test_job_that_was_terminated_by_hand_is_told_as_cancelled() -> None:
    """With the reason that was given."""
    client = make_job()
    outcome = supervise(client, Clock({3: lambda: client.terminate_job("job", "wrong data")}))
    assert outcome.error_code is ErrorCode.CANCELLED
    assert "wrong data" in outcome.summary


def test_job_that_its_wall_clock_ended_is_told() -> None:
    """Batch ends FinalizeTask with it."""
    client = make_job()
    outcome = supervise(client, Clock({3: lambda: client.terminate_job("job", "MaxWallClockTimeExpiry")}))
    assert outcome.error_code is ErrorCode.TIME_LIMIT
    assert outcome.summary.startswith("the job's maximum wall clock time was over; of 2 tasks")


@pytest.mark.parametrize(("exit_code", "code", "is_told"), [(69, None, False), (137, None, True), (None, "X", True)])
def test_finalize_that_did_not_come_to_its_end_is_stood_in_for(
    exit_code: int | None, code: str | None, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Not so one that could not deliver the callback: it has tried for long enough."""
    client = make_job()
    end_tasks(client)
    finalize(client, exit_code, code)
    supervise(client)
    assert ("told from outside" in caplog.text) is is_told


def test_finalize_that_failed_during_the_workload_s_own_work_is_stood_in_for() -> None:
    """Its outcome says pending, which is no end."""
    client = make_job()
    end_tasks(client)
    inputs = FinalizeInputs(tasks=2, has_work=True)
    with pytest.raises(Killed):
        finish_job(client, "job", inputs, work=_killed)
    client.end_task("job", FINALIZE_TASK_ID, 69)
    assert supervise(client).work.state is not WorkState.PENDING


def _killed(outcome: JobOutcome) -> str | None:
    raise Killed


def test_job_that_was_left_open_is_completed() -> None:
    """Its job manager was killed between two requests."""
    client = make_job(finalize=False)
    client.end_task("job", JOB_MANAGER_TASK_ID, 0)
    client.add_tasks("job", [TaskDefinition(id=FINALIZE_TASK_ID, command_line="finalize")])
    end_tasks(client)
    finalize(client)
    assert client.get_job("job").state is JobState.ACTIVE
    assert supervise(client).outcome is Outcome.SUCCEEDED


def test_busy_account_is_asked_again_until_it_answers() -> None:
    """A night's job is not given up for ten minutes without a network."""
    client = make_job()
    end_tasks(client)
    finalize(client)
    asked, answer = [], client.get_task_counts

    def busy(job_id: str) -> object:
        asked.append(job_id)
        if len(asked) < 10:
            raise BusyError("count the tasks: no answer", operation="count the tasks")
        return answer(job_id)

    client.get_task_counts = busy  # type: ignore[method-assign, assignment]
    assert supervise(client).outcome is Outcome.SUCCEEDED


def test_account_that_is_out_of_reach_for_too_long_is_given_up() -> None:
    """And the job is left as it is."""
    client, clock = make_job(), Clock()

    def busy(job_id: str) -> object:
        raise BusyError("count the tasks: no answer", operation="count the tasks")

    client.get_task_counts = busy  # type: ignore[method-assign, assignment]
    with pytest.raises(BusyError):
        supervise(client, clock)
    assert clock.now() - START >= SupervisionLimits().out_of_reach


def test_look_is_one_request_while_something_runs() -> None:
    """Azure advises few; now and then a few more."""
    client = make_job()
    client.start_task("job", "1")
    requests = Requests(0, Interruption.BEFORE, Killed())
    counted = interrupt(client, 0, Interruption.BEFORE, Killed(), requests)
    looks = CALM_LOOKS * 10
    clock = Clock({looks: lambda: end_tasks(client), looks + 1: lambda: finalize(client)})
    supervise_job(counted, "job", interval=60, now=clock.now, sleep=clock.sleep)
    assert requests.count < looks + 2 * looks / CALM_LOOKS + 20


def test_job_in_which_something_runs_now_and_then_goes_on() -> None:
    """Seen at one look in twenty, as a task that is requeued again and again; its patience begins anew each time."""
    client = make_job()
    record = client.get_task("job", "1").record
    events: dict[int, Callable[[], None]] = {}
    for minute in range(20, 400, 20):
        events[minute] = lambda: client.start_task("job", "1")
        events[minute + 1] = lambda: client.change_task("job", record)
    events |= {401: lambda: end_tasks(client), 402: lambda: finalize(client)}
    assert supervise(client, Clock(events)).outcome is Outcome.SUCCEEDED


def test_job_that_takes_too_long_to_end_is_told_all_the_same() -> None:
    """A release task may hang on a node."""
    client, clock = make_job(pool=False), Clock()

    def terminate(job_id: str, reason: str) -> None:
        record = replace(client.get_job(job_id), state=JobState.TERMINATING)
        client.get_job = lambda job_id: record  # type: ignore[method-assign]

    client.terminate_job = terminate  # type: ignore[method-assign]
    outcome = supervise(client, clock)
    assert outcome.error_code is ErrorCode.STUCK
    assert clock.now() - START >= SupervisionLimits().pool_missing + SupervisionLimits().termination


def test_reason_of_a_terminated_job_has_a_limited_length() -> None:
    """Batch's own words may be long."""
    client = make_job()
    client.put_pool(client.get_pool("pool"), [NodeRecord(id="n" * 9999, state="unusable", errors=("x" * 9999,))])
    supervise(client)
    assert len(client.get_job("job").terminate_reason or "") <= MAX_REASON_LENGTH

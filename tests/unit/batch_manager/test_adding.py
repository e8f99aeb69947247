"""Adding many tasks for good: chunks, refusals, faults, repetitions."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.adding import IN_FLIGHT, LOOKED_UP_ONE_BY_ONE, add_all
from batch_manager.definitions import AddStatus, JobDefinition, TaskAddResult, TaskDefinition
from batch_manager.errors import BusyError, ConflictError, ServiceError
from batch_manager.patience import Patience
from batch_manager.testing import InMemoryBatchClient

MANAGER = TaskDefinition(id="job-manager", command_line="a")


class Account(InMemoryBatchClient):
    """One job, and a list of what goes wrong with the next requests."""

    def __init__(self, *faults: str) -> None:
        super().__init__()
        self.create_job(JobDefinition(id="j", pool_id="p", job_manager=MANAGER))
        self.faults = list(faults)
        self.requests: list[int] = []
        self.lookups = 0

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
        self.requests.append(len(tasks))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "throttled":
            raise BusyError("throttled", operation="add", status=429)
        if fault == "partial":
            kept = super().add_tasks(job_id, tasks[::2])
            return (*kept, *(_failed(task) for task in tasks[1::2]))
        if fault == "forgotten":
            return super().add_tasks(job_id, tasks[1:])
        results = super().add_tasks(job_id, tasks)
        if fault == "reply lost":
            raise BusyError("no answer", operation="add")
        return results

    def get_task(self, job_id: str, task_id: str):  # type: ignore[no-untyped-def]
        self.lookups += 1
        return super().get_task(job_id, task_id)

    @property
    def ids(self) -> list[str]:
        return [task.id for task in self.task_definitions("j")][1:]


def _failed(task: TaskDefinition) -> TaskAddResult:
    return TaskAddResult(task_id=task.id, status=AddStatus.SERVER_ERROR, code="ServerBusy", message="busy")


def _tasks(count: int, command_line: str = "a", size: int = 0) -> list[TaskDefinition]:
    return [
        TaskDefinition(id=str(n), command_line=command_line, environment={"X": "x" * size}) for n in range(1, count + 1)
    ]


def _patience(limit: float = 10) -> Patience:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Patience(limit=limit, monotonic=lambda: now[0], sleep=sleep)


def _add(client: Account, tasks: list[TaskDefinition], in_flight: int = 1) -> int:
    return add_all(client, "j", tasks, patience=_patience(), in_flight=in_flight)


def test_tasks_travel_a_hundred_at_a_time() -> None:
    """Batch takes no more."""
    client = Account()
    assert _add(client, _tasks(250)) == 250
    assert client.requests == [100, 100, 50]


def test_no_task_is_no_request() -> None:
    """A job may have none."""
    client = Account()
    assert _add(client, []) == 0
    assert client.requests == []


def test_definitions_are_read_as_they_are_needed() -> None:
    """Memory holds a few requests, not the job."""
    client, read = Account(), 0

    def definitions() -> Iterator[TaskDefinition]:
        nonlocal read
        for task in _tasks(5_000):
            read += 1
            assert read - len(client.ids) <= (IN_FLIGHT + 1) * 100
            yield task

    assert add_all(client, "j", definitions()) == 5_000
    assert sorted(client.ids, key=int) == [str(n) for n in range(1, 5_001)]


@given(st.lists(st.sampled_from(["", "throttled", "partial", "forgotten", "reply lost"]), max_size=12))
def test_whatever_goes_wrong_each_task_is_added_once(faults: list[str]) -> None:
    """Refusals, losses and partial answers in any order."""
    client = Account(*faults)
    assert add_all(client, "j", _tasks(120), patience=_patience(1_000)) == 120
    assert sorted(client.ids, key=int) == [str(n) for n in range(1, 121)]


@pytest.mark.parametrize("fault", ["throttled", "reply lost", "forgotten"])
def test_fault_that_lasts_is_told_after_the_limit(fault: str) -> None:
    """Nothing loops for ever, and what was added is said with a number."""
    client = Account("", *[fault] * 100_000)
    with pytest.raises(BusyError, match=r"asked \d+ times in 10 s \(100 tasks are added") as caught:
        _add(client, _tasks(101))
    assert caught.value.operation


def test_request_that_is_too_large_is_halved_until_it_fits() -> None:
    """And the next ones begin smaller, and grow again."""
    client = Account()
    tasks = _tasks(60, size=30_000) + [TaskDefinition(id=str(n), command_line="a") for n in range(61, 400)]
    assert _add(client, tasks) == 399
    assert client.requests[:3] == [100, 50, 25]
    assert max(client.requests[4:]) == 100
    assert len(client.ids) == 399


def test_task_that_is_too_large_alone_is_named() -> None:
    """The others say nothing of it."""
    client = Account()
    with pytest.raises(ServiceError, match="task '2' alone is too large") as caught:
        _add(client, [*_tasks(1), TaskDefinition(id="2", command_line="x" * 1_000_001)])
    assert caught.value.status == 413


def test_task_that_batch_refuses_is_named_with_the_reason() -> None:
    """A wrong id among many right ones."""
    with pytest.raises(ServiceError, match=r"add task 'a\.b' to job 'j'.*InvalidRequestBody"):
        _add(Account(), [*_tasks(3), TaskDefinition(id="a.b", command_line="a")])


def test_other_task_of_the_same_id_is_a_conflict_that_names_both() -> None:
    """Never taken for success, as the SDK's own helper does."""
    client = Account()
    _add(client, _tasks(3, "/bin/true"))
    with pytest.raises(ConflictError, match="runs '/bin/true', this one '/bin/false'") as caught:
        _add(client, _tasks(3, "/bin/false"))
    assert caught.value.code == "TaskExists"


@pytest.mark.parametrize("count", [LOOKED_UP_ONE_BY_ONE, 2_000])
def test_job_manager_that_is_started_again_does_not_ask_for_each_task(count: int) -> None:
    """Many are listed, few are looked up; tasks that were added by others are found either way."""
    client = Account()
    _add(client, _tasks(count))
    assert _add(client, _tasks(count + 50)) == count + 50
    assert client.lookups <= LOOKED_UP_ONE_BY_ONE
    assert len(client.ids) == count + 50


def test_other_task_is_found_where_many_are_listed() -> None:
    """The list is compared as the single tasks are."""
    client = Account()
    _add(client, _tasks(1_000, "/bin/true"))
    changed = [*_tasks(999, "/bin/true"), TaskDefinition(id="1000", command_line="/bin/false")]
    with pytest.raises(ConflictError, match="task '1000'"):
        _add(client, changed)


def test_error_of_one_request_ends_the_others() -> None:
    """The first is told; what was on its way ends, and nothing new begins."""
    client = Account()
    with pytest.raises(ServiceError, match=r"a\.b"):
        _add(client, [TaskDefinition(id="a.b", command_line="a"), *_tasks(10_000)], in_flight=4)
    assert len(client.requests) <= 10


def test_error_of_one_request_ends_the_pauses_of_the_others() -> None:
    """A job manager that cannot succeed does not wait for a service that is busy."""
    limit, throttled, begun = 1e6, 0, threading.Event()

    class Half(Account):
        def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
            nonlocal throttled
            if tasks[0].id == "1":
                begun.wait(10)
                raise ConflictError("the job has ended", operation="add", code="JobCompleted")
            begun.set()
            throttled += 1
            raise BusyError("throttled", operation="add")

    with pytest.raises(ConflictError, match="the job has ended"):
        add_all(Half(), "j", _tasks(200), patience=_patience(limit), in_flight=2)
    assert throttled < limit / 40

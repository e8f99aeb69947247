"""What a job manager adds, and what is there after it was killed anywhere."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import pytest

from batch_manager.client import BatchClient
from batch_manager.compilation import MAX_INPUTS_LENGTH, JobFrame
from batch_manager.definitions import JobDefinition, JobState, TaskDefinition, TaskState
from batch_manager.dependencies import TaskDependencies, compress, expand
from batch_manager.environment import INPUTS
from batch_manager.errors import BusyError, ConflictError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, inputs_blob
from batch_manager.patience import Patience
from batch_manager.specification import ContainerSettings, TaskSpecification
from batch_manager.submission import JobSubmission
from batch_manager.testing import TEST_IDENTITY, InMemoryBatchClient
from tests.support.interrupting import Interruption, Requests, interrupt

JOB, CONTAINER = "night", "job-night"
FRAME = JobFrame(
    job_id=JOB,
    module="m",
    launcher="python3",
    storage_account_url="https://test.blob.core.windows.net",
    identity_reference=TEST_IDENTITY,
)


class Killed(BaseException):
    """The process ends here."""


def _account() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    manager = TaskDefinition(id=JOB_MANAGER_TASK_ID, command_line="a")
    client.create_job(JobDefinition(id=JOB, pool_id="p", job_manager=manager))
    return client


def _drafts(count: int = 150) -> list[TaskSpecification]:
    """A job of two requests: plain tasks, one with large inputs, and two whose own process cannot ask."""
    tasks: list[TaskSpecification] = []
    for number in range(1, count + 1):
        parents = tuple(tasks[-1:]) if number % 10 else ()
        tasks.append(TaskSpecification(task_name="Part", inputs="{}", id=str(number), dependencies=parents))
    tasks[1].inputs = "x" * (MAX_INPUTS_LENGTH + 1)
    for number in (count - 2, count - 1):
        guarded = tasks[number - 1]
        guarded.command_line, guarded.container = "solve", ContainerSettings(image_name="solver:7")
    return tasks


def _submission(client: BatchClient, limit: float = 0.0) -> JobSubmission:
    return JobSubmission(client=client, frame=FRAME, patience=Patience(limit=limit))


def _without_order(client: InMemoryBatchClient) -> dict[str, TaskDefinition]:
    return {task.id: task for task in client.task_definitions(JOB)}


def _expected() -> dict[str, TaskDefinition]:
    client = _account()
    _submission(client).submit(_drafts())
    return _without_order(client)


def _number_of_requests() -> int:
    requests = Requests(0, Interruption.BEFORE, Killed())
    _submission(interrupt(_account(), 0, Interruption.BEFORE, Killed(), requests)).submit(_drafts())
    return requests.count


REQUESTS = _number_of_requests()


def test_gates_come_after_all_other_tasks_and_finalize_last() -> None:
    """A gate may end its task as soon as it is there."""
    client = _account()
    _submission(client).submit(_drafts())
    ids = [task.id for task in client.task_definitions(JOB)]
    assert ids[-3:] == ["151", "152", FINALIZE_TASK_ID]
    finalize = client.task_definitions(JOB)[-1]
    assert finalize.depends_on.ranges == ((1, 152),)
    inputs = _told(finalize)
    assert (inputs.tasks, list(expand(inputs.gates)), list(expand(inputs.guarded))) == (
        150,
        ["151", "152"],
        ["148", "149"],
    )


def test_large_inputs_are_there_before_any_task() -> None:
    """A task may run as soon as it is added."""
    client = _account()
    with pytest.raises(Killed):
        _submission(interrupt(client, 5, Interruption.BEFORE, Killed())).submit(_drafts())
    assert len(client.task_definitions(JOB)) == 1
    assert client.storage.read(CONTAINER, inputs_blob("2")) == b"x" * (MAX_INPUTS_LENGTH + 1)


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_job_manager_killed_anywhere_adds_the_rest_when_it_is_started_again(number: int, when: Interruption) -> None:
    """At every request, before and after it took effect: each task is there once, and the job can end."""
    client = _account()
    with pytest.raises(Killed):
        _submission(interrupt(client, number, when, Killed())).submit(_drafts())
    _submission(client).submit(_drafts())
    assert _without_order(client) == _expected()
    _end_all(client)
    assert client.get_job(JOB).state is JobState.COMPLETED


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_job_manager_that_gives_up_anywhere_leaves_a_job_that_ends(number: int, when: Interruption) -> None:
    """FinalizeTask waits for what is there, and nothing there waits for what is not."""
    client = _account()
    with pytest.raises(BusyError):
        _submission(interrupt(client, number, when, BusyError("busy", operation="it"))).submit(_drafts())
    _submission(client).submit_failure("it gave up")
    _end_all(client)
    assert client.get_job(JOB).state is JobState.COMPLETED


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, 6))
def test_giving_up_can_be_killed_and_repeated(number: int, when: Interruption) -> None:
    """Guard, job manager and whoever cancels may all do it."""
    client = _account()
    client.add_tasks(JOB, [FRAME.compile_task(task) for task in _drafts()[50:150]])
    with suppress(Killed):
        _submission(interrupt(client, number, when, Killed())).submit_failure("first")
    _submission(client).submit_failure("first")
    assert [task.id for task in client.task_definitions(JOB)].count(FINALIZE_TASK_ID) == 1
    _end_all(client)
    assert client.get_job(JOB).state is JobState.COMPLETED


def test_failure_tells_the_tasks_and_gates_that_are_there() -> None:
    """Though nobody knows the drafts any more."""
    client = _account()
    _submission(client).submit(_drafts())
    job = client.task_definitions(JOB)
    again = _account()
    for start in (1, 101):
        again.add_tasks(JOB, job[start : min(start + 100, len(job) - 1)])
    _submission(again).submit_failure("it broke", is_time_limit=True)
    finalize = again.task_definitions(JOB)[-1]
    told = _told(finalize)
    whole = _told(job[-1])
    assert told == replace(whole, cause="it broke", is_time_limit=True)
    assert finalize.depends_on == job[-1].depends_on


def test_task_whose_parent_was_never_added_is_ended() -> None:
    """It would wait for ever, and FinalizeTask for it."""
    client = _account()
    tasks = [
        TaskDefinition(id="2", command_line="a", depends_on=TaskDependencies(("1",))),
        TaskDefinition(id="5", command_line="a", depends_on=compress(["2", "3", "4"])),
        TaskDefinition(id="7", command_line="a", depends_on=TaskDependencies(("2", "5"))),
    ]
    client.add_tasks(JOB, tasks)
    _submission(client).submit_failure("it broke")
    states = {record.id: record.state for record in client.list_tasks(JOB)}
    assert (states["2"], states["5"], states["7"]) == (TaskState.COMPLETED, TaskState.COMPLETED, TaskState.ACTIVE)


def test_job_that_was_ended_by_somebody_else_takes_nothing() -> None:
    """It is no success to have added half."""
    client = _account()
    client.terminate_job(JOB, "enough")
    with pytest.raises(ConflictError):
        _submission(client).submit(_drafts())


def _told(finalize: TaskDefinition) -> FinalizeInputs:
    return FinalizeInputs.from_values(json.loads(finalize.environment[INPUTS]))


def _end_all(client: InMemoryBatchClient) -> None:
    """End tasks as Batch would: each once what it depends on is there and has ended."""
    client.end_task(JOB, JOB_MANAGER_TASK_ID)
    while True:
        ended = {record.id for record in client.list_tasks(JOB) if record.state is TaskState.COMPLETED}
        ready = [task.id for task in client.task_definitions(JOB) if _is_ready(task, ended)]
        if not ready:
            return
        for task_id in ready:
            client.end_task(JOB, task_id)


def _is_ready(task: TaskDefinition, ended: Iterable[str]) -> bool:
    return task.id not in ended and set(expand(task.depends_on)) <= set(ended)

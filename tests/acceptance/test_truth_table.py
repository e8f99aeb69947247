"""Every way for a task and for a job to end, on the local service: what follows, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_manager import DependencyRule, Outcome
from batch_manager.definitions import JobState, TaskState
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.outcome import ErrorCode
from tests.acceptance.conftest import WORKLOADS
from tests.acceptance.ends_world import ALL_JOBS, EndedJob, World, children
from tests.integration.containers.conftest import engine, finder, image
from tests.support.json_schema import find_faults
from tests.support.truth_table import ERRORS, GUARDED, KINDS, TASK_ENDS, Child, Setting, TaskEnd, counts_of, rows_of
from tests.support.truth_table_jobs import JOB_ENDS, JobEnd

__all__ = ["engine", "finder", "image"]

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "callback.schema.json").read_text())
FAMILIES = [(setting, end, kind) for setting in Setting for end in rows_of(setting) for kind in KINDS[setting]]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The stack with every job that the chosen tests ask for, on its way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(WORKLOADS)
        with World(lambda: str(request.getfixturevalue("image"))) as made:
            chosen = [value for item in request.session.items for value in _parameters(item)]
            for job in ALL_JOBS:
                if job in chosen:
                    made.begin(job)
            yield made


def _parameters(item: pytest.Item) -> Iterator[object]:
    call = getattr(item, "callspec", None)
    for value in () if call is None else call.params.values():
        yield value.setting if isinstance(value, TaskEnd) else value


@pytest.mark.parametrize("end", TASK_ENDS, ids=lambda end: end.name)
def test_task_ends_as_it_is_told(world: World, end: TaskEnd) -> None:
    """With Batch's own words, its exit code, its tries, and in the outcome."""
    job = world.ended(end.setting)
    record = job.tasks[end.name]
    found = (record.exit_code, record.failure_code, record.retry_count, record.requeue_count)
    assert found == (end.exit_code, end.code, end.retries, end.requeues)
    told = job.told_of(end.name)
    if end.outcome in (Outcome.FAILED, Outcome.CANCELLED) or end.retries:
        assert told is not None
        assert (told["outcome"], told["exitCode"]) == (end.outcome.value, end.exit_code)
        assert end.reason in told["reason"]
    else:
        assert told is None


@pytest.mark.parametrize(("setting", "end", "kind"), FAMILIES, ids=lambda value: getattr(value, "name", value))
def test_children_follow_their_rules(world: World, setting: Setting, end: TaskEnd, kind: str) -> None:
    """Their exit codes, and whether their own code ran; what is skipped behind a gate never has a process."""
    found = children(world.ended(setting), end, kind)
    for rule in DependencyRule:
        child = end.child(rule)
        code = None if kind in GUARDED and child is not Child.RUNS else child.exit_code
        assert found[rule] == (code, child is Child.RUNS), rule


@pytest.mark.parametrize("setting", Setting, ids=lambda setting: setting.value)
def test_all_tasks_are_counted_once(world: World, setting: Setting) -> None:
    """And the callback tells them."""
    job = world.ended(setting)
    assert _counted(job) == counts_of(setting, KINDS[setting])
    assert job.outcome["retries"] == sum(end.retries for end in rows_of(setting))
    assert job.outcome["requeues"] == sum(end.requeues for end in rows_of(setting))
    assert_told(job, ERRORS[setting])


@pytest.mark.parametrize("end", JOB_ENDS, ids=lambda end: end.name)
def test_job_ends_as_it_is_told(world: World, end: JobEnd) -> None:
    """Whatever went wrong: it has ended, and one outcome says how."""
    job = world.ended(end)
    own = [job.tasks.get(name) for name in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID)]
    codes = [None if record is None else record.exit_code for record in own]
    assert codes == [end.manager, end.finalize]
    assert job.outcome["outcome"] == end.outcome.value
    assert end.says in job.outcome["summary"]
    assert _counted(job) == end.counts.told
    assert_told(job, end.error, refused=end.answers)


def _counted(job: EndedJob) -> dict[str, int]:
    return {name: number for name, number in job.outcome["counts"].items() if number}


def assert_told(job: EndedJob, error: ErrorCode | None, refused: tuple[int, ...] = ()) -> None:
    """The job has ended and nothing of it goes on; one callback was accepted, in the form that is documented, unless
    the receiver refused it for good."""
    assert job.record.state is JobState.COMPLETED
    assert not [record.id for record in job.tasks.values() if record.state is TaskState.RUNNING]
    assert len({delivery.key for delivery in job.deliveries}) == 1
    assert len({delivery.content for delivery in job.deliveries}) == 1
    delivery = job.deliveries[-1]
    is_told = 410 not in refused
    assert len(job.deliveries) == len(refused) + is_told
    assert job.kept_body() == (None if is_told else delivery.content)
    assert find_faults(delivery.body, SCHEMA) == []
    assert delivery.body["Output"] == job.outcome
    assert delivery.body["StatusCode"] == ("200" if error is None else "500")
    assert delivery.body.get("Error", {}).get("ErrorCode") == (None if error is None else error.value)

"""Tasks from being added to being completed, on nodes that run nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import ErrorCategory, Stage, TaskFailure
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue


def depends(*ids: str, ranges: tuple[tuple[int, int], ...] = ()) -> JsonObject:
    """Return the property that makes a task wait for others."""
    return {"taskIds": list(ids), "taskIdRanges": [{"start": low, "end": high} for low, high in ranges]}


def on_exit(**actions: str) -> JsonObject:
    """Return exit conditions by name."""
    return {name: {"dependencyAction": action} for name, action in actions.items()}


def test_task_that_exits_0_is_completed_with_success(bench: Bench) -> None:
    """A task runs when there is a slot, and succeeds with exit code 0."""
    bench.add_task("a")
    assert bench.running() == ["a"]
    bench.finish("a")
    info = bench.execution("a")
    assert (bench.state("a"), info["result"], info["exitCode"]) == ("completed", "success", 0)


def test_task_that_fails_says_why(bench: Bench) -> None:
    """A failed task holds its exit code and its failure."""
    bench.add_task("a")
    bench.finish("a", exit_code=3)
    info = bench.execution("a")
    assert (info["result"], info["exitCode"], info["failureCode"]) == ("failure", 3, "FailureExitCode")


def test_tasks_start_in_order_of_adding(bench: Bench) -> None:
    """With one slot, the second task starts when the first has ended."""
    bench.add_task("b")
    bench.add_task("a")
    assert bench.running() == ["b"]
    bench.finish("b")
    assert bench.running() == ["a"]


def test_failed_task_is_retried_as_often_as_allowed(bench: Bench) -> None:
    """One retry means two runs; the task then fails with a retry count of 1."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 1})
    bench.finish("a", exit_code=1)
    assert bench.running() == ["a"]
    bench.finish("a", exit_code=1)
    info = bench.execution("a")
    assert (bench.state("a"), info["retryCount"], info["requeueCount"]) == ("completed", 1, 0)


def test_job_retries_hold_for_tasks_that_do_not_say(bench: Bench) -> None:
    """The job's maxTaskRetryCount is the default of its tasks."""
    bench.add_job("retrying", constraints={"maxTaskRetryCount": -1})
    bench.add_task("a", "retrying")
    for _ in range(3):
        bench.finish("a", exit_code=1)
    assert bench.running() == ["a"]


def test_retry_on_the_same_node_keeps_files(bench: Bench) -> None:
    """The first run gets an empty folder, a retry on that node finds its files."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 1})
    assert not bench.nodes.launch_of("a").keep_files
    bench.finish("a", exit_code=1)
    assert bench.nodes.launch_of("a").keep_files


def test_failed_upload_alone_is_not_retried(bench: Bench) -> None:
    """Retries are for the command; where it succeeded and an upload failed, the task fails."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 5})
    node = bench.nodes.running()["a"]
    launch = bench.nodes.launch_of("a")
    failure = TaskFailure(category=ErrorCategory.USER_ERROR, code="FileUploadContainerNotFound", message="no")
    node.finish(launch.key, exit_code=0, failure=failure, stage=Stage.UPLOAD)
    bench.settle()
    assert bench.state("a") == "completed"


def test_dependent_waits_for_every_parent(bench: Bench) -> None:
    """A task waits until all tasks it names have succeeded."""
    for parent in ("a", "b"):
        bench.add_task(parent)
    bench.add_task("child", dependsOn=depends("A", "b"))
    bench.finish("a")
    bench.finish("b")
    assert bench.running() == ["child"]


def test_dependent_waits_for_a_parent_that_does_not_exist_yet(bench: Bench) -> None:
    """An unknown parent is waited for, and satisfies when it is added and succeeds."""
    bench.add_task("child", dependsOn=depends("later"))
    assert bench.running() == []
    bench.add_task("later")
    bench.finish("later")
    assert bench.running() == ["child"]


def test_dependent_on_satisfied_parent_starts_at_once(bench: Bench) -> None:
    """What was satisfied before a task is added is not waited for."""
    bench.add_task("1")
    bench.finish("1")
    bench.add_task("child", dependsOn=depends("1", ranges=((1, 1),)))
    assert bench.running() == ["child"]


def test_range_waits_for_each_number_once(bench: Bench) -> None:
    """Ids compare as numbers in a range: of 2 and 02 one suffices, and every number is needed."""
    for task_id in ("1", "2", "02", "3"):
        bench.add_task(task_id)
    bench.add_task("child", dependsOn=depends(ranges=((1, 3),)))
    for task_id in ("1", "2", "02"):
        bench.finish(task_id)
    assert bench.state("child") == "active"
    bench.finish("3")
    assert bench.running() == ["child"]


def test_failed_parent_blocks_by_default(bench: Bench) -> None:
    """A dependent of a failed task stays active for ever."""
    bench.add_task("a")
    bench.add_task("child", dependsOn=depends("a"))
    bench.finish("a", exit_code=1)
    assert (bench.state("child"), bench.running()) == ("active", [])


@pytest.mark.parametrize(
    ("conditions", "exit_code", "stage", "goes"),
    [
        (on_exit(default="satisfy"), 1, Stage.RUN, True),
        (on_exit(default="satisfy"), None, Stage.PRE_PROCESSING, True),
        (on_exit(preProcessingError="block", default="satisfy"), None, Stage.PRE_PROCESSING, False),
        (on_exit(fileUploadError="satisfy"), 5, Stage.UPLOAD, True),
        ({"exitCodes": [{"code": 5, "exitOptions": {"dependencyAction": "satisfy"}}]}, 5, Stage.RUN, True),
        ({"exitCodes": [{"code": 0, "exitOptions": {"dependencyAction": "block"}}]}, 0, Stage.RUN, False),
        (
            {"exitCodeRanges": [{"start": 2, "end": 9, "exitOptions": {"dependencyAction": "satisfy"}}]},
            9,
            Stage.RUN,
            True,
        ),
        (
            {"exitCodeRanges": [{"start": 2, "end": 9, "exitOptions": {"dependencyAction": "satisfy"}}]},
            10,
            Stage.RUN,
            False,
        ),
    ],
)
def test_exit_conditions_decide_over_dependents(
    bench: Bench, conditions: JsonObject, exit_code: int | None, stage: Stage, goes: bool
) -> None:
    """A dependent goes when the condition that applies says satisfy, and only then."""
    bench.add_task("a", exitConditions=conditions)
    bench.add_task("child", dependsOn=depends("a"))
    bench.finish("a", exit_code=exit_code, stage=stage)
    assert (bench.running() == ["child"]) is goes


def test_terminated_running_task_fails_with_task_ended(bench: Bench) -> None:
    """A running task that is terminated completes when its processes are gone, is not retried, and says TaskEnded."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 3})
    bench.call("terminate_task", jobId="job", taskId="a")
    bench.settle()
    info = bench.execution("a")
    assert (bench.state("a"), info["failureCode"]) == ("completed", "TaskEnded")


def test_terminated_blocked_task_releases_by_its_own_condition(bench: Bench) -> None:
    """Terminating a task that waits completes it as failed, and its default action holds for what waits for it."""
    bench.add_task("blocked", dependsOn=depends("never"), exitConditions=on_exit(default="satisfy"))
    bench.add_task("child", dependsOn=depends("blocked"))
    bench.call("terminate_task", jobId="job", taskId="blocked")
    bench.settle()
    assert bench.running() == ["child"]


def test_deleted_running_task_is_gone_at_once_and_frees_its_slot(bench: Bench) -> None:
    """A deleted task answers 404 at once; its slot is free once it has ended."""
    bench.add_task("a")
    bench.add_task("b")
    bench.call("delete_task", jobId="job", taskId="a")
    with pytest.raises(BatchError, match="TaskNotFound"):
        bench.task("a")
    bench.settle()
    assert bench.running() == ["b"]


def test_reactivated_task_runs_again_and_releases_once(bench: Bench) -> None:
    """A failed task that succeeds after it was reactivated lets its dependents go."""
    bench.add_task("a")
    bench.add_task("child", dependsOn=depends("a"))
    bench.finish("a", exit_code=1)
    bench.call("reactivate_task", jobId="job", taskId="a")
    bench.settle()
    bench.finish("a")
    assert bench.running() == ["child"]


@pytest.mark.parametrize("parents", [{"taskIds": ["7"]}, {"taskIdRanges": [{"start": 7, "end": 7}]}])
def test_dependent_added_after_a_reactivation_waits_for_it(bench: Bench, parents: JsonObject) -> None:
    """What satisfied before is taken back: the parent runs again."""
    satisfy: JsonObject = {"default": {"dependencyAction": "satisfy"}}
    bench.add_task("7", exitConditions=satisfy)
    bench.finish("7", exit_code=3)
    bench.call("reactivate_task", jobId="job", taskId="7")
    bench.add_task("child", dependsOn=parents)
    bench.settle()
    assert bench.running() == ["7"]
    bench.finish("7")
    assert bench.running() == ["child"]


def test_files_of_a_reactivated_task_do_not_expire(bench: Bench) -> None:
    """Its retention begins with its next end."""
    bench.add_task("a", constraints={"retentionTime": "PT1H"})
    bench.finish("a", exit_code=1)
    bench.call("reactivate_task", jobId="job", taskId="a")
    assert bench.service.core.store.queue.next_deadline() is None


@pytest.mark.parametrize("identity", [{"username": "somebody"}])
def test_named_user_is_refused(bench: Bench, identity: JsonObject) -> None:
    """One machine has no other users to run as; an auto user is recorded."""
    with pytest.raises(BatchError) as caught:
        bench.add_task("a", userIdentity=identity)
    assert "username" in str(caught.value.values)
    bench.add_task("b", userIdentity={"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}})


def test_reactivating_a_successful_task_is_refused(bench: Bench) -> None:
    """A task that succeeded cannot run again."""
    bench.add_task("a")
    bench.finish("a")
    with pytest.raises(BatchError) as caught:
        bench.call("reactivate_task", jobId="job", taskId="a")
    assert caught.value.status == 409


def test_files_expire_after_retention(bench: Bench) -> None:
    """When the retention time is over, the node's folder of the task goes, and its files answer so."""
    bench.add_task("a", constraints={"retentionTime": "PT1H"})
    bench.finish("a")
    bench.clock.advance(timedelta(hours=1))
    bench.settle()
    with pytest.raises(BatchError, match="TaskFilesCleanedup"):
        bench.call("list_task_files", jobId="job", taskId="a")


@pytest.mark.parametrize("retention", ["P5000000D", "P10675199DT2H48M5.4775807S"])
def test_files_kept_for_ages_do_not_expire(bench: Bench, retention: str) -> None:
    """A time beyond every calendar is no limit."""
    bench.add_task("a", constraints={"retentionTime": retention})
    bench.finish("a")
    assert bench.service.core.store.queue.next_deadline() is None


def test_task_that_needs_more_slots_than_nodes_have_waits(bench: Bench) -> None:
    """Azure accepts such a task and never starts it; others are not held up."""
    bench.add_task("wide", requiredSlots=2)
    bench.add_task("b")
    assert (bench.state("wide"), bench.running()) == ("active", ["b"])


def test_counts_follow_the_states(bench: Bench) -> None:
    """Task counts add up over every change of state."""
    for task_id in ("a", "b", "c"):
        bench.add_task(task_id)
    bench.finish("a")
    bench.finish("b", exit_code=1)
    counts = bench.read("get_job_task_counts", jobId="job")["taskCounts"]
    assert counts == {"active": 0, "running": 1, "completed": 2, "succeeded": 1, "failed": 1}


def test_fan_in_of_many_ids_and_a_range_is_released_once_all_are_met(bench: Bench) -> None:
    """A task with thousands of parents starts exactly when the last one has succeeded."""
    tasks: list[JsonValue] = [{"id": str(number), "commandLine": "true"} for number in range(300)]
    for start in range(0, 300, 100):
        bench.call("create_task_collection", {"value": tasks[start : start + 100]}, jobId="job")
    bench.add_task("by-id", dependsOn=depends(*(str(number) for number in range(300))))
    bench.add_task("by-range", dependsOn=depends(ranges=((0, 299),)))
    for number in range(300):
        assert bench.running() == [str(number)]
        bench.finish(str(number))
    assert bench.running() == ["by-id"]

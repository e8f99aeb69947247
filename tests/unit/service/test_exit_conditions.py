"""What a task's end does to its job, on nodes that run nothing."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import Stage
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

PERFORMS = "performexitoptionsjobaction"
DISABLE: JsonObject = {"jobAction": "disable"}
NONE: JsonObject = {"jobAction": "none"}


@pytest.fixture
def bench() -> Bench:
    """Return an account with a pool of two slots and a job that performs what exit conditions ask for."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job(onTaskFailure=PERFORMS)
    return bench


def test_failed_task_terminates_a_job_that_performs_exit_options(bench: Bench) -> None:
    """Every failure terminates such a job unless a condition says otherwise; what runs is ended."""
    bench.add_task("a")
    bench.add_task("b")
    bench.finish("a", exit_code=1)
    info = bench.job()["executionInfo"]
    assert isinstance(info, dict)
    assert (bench.job()["state"], info["terminateReason"]) == ("completed", "TaskFailed")
    assert bench.execution("b")["failureCode"] == "TaskEnded"


def test_succeeded_task_leaves_its_job_alone(bench: Bench) -> None:
    """Without an entry, exit code 0 has no effect on the job."""
    bench.add_task("a")
    bench.finish("a")
    assert bench.job()["state"] == "active"


def test_exit_code_with_an_entry_disables_its_job(bench: Bench) -> None:
    """To disable puts what runs back in the queue, as the disable operation does with requeue."""
    bench.add_task("a", exitConditions={"exitCodes": [{"code": 3, "exitOptions": DISABLE}]})
    bench.add_task("b")
    bench.finish("a", exit_code=3)
    assert (bench.job()["state"], bench.state("b")) == ("disabled", "active")


@pytest.mark.parametrize(
    ("conditions", "exit_code", "stage"),
    [
        ({"exitCodes": [{"code": 3, "exitOptions": NONE}]}, 3, Stage.RUN),
        ({"exitCodeRanges": [{"start": 2, "end": 5, "exitOptions": NONE}]}, 5, Stage.RUN),
        ({"preProcessingError": NONE}, None, Stage.PRE_PROCESSING),
        ({"fileUploadError": NONE}, 9, Stage.UPLOAD),
        ({"exitCodes": [{"code": 9, "exitOptions": NONE}], "fileUploadError": DISABLE}, 9, Stage.UPLOAD),
        ({"default": NONE}, None, Stage.PRE_PROCESSING),
        ({"default": NONE}, 7, Stage.RUN),
    ],
)
def test_condition_that_applies_decides(
    bench: Bench, conditions: JsonObject, exit_code: int | None, stage: Stage
) -> None:
    """Codes win over the upload error, and the default covers what no entry names."""
    bench.add_task("a", exitConditions=conditions)
    bench.finish("a", exit_code=exit_code, stage=stage)
    assert bench.job()["state"] == "active"


def test_entry_without_a_job_action_leaves_it_to_the_default(bench: Bench) -> None:
    """A condition that speaks of dependents alone still terminates the job."""
    bench.add_task("a", exitConditions={"default": {"dependencyAction": "satisfy"}})
    bench.finish("a", exit_code=1)
    assert bench.job()["state"] == "completed"


def test_retried_task_has_no_effect_on_its_job(bench: Bench) -> None:
    """Only the last attempt counts."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 1})
    bench.finish("a", exit_code=1)
    assert (bench.job()["state"], bench.running()) == ("active", ["a"])


def test_task_ended_with_its_disabled_job_does_not_terminate_it(bench: Bench) -> None:
    """Job actions are those of an active job."""
    bench.add_task("a")
    bench.call("begin_disable_job", {"disableTasks": "terminate"}, jobId="job")
    bench.settle()
    assert (bench.job()["state"], bench.state("a")) == ("disabled", "completed")


def test_job_action_of_a_job_without_one_is_refused() -> None:
    """With onTaskFailure=noaction a job action has no meaning; Azure answers 400."""
    bench = Bench()
    bench.add_job()
    with pytest.raises(BatchError, match="InvalidPropertyValue"):
        bench.add_task("a", exitConditions={"default": {"jobAction": "none"}})

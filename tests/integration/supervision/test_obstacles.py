"""Every obstacle on a real service: found, named, the job ended, and the callback told."""

from datetime import timedelta

import pytest
from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models

from batch_manager.definitions import JobState, TaskDefinition
from batch_manager.dependencies import compress
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.outcome import ErrorCode
from batch_manager.specification import MultiInstanceSettings, TaskConstraints
from tests.integration.supervision.conftest import MadeJob, MakeJob
from tests.service.support import wait_until

TASK = TaskDefinition(id="1", command_line="/bin/true")


def assert_stuck(job: MadeJob, code: str, words: str) -> None:
    """The outcome, the job and the callback say the same."""
    outcome = job.supervise()
    assert outcome.standstill is not None
    assert (outcome.error_code, outcome.standstill.code) == (ErrorCode.STUCK, code)
    assert words in outcome.standstill.message
    record = job.client.get_job(job.id)
    assert record.state is JobState.COMPLETED
    assert code in (record.terminate_reason or "")
    told = job.callback()
    assert told["StatusCode"] == "500"
    assert told["Error"]["ErrorCode"] == "Stuck"
    assert words in told["Error"]["Message"]
    assert told["Output"]["counts"]["succeeded"] == 0


@pytest.mark.parametrize(
    ("pool", "code", "words"),
    [
        ("nowhere", "pool_missing", "there is no pool 'nowhere'"),
        ("quota", "pool_cannot_grow", "AccountLowPriorityCoreQuotaReached"),
        ("empty", "pool_empty", "the pool 'empty' has no node"),
        ("unstartable", "start_task_fails", "fails on 2 of 2 nodes"),
        ("broken", "nodes_unusable", "1 unusable"),
        ("slow", "nodes_not_ready", "1 starting"),
    ],
)
def test_pool_that_runs_nothing_is_told(make_job: MakeJob, pool: str, code: str, words: str) -> None:
    """Not even FinalizeTask can run there."""
    assert_stuck(make_job(pool), code, words)


def test_task_that_is_too_wide_is_told(make_job: MakeJob) -> None:
    """It would wait for ever, on Azure too."""
    wide = TaskDefinition(id="1", command_line="/bin/true", required_slots=3)
    assert_stuck(make_job("narrow", [wide]), "too_many_slots", "task '1' needs 3 slots")


def test_multi_instance_task_without_nodes_enough_is_told(make_job: MakeJob) -> None:
    """Nodes are idle, and nothing starts."""
    gang = MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")
    task = TaskDefinition(id="1", command_line="/bin/true", multi_instance=gang)
    assert_stuck(make_job("narrow", [task]), "nothing_starts", "1 idle")


@pytest.mark.parametrize("retries", [0, 1, -1])
def test_preparation_task_that_fails_is_told(make_job: MakeJob, retries: int) -> None:
    """Whether Batch gives up or tries for ever."""
    constraints = {"maxTaskRetryCount": retries}
    preparation = {"commandLine": "/bin/sh -c 'exit 3'", "waitForSuccess": True, "constraints": constraints}
    assert_stuck(make_job("good", preparation=preparation), "preparation_fails", "preparation task fails on every node")


def test_gate_that_fails_is_told(make_job: MakeJob) -> None:
    """The task behind it is blocked by Batch."""
    limits = TaskConstraints(max_task_retry_count=1)
    gate = TaskDefinition(id="2", command_line="/bin/false", blocks_on_failure=True, constraints=limits)
    guarded = TaskDefinition(id="1", command_line="/bin/true", depends_on=compress("2"))
    inputs = FinalizeInputs(tasks=1, gates=compress("2"), guarded=compress("1"))
    assert_stuck(
        make_job("good", [gate, guarded], inputs=inputs), "gate_failed", "the gate '2' failed with exit code 1"
    )


def test_disabled_job_is_told(make_job: MakeJob, sdk: SdkBatchClient) -> None:
    """Once nobody has enabled it for long enough."""
    job = make_job("empty")
    options = models.BatchJobDisableOptions(disable_tasks=models.DisableBatchJobOption.REQUEUE)
    sdk.begin_disable_job(job.id, options, polling_interval=0).wait()
    assert_stuck(job, "job_disabled", "enable it")


def test_job_manager_that_leaves_nothing_is_told(make_job: MakeJob) -> None:
    """Its exit code is the cause."""
    job = make_job("good", [], manager="/bin/sh -c 'exit 9'", finalize=False)
    outcome = job.supervise()
    assert outcome.error_code is ErrorCode.JOB_MANAGER_FAILED
    assert "exit code 9 without adding FinalizeTask" in (outcome.cause or "")
    assert job.callback()["Error"]["ErrorCode"] == "JobManagerFailed"


def test_job_that_is_terminated_by_hand_is_told_as_cancelled(make_job: MakeJob) -> None:
    """With the reason that was given, and FinalizeTask never ran."""
    job = make_job("good", [TaskDefinition(id="1", command_line="/bin/sleep 600")])
    wait_until(lambda: job.client.get_task_counts(job.id).running == 1)
    job.client.terminate_job(job.id, "wrong data")
    assert job.supervise().error_code is ErrorCode.CANCELLED
    told = job.callback()
    assert told["Error"]["ErrorCode"] == "Cancelled"
    assert "wrong data" in told["Error"]["Message"]


def test_job_that_its_wall_clock_ends_is_told(make_job: MakeJob) -> None:
    """Batch ends FinalizeTask with it."""
    sleeper = TaskDefinition(id="1", command_line="/bin/sleep 600")
    job = make_job("good", [sleeper], wall_clock=timedelta(seconds=3))
    assert job.supervise().error_code is ErrorCode.TIME_LIMIT
    told = job.callback()
    assert told["Error"]["ErrorCode"] == "TimeLimit"
    assert "maximum wall clock time was over" in told["Error"]["Message"]


def test_job_that_goes_on_is_left_alone(make_job: MakeJob) -> None:
    """Its FinalizeTask tells it, though every limit is a second and its first task takes two."""
    slow = TaskDefinition(id="1", command_line="/bin/sleep 2")
    after = TaskDefinition(id="2", command_line="/bin/true", depends_on=compress("1"))
    job = make_job("good", [slow, after])
    outcome = job.supervise()
    assert (outcome.error_code, outcome.succeeded) == (None, 2)
    assert job.callback()["StatusCode"] == "200"

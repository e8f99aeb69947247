"""Batch's objects as our values: pools that cannot grow, nodes that cannot start, jobs that cannot be prepared."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import models
from hypothesis import given
from hypothesis import strategies as st

from batch_manager._azure.records import node_record, pool_record, preparation_record
from batch_manager._azure.requests import iso_duration
from batch_manager._azure.task_records import read_duration, task_record
from batch_manager.definitions import AllocationState, PreparationRecord, ResizeProblem
from batch_manager.specification import ApplicationPackageReference

SAS = "https://a.blob.core.windows.net/c/b?sv=2026&sig=SECRET"
FAILED: dict[str, Any] = {
    "state": "completed",
    "startTime": "2026-01-31T15:45:01Z",
    "exitCode": 3,
    "retryCount": 2,
    "result": "failure",
    "failureInfo": {
        "category": "usererror",
        "code": "FailureExitCode",
        "message": "The task exited with an exit code representing a failure\nRequestId:1",
        "details": [{"name": "Path", "value": SAS}],
    },
}
WORDS = "FailureExitCode: The task exited with an exit code representing a failure (Path: https://a.blob.core.windows.net/c/b)"


def test_pool_that_cannot_grow_says_why() -> None:
    """With Batch's code; dedicated and spot nodes count together."""
    pool = pool_record(
        models.BatchPool(
            {
                "id": "p",
                "state": "active",
                "allocationState": "steady",
                "allocationStateTransitionTime": "2026-01-31T15:45:01Z",
                "currentDedicatedNodes": 1,
                "currentLowPriorityNodes": 2,
                "targetDedicatedNodes": 3,
                "targetLowPriorityNodes": 4,
                "resizeErrors": [
                    {
                        "code": "AccountCoreQuotaReached",
                        "message": "no cores",
                        "values": [{"name": "Limit", "value": "4"}],
                    }
                ],
                "startTask": {"commandLine": "a", "waitForSuccess": False},
                "applicationPackageReferences": [{"applicationId": "mesher", "version": "1"}],
                "virtualMachineConfiguration": {"containerConfiguration": {"type": "dockerCompatible"}},
            }
        )
    )
    assert (pool.current_nodes, pool.target_nodes, pool.allocation_state) == (3, 7, AllocationState.STEADY)
    assert pool.resize_problems == (ResizeProblem(code="AccountCoreQuotaReached", message="no cores (Limit: 4)"),)
    assert (pool.has_start_task, pool.start_task_waits, pool.has_containers) == (True, False, True)
    assert pool.application_packages == (ApplicationPackageReference(application_id="mesher", version="1"),)
    assert pool.allocation_state_since == datetime(2026, 1, 31, 15, 45, 1, tzinfo=UTC)


def test_pool_with_what_must_be_there_alone_is_read() -> None:
    """An older service, or one that leaves out what is not set."""
    pool = pool_record(models.BatchPool({"id": "p", "state": "active"}))
    assert (pool.task_slots_per_node, pool.target_nodes, pool.has_start_task, pool.start_task_waits) == (
        1,
        0,
        False,
        True,
    )


def test_node_whose_start_task_failed_says_how_without_a_sas() -> None:
    """In words that fit into one line."""
    node = node_record(
        models.BatchNode(
            {
                "id": "n",
                "state": "starttaskfailed",
                "stateTransitionTime": "2026-01-31T15:45:01Z",
                "startTaskInfo": FAILED,
                "errors": [{"code": "DiskFull", "message": "no room"}],
            }
        )
    )
    assert (node.state, node.start_task_failure) == ("starttaskfailed", f"exit code 3: {WORDS}")
    assert node.errors == ("DiskFull: no room",)


def test_node_whose_start_task_succeeded_has_no_failure() -> None:
    """Nor one without a start task."""
    info = {
        "state": "completed",
        "startTime": "2026-01-31T15:45:01Z",
        "retryCount": 0,
        "result": "success",
        "exitCode": 0,
    }
    for extra in ({}, {"startTaskInfo": info}):
        node = node_record(models.BatchNode({"id": "n", "state": "idle", **extra}))
        assert (node.start_task_failure, node.errors, node.state_since) == (None, (), None)


def test_preparation_that_failed_says_how() -> None:
    """A node where it was not started has none."""
    status = models.BatchJobPreparationAndReleaseTaskStatus({"nodeId": "n", "jobPreparationTaskExecutionInfo": FAILED})
    assert preparation_record(status) == PreparationRecord(
        node_id="n", state="completed", succeeded=False, exit_code=3, failure_message=WORDS, retry_count=2
    )
    assert preparation_record(models.BatchJobPreparationAndReleaseTaskStatus({"nodeId": "n"})) is None


@pytest.mark.parametrize("spelling", ["Success", "success", "SUCCESS"])
def test_result_of_a_task_is_read_in_any_spelling(spelling: str) -> None:
    """The recorded service and the contract differ."""
    info = {"retryCount": 0, "requeueCount": 0, "result": spelling, "exitCode": 0}
    assert task_record({"id": "1", "state": "completed", "executionInfo": info}).succeeded is True


def test_times_of_a_task_are_read_with_seven_digits() -> None:
    """As Batch writes them."""
    info = {"startTime": "2026-01-31T15:45:01.1234567Z", "endTime": "2026-01-31T15:45:02Z"}
    record = task_record({"id": "1", "state": "completed", "executionInfo": info})
    assert record.start_time == datetime(2026, 1, 31, 15, 45, 1, 123456, tzinfo=UTC)
    assert record.end_time == datetime(2026, 1, 31, 15, 45, 2, tzinfo=UTC)


@given(st.timedeltas(timedelta(0), timedelta(days=180)))
def test_duration_that_is_sent_is_read_back(length: timedelta) -> None:
    """One way of writing it, and the reverse."""
    assert read_duration(iso_duration(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1H30M", timedelta(minutes=90)),
        ("P7D", timedelta(days=7)),
        ("P10675199DT2H48M5.4775807S", timedelta(days=10675199, hours=2, minutes=48, seconds=5.4775807)),
    ],
)
def test_durations_that_batch_writes_are_read(text: str, length: timedelta) -> None:
    """The last stands for no limit."""
    assert read_duration(text) == length


@pytest.mark.parametrize("text", ["", "1H", "P1Y", "PT1H "])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    """Rather than taken for another."""
    with pytest.raises(ValueError, match="is no duration"):
        read_duration(text)

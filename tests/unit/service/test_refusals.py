"""Refusals that have a code of their own in Batch's lists."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.options import ServiceOptions
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.nodes import act

POOL: JsonObject = {"poolId": "pool"}
RETRIES: JsonObject = {"maxTaskRetryCount": -2}
TASK: JsonObject = {"id": "t", "commandLine": "true"}
RANGES: JsonObject = {"taskIdRanges": [{"start": number, "end": number} for number in range(10_000, 17_000)]}


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("create_job", {"id": "j", "poolInfo": POOL, "priority": 1001}, "OutOfRangePriority"),
        ("update_job", {"priority": -1001}, "OutOfRangePriority"),
        ("create_job", {"id": "j", "poolInfo": POOL, "constraints": RETRIES}, "InvalidConstraintValue"),
        ("create_task", {**TASK, "constraints": RETRIES}, "InvalidConstraintValue"),
        ("create_task", {**TASK, "dependsOn": RANGES}, "TaskDependencyRangesTooLong"),
        ("update_job", {"metadata": [{"name": "", "value": "v"}]}, "EmptyMetadataKey"),
        ("reactivate_task", {}, "TaskNotCompleted"),
    ],
)
def test_refusal_has_the_code_of_its_reason(bench: Bench, operation: str, body: JsonObject, code: str) -> None:
    """Where Batch's list has a code for the very reason, that one is answered."""
    bench.call("update_job", {"poolInfo": POOL}, jobId="job")
    bench.add_task("waits")
    with pytest.raises(BatchError) as caught:
        bench.call(operation, body, jobId="job", taskId="waits")
    assert caught.value.code == code


def test_task_that_succeeded_is_not_reactivated(bench: Bench) -> None:
    """It is refused in other words than a task that still runs."""
    bench.add_task("a")
    bench.finish("a")
    with pytest.raises(BatchError, match="TaskSucceeded"):
        bench.call("reactivate_task", jobId="job", taskId="a")


def test_job_and_schedule_cannot_have_one_id(bench: Bench) -> None:
    """Whichever comes second is refused."""
    schedule: JsonObject = {"id": "JOB", "schedule": {}, "jobSpecification": {"poolInfo": POOL}}
    with pytest.raises(BatchError, match="JobWithSameIdExists"):
        bench.call("create_job_schedule", schedule)
    bench.call("create_job_schedule", {**schedule, "id": "s"})
    with pytest.raises(BatchError, match="JobScheduleWithSameIdExists"):
        bench.call("create_job", {"id": "S", "poolInfo": POOL})


def test_node_in_its_target_scheduling_state_is_left(bench: Bench) -> None:
    """Disabling twice, and enabling what is enabled, are refused."""
    with pytest.raises(BatchError, match="NodeAlreadyInTargetSchedulingState"):
        act(bench, "enable_node_scheduling")
    act(bench, "disable_node_scheduling")
    with pytest.raises(BatchError, match="NodeAlreadyInTargetSchedulingState"):
        act(bench, "disable_node_scheduling")


@pytest.mark.parametrize("operation", ["begin_reboot_node", "disable_node_scheduling"])
def test_node_that_starts_says_so(operation: str) -> None:
    """The refusal names what the node is doing."""
    bench = Bench(options=ServiceOptions(boot_seconds=30))
    bench.add_pool()
    with pytest.raises(BatchError, match="NodeBeingStarted"):
        act(bench, operation)


@pytest.mark.parametrize("name", ["userAccounts[0].password", "accountKey", "protectedSettings", "sshPrivateKey"])
def test_refusal_does_not_show_a_secret(name: str) -> None:
    """Its value is the one thing that a log of refusals must not have."""
    error = invalid_property(name, "hush", "a string is expected")
    assert "hush" not in f"{error} {error.values}"
    assert "seen" in str(invalid_property("displayName", "seen", "no").values)


def test_codes_are_unique_but_for_what_authentication_hides() -> None:
    """A client tells refusals apart by their codes."""
    codes = [refusal.value.code for refusal in Refusal if refusal.value.code != "AuthenticationFailed"]
    assert len(codes) == len(set(codes))

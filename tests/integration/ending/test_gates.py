"""Tasks that cannot ask themselves, on a real service: multi-instance tasks and tasks in containers."""

import time

import pytest

from batch_manager import DependencyRule
from batch_manager.specification import MultiInstanceSettings
from tests.integration.ending.conftest import RunJob, command

TWO = MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")


@pytest.mark.parametrize(
    ("parent", "rule", "gate", "guarded", "child"),
    [
        ("/bin/true", DependencyRule.ALL_SUCCEEDED, 0, 0, 0),
        ("/bin/false", DependencyRule.ALL_SUCCEEDED, 80, None, 80),
        ("/bin/false", DependencyRule.ANY_FAILED, 0, 0, 0),
        ("/bin/true", DependencyRule.ANY_FAILED, 80, None, 80),
    ],
)
def test_multi_instance_task_follows_its_rule(
    run_job: RunJob, parent: str, rule: DependencyRule, gate: int, guarded: int | None, child: int
) -> None:
    """Its gate lets it go or ends it; what depends on it learns of it, and FinalizeTask tells it as skipped."""
    first = command(1, parent)
    gang = command(2, "/bin/sh -c 'test -n \"$AZ_BATCH_HOST_LIST\"'", first, run_when=rule, multi_instance=TWO)
    last = command(3, "/bin/true", gang)
    ended = run_job([first, gang, last], pool="gang")
    assert ended.codes() == {"1": int(parent == "/bin/false"), "2": guarded, "3": child, "4": gate, "finalize": 0}
    counts = ended.outcome["counts"]
    assert counts["skipped"] == (2 if guarded is None else 0)
    assert counts["succeeded"] + counts["failed"] + counts["skipped"] == 3
    assert counts["cancelled"] == 0


def test_gate_of_a_job_whose_time_is_over_ends_its_task(run_job: RunJob) -> None:
    """It has a gate though it has no parents, and tells the reason."""
    gang = command(1, "/bin/true", multi_instance=TWO)
    ended = run_job([gang], pool="gang", time_limit=time.time() - 1)
    assert ended.codes() == {"1": None, "2": 81, "finalize": 0}
    assert ended.outcome["counts"]["cancelled"] == 1

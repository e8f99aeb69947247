"""Tasks that cannot ask themselves, on a real service: multi-instance tasks and tasks in containers."""

import time

import pytest
from azure.batch import models

from batch_manager import DependencyRule
from batch_manager.specification import ContainerSettings, MultiInstanceSettings
from dispatcher.stack import LocalStack
from tests.integration.ending.conftest import RunJob, command, sdk_client
from tests.service.support import pool_options, present

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


@pytest.mark.parametrize(("parent", "code"), [("/bin/true", 7), ("/bin/false", None)])
def test_task_in_a_container_follows_its_rule(
    stack: LocalStack, run_job: RunJob, image: str, name: str, parent: str, code: int | None
) -> None:
    """Its image needs neither Python nor this package; its exit codes are its own."""
    with sdk_client(stack) as sdk:
        options = pool_options(name)
        containers = models.BatchContainerConfiguration(type="dockerCompatible", container_image_names=[image])
        present(options.virtual_machine_configuration).container_configuration = containers
        sdk.create_pool(options)
    first = command(1, parent)
    boxed = command(2, "/bin/sh -c 'ls / && exit 7'", first, container=ContainerSettings(image_name=image))
    last = command(3, "/bin/true", boxed, run_when=DependencyRule.ANY_FAILED)
    ended = run_job([first, boxed, last], pool=name)
    assert ended.codes() == {"1": int(code is None), "2": code, "3": 0, "4": 80 if code is None else 0, "finalize": 0}
    assert code is None or "work" in ended.log("2", "stdout.txt").split()
    counts = ended.outcome["counts"]
    assert (counts["failed"], counts["skipped"]) == ((1, 0) if code else (1, 1))

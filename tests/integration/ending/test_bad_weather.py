"""The same where Batch is busy, answers are lost and nodes go: asked again, decided alike."""

from collections.abc import Iterator

import pytest

from dispatcher.stack import LocalStack
from tests.integration.ending.conftest import RunJob, command, sdk_client
from tests.integration.ending.test_gates import TWO
from tests.service.support import pool_options

PLAN = """
seed=5
throttle=0.3:none@list_tasks; busy=0.2@list_tasks; drop-reply=0.3@list_tasks
drop-request=0.2@terminate_task; drop-reply=0.5@terminate_task; drop-reply=0.5@replace_task
reboot=1 task=6 max=2
reboot=1 task=7 max=2
"""
"""Tasks 6 and 7 are gates: their nodes reboot when they are about to end, twice each."""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """In the place of the quiet one."""
    with LocalStack(service_options=("--faults", PLAN, "--boot-seconds", "0.5")) as running, sdk_client(running) as sdk:
        gang = pool_options(
            "gang", target_dedicated_nodes=3, task_slots_per_node=1, enable_inter_node_communication=True
        )
        sdk.create_pool(gang)
        yield running


@pytest.mark.parametrize(
    ("parent", "gate", "guarded", "others"), [("/bin/true", "6", 0, 0), ("/bin/false", "7", None, 80)]
)
def test_rules_hold_in_bad_weather(run_job: RunJob, parent: str, gate: str, guarded: int | None, others: int) -> None:
    """A gate that is run again does what it did; whoever cannot ask asks again."""
    first = command(1, parent)
    second = command(2, "/bin/true", first)
    gang = command(3, "/bin/true", first, multi_instance=TWO)
    last = command(4, "/bin/true", second, gang)
    more = [command(number, "/bin/true", second) for number in range(5, int(gate))]
    ended = run_job([first, second, gang, last, *more], pool="gang")
    codes = ended.codes()
    assert (codes["3"], codes[gate]) == (guarded, 80 if guarded is None else 0)
    assert {codes[task.id] for task in (second, last, *more)} == {others}
    assert ended.records[gate].requeue_count == 2
    assert ended.outcome["counts"]["skipped"] == (3 + len(more) if guarded is None else 0)

"""Whether a pool is ready, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batch_manager.definitions import ResizeProblem
from batch_manager.errors import NotFoundError
from batch_manager.node_files import NodeFile
from batch_manager.pool_operations import AutoscaleRun, PoolNode
from batch_manager.pools.readiness import Verdict, look_at
from batch_manager.pools.waiting import Waiting, wait_until_gone, wait_until_ready
from tests.support.pools_in_memory import NOW, PoolsInMemory, detail

TWO: dict[str, Any] = {"target_dedicated_nodes": 2, "current_dedicated_nodes": 2}
QUOTA = ResizeProblem(code="AccountCoreQuotaReached", message="the quota is 4 cores")


def _nodes(*states: str) -> list[PoolNode]:
    return [PoolNode(id=f"n{number}", state=state) for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (("idle", "running"), Verdict.READY),
        (("idle", "offline"), Verdict.READY),
        (("idle",), Verdict.WAITING),
        (("idle", "starting"), Verdict.WAITING),
        (("idle", "preempted"), Verdict.WAITING),
        (("unusable", "starting"), Verdict.WAITING),
        (("idle", "unusable"), Verdict.FAILED),
        (("starttaskfailed", "idle"), Verdict.FAILED),
    ],
)
def test_steady_pool_is_as_its_nodes(states: tuple[str, ...], verdict: Verdict) -> None:
    """A broken node is final once no other is on its way."""
    assert look_at(detail(**TWO), _nodes(*states)).verdict is verdict


def test_pool_that_grows_is_waited_for() -> None:
    """Whatever its nodes are."""
    assert look_at(detail(**TWO, allocation_state="resizing"), _nodes("unusable")).verdict is Verdict.WAITING


def test_resize_that_failed_is_told() -> None:
    """With Batch's own code."""
    health = look_at(replace(detail(**TWO), resize_problems=(QUOTA,)), _nodes("idle"))
    assert health.verdict is Verdict.FAILED
    assert health.reasons == ("resize: AccountCoreQuotaReached: the quota is 4 cores",)


def test_pool_with_a_formula_is_ready_with_the_nodes_it_asks_for() -> None:
    """None may be right; before the first evaluation nobody knows."""
    assert look_at(detail(formula="f"), ()).verdict is Verdict.WAITING
    assert look_at(detail(formula="f", run=AutoscaleRun(at=NOW)), ()).verdict is Verdict.READY
    failed = look_at(detail(formula="f", run=AutoscaleRun(at=NOW, error="no sample")), ())
    assert (failed.verdict, failed.reasons) == (Verdict.FAILED, ("formula: no sample",))


def test_nodes_that_are_broken_alike_are_told_in_one_line() -> None:
    """With the first of them."""
    nodes = [PoolNode(id=f"n{number}", state="unusable", errors=("DiskFull: no room",)) for number in range(3)]
    assert look_at(detail(**TWO), nodes).reasons == ("node n0 and 2 more: DiskFull: no room",)


class Logs:
    """Files of nodes; None if they cannot be had."""

    def __init__(self, text: bytes | None) -> None:
        self.text = text

    def read_node_file(self, pool_id: str, node_id: str, path: str, *, at_most: int | None = None) -> bytes:
        if self.text is None:
            raise NotFoundError("no such file", operation="read")
        return self.text[-(at_most or 0) :]

    def task_file(self, job_id: str, task_id: str, path: str) -> NodeFile:
        raise AssertionError

    def read_task_file(self, job_id: str, task_id: str, path: str, start: int, end: int) -> bytes:
        raise AssertionError


@pytest.mark.parametrize(
    ("text", "said"), [(b"no licence\n", "no licence"), (b"", "nothing"), (None, "cannot be read")]
)
def test_wait_tells_the_end_of_a_failed_start_task(text: bytes | None, said: str) -> None:
    """Its standard error says more than Batch does."""
    pools = PoolsInMemory(detail(**TWO))
    pools.nodes.nodes["p"] = [PoolNode(id="n", state="starttaskfailed", start_task_failure="exit code 3: it failed")]
    health = wait_until_ready(pools, Logs(text), "p", Waiting(), lambda health: None)
    assert health.verdict is Verdict.FAILED
    assert "exit code 3" in health.reasons[0]
    assert said in health.reasons[1]


def test_wait_ends_with_its_time() -> None:
    """The last look is told."""
    pools = PoolsInMemory(detail(**TWO))
    slept: list[float] = []
    clock = Waiting(limit=timedelta(seconds=25), interval=10, monotonic=lambda: sum(slept), sleep=slept.append)
    looks: list[str] = []
    health = wait_until_ready(pools, Logs(b""), "p", clock, lambda health: looks.append(health.label))
    assert health.verdict is Verdict.WAITING
    assert slept == [10, 10, 5]
    assert looks == ["0 of 2 nodes"] * 4


def test_wait_until_gone_ends_when_the_pool_is_gone() -> None:
    """And not before."""
    pools = PoolsInMemory(detail())
    assert wait_until_gone(pools, "p", Waiting(sleep=lambda _: pools.delete_pool("p")))
    pools = PoolsInMemory(detail())
    assert not wait_until_gone(pools, "p", Waiting(limit=timedelta(0)))

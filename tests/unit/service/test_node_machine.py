"""A machine that does anything to nodes, in any order, and restarts the service in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.launch import START_TASK
from dispatcher.service.options import ServiceOptions
from dispatcher.service.states import NodeState, TransitionError
from dispatcher.service.store import Store
from dispatcher.service.switching import preempt
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.nodes import advance, live_nodes

CALLS = {
    "reboot": "begin_reboot_node",
    "reimage": "begin_reimage_node",
    "deallocate": "begin_deallocate_node",
    "on": "begin_start_node",
    "disable": "disable_node_scheduling",
    "enable": "enable_node_scheduling",
}
STEPS = ("start", "finish", "end_start", "fail_start", "preempt", "wait", "shrink", "grow", "kill", *CALLS)
RESTING = {NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE, NodeState.DEALLOCATED, NodeState.START_TASK_FAILED}


class Machine:
    """A pool of spot nodes with a start task, in a service that may be killed."""

    def __init__(self, folder: Path, boot: float) -> None:
        self._folder = folder
        self._options = ServiceOptions(boot_seconds=boot, allocation_seconds=boot)
        self.bench = self._open()
        self._began = self.bench.clock.now()
        self.bench.add_pool(targetDedicatedNodes=0, targetLowPriorityNodes=1, startTask={"commandLine": "prepare"})
        self.bench.add_job()

    def take(self, step: str, task_id: str) -> None:
        """Do one thing; a refusal is as good as an answer."""
        if step == "kill":
            self._restart()
        elif step == "start":
            self.bench.add_task(task_id)
        elif step == "wait":
            advance(self.bench, 15)
        elif step in {"shrink", "grow"}:
            body: JsonObject = {"targetLowPriorityNodes": 1 if step == "shrink" else 2}
            with suppress(BatchError):
                self.bench.call("begin_resize_pool", body, poolId="pool")
        for live in live_nodes(self.bench):
            with suppress(BatchError, TransitionError):
                self._act(step, live)
        self.bench.settle()

    def come_to_rest(self) -> None:
        """Let time pass, and every start task succeed."""
        for _ in range(5):
            advance(self.bench, 60)
            self.take("end_start", "")

    def _act(self, step: str, live: LiveNode) -> None:
        node = self.bench.nodes.opened[live.record.id]
        tasks = [key for key in node.running if key != START_TASK]
        if step in CALLS:
            self.bench.call(CALLS[step], poolId="pool", nodeId=live.record.id)
        elif step == "preempt":
            preempt(self.bench.service.core, live, timedelta(seconds=10))
        elif step in {"end_start", "fail_start"} and START_TASK in node.running:
            node.finish(START_TASK, exit_code=int(step == "fail_start"))
        elif step == "finish" and tasks:
            node.finish(tasks[0])

    def _restart(self) -> None:
        elapsed = self.bench.clock.now() - self._began
        self.bench.service.close()
        self.bench = self._open()
        self.bench.clock.advance(elapsed)
        self.bench.service.worker.recover()

    def _open(self) -> Bench:
        return Bench(Store(self._folder / "state"), self._options)


@contextmanager
def machine(boot: float) -> Iterator[Machine]:
    """Return a machine with a folder of its own."""
    with TemporaryDirectory() as folder:
        made = Machine(Path(folder), boot)
        yield made
        made.bench.service.close()


@settings(deadline=None, max_examples=80)
@given(st.lists(st.sampled_from(STEPS), max_size=14), st.sampled_from([0.0, 30.0]))
def test_nodes_come_to_rest_whatever_happens(steps: list[str], boot: float) -> None:
    """No order of events is a fault; a node is running exactly while tasks run; in the end no node is restless."""
    with machine(boot) as made:
        for number, step in enumerate(steps):
            made.take(step, f"t{number}")
            for live in live_nodes(made.bench):
                assert live.state is not NodeState.IDLE or live.used_slots == 0
                assert live.state is not NodeState.RUNNING or live.used_slots > 0
        made.come_to_rest()
        assert {live.state for live in live_nodes(made.bench)} <= RESTING


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_no_task_is_lost_on_the_way(steps: list[str]) -> None:
    """Whatever happened to the nodes, every task runs to its end on nodes that are there in the end."""
    with machine(0.0) as made:
        for number, step in enumerate(steps):
            made.take(step, f"t{number}")
        made.come_to_rest()
        for step in ("enable", "on", "reboot"):
            made.take(step, "")
            made.come_to_rest()
        for _ in steps:
            made.take("finish", "")
        counts = made.bench.job()
        assert counts["state"] == "active"
        assert not made.bench.running()
        assert all(
            made.bench.state(f"t{number}") == "completed" for number, step in enumerate(steps) if step == "start"
        )

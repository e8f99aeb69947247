"""What becomes of those that wait for the slots of a node, and of what is held back meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Queue

import pytest

from dispatcher.service.clock import SystemClock
from dispatcher.service.node import agent
from dispatcher.service.node.agent import NodeIdentity, open_node
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.launch import (
    EndReason,
    Node,
    NodeEvent,
    OutputFile,
    ResourceFile,
    TaskEnding,
    TaskKey,
    TaskLaunch,
    TaskReturned,
)

DEADLINE = 30
IDENTITY = NodeIdentity(
    account_name="account", account_url="http://127.0.0.1:1", pool_id="pool", node_id="node-1", is_dedicated=True
)


@pytest.fixture
def events() -> Queue[NodeEvent]:
    """Return what the node tells."""
    return Queue()


@pytest.fixture
def open_with(tmp_path: Path, events: Queue[NodeEvent]) -> Iterator[Callable[[int], Node]]:
    """Return what opens a node of so many slots."""
    storage = StorageAccess(lambda: None)
    opened: list[Node] = []

    def take(told: Sequence[NodeEvent]) -> None:
        for event in told:
            events.put(event)

    def open_it(slots: int) -> Node:
        opened.append(
            open_node(
                root=tmp_path, identity=IDENTITY, slots=slots, storage=storage, listener=take, clock=SystemClock()
            )
        )
        return opened[0]

    yield open_it
    for node in opened:
        node.close()
    storage.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the URL of a server that takes a request and never answers while the test lasts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def launch_of(
    task_id: str,
    command: str = "true",
    *,
    slots: int = 1,
    resource_files: tuple[ResourceFile, ...] = (),
    output_files: tuple[OutputFile, ...] = (),
) -> TaskLaunch:
    """Describe an attempt."""
    return TaskLaunch(
        key=TaskKey(job_id="job", task_id=task_id),
        pool_id="pool",
        node_id="node-1",
        run_number=1,
        command_line=command,
        slots=slots,
        resource_files=resource_files,
        output_files=output_files,
    )


def told(events: Queue[NodeEvent], kind: type[TaskEnding | TaskReturned]) -> str:
    """Return the task of the next event of a kind."""
    while not isinstance(event := events.get(timeout=DEADLINE), kind):
        pass
    return event.key.task_id


def test_ending_is_told_while_files_of_the_attempt_after_it_travel(
    open_with: Callable[[int], Node], events: Queue[NodeEvent], silent: str
) -> None:
    """That takes as long as it takes, and is no reason to hold back what has ended."""
    node = open_with(1)
    output = OutputFile(file_pattern="../stdout.txt", container_url=f"{silent}/c")
    ids = [f"short-{number}" for number in range(5)]
    for task_id in ids:
        node.launch(launch_of(task_id))
    node.launch(launch_of("sends", output_files=(output,)))
    assert [told(events, TaskEnding) for _ in ids] == ids
    node.end(TaskKey(job_id="job", task_id="sends"), EndReason.REQUEUED)


def test_attempt_is_given_back_while_files_of_that_before_it_travel(
    open_with: Callable[[int], Node], events: Queue[NodeEvent], silent: str
) -> None:
    """Another node may have a slot for it."""
    node = open_with(1)
    file = ResourceFile(http_url=f"{silent}/f", file_path="f")
    node.launch(launch_of("brings", resource_files=(file,)))
    node.launch(launch_of("waits"))
    assert told(events, TaskReturned) == "waits"
    node.end(TaskKey(job_id="job", task_id="brings"), EndReason.REQUEUED)


def test_attempt_that_no_thread_is_left_for_is_given_back(
    open_with: Callable[[int], Node], events: Queue[NodeEvent], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that have one go on, and no ending is lost."""

    def no_threads(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(agent, "_LASTING_SECONDS", 2.0 * DEADLINE)
    node = open_with(2)
    node.launch(launch_of("wide", f"/bin/sh -c 'until [ -e {tmp_path}/go ]; do sleep 0.01; done'", slots=2))
    node.launch(launch_of("a"))
    node.launch(launch_of("b"))
    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", no_threads)
        (tmp_path / "go").touch()
        assert told(events, TaskEnding) == "wide"
        assert told(events, TaskReturned) == "b"
    assert told(events, TaskEnding) == "a"
    node.launch(launch_of("b"))
    assert told(events, TaskEnding) == "b"

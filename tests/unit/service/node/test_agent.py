"""What a node takes of the machine, and what it does where the machine has no more."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Queue

import pytest

from dispatcher.service.clock import SystemClock
from dispatcher.service.node.agent import NodeIdentity, open_node
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.launch import Node, NodeEvent, TaskEnding, TaskKey, TaskLaunch

IDENTITY = NodeIdentity(
    account_name="account", account_url="http://127.0.0.1:1", pool_id="pool", node_id="node-1", is_dedicated=True
)


@pytest.fixture
def events() -> Queue[NodeEvent]:
    """Return what the node tells."""
    return Queue()


@pytest.fixture
def node(tmp_path: Path, events: Queue[NodeEvent]) -> Iterator[Node]:
    """Return a node of many slots."""
    storage = StorageAccess(lambda: None)

    def take(told: Sequence[NodeEvent]) -> None:
        for event in told:
            events.put(event)

    node = open_node(root=tmp_path, identity=IDENTITY, slots=256, storage=storage, listener=take, clock=SystemClock())
    yield node
    node.close()
    storage.close()


def launch_of(task_id: str) -> TaskLaunch:
    """Describe an attempt at a task that succeeds."""
    key = TaskKey(job_id="job", task_id=task_id)
    return TaskLaunch(key=key, pool_id="pool", node_id="node-1", run_number=1, command_line="true")


def run(node: Node, events: Queue[NodeEvent], task_id: str) -> TaskEnding:
    """Make an attempt and return its ending."""
    node.launch(launch_of(task_id))
    while not isinstance(event := events.get(timeout=30), TaskEnding):
        pass
    return event


def slot_threads() -> list[str]:
    """Return the names of the node's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("pool/node-1")]


def no_descriptors(*_: object) -> None:
    """Fail as a system call does where a process has too many files open."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_threads(*_: object) -> None:
    """Fail as Python does where the machine gives no more threads."""
    raise RuntimeError("can't start new thread")


def test_node_has_no_more_threads_than_attempts_ran_at_once(node: Node, events: Queue[NodeEvent]) -> None:
    """A slot costs a thread only once it is used, and a thread serves many attempts."""
    assert slot_threads() == []
    assert [run(node, events, task_id).exit_code for task_id in ("a", "b", "c")] == [0, 0, 0]
    assert slot_threads() == ["pool/node-1 slot 0"]


@pytest.mark.parametrize(("name", "failing"), [("os.eventfd", no_descriptors), ("threading.Thread.start", no_threads)])
def test_launch_that_fails_leaves_the_node_as_it_was(
    node: Node, events: Queue[NodeEvent], monkeypatch: pytest.MonkeyPatch, name: str, failing: Callable[..., None]
) -> None:
    """The attempt is not known after it: the same task runs once the machine has room again."""
    with monkeypatch.context() as patch:
        patch.setattr(name, failing)
        with pytest.raises((OSError, RuntimeError), match=r"Too many open files|new thread"):
            node.launch(launch_of("a"))
    assert run(node, events, "a").exit_code == 0

"""Messages for nodes that are closed: they come late, and end nothing."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.launch import EndReason, LogRequest, NodeSetup, TaskKey, TaskLaunch
from dispatcher.service.nodes_process.channel import Channel
from dispatcher.service.nodes_process.messages import (
    Answered,
    Begin,
    CloseNode,
    End,
    Forget,
    Launch,
    OpenNode,
    Proceed,
    SetUp,
    UploadLog,
)
from dispatcher.service.nodes_process.serving import _Nodes

KEY = TaskKey(job_id="job", task_id="task")
IDENTITY = NodeIdentity(account_name="a", account_url="http://a/", pool_id="p", node_id="n", is_dedicated=True)
REQUEST = LogRequest(
    container_url="http://127.0.0.1:1/c",
    folder="f",
    since=datetime(2026, 1, 1, tzinfo=UTC),
    until=None,
    uses_identity=False,
)
LATE = [
    End(node=1, key=KEY, reason=EndReason.TERMINATED),
    Proceed(node=1, key=KEY),
    SetUp(node=1, setup=NodeSetup()),
    UploadLog(call=9, node=1, request=REQUEST),
    Launch(
        node=1, launch=TaskLaunch(key=KEY, pool_id="p", node_id="n", run_number=1, command_line="true", environment={})
    ),
]


@pytest.mark.parametrize("message", LATE, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("node", [1, 7])
def test_message_for_a_closed_node_is_no_fault(tmp_path: Path, message: object, node: int) -> None:
    """Nor is one for a node that there never was; another that follows is done."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        nodes = _Nodes(Channel(theirs), Begin(link_folder=tmp_path, engine_folder=tmp_path / "engine"))
        nodes.take(OpenNode(call=1, node=node, root=tmp_path / "pool" / "n", identity=IDENTITY, slots=1))
        nodes.take(CloseNode(call=2, node=node))
        answers = Channel(ours).receive()
        assert [answer.call for _ in range(2) if isinstance(answer := next(answers), Answered)] == [1, 2]
        nodes.take(message)
        folder = tmp_path / "pool" / "n" / "workitems" / "job" / "job-1" / "task"
        folder.mkdir(parents=True)
        nodes.take(Forget(node=node, key=KEY))
        assert not folder.exists()

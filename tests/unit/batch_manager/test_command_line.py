"""The node's command line: what is written is read back, and nothing else is."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.command_line import (
    NODE_MODULE,
    NodeCommand,
    Role,
    decode,
    decode_line,
    decode_node,
    encode,
    encode_child,
)
from batch_manager.errors import UsageError

_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
_modules = st.lists(_names, min_size=1, max_size=3).map(".".join)
_tasks = st.builds(NodeCommand, st.just(Role.TASK), module=_modules, task_name=_names)
_own = st.one_of(
    st.builds(NodeCommand, st.sampled_from([Role.JOB_MANAGER, Role.FINALIZE]), module=_modules, task_name=st.none()),
    st.sampled_from([NodeCommand(Role.COMMAND), NodeCommand(Role.GATE)]),
)
_launchers = st.sampled_from(["python3", "'/opt/my env/bin/python'", "env A=1 python3"])


@given(launcher=_launchers, command=st.one_of(_tasks, _own), asks_first=st.booleans())
def test_encode_then_decode_line_gives_the_command_back(launcher: str, command: NodeCommand, asks_first: bool) -> None:
    """One encoder, one decoder, one law."""
    assert decode_line(encode(launcher, command, asks_first=asks_first)) == command


@given(command=_tasks)
def test_task_that_asks_first_is_started_in_the_frameworks_module(command: NodeCommand) -> None:
    """The workload is a word, until the task may run."""
    words = shlex.split(encode("python3", command, asks_first=True))
    assert words[:3] == ["python3", "-m", NODE_MODULE]
    assert decode_node(words[3:]) == command


@given(command=_tasks)
def test_task_is_started_in_the_workloads_own_module(command: NodeCommand) -> None:
    """What the workload's process is given is what it decodes; its module it knows."""
    words = shlex.split(encode("python3", command))
    assert words[:3] == ["python3", "-m", command.module]
    assert decode(words[3:]) == command._replace(module=None)


@given(command=_own)
def test_own_roles_are_started_in_the_frameworks_module(command: NodeCommand) -> None:
    """The workload is not imported there: it is a word."""
    words = shlex.split(encode("python3", command))
    assert words[:3] == ["python3", "-m", NODE_MODULE]
    assert decode_node(words[3:]) == command


@pytest.mark.parametrize("role", [Role.JOB_MANAGER, Role.FINALIZE])
def test_encode_child_is_what_the_workload_decodes(role: Role) -> None:
    """The workload's part of a role is a child of the framework's."""
    words = encode_child(["/opt/my env/python"], "workloads.example", role)
    assert words[:3] == ["/opt/my env/python", "-m", "workloads.example"]
    assert decode(words[3:]) == NodeCommand(role)


@pytest.mark.parametrize(
    "line", ["/bin/true", "python3 -m http.server", "python3 -m", "python3 -m batch_manager.node dance", "a 'b c'"]
)
def test_decode_line_of_a_plain_command_is_none(line: str) -> None:
    """What nobody here wrote is somebody's own."""
    assert decode_line(line) is None


def test_decode_without_words_is_the_job_manager() -> None:
    """A pipeline that starts a job may leave the role out."""
    assert decode([]) == NodeCommand(Role.JOB_MANAGER)


@pytest.mark.parametrize(
    "words", [["task"], ["task", "A", "B"], ["finalize", "now"], ["--param", "a=b"], ["Task", "A"], ["gate"]]
)
def test_decode_of_anything_else_says_the_usage(words: list[str]) -> None:
    """A wrong command line is a user's mistake and names what would be right."""
    with pytest.raises(UsageError, match="usage: python -m <workload>"):
        decode(words)


@pytest.mark.parametrize("words", [[], ["job-manager"], ["finalize", "a", "b"], ["command", "a"], ["task", "A"]])
def test_decode_node_of_anything_else_says_the_usage(words: list[str]) -> None:
    """Likewise for the framework's own processes."""
    with pytest.raises(UsageError, match=r"usage: python -m batch_manager\.node"):
        decode_node(words)

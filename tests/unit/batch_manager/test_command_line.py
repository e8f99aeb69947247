"""The node's command line: what is written is read back, and nothing else is."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.command_line import NodeCommand, Role, decode, encode
from batch_manager.errors import UsageError

_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
_commands = st.one_of(
    st.just(NodeCommand(Role.JOB_MANAGER)),
    st.just(NodeCommand(Role.FINALIZE)),
    _names.map(lambda name: NodeCommand(Role.TASK, name)),
)


@given(launcher=st.sampled_from(["python3", "'/opt/my env/bin/python'"]), command=_commands)
def test_encode_then_decode_gives_the_command_back(launcher: str, command: NodeCommand) -> None:
    """One encoder, one decoder, one law."""
    words = shlex.split(encode(launcher, "workloads.example", command))
    module_at = words.index("-m") + 1
    assert words[module_at] == "workloads.example"
    assert decode(words[module_at + 1 :]) == command


def test_decode_without_words_is_the_job_manager() -> None:
    """A pipeline that starts a job may leave the role out."""
    assert decode([]) == NodeCommand(Role.JOB_MANAGER)


@pytest.mark.parametrize(
    "words", [["task"], ["task", "A", "B"], ["finalize", "now"], ["--param", "a=b"], ["Task", "A"]]
)
def test_decode_of_anything_else_says_the_usage(words: list[str]) -> None:
    """A wrong command line is a user's mistake and names what would be right."""
    with pytest.raises(UsageError, match="usage: python -m <workload>"):
        decode(words)

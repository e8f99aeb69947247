"""Commands that are killed on purpose."""

from __future__ import annotations

import pytest

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.killing import as_killed, with_kill
from dispatcher.service.node.process import Cause, ProcessEnding

KILLED = AttemptFaults(kill_after=2.0)


def test_kill_takes_its_turn() -> None:
    """What is called while a command runs stays in the order of time."""
    called: list[str] = []
    patience = ((1.0, lambda: called.append("first")), (3.0, lambda: called.append("last")))
    for _, call in with_kill(patience, KILLED, lambda: called.append("kill")):
        call()
    assert called == ["first", "kill", "last"]


def test_command_is_killed_only_if_decided() -> None:
    """Other faults of its attempt let it be."""
    assert with_kill((), AttemptFaults(fails_upload=True), lambda: None) == ()
    assert with_kill((), None, lambda: None) == ()


@pytest.mark.parametrize(
    ("cause", "faults", "exit_code"),
    [
        (Cause.ITSELF, KILLED, 137),
        (Cause.ITSELF, None, 3),
        (Cause.ITSELF, AttemptFaults(slow_upload=1.0), 3),
        (Cause.STOP, KILLED, 3),
        (Cause.WALL_CLOCK, KILLED, 3),
    ],
)
def test_command_that_was_to_be_killed_was(cause: Cause, faults: AttemptFaults | None, exit_code: int) -> None:
    """However fast it was; but what ended it before counts."""
    assert as_killed(ProcessEnding(exit_code=3, cause=cause), faults).exit_code == exit_code

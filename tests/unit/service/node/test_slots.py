"""Laws of a node's slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.attempt import Attempt
from dispatcher.service.node.launch import TaskKey, TaskLaunch
from dispatcher.service.node.slots import Slots

COUNT = 3


def attempt_of(number: int, slots: int) -> Attempt:
    """Describe an attempt."""
    key = TaskKey(job_id="job", task_id=str(number))
    launch = TaskLaunch(key=key, pool_id="pool", node_id="node", run_number=1, command_line="true", slots=slots)
    return Attempt(launch=launch)


@pytest.fixture
def made() -> Iterator[list[Attempt]]:
    """Return a list whose attempts are closed at the end."""
    attempts: list[Attempt] = []
    yield attempts
    for attempt in attempts:
        attempt.close()


@given(sizes=st.lists(st.integers(0, COUNT), max_size=12), data=st.data())
def test_slots_are_given_in_order_and_never_twice(sizes: list[int], data: st.DataObject) -> None:
    """Those that hold never exceed the count, what needs slots starts in its order, and all start in the end."""
    slots = Slots(COUNT)
    with ExitStack() as stack:  # a draw may break the example off
        attempts = [stack.enter_context(closing(attempt_of(number, size))) for number, size in enumerate(sizes)]
        holding = [attempt for attempt in attempts if slots.take(attempt)]
        waiting = [attempt for attempt in attempts if attempt not in holding]
        order = [attempt for attempt in holding if attempt.launch.slots]
        while holding:
            assert sum(attempt.launch.slots for attempt in holding) <= COUNT
            ended = holding.pop(data.draw(st.integers(0, len(holding) - 1)))
            admitted = slots.give_back(ended)
            holding += admitted
            order += admitted
        assert order == [attempt for attempt in attempts if attempt.launch.slots]
        assert not slots.has_waiting or not waiting


def test_waiting_attempts_are_given_up_once_all_before_them_last(made: list[Attempt]) -> None:
    """One that may still be short keeps them."""
    slots = Slots(2)
    made += [attempt_of(number, 1) for number in range(4)]
    assert [slots.take(attempt) for attempt in made] == [True, True, False, False]
    slots.last(made[0])
    assert slots.give_up() == []
    slots.last(made[1])
    assert slots.give_up() == made[2:]
    assert not slots.has_waiting


def test_withdrawn_attempt_waits_no_more(made: list[Attempt]) -> None:
    """One that runs cannot be withdrawn."""
    slots = Slots(1)
    made += [attempt_of(number, 1) for number in range(2)]
    assert [slots.take(attempt) for attempt in made] == [True, False]
    assert [slots.withdraw(attempt) for attempt in made] == [False, True]
    assert slots.give_back(made[0]) == []

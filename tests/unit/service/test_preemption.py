"""Tasks that give their places to those of jobs with a higher priority."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.planning.preemption import Victim, Wanting, plan_preemptions
from dispatcher.service.testing import Bench

SLOTS = 4


def free_slots(victims: list[Victim]) -> dict[str, int]:
    """Return what the victims leave of two nodes."""
    return {name: SLOTS - sum(victim.slots for victim in victims if victim.node_id == name) for name in ("a", "b")}


@st.composite
def running(draw: st.DrawFn) -> list[Victim]:
    """Make running tasks that fit on their nodes."""
    victims, key = [], 0
    for name in ("a", "b"):
        left = SLOTS
        while left and draw(st.booleans()):
            slots = draw(st.integers(1, left))
            key += 1
            victims.append(Victim(task_key=key, node_id=name, slots=slots, priority=draw(st.integers(0, 3))))
            left -= slots
    return victims


wanted = st.lists(
    st.builds(
        Wanting,
        priority=st.integers(0, 3),
        slots=st.integers(1, SLOTS),
        is_exclusive=st.booleans(),
        barred=st.sampled_from([frozenset[str](), frozenset({"a"})]),
    ),
    max_size=4,
).map(lambda tasks: sorted(tasks, key=lambda task: -task.priority))


@given(running(), wanted)
def test_only_tasks_of_lower_priority_lose_their_places(victims: list[Victim], wanting: list[Wanting]) -> None:
    """No task gives way to one of its own priority or less, and none twice."""
    gone = list(plan_preemptions(free_slots(victims), SLOTS, wanting, victims))
    highest = max((task.priority for task in wanting), default=-1)
    assert len(gone) == len(set(gone))
    assert all(victim.priority < highest for victim in victims if victim.task_key in gone)


@given(running(), wanted)
def test_task_that_could_have_a_place_gets_one(victims: list[Victim], wanting: list[Wanting]) -> None:
    """After the plan there is room for the first task, if giving way could make it on any one node."""
    if not wanting:
        return
    first = wanting[0]
    need = SLOTS if first.is_exclusive else first.slots
    gone = set(plan_preemptions(free_slots(victims), SLOTS, wanting, victims))

    def room(name: str, *, without: set[int]) -> int:
        return SLOTS - sum(v.slots for v in victims if v.node_id == name and v.task_key not in without)

    lower = {victim.task_key for victim in victims if victim.priority < first.priority}
    names = [name for name in ("a", "b") if name not in first.barred]
    if any(room(name, without=lower) >= need for name in names):
        assert any(room(name, without=gone) >= need for name in names)


def test_task_of_a_job_that_allows_it_is_requeued(bench: Bench) -> None:
    """It waits again, counted as a requeue, and the task of the higher priority runs in its place."""
    bench.add_job("low", allowTaskPreemption=True)
    bench.add_task("a", "low")
    bench.add_job("high", priority=10)
    bench.add_task("b", "high")
    assert (bench.running(), bench.state("a", "low")) == (["b"], "active")
    assert bench.execution("a", "low")["requeueCount"] == 1


def test_task_of_a_job_that_does_not_allow_it_stays(bench: Bench) -> None:
    """Without allowTaskPreemption a running task keeps its place, whatever comes."""
    bench.add_task("a")
    bench.add_job("high", priority=10)
    bench.add_task("b", "high")
    assert bench.running() == ["a"]


def test_preemption_can_be_allowed_later(bench: Bench) -> None:
    """A patch of the job is enough."""
    bench.add_task("a")
    bench.add_job("high", priority=10)
    bench.add_task("b", "high")
    bench.call("update_job", {"allowTaskPreemption": True}, jobId="job")
    bench.settle()
    assert bench.running() == ["b"]

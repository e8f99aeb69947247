"""What counts, what is logged, and what orders do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.plan import Plan, Rule, node_start, run
from dispatcher.service.faults.text import read_plan
from tests.unit.service.faults.support import logged

RUNS = [run("local", "pool", "job", f"task-{number}", 0) for number in range(100)]


def make(folder: Path, plan: str) -> Faults:
    """Return faults of a plan."""
    return Faults(read_plan(plan, seed=1), FaultLog(folder / "faults.jsonl"), ManualClock())


def test_limit_is_kept(tmp_path: Path) -> None:
    """No more than max, and another rule of the same fault goes on."""
    faults = make(tmp_path, "preempt max=2; preempt=1 max=1; reboot")
    struck = [faults.strike(event) for event in RUNS[:4]]
    assert [sum(rule.fault is Fault.PREEMPT for rule in rules) for rules in struck] == [1, 1, 1, 0]
    assert faults.put_in == {Fault.PREEMPT: 3, Fault.REBOOT: 4}


def test_plan_replaced_counts_anew(tmp_path: Path) -> None:
    """A limit begins with the plan."""
    faults = make(tmp_path, "preempt max=1")
    assert faults.strike(RUNS[0])
    assert not faults.strike(RUNS[1])
    faults.replace(read_plan("preempt max=1", seed=1))
    assert faults.strike(RUNS[2])


def test_what_an_event_does_not_take_does_not_count(tmp_path: Path) -> None:
    """It is neither logged nor spent."""
    faults = make(tmp_path, "preempt max=1; reboot")
    (rule,) = faults.strike(RUNS[0], takes=lambda rule: rule.fault is Fault.REBOOT)
    assert rule.fault is Fault.REBOOT
    assert {rule.fault for rule in faults.strike(RUNS[1])} == {Fault.PREEMPT, Fault.REBOOT}
    assert [fault for fault, _ in logged(tmp_path)] == ["reboot", "preempt", "reboot"]


def test_one_of_several_is_put_in(tmp_path: Path) -> None:
    """The first in the plan, where an event can have only one."""
    faults = make(tmp_path, "reboot; preempt; kill-task")
    struck = faults.strike(RUNS[0], one_of=frozenset({Fault.PREEMPT, Fault.REBOOT}))
    assert [rule.fault for rule in struck] == [Fault.REBOOT, Fault.KILL_TASK]


def test_order_meets_the_next_events_that_fit(tmp_path: Path) -> None:
    """As often as was ordered, whatever the plan says, and then no more."""
    faults = make(tmp_path, "preempt=0")
    faults.order(Rule(fault=Fault.PREEMPT, filters=(("task", "task-[3-9]"),)), 2)
    assert [bool(faults.strike(event)) for event in RUNS[:7]] == [False, False, False, True, True, False, False]
    assert not faults.orders
    assert [json.loads(line)["origin"] for line in _lines(tmp_path)[1:]] == ["order", "order"]


def test_orders_taken_back_meet_nothing(tmp_path: Path) -> None:
    """They are forgotten."""
    faults = make(tmp_path, "preempt=0")
    faults.order(Rule(fault=Fault.FAIL_START_TASK), 5)
    assert faults.awaits(Subject.NODE_START)
    faults.cancel_orders()
    assert not faults.awaits(Subject.NODE_START)
    assert not faults.strike(node_start("local", "pool", 1))


def test_fault_that_cannot_be_logged_is_not_put_in(tmp_path: Path) -> None:
    """A full disk: nobody could replay it."""
    faults = make_unlogged(tmp_path)
    assert faults.strike(RUNS[0]) == ()
    assert not faults.put_in


def test_plan_that_cannot_be_logged_does_not_come_into_force(tmp_path: Path) -> None:
    """The one before stays."""
    faults = make_unlogged(tmp_path)
    before = faults.source
    with pytest.raises(OSError, match="No space"):
        faults.replace(Plan(seed=99))
    assert faults.source is before


def make_unlogged(folder: Path) -> Faults:
    """Return faults whose log is on a disk that is full from now on."""
    log = FaultLog(folder / "faults.jsonl")
    faults = Faults(read_plan("preempt", seed=1), log, ManualClock())
    log.path = Path("/dev/full")
    return faults


def _lines(folder: Path) -> list[str]:
    return (folder / "faults.jsonl").read_text().splitlines()


def test_counts_tell_things_apart(tmp_path: Path) -> None:
    """Each thing has a count of its own."""
    faults = make(tmp_path, "preempt")
    assert [faults.nth(what) for what in ("a", "b", "a", "a", "b")] == [1, 1, 2, 3, 2]

"""The log of faults, and what a replay reads from it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.log import Entry, FaultLog, LogError, Origin, read_replay
from dispatcher.service.faults.plan import Rule, run

NOW = datetime(2026, 1, 31, tzinfo=UTC)
EVENT = run("local", "pool", "job", "task", 0)


def entry(origin: Origin = Origin.PLAN, fault: Fault = Fault.PREEMPT) -> Entry:
    """Return a fault with a parameter."""
    rule = Rule(fault=fault, probability=0.1, filters=(("job", "j*"),), most=1, parameters=(("delay", 2.0),))
    return Entry(at=NOW, rule=rule, rule_text="its rule", identity=EVENT.identity, origin=origin)


@pytest.fixture
def log(tmp_path: Path) -> FaultLog:
    """Return an empty log."""
    return FaultLog(tmp_path / "faults.jsonl")


def test_fault_logged_is_replayed(log: FaultLog) -> None:
    """The same event meets the same fault with the same parameters, whatever the probability and the limit were."""
    log.note_plan(NOW, "a plan")
    log.write(entry())
    replay = read_replay(log.path)
    ((_, rule),) = replay.hits(EVENT)
    assert (rule.fault, rule.number("delay"), rule.probability, rule.most) == (Fault.PREEMPT, 2.0, 1.0, None)
    assert not list(replay.hits(run("local", "pool", "job", "task", 1)))


def test_command_is_not_replayed(log: FaultLog) -> None:
    """What was done to a node by order has no event that could come again."""
    log.write(entry(Origin.COMMAND))
    assert not read_replay(log.path).recorded


def test_line_torn_at_the_end_is_left_out(log: FaultLog) -> None:
    """A machine that fails while it writes leaves half of a line; the others count."""
    log.write(entry())
    log.write(entry(fault=Fault.REBOOT))
    log.path.write_bytes(log.path.read_bytes()[:-10])
    assert [fault for fault, _ in read_replay(log.path).recorded] == [Fault.PREEMPT]


@pytest.mark.parametrize("line", ["no JSON", "3", "[]", '{"fault": "none such"}', '{"origin": "plan"}', ""])
def test_line_that_is_no_entry_is_named(log: FaultLog, line: str) -> None:
    """Whoever replays another file is told which line is wrong."""
    log.write(entry())
    with log.path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(LogError, match="line 2"):
        read_replay(log.path)


def test_log_is_private(log: FaultLog) -> None:
    """Nobody else reads which jobs there were."""
    log.write(entry())
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


def test_missing_log_is_told(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(LogError, match="nowhere"):
        read_replay(tmp_path / "nowhere")

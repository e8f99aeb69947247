"""What the option means: a plan, a file of one, or a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.command import main
from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.loading import load
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.plan import Plan, Replay, run
from dispatcher.service.faults.text import PlanError, read_plan


@pytest.mark.parametrize(
    "content", ["seed=7\nbusy=0.1  # often\n", '{"seed": 7, "rules": [{"fault": "busy", "probability": 0.1}]}']
)
def test_file_holds_a_plan(tmp_path: Path, content: str) -> None:
    """As text or as JSON."""
    (tmp_path / "plan").write_text(content)
    assert load(str(tmp_path / "plan")) == read_plan("seed=7; busy=0.1", seed=1)


def test_seed_by_chance_is_another_each_time() -> None:
    """A plan without one gets one."""
    seeds = {plan.seed for plan in (load("busy=0.1") for _ in range(20)) if isinstance(plan, Plan)}
    assert len(seeds) > 1


def test_log_is_a_replay(tmp_path: Path) -> None:
    """By its path."""
    faults = Faults(read_plan("preempt", seed=1), FaultLog(tmp_path / "faults.jsonl"), ManualClock())
    faults.strike(run("local", "pool", "job", "task", 0))
    replay = load(f"replay={tmp_path / 'faults.jsonl'}")
    assert isinstance(replay, Replay)
    assert [fault for fault, _ in replay.recorded] == [Fault.PREEMPT]


def test_mistake_in_a_file_is_told_with_its_name(tmp_path: Path) -> None:
    """Whoever has many needs to know which."""
    (tmp_path / "plan").write_text("busi=0.1")
    with pytest.raises(PlanError, match=r"plan: there is no fault 'busi'"):
        load(str(tmp_path / "plan"))


@pytest.mark.parametrize("text", ["", "seed=7", "replay=/nowhere", "busi", "busy=2"])
def test_command_refuses_what_is_no_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """With the exit code for wrong usage, before anything is made."""
    with pytest.raises(SystemExit) as caught:
        main(["--data", str(tmp_path / "data"), "--faults", text])
    assert caught.value.code == 64
    assert "argument --faults: " in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_help_lists_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """With its meaning."""
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"{fault} " in shown and fault.summary in shown for fault in Fault)

"""``python -m dispatcher debug``: the same job, in one process that a debugger can stop."""

import json

from tests.acceptance.conftest import Dispatch


def test_debug_gives_the_files_that_a_run_gives(dispatch: Dispatch) -> None:
    """By the same specifications, through Azurite."""
    ended = dispatch("debug", "chain", "--param", "parts=3", "--param", "length=20000")
    assert ended.code == 0, ended.out + ended.err
    assert (ended.results / "whole.txt").read_text() == "0 20000\n1 20000\n2 20000\n"


def test_breakpoint_in_a_task_stops_there(dispatch: Dispatch) -> None:
    """What is typed reaches pdb, in the task's frame."""
    words = ("debug", "chain", "--param", "parts=2", "--param", "bad=1", "--param", "how=stop-here")
    ended = dispatch(*words, typed="p ('number', self.number)\nc\n")
    assert ended.code == 0, ended.out + ended.err
    assert "('number', 1)" in ended.out


def test_exception_in_a_task_opens_the_debugger_where_it_happened(dispatch: Dispatch) -> None:
    """Left with q, the job goes on as on Batch: the dependent is skipped."""
    words = ("debug", "chain", "--param", "parts=1", "--param", "how=fail", "--post-mortem")
    ended = dispatch(*words, typed="p ('number', self.number)\nq\n")
    assert ended.code == 1, ended.out + ended.err
    assert "('number', 0)" in ended.out
    assert "part 0 was told to fail" in ended.err
    counts = json.loads((ended.results / "batch-manager" / "outcome.json").read_text())["counts"]
    assert {name: count for name, count in counts.items() if count} == {"failed": 1, "skipped": 1}


def test_wrong_input_opens_the_debugger_too(dispatch: Dispatch) -> None:
    """Whatever a task raises."""
    words = ("debug", "chain", "--param", "parts=1", "--param", "how=input-error", "--post-mortem")
    ended = dispatch(*words, typed="p ('number', self.number)\nq\n")
    assert ended.code == 1, ended.out + ended.err
    assert "('number', 0)" in ended.out


def test_sys_exit_in_a_task_ends_the_task_alone(dispatch: Dispatch) -> None:
    """As it does on a node: with code 0 the task has succeeded."""
    ended = dispatch("debug", "chain", "--param", "parts=2", "--param", "how=exit-zero")
    assert ended.code == 0, ended.out + ended.err
    assert "all 3 tasks succeeded" in ended.out


def test_exit_code_that_is_kept_is_a_failure_with_its_reason(dispatch: Dispatch) -> None:
    """As it is on a node, where a task that says 80 was not skipped."""
    ended = dispatch("debug", "chain", "--param", "parts=1", "--param", "how=exit-skipped")
    assert ended.code == 1, ended.out + ended.err
    (failure,) = json.loads((ended.results / "batch-manager" / "outcome.json").read_text())["failures"]
    assert (failure["exitCode"], failure["reason"]) == (1, "it called sys.exit(80)")


def test_exception_in_a_pipe_is_a_traceback_and_the_exit_code(dispatch: Dispatch) -> None:
    """Nobody types there."""
    ended = dispatch("debug", "chain", "--param", "how=break")
    assert ended.code == 1
    assert "RuntimeError: the job manager was told to break" in ended.err
    assert "the job manager failed" in ended.out

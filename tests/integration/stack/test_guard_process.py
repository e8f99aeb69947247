"""A guard as a process: how it ends its children."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatcher.guard import Child, Event, Order, Report

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); signal.pause()"
PATIENT = "import signal; print('set', flush=True); signal.pause()"
BRIEF = "print('set', flush=True)"
WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture
def guard() -> Iterator[subprocess.Popen[bytes]]:
    """A guard that waits for its order; it is let go of at the end."""
    command = [sys.executable, "-m", "dispatcher.guard"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        yield process


def order(guard: subprocess.Popen[bytes], folder: Path, **scripts: str) -> None:
    """Have the guard start one Python script for each name."""
    children = [
        Child(name=name, argv=(sys.executable, "-c", script), folder=str(folder), log=str(folder / name))
        for name, script in scripts.items()
    ]
    assert guard.stdin is not None
    guard.stdin.write(Order(children=children, grace_seconds=0.5).to_json().encode() + b"\n")


def reports_after_closing(guard: subprocess.Popen[bytes]) -> list[Report]:
    """Close the lifeline and return everything that the guard had to say."""
    assert guard.stdin is not None
    assert guard.stdout is not None
    guard.stdin.close()
    return [Report.from_json(line) for line in guard.stdout.read().splitlines()]


def is_set(folder: Path, name: str) -> Callable[[], bool]:
    """Return the condition that a script has set its signals up."""
    return lambda: (folder / name).exists() and "set" in (folder / name).read_text()


def test_children_end_in_reverse_order(guard: subprocess.Popen[bytes], tmp_path: Path, wait_until: WaitUntil) -> None:
    """What was started last may need what was started first, so it goes first."""
    order(guard, tmp_path, first=PATIENT, second=PATIENT)
    wait_until(is_set(tmp_path, "second"))
    reports = reports_after_closing(guard)
    assert [(report.event, report.name) for report in reports] == [
        (Event.STARTED, "first"),
        (Event.STARTED, "second"),
        (Event.EXITED, "second"),
        (Event.EXITED, "first"),
        (Event.STOPPED, ""),
    ]


def test_child_that_ignores_sigterm_is_killed(
    guard: subprocess.Popen[bytes], tmp_path: Path, wait_until: WaitUntil
) -> None:
    """After its grace a child is ended by SIGKILL."""
    order(guard, tmp_path, stubborn=STUBBORN)
    wait_until(is_set(tmp_path, "stubborn"))
    assert [report.exit_code for report in reports_after_closing(guard)] == [None, -9, None]


def test_sigterm_ends_the_children(guard: subprocess.Popen[bytes], tmp_path: Path, wait_until: WaitUntil) -> None:
    """The guard passes on a request to end, and says so, while its main process lives on."""
    order(guard, tmp_path, patient=PATIENT)
    wait_until(is_set(tmp_path, "patient"))
    guard.terminate()
    assert guard.stdout is not None
    reports = [Report.from_json(guard.stdout.readline()) for _ in range(3)]
    assert [(report.event, report.exit_code) for report in reports[1:]] == [(Event.EXITED, -15), (Event.STOPPED, None)]


def test_end_of_one_child_ends_the_others(guard: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Half a stack is of no use: the exit of one child, with whatever code, stops all."""
    order(guard, tmp_path, patient=PATIENT, brief=BRIEF)
    assert guard.stdout is not None
    reports = [Report.from_json(guard.stdout.readline()) for _ in range(5)]
    ended = [(report.name, report.exit_code) for report in reports if report.event is Event.EXITED]
    assert ended == [("brief", 0), ("patient", -15)]


def test_guard_without_an_order_just_ends(guard: subprocess.Popen[bytes]) -> None:
    """A main process that dies before it could say what to do leaves nothing to do."""
    assert reports_after_closing(guard) == []
    assert guard.wait() == 0

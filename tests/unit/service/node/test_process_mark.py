"""The mark that processes of an account's nodes inherit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dispatcher.service.node.process_mark import ProcessMark

Starter = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Starter]:
    """Return a function that starts a program which says a line and waits; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start_program(program: str = "") -> subprocess.Popen[str]:
        code = f"import os, subprocess, sys\nsys.stdin.readline()\n{program}\nprint(os.getpid(), flush=True)\ninput()"
        process = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True, bufsize=1)
        started.append(process)
        return process

    yield start_program
    for process in started:
        process.communicate("\n")


def go(process: subprocess.Popen[str]) -> int:
    """Let a program do what it is to; return the process that it says it is now."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    return int(process.stdout.readline())


def test_mark_is_on_no_other_process(tmp_path: Path, start: Starter) -> None:
    """Nor is it another folder's."""
    (tmp_path / "other").mkdir()
    mark, process = ProcessMark(tmp_path), start()
    assert not mark.is_on(process.pid)
    mark.put_on(process.pid)
    assert (mark.is_on(process.pid), ProcessMark(tmp_path / "other").is_on(process.pid)) == (True, False)


def test_mark_stays_on_a_daemon_that_gives_up_everything(tmp_path: Path, start: Starter) -> None:
    """Its parent, session, folder, descriptors, environment and program."""
    mark = ProcessMark(tmp_path)
    process = start(
        "if os.fork():\n    os.wait(); raise SystemExit\n"
        "os.setsid(); os.chdir('/'); os.closerange(3, 64)\n"
        "os.execve('/bin/sh', ['sh', '-c', 'echo $$; read _'], {})"
    )
    mark.put_on(process.pid)
    assert mark.is_on(go(process))


def test_mark_of_a_folder_stays(tmp_path: Path, start: Starter) -> None:
    """So that the next service on it finds what the one before left."""
    process = start()
    ProcessMark(tmp_path).put_on(process.pid)
    assert ProcessMark(tmp_path).is_on(process.pid)


def test_copy_of_a_folder_has_a_mark_of_its_own(tmp_path: Path, start: Starter) -> None:
    """A service on it must not end what runs for the other."""
    (tmp_path / "first").mkdir()
    process = start()
    ProcessMark(tmp_path / "first").put_on(process.pid)
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    assert not ProcessMark(tmp_path / "copy").is_on(process.pid)


def test_account_inside_a_task_of_another_leaves_that_ones_mark(tmp_path: Path, start: Starter) -> None:
    """Both find the process."""
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
    marks = [ProcessMark(tmp_path / name) for name in ("outer", "inner")]
    process = start()
    for mark in marks:
        mark.put_on(process.pid)
    assert [mark.is_on(process.pid) for mark in marks] == [True, True]


@pytest.mark.parametrize("content", [b"", b"half", b"\xff\xfe"])
def test_damaged_mark_is_replaced(tmp_path: Path, start: Starter, content: bytes) -> None:
    """Nothing but this file is lost with it."""
    (tmp_path / "process_mark").write_bytes(content)
    process = start()
    ProcessMark(tmp_path).put_on(process.pid)
    assert ProcessMark(tmp_path).is_on(process.pid)


def test_mark_of_an_ended_process_is_no_error(tmp_path: Path) -> None:
    """It may end whenever it likes."""
    process = subprocess.Popen(["true"])
    process.wait()
    ProcessMark(tmp_path).put_on(process.pid)
    assert not ProcessMark(tmp_path).is_on(process.pid)

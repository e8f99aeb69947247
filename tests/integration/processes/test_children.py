"""A child in this process's place: its end, its signals, and its time."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from batch_manager.errors import DefinitionError
from batch_manager.node.children import ChildEnd, watch_child
from tests.acceptance.conftest import wait_for


def _watch(text: str, **options: float) -> ChildEnd:
    return watch_child(["/bin/sh", "-c", text], os.environ, **options)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(("text", "code"), [("exit 0", 0), ("exit 81", 81), ("kill -KILL $$", 137)])
def test_end_of_a_child_is_told_as_a_shell_does(text: str, code: int) -> None:
    """Whether it exits or a signal ends it."""
    assert _watch(text) == ChildEnd(code)


def test_child_that_ends_in_time_keeps_its_code() -> None:
    """And is not waited for any longer."""
    assert _watch("exit 3", timeout=3600) == ChildEnd(3)


def test_child_that_takes_too_long_is_asked_to_end() -> None:
    """It may clean up, and end with a code of its own."""
    assert _watch("trap 'exit 7' TERM; sleep 600 & wait", timeout=0.3) == ChildEnd(7, out_of_time=True)


def test_child_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    """None of it outlives the job."""
    text = f"trap '' TERM; sleep 600 & echo $! > {tmp_path / 'pid'}; wait; sleep 600"
    end = _watch(text, timeout=0.5, grace=0.2)
    assert end == ChildEnd(128 + signal.SIGKILL, out_of_time=True)
    pid = int((tmp_path / "pid").read_text())
    wait_for(lambda: not _is_alive(pid), "what it started has ended")


def test_child_whose_time_is_over_already_is_ended() -> None:
    """Less than nothing left is nothing left."""
    assert _watch("sleep 600", timeout=-5).out_of_time


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_reaches_the_child_and_is_told(tmp_path: Path, number: int) -> None:
    """Batch asks a task to end with the first."""
    ready = tmp_path / "ready"

    def send() -> None:
        wait_for(ready.exists, "the child is ready")
        os.kill(os.getpid(), number)

    threading.Thread(target=send).start()
    end = _watch(f"trap 'exit 7' TERM INT; echo > {ready}; sleep 600 & wait")
    assert end == ChildEnd(7, asked_to_end=True)


def test_signals_mean_what_they_meant_afterwards() -> None:
    """The process is its own again."""
    before = signal.getsignal(signal.SIGTERM)
    _watch("true")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("word", ["/no/such/program", "/", __file__])
def test_program_that_cannot_be_started_is_named(word: str) -> None:
    """Missing, a folder, or not executable: another try ends in the same way."""
    with pytest.raises(DefinitionError, match="cannot be started"):
        watch_child([word], os.environ)


def test_program_of_no_known_format_is_named(tmp_path: Path) -> None:
    """A script without its first line, which only a shell would run."""
    script = tmp_path / "script"
    script.write_text("exit 0\n")
    script.chmod(0o700)
    with pytest.raises(DefinitionError, match="Exec format error"):
        watch_child([str(script)], os.environ)


def test_child_has_the_streams_of_its_parent(tmp_path: Path) -> None:
    """What it prints is the task's output."""
    text = "from batch_manager.node.children import watch_child; watch_child(['cat'], {})"
    done = subprocess.run([sys.executable, "-c", text], input="typed", capture_output=True, text=True, check=True)
    assert done.stdout == "typed"

"""A process of the framework's that is killed takes along what it started: it does not go on beside the next try."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import wait_for

CHILD = "import os, sys; from batch_manager.node.children import watch_child; watch_child(sys.argv[1:], os.environ)"


def sleepers(number: str) -> list[int]:
    """The processes that sleep for just that long."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"sleep") and number.encode() in words:
                found.append(int(process.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_process_started_ends_with_it(number: int) -> None:
    """The child of its child too."""
    length = f"600.{os.getpid()}{number}"
    command = ["/bin/sh", "-c", f"sleep {length} & sleep {length} & wait"]
    with subprocess.Popen([sys.executable, "-c", CHILD, *command]) as process:
        wait_for(lambda: len(sleepers(length)) == 2, "both sleep")
        process.send_signal(number)
        process.wait()
    wait_for(lambda: sleepers(length) == [], "none sleeps any more")


def test_watchdog_lets_a_command_end_as_it_likes() -> None:
    """With its own exit code; nobody waits for the dog."""
    script = CHILD.replace("watch_child(sys.argv", "print(watch_child(sys.argv") + ")"
    command = [sys.executable, "-c", script, "/bin/sh", "-c", "exit 7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "exit_code=7" in done.stdout, done.stderr

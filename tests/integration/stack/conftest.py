"""What the tests of the local stack share: a small stand-in for the Batch service, and ways to look at processes."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

DEADLINE_SECONDS = 60.0
HERE = Path(__file__).parent


@pytest.fixture
def service_command() -> tuple[str, ...]:
    """The command of the stand-in, which starts a daemonised grandchild as a task might."""
    return sys.executable, str(HERE / "stand_in_service.py")


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition; fail when it does not come true by a generous deadline."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not true after {DEADLINE_SECONDS} s: {condition}"
            time.sleep(0.02)

    return wait


@pytest.fixture
def running() -> Callable[[Iterable[int]], list[int]]:
    """Tell which processes still run; one that ended and was not yet collected does not."""

    def is_running(pid: int) -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    return lambda pids: [pid for pid in pids if is_running(pid)]

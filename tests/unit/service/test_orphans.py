"""What a killed service left running is found, by whatever is left of its marks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.service.node.process_mark import ProcessMark
from dispatcher.service.node.sessions import Sessions, living_sessions
from dispatcher.service.orphans import end_orphans


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    """Return the folder of an account's nodes, with the private folder of one."""
    (tmp_path / "pools" / "pool" / ".node").mkdir(parents=True)
    return tmp_path / "pools"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that no node started."""
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_process_is_known_by_its_environment(nodes: Path, stranger: subprocess.Popen[bytes]) -> None:
    """That of another folder is not."""
    own = {**os.environ, "AZ_BATCH_NODE_ROOT_DIR": f"{nodes}/pool/node"}
    other = {**os.environ, "AZ_BATCH_NODE_ROOT_DIR": f"{nodes}-more/pool/node"}
    processes = [subprocess.Popen(["sleep", "600"], env=environment) for environment in (own, other)]
    await_programs(processes)
    assert end_orphans(nodes) == 1
    assert (processes[0].wait(), processes[1].poll(), stranger.poll()) == (-9, None, None)
    processes[1].kill()
    processes[1].wait()


def test_process_is_known_by_its_session(nodes: Path, stranger: subprocess.Popen[bytes]) -> None:
    """That the node wrote down."""
    process = subprocess.Popen(["sleep", "600"], env={}, executable="/bin/sleep", start_new_session=True)
    sessions = Sessions(nodes / "pool" / ".node" / "running")
    sessions.add(process.pid)
    assert end_orphans(nodes) == 1
    assert (process.wait(), stranger.poll()) == (-9, None)
    assert not living_sessions(nodes / "pool" / ".node" / "running")
    sessions.close()


def test_process_is_known_by_the_mark(nodes: Path, stranger: subprocess.Popen[bytes]) -> None:
    """Though it gave up everything else."""
    process = subprocess.Popen(["/bin/sleep", "600"], env={}, start_new_session=True)
    ProcessMark(nodes.parent).put_on(process.pid)
    assert end_orphans(nodes) == 1
    assert (process.wait(), stranger.poll()) == (-9, None)


def test_sessions_that_somebody_holds_open_are_written_down_afterwards(nodes: Path) -> None:
    """A service whose nodes' process died clears up and goes on with the same file."""
    sessions = Sessions(nodes.parent / "running")
    (nodes.parent / "running" / "4711").write_text("12345 in an older form")
    end_orphans(nodes)
    sessions.add(os.getpid())
    assert living_sessions(nodes.parent / "running") == {os.getpid()}
    assert len(list((nodes.parent / "running").iterdir())) == 1
    sessions.close()


def await_programs(processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait until programs have taken the place of what started them, whose environment is the test's."""
    for process in processes:
        while Path(f"/proc/{process.pid}/comm").read_text().strip() != "sleep":
            time.sleep(0.01)

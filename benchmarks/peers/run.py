"""One run of a peer: its script, under its own interpreter, in an empty folder, within a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.environments import FOLDER, Peer

LIMIT_SECONDS = 45
_START_SECONDS = 15


class PeerFailed(Exception):  # noqa: N818 - the name says what happened
    """A peer did not run all tasks; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a peer's script printed.

    Attributes:
        seconds: from giving it the tasks to the end of the last.
        tasks: how many ran and ended with 0.
        version: the peer's.
    """

    seconds: float
    tasks: int
    version: str

    @property
    def rate(self) -> float:
        """Tasks a second."""
        return self.tasks / self.seconds


def run(peer: Peer, tasks: int, folder: Path = FOLDER, patience: float = LIMIT_SECONDS + _START_SECONDS) -> Result:
    """Run so many tasks with a peer.

    Raises:
        PeerFailed: it is not installed, failed, left tasks out or took longer than the patience, its start
            included.
    """
    reason = peer.absence(folder)
    if reason is not None:
        raise PeerFailed(reason)
    python = peer.interpreter(folder)
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [str(python), str(peer.script), str(tasks)],
            cwd=work,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
        printed = _printed(process, patience)
        if process.returncode != 0:
            errors.seek(0)
            last = errors.read().strip().splitlines()[-1:] or ["no reason printed"]
            raise PeerFailed(f"it ended with {process.returncode}: {last[0]}")
    return _result(printed, tasks)


def _printed(process: subprocess.Popen[str], patience: float) -> str:
    try:
        return process.communicate(timeout=patience)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise PeerFailed(f"it did not end within {patience:g} s") from None


def _result(printed: str, tasks: int) -> Result:
    lines = printed.strip().splitlines()
    if not lines:
        raise PeerFailed("it printed no result")
    facts = json.loads(lines[-1])
    result = Result(seconds=facts["seconds"], tasks=facts["tasks"], version=facts["version"])
    if result.tasks != tasks:
        raise PeerFailed(f"it ran {result.tasks} of {tasks} tasks")
    return result

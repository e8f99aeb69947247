"""The folder of a local service that outlives the command that started it: where it is, and what runs on it now."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from dispatcher.service.private_files import make_private_folder, require_own, write_private

_CLEARING_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.05
_START_FIELD = 19
"""Of those after a process's name in ``/proc/<pid>/stat``: when it started. Source: proc(5)."""


class FolderInUse(Exception):  # noqa: N818 - it says what holds
    """A service runs on the folder, or what is left of one does not end."""


class Running(Enum):
    """Whether a service runs on a folder."""

    NO = "not running"
    STARTING = "starting"
    YES = "running"
    ENDING = "ending"


def default_folder() -> Path:
    """Return the user's own: ``azure-batch-manager/service`` in ``$XDG_STATE_HOME`` or ``~/.local/state``."""
    given = os.environ.get("XDG_STATE_HOME", "")
    state = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return state / "azure-batch-manager" / "service"


class ServiceFolder:
    """A folder that one service uses at a time. Its lock is held until the last process of the service has ended."""

    def __init__(self, path: Path) -> None:
        """Name the folder; it need not be there."""
        self.path = path.resolve()

    @property
    def batch(self) -> Path:
        """The Batch service's own folder."""
        return self.path / "batch"

    @property
    def start_log(self) -> Path:
        """What a service without a terminal has to say itself; those of its processes lie beside it."""
        return self.path / "logs" / "start.log"

    @contextmanager
    def claim(self) -> Iterator[int]:
        """Take the folder for this process, and yield the lock's descriptor, for those that are to hold it too.

        What is left of a service that was killed is waited for.

        Raises:
            FolderInUse: a service runs on it, or does not end.
            PrivacyError: the folder cannot be used.
        """
        make_private_folder(self.path)
        make_private_folder(self.start_log.parent, is_ours=True)
        with self._lock_file.open("a") as file:
            deadline = time.monotonic() + _CLEARING_SECONDS
            while not (_lock(file.fileno()) and not _is_locked(self.batch / "lock")):
                if self._living_process() is not None:
                    raise FolderInUse(f"a service runs on {self.path} already: stop it, or use another folder")
                if time.monotonic() > deadline:
                    raise FolderInUse(f"a service that ran on {self.path} was killed and does not end")
                time.sleep(_LOOK_AGAIN_SECONDS)
            self._tell(is_ready=False)
            try:
                yield file.fileno()
            finally:
                self._process_file.unlink(missing_ok=True)

    def tell_ready(self) -> None:
        """Let others see that the service of this process answers."""
        self._tell(is_ready=True)

    def running(self) -> Running:
        """Say whether a service runs on the folder.

        Raises:
            PrivacyError: it belongs to another user.
        """
        if not self.path.exists():
            return Running.NO
        require_own(self.path)
        if not _is_locked(self._lock_file):
            return Running.NO
        if self._living_process() is None:
            return Running.ENDING
        return Running.YES if self._process().get("is_ready") is True else Running.STARTING

    def process_id(self) -> int | None:
        """Return the main process of the service that runs on the folder; a recorded one that has ended is none."""
        return self._living_process() if _is_locked(self._lock_file) else None

    def await_change(self, state: Running, within_seconds: float) -> Running:
        """Return the state once it is another one, or after that time."""
        deadline = time.monotonic() + within_seconds
        while (now := self.running()) is state and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_SECONDS)
        return now

    def await_end(self, pid: int, within_seconds: float) -> None:
        """Return once a process that this service was is gone, or after that time: it gives the folder up before."""
        started, deadline = _start_of(pid), time.monotonic() + within_seconds
        while started is not None and _start_of(pid) == started and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_SECONDS)

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def _process_file(self) -> Path:
        return self.path / "process.json"

    def _tell(self, *, is_ready: bool) -> None:
        pid = os.getpid()
        facts = {"pid": pid, "started": _start_of(pid), "is_ready": is_ready}
        write_private(self._process_file, json.dumps(facts).encode())

    def _living_process(self) -> int | None:
        """Return the recorded process, unless its number is free or another process's by now."""
        facts = self._process()
        pid = facts.get("pid")
        if isinstance(pid, int) and facts.get("started") == (started := _start_of(pid)) and started is not None:
            return pid
        return None

    def _process(self) -> dict[str, object]:
        try:
            facts = json.loads(self._process_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}


def _lock(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_locked(path: Path) -> bool:
    try:
        with path.open("r") as file:
            return not _lock(file.fileno(), fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _start_of(pid: int) -> int | None:
    try:
        stat = Path("/proc", str(pid), "stat").read_bytes()
    except OSError:  # it ended
        return None
    fields = stat[stat.rindex(b")") + 1 :].split()
    return None if fields[0] in {b"Z", b"X"} else int(fields[_START_FIELD])

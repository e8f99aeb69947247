"""The supervisor of a run's service processes, so that nothing of a run outlives it.

``python -m dispatcher.guard`` is started by the run's main process, which keeps the other end of its standard input:
the lifeline. The main process may be killed at any moment; the kernel then closes the lifeline, and the guard ends what
it started. It talks in JSON, one value to a line:

* in, one line: an `Order`, what to start;
* out: a `Report` for each thing that happens.

It stops when the lifeline closes, when a child exits, and on SIGTERM, SIGINT or SIGHUP. It then asks its children to
end, last started first (SIGTERM, SIGKILL after a bound); kills every other descendant, as their subreaper; and, once
the lifeline has closed, so that the main process may first read the logs, removes the run folder. If the guard itself
is killed, the kernel sends its children SIGTERM and closes their standard input.

A secret travels in the order, through a pipe, and in the environment of the one process that needs it: never in a
command line, which every user of the machine can read.
"""

import dataclasses
import enum
import functools
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Self, TextIO

from dispatcher.processes import become_subreaper, end_descendants, end_with_parent, reap, send_signal

logger = logging.getLogger(__name__)

_END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_DESCENDANTS_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to start, in a session of its own, with its standard input open until the guard ends.

    Attributes:
        name: what reports call it; unique in an order.
        argv: the command; it must hold no secret.
        environment: what is added to the guard's environment.
        folder: the working directory; it must exist.
        log: the file to which standard output and error are appended.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: str
    log: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a guard is to do.

    Attributes:
        children: the processes, in the order in which they are started.
        make_folders: the folders to make first, if they are missing, for this user alone. The guard makes them, so that
            none is left behind by a main process that dies before it has a guard.
        log: the file to which the guard itself writes what it has to say; None is its standard error.
        remove_folder: the folder to remove when everything has ended; None removes nothing.
        grace_seconds: how long each child may take to end after SIGTERM before it is killed.
    """

    children: Sequence[Child]
    make_folders: Sequence[str] = ()
    log: str | None = None
    remove_folder: str | None = None
    grace_seconds: float = 10.0

    def to_json(self) -> str:
        """Return the one line that `from_json` reads."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Read an order; raises ValueError, KeyError or TypeError for what is not one."""
        values = json.loads(line)
        children = tuple(Child(**child) for child in values.pop("children"))
        return cls(children=children, **values)


class Event(enum.Enum):
    """What a guard reports."""

    STARTED = "started"
    NOT_STARTED = "not_started"
    EXITED = "exited"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One thing that happened.

    Attributes:
        event: what it was.
        name: the child; empty for STOPPED, the last report: no process is left; and for NOT_STARTED when the
            folders could not be made.
        pid: the child's process id (STARTED).
        exit_code: how it ended, minus the signal if one ended it (EXITED).
        reason: why it could not be started (NOT_STARTED).
    """

    event: Event
    name: str = ""
    pid: int | None = None
    exit_code: int | None = None
    reason: str | None = None

    def to_json(self) -> str:
        """Return the one line that `from_json` reads."""
        return json.dumps({**dataclasses.asdict(self), "event": self.event.value})

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Read a report; raises ValueError, KeyError or TypeError for what is not one."""
        values = json.loads(line)
        return cls(**{**values, "event": Event(values["event"])})


class Guard:
    """Starts the children of one order, waits for a reason to stop, and ends everything."""

    def __init__(self, order: Order, lifeline: FileIO, reports: TextIO) -> None:
        """Take the order and both pipes. The process must be a subreaper."""
        self._order = order
        self._lifeline = lifeline
        self._reports = reports
        self._children: dict[int, tuple[Child, subprocess.Popen[bytes]]] = {}

    def run(self, wakeups: int) -> None:
        """Do all of the order; return when nothing is left. ``wakeups`` becomes readable with each signal's number."""
        try:
            if self._start_all():
                self._wait_for_a_reason_to_stop(wakeups)
        finally:
            self._stop_all(wakeups)
        if left := end_descendants(within_seconds=_DESCENDANTS_SECONDS):
            logger.warning("processes %s could not be killed", left)
        self._report(Report(event=Event.STOPPED))
        while self._lifeline.read(4096):  # it closes when the main process has read the logs, or is dead
            pass
        if self._order.remove_folder is not None:
            remove_folder(Path(self._order.remove_folder))

    def _start_all(self) -> bool:
        try:
            self._make_ready()
        except OSError as error:
            self._report(Report(event=Event.NOT_STARTED, reason=f"the run folder cannot be used: {error}"))
            return False
        for child in self._order.children:
            try:
                process = _start(child)
            except OSError as error:
                self._report(Report(event=Event.NOT_STARTED, name=child.name, reason=str(error)))
                return False
            self._children[process.pid] = child, process
            self._report(Report(event=Event.STARTED, name=child.name, pid=process.pid))
        return True

    def _make_ready(self) -> None:
        for folder in self._order.make_folders:
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._order.log is not None:
            descriptor = os.open(self._order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(descriptor, sys.stderr.fileno())
            os.close(descriptor)

    def _wait_for_a_reason_to_stop(self, wakeups: int) -> None:
        while len(self._children) == len(self._order.children):
            ready, _, _ = select.select([wakeups, self._lifeline.fileno()], [], [])
            signals = os.read(wakeups, 4096) if wakeups in ready else b""
            if set(signals) & set(_END_SIGNALS):
                break
            if self._lifeline.fileno() in ready and not self._lifeline.read(4096):
                break
            self._collect()

    def _collect(self) -> None:
        for pid, exit_code in reap():
            if pid in self._children:
                child, process = self._children.pop(pid)
                process.returncode = exit_code
                self._report(Report(event=Event.EXITED, name=child.name, exit_code=exit_code))

    def _stop_all(self, wakeups: int) -> None:
        for pid, (child, _) in reversed(list(self._children.items())):
            send_signal(pid, signal.SIGTERM)
            deadline = time.monotonic() + self._order.grace_seconds
            while pid in self._children:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    logger.warning(
                        "%s did not end in %g s after SIGTERM: killed", child.name, self._order.grace_seconds
                    )
                    send_signal(pid, signal.SIGKILL)
                    deadline += self._order.grace_seconds
                if select.select([wakeups], [], [], max(remaining, 0))[0]:
                    os.read(wakeups, 4096)
                self._collect()

    def _report(self, report: Report) -> None:
        try:
            print(report.to_json(), file=self._reports, flush=True)
        except BrokenPipeError:
            logger.info("nobody reads: %s", report)


def _start(child: Child) -> subprocess.Popen[bytes]:
    with open(child.log, "ab") as log:
        return subprocess.Popen(
            child.argv,
            cwd=child.folder,
            env={**os.environ, **child.environment},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=functools.partial(end_with_parent, os.getpid()),  # safe: the guard has one thread
        )


def remove_folder(folder: Path) -> None:
    """Remove a folder with all it holds, folders without write permission too; what cannot be removed is logged."""
    for parent, names, _ in os.walk(folder):
        for subfolder in (Path(parent, name) for name in names):
            if not subfolder.is_symlink():
                subfolder.chmod(0o700)
    if folder.exists():
        shutil.rmtree(folder, onerror=lambda _, path, error: logger.warning("%s is left: %s", path, error[1]))


def _signal_pipe() -> int:
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (*_END_SIGNALS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return readable


def main() -> int:
    """Run a guard on this process's standard input and output; return the exit code."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    become_subreaper()
    wakeups = _signal_pipe()
    # Unbuffered, so that ``select`` tells the truth about what is still to be read.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as lifeline:
        line = lifeline.readline()
        if line.endswith(b"\n"):  # anything less is a main process that died before it could say what to do
            Guard(Order.from_json(line), lifeline, sys.stdout).run(wakeups)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The processes of one attempt: started in a session of their own, and all ended before the attempt is.

A command leads a session and its first process group. When it ends by itself, what is left of the group is killed; when
it is ended from here, the whole session is, job control's groups included. A process that makes a session of its own (a
daemon) leaves the attempt; it ends with whatever runs the node. What Azure's agent does with either is not documented.

Real processes live in real time, so limits here are seconds of the monotonic clock, not of the service's clock.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dispatcher.service.node.launch import Usage
from dispatcher.service.node.leader import Child, Leader, WarmStarter
from dispatcher.service.node.sessions import Sessions

logger = logging.getLogger(__name__)

_LOOK_AGAIN_SECONDS = 0.005
_KILL_SECONDS = 10.0
"""How long killed processes may take to vanish before it is logged; one in an uninterruptible wait may never."""
_SIGNAL_BASE = 128
_LONGEST_POLL_SECONDS = 86_400.0
"""``poll`` takes less than 25 days; a task may run for 180."""


Patience = tuple[float, Callable[[], None]]
"""Seconds, and what to call once a command has run for them."""


class LaunchError(Exception):
    """A command that did not start. ``not_found`` tells a missing program from one that cannot be run."""

    def __init__(self, reason: str, *, not_found: bool) -> None:
        super().__init__(reason)
        self.not_found = not_found


class Cause(Enum):
    """What ended a process."""

    ITSELF = "itself"
    WALL_CLOCK = "wall_clock"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessEnding:
    """How a process ended."""

    exit_code: int
    """Its exit status; 128 + n when signal n killed it, as shells and container runtimes count."""
    cause: Cause
    usage: Usage | None = None
    """Of the process and of those of its descendants that were waited for; None while it is not collected."""


class StopSignal:
    """Asks, from any thread, that an attempt ends; the attempt's own thread waits on it and its process together."""

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: this process has no descriptor left.
        """
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.is_urgent = False
        """Whether what is to end gets no time for it."""

    def set(self, *, at_once: bool = False) -> None:
        """Ask; asking again changes nothing."""
        self.is_urgent = self.is_urgent or at_once
        os.eventfd_write(self._descriptor, 1)

    def wait(self, *, other: StopSignal | None = None, until: float = math.inf) -> StopSignal | None:
        """Wait until somebody asked, by this or the other; return by which, this one if by both.

        Return None once the monotonic clock has reached ``until``.
        """
        poll = select.poll()
        for signal_ in (self, other):
            if signal_ is not None:
                poll.register(signal_.fileno(), select.POLLIN)
        while True:
            remaining = max(0.0, until - time.monotonic())
            ready = {descriptor for descriptor, _ in poll.poll(min(remaining, _LONGEST_POLL_SECONDS) * 1000)}
            if ready:
                return self if self.fileno() in ready else other
            if remaining == 0.0:
                return None

    def fileno(self) -> int:
        """Return a descriptor that is readable once somebody asked."""
        return self._descriptor

    def close(self) -> None:
        """Give the descriptor back; nobody may ask any more."""
        os.close(self._descriptor)


class TaskProcess:
    """A started command. ``wait`` must follow, from the same thread, or processes are left behind."""

    def __init__(self, leader: Leader, sessions: Sessions) -> None:
        self._leader = leader
        self._sessions = sessions
        self._session = leader.pid
        self._started = time.monotonic()

    def wait(
        self, stop: StopSignal, *, limit: float | None, grace: float, patience: Sequence[Patience] = ()
    ) -> ProcessEnding:
        """Wait until the command ends, its time is up or a stop is asked for; leave no process of it.

        A command that ends by itself has what it left in its group killed at once. One that is ended from here gets
        SIGTERM, with all its processes, and whatever is left after ``grace`` seconds gets SIGKILL; where the end is
        asked for at once, all get SIGKILL.

        Args:
            stop: asks for the end.
            limit: seconds that the command may run from its start; None is no limit.
            grace: seconds between SIGTERM and SIGKILL.
            patience: what to call once the command has run for so many seconds, the shortest first.
        """
        try:
            cause = self._watch(stop, limit, grace, patience)
        finally:
            status, usage = self._clear()
        return ProcessEnding(exit_code=status if status >= 0 else _SIGNAL_BASE - status, cause=cause, usage=usage)

    def wait_for_leader(self, stop: StopSignal, *, limit: float | None, grace: float) -> ProcessEnding:
        """Wait as `wait` does, but leave what a command that ended by itself left running; `close` must follow."""
        cause = self._watch(stop, limit, grace)
        # The leader is not collected before `close`, so that its number stays the session's.
        status = os.waitid(os.P_PID, self._session, os.WEXITED | os.WNOWAIT)
        if status is None:
            raise ChildProcessError(f"process {self._session} was collected by somebody else")
        exited = status.si_code == os.CLD_EXITED
        code = status.si_status if exited else _SIGNAL_BASE + status.si_status
        return ProcessEnding(exit_code=code, cause=cause)

    def kill(self) -> None:
        """Kill the command and what it started in its group; for the thread that waits for it."""
        _signal_group(self._session, signal.SIGKILL)

    def close(self, grace: float) -> None:
        """End what is left of the session, with ``grace`` seconds between SIGTERM and SIGKILL, and collect it."""
        leader = os.pidfd_open(self._session)
        try:
            if _members(self._session):
                self._end(leader, grace)
        finally:
            os.close(leader)
            self._clear()

    def _watch(self, stop: StopSignal, limit: float | None, grace: float, patience: Sequence[Patience] = ()) -> Cause:
        leader = os.pidfd_open(self._session)
        try:
            cause = self._first_event(leader, stop, limit, patience)
            if cause is Cause.STOP and stop.is_urgent:
                _kill_members(self._session)
            elif cause is not Cause.ITSELF:
                self._end(leader, grace)
            return cause
        finally:
            os.close(leader)

    def _first_event(self, leader: int, stop: StopSignal, limit: float | None, patience: Sequence[Patience]) -> Cause:
        poll = select.poll()
        poll.register(leader, select.POLLIN)
        poll.register(stop.fileno(), select.POLLIN)
        deadline = math.inf if limit is None else self._started + limit
        impatient = list(patience)
        while True:
            until = min(deadline, self._started + impatient[0][0]) if impatient else deadline
            remaining = max(0.0, until - time.monotonic())
            ready = {descriptor for descriptor, _ in poll.poll(min(remaining, _LONGEST_POLL_SECONDS) * 1000)}
            if leader in ready:
                return Cause.ITSELF
            if ready:
                return Cause.STOP
            now = time.monotonic()
            if now >= deadline:
                return Cause.WALL_CLOCK
            if impatient and now >= self._started + impatient[0][0]:
                impatient.pop(0)[1]()

    def _end(self, leader: int, grace: float) -> None:
        deadline = time.monotonic() + grace
        _signal_members(self._session, signal.SIGTERM)
        poll = select.poll()
        poll.register(leader, select.POLLIN)
        poll.poll(grace * 1000)
        while _members(self._session) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_SECONDS)
        _kill_members(self._session)

    def _clear(self) -> tuple[int, Usage | None]:
        # The leader is not collected yet, so its number is still the group's and nobody else's.
        _signal_group(self._session, signal.SIGKILL)
        wait_status, usage = self._leader.collect()
        status = os.waitstatus_to_exitcode(wait_status)
        if _group_exists(self._session):
            _await_group_gone(self._session)
        self._sessions.remove(self._session)
        return status, usage


def start(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str,
    stdout: str,
    stderr: str,
    null: int,
    sessions: Sessions,
    append: bool = False,
    warm: WarmStarter | None = None,
) -> TaskProcess:
    """Start a command in a new session.

    Args:
        argv: the program, looked up on the ``PATH`` of ``environment`` if it has no slash, and its arguments.
        environment: the whole environment.
        folder: where it runs.
        stdout: the file for its standard output.
        stderr: the file for its standard error.
        null: a descriptor of ``/dev/null``, its standard input.
        sessions: remembers the session while it lasts.
        append: keep what is in the two files, which are otherwise made anew.
        warm: asked first.

    Raises:
        LaunchError: the program does not exist or cannot be run.
        OSError: the node itself failed, such as when a file cannot be made or no process can be started.
    """
    leader: Leader | None = None
    with _open_file(stdout, append=append) as out, _open_file(stderr, append=append) as err:
        if warm is not None:
            leader = warm.start(argv, environment=environment, folder=folder, stdout=out, stderr=err)
        if leader is None:
            leader = _start_cold(argv, environment, folder, (null, out, err))
    started = TaskProcess(leader, sessions)
    try:
        sessions.add(leader.pid)
    except OSError:
        started.close(0.0)
        raise
    return started


def _start_cold(
    argv: Sequence[str], environment: Mapping[str, str], folder: str, streams: tuple[int, int, int]
) -> Leader:
    null, out, err = streams
    try:
        process = subprocess.Popen(
            argv, stdin=null, stdout=out, stderr=err, cwd=folder, env=environment, start_new_session=True
        )
    except OSError as error:
        if error.filename == folder or error.errno not in _PROGRAM_MISSING | _PROGRAM_UNUSABLE:
            raise
        reason = f"{argv[0]}: {os.strerror(error.errno)}"
        raise LaunchError(reason, not_found=error.errno in _PROGRAM_MISSING) from None
    return Child(process)


@contextmanager
def _open_file(path: str, *, append: bool) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        descriptor = _open_existing(path, os.O_APPEND if append else os.O_TRUNC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_existing(path: str, mode: int) -> int:
    """Open what an earlier attempt left; a link or a pipe that it put there makes way."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | mode
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENXIO}:
            raise
        Path(path).unlink()
        descriptor = os.open(path, flags, 0o644)
    os.set_blocking(descriptor, True)
    return descriptor


_PROGRAM_MISSING = {errno.ENOENT, errno.ENOTDIR}
_PROGRAM_UNUSABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOEXEC,
    errno.E2BIG,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone already, or changed its user: then it is not ours to end
        os.killpg(group, number)


def _group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal_members(session: int, number: signal.Signals) -> None:
    """Signal the session's first group at once, so that it cannot fork away from it, then its other groups."""
    _signal_group(session, number)
    for group in _members(session) - {session}:
        _signal_group(group, number)


def _kill_members(session: int) -> None:
    """Kill what is left of a session, and what it forks meanwhile, until nothing is."""
    deadline = time.monotonic() + _KILL_SECONDS
    while _members(session):
        _signal_members(session, signal.SIGKILL)
        if time.monotonic() >= deadline:
            logger.warning("processes of session %d do not end although they were killed", session)
            return
        time.sleep(_LOOK_AGAIN_SECONDS)


def _await_group_gone(session: int) -> None:
    """Wait until the killed processes of a session's first group are gone; they hold its number until then."""
    deadline = time.monotonic() + _KILL_SECONDS
    while session in _members(session):
        if time.monotonic() >= deadline:
            logger.warning("processes of group %d do not end although they were killed", session)
            return
        time.sleep(_LOOK_AGAIN_SECONDS)


def _members(session: int) -> set[int]:
    """Return the process groups that living processes of a session are in; an ended, uncollected one does not count."""
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                state, _, group, its_session = file.read().rpartition(b")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_session) == session and state not in {b"Z", b"X"}:
            found.add(int(group))
    return found

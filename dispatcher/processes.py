"""What Linux offers to keep hold of processes: subreaper, signal at the parent's death, the list of descendants."""

import ctypes
import os
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Make this process the parent of every descendant whose own parent ends, however well it daemonised.

    Source: PR_SET_CHILD_SUBREAPER in prctl(2).
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(parent: int) -> None:
    """Have SIGTERM sent to this process when ``parent``, which started it, ends. Survives ``exec``.

    Meant for a child between fork and exec. Source: PR_SET_PDEATHSIG in prctl(2).
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the request was in
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def reap() -> Iterator[tuple[int, int]]:
    """Collect every child that has ended; yield its process id and exit code (minus the signal if one ended it)."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def descendants(ancestor: int) -> list[int]:
    """Return the process ids below ``ancestor``, those that ended and were not yet collected included."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            children[parent].append(int(entry.name))
    found: list[int] = []
    pending = [ancestor]
    while pending:
        below = children[pending.pop()]
        found += below
        pending += below
    return found


def _parent(process: Path) -> int | None:
    try:
        stat = (process / "stat").read_bytes()
    except OSError:  # it ended meanwhile
        return None
    # The name, second and in brackets, may itself hold spaces and brackets; state and parent follow. Source: proc(5).
    return int(stat[stat.rindex(b")") + 1 :].split()[1])


def end_descendants(*, within_seconds: float) -> list[int]:
    """Kill and collect everything below this process, a subreaper; return the process ids that outlived the time given.

    It looks again until nothing is left, because a process may start others while it is being killed.
    """
    deadline = time.monotonic() + within_seconds
    while remaining := descendants(os.getpid()):
        for pid in remaining:
            send_signal(pid, signal.SIGKILL)
        for _ in reap():
            pass
        if time.monotonic() > deadline:
            break
        time.sleep(0.005)
    return remaining


def send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process; one that has ended, or that belongs to another user, is left as it is."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return

"""Which sessions of processes run on a node, on disk, so that those a killed service left behind are found again.

A session's number is its leader's process id. It is no other's while a process of the session lives, and a leader is
known by its age: a process that began after its number was written down was given the number anew.

The file ``running/<boot>`` has a record of 16 bytes for each session: its number, and the time it was written down,
in nanoseconds since the machine started; a free record is zeros. The name tells one start of the machine from others.
"""

from __future__ import annotations

import os
import struct
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock

from dispatcher.service.node.process_mark import ProcessMark

_PROC = Path("/proc")
_START_FIELD = 19
"""Of those after a process's name in ``/proc/<pid>/stat``."""
_TICKS = os.sysconf("SC_CLK_TCK")
_SECOND = 1_000_000_000
_RECORD = struct.Struct("<qq")
_FREE = bytes(_RECORD.size)


class Sessions:
    """The sessions of one node; safe to share between threads."""

    def __init__(self, folder: Path, mark: ProcessMark | None = None) -> None:
        """Begin with those in a folder, which is made if missing; every leader is given the mark, if there is one.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        self._file = os.open(folder / _file_name(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._mark = mark
        self._lock = Lock()
        self._end = os.fstat(self._file).st_size // _RECORD.size
        self._free: list[int] = []
        self._places: dict[int, int] = {}

    def add(self, leader: int) -> None:
        """Remember a session that has just begun."""
        if self._mark is not None:
            self._mark.put_on(leader)
        record = _RECORD.pack(leader, time.clock_gettime_ns(time.CLOCK_BOOTTIME))
        with self._lock:
            place = self._free.pop() if self._free else self._end
            self._end = max(self._end, place + 1)
            self._places[leader] = place
        os.pwrite(self._file, record, place * _RECORD.size)

    def remove(self, leader: int) -> None:
        """Forget a session that has ended."""
        with self._lock:
            place = self._places.pop(leader, None)
        if place is not None:
            os.pwrite(self._file, _FREE, place * _RECORD.size)
            with self._lock:
                self._free.append(place)

    def close(self) -> None:
        """Give the file's descriptor back; nothing is added or removed any more."""
        os.close(self._file)


def living_sessions(folder: Path) -> set[int]:
    """Return the remembered sessions that may still have processes: none from before the machine last started."""
    try:
        data = (folder / _file_name()).read_bytes()
    except FileNotFoundError:
        return set()
    whole = len(data) // _RECORD.size * _RECORD.size
    return {leader for leader, noted in _RECORD.iter_unpack(data[:whole]) if leader > 0 and _may_live(leader, noted)}


def forget_sessions(folder: Path) -> None:
    """Forget those that have ended, which is all; a file that somebody holds open stays that one's."""
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name == _file_name():
            os.truncate(file, 0)
        else:  # of another start of the machine, or in an older form
            file.unlink()


@cache
def boot_id() -> str:
    """Return what tells this start of the machine from others; empty where the system does not say."""
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _file_name() -> str:
    return boot_id() or "sessions"


def _may_live(leader: int, noted: int) -> bool:
    """Say whether a number is still that of the session that was written down at a time."""
    started = _start_ticks(leader)
    return started is None or (started - 1) * _SECOND <= noted * _TICKS


def _start_ticks(pid: int) -> int | None:
    """Return when a process started, since the machine did; None where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            return int(file.readall().rpartition(b")")[2].split()[_START_FIELD])
    except (OSError, IndexError):
        return None

"""What a process and all below it have used, as Linux counts it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Thread:
    """One thread and the CPU time it has used.

    Attributes:
        process: the id of its process.
        number: its own id.
        name: the name that the system knows it by.
        user: seconds in the program.
        system: seconds in the kernel.
    """

    process: int
    number: int
    name: str
    user: float
    system: float


def tree(root: int) -> Iterator[int]:
    """Yield a process and its descendants that are alive, parents first."""
    yield root
    for children in sorted((_PROC / str(root) / "task").glob("*/children")):
        for child in _text(children).split():
            yield from tree(int(child))


def cpu_seconds(root: int) -> float:
    """Return what the tree has used, with all that ended and was waited for."""
    return sum(sum(_times(process, 13, 17)) for process in tree(root))


def peak_bytes(root: int) -> int:
    """Return the sum of the most memory that each process of the tree ever had resident.

    Pages that two of them share count twice.
    """
    return sum(_peak(process) for process in tree(root))


def threads(root: int) -> dict[int, Thread]:
    """Return every thread of the tree by its id."""
    found = {}
    for process in tree(root):
        for folder in sorted((_PROC / str(process) / "task").glob("*")):
            name, fields = _stat(folder / "stat")
            if fields:
                number, user, system = int(folder.name), int(fields[11]) / _TICKS, int(fields[12]) / _TICKS
                found[number] = Thread(process=process, number=number, name=name, user=user, system=system)
    return found


def command(process: int) -> str:
    """Return the command line of a process; empty when it has ended."""
    return _text(_PROC / str(process) / "cmdline").replace("\0", " ").strip()


def _times(process: int, first: int, end: int) -> list[float]:
    _, fields = _stat(_PROC / str(process) / "stat")
    return [int(ticks) / _TICKS for ticks in fields[first - 2 : end - 2]]


def _stat(file: Path) -> tuple[str, list[str]]:
    """Return the name, which may hold anything, and the fields behind it."""
    text = _text(file)
    start, end = text.find("("), text.rfind(")")
    return text[start + 1 : end], text[end + 2 :].split()


def _peak(process: int) -> int:
    lines = _text(_PROC / str(process) / "status").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # it ended
        return ""

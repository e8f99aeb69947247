"""What the service did on a node, in a file of its own: this is what a client gets that asks for the node's logs.

A line is a time in UTC and a sentence. No line holds a command, a setting or a URL with its query.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from dispatcher.service.node.launch import (
    CoordinationDone,
    NodeEvent,
    NodeLost,
    SetupEnding,
    TaskEnding,
    TaskFailure,
    TaskKey,
    TaskReturned,
    TaskStarted,
)

logger = logging.getLogger(__name__)

MOST_BYTES = 4 * 1024 * 1024
"""Of a file; the one before it is kept."""
CURRENT, BEFORE = "node.log", "node.1.log"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFile:
    """A file of a node's log, with the times of its first and its last line."""

    path: Path
    first: datetime
    last: datetime

    def overlaps(self, since: datetime, until: datetime | None) -> bool:
        """Say whether a line of it may be of a time between two."""
        return self.last >= since and (until is None or self.first <= until)


class NodeLog:
    """Writes a node's log; safe to share between threads. A line that cannot be written is lost."""

    def __init__(self, folder: Path) -> None:
        """Begin, or go on, in a folder."""
        self._path, self._before = folder / CURRENT, folder / BEFORE
        self._lock = Lock()
        self._file = -1
        self._bytes = 0

    def say(self, at: datetime, sentence: str) -> None:
        """Add a line."""
        line = f"{at.astimezone(UTC).isoformat(timespec='microseconds')} {' '.join(sentence.split())}\n".encode()
        with self._lock:
            try:
                self._bytes += os.write(self._open(), line)
            except OSError as error:
                logger.warning("a line of %s is lost: %s", self._path, error.strerror)

    def tell(self, event: NodeEvent) -> None:
        """Add a line about an event."""
        self.say(event.at, _sentence(event))

    def close(self) -> None:
        """Give its descriptor back; a line after that opens the file again."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _open(self) -> int:
        """Return the file that takes the next line."""
        if self._file < 0:
            self._begin()
        if self._bytes >= MOST_BYTES:
            self._path.replace(self._before)
            os.close(self._file)
            self._begin()
        return self._file

    def _begin(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._bytes = os.fstat(self._file).st_size


def log_files(folder: Path) -> list[LogFile]:
    """Return the files of a node's log, the older first."""
    found = []
    for name in (BEFORE, CURRENT):
        try:
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            found.append(LogFile(path=folder / name, first=_time(lines[0]), last=_time(lines[-1])))
        except (FileNotFoundError, IndexError, ValueError):
            continue
    return found


def _time(line: str) -> datetime:
    return datetime.fromisoformat(line.partition(" ")[0])


def _sentence(event: NodeEvent) -> str:
    match event:
        case NodeLost():
            return "lost"
        case SetupEnding():
            return "set up" if event.failure is None else f"not set up: {_words(event.failure)}"
        case CoordinationDone():
            return f"coordination of {_name(event.key)} done, run {event.run_number}"
        case TaskReturned():
            return f"returned {_name(event.key)}, run {event.run_number}"
        case TaskStarted():
            return f"started {_name(event.key)}, run {event.run_number}"
        case TaskEnding():
            code = "none" if event.exit_code is None else str(event.exit_code)
            words = "" if event.failure is None else f", {_words(event.failure)}"
            begun = "" if event.started is None else f", started {event.started:%H:%M:%S.%f}"
            return f"ended {_name(event.key)}, run {event.run_number}, in {event.stage}, exit code {code}{words}{begun}"


def _name(key: TaskKey) -> str:
    return f"{key.job_id}/{key.task_id}" if key.job_id else key.task_id


def _words(failure: TaskFailure) -> str:
    return f"{failure.code} ({failure.message})"

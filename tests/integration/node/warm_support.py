"""Runs a program of Python twice, started cold and started warm, and keeps all that can be seen of both."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from dispatcher.service.node.process import ProcessEnding, StopSignal, TaskProcess, start
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.node.warm.options import WarmLevel, WarmOptions
from dispatcher.service.node.warm.starts import WarmStarts
from dispatcher.service.node.warm.template import Copy

_LONG_AGO = 1_000_000_000
MODULES = ("batch_manager", "batch_manager.application", "logging.config", "json", "pathlib", "typing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a run left."""

    exit_code: int
    stdout: str
    stderr: str
    files: Mapping[str, bytes]
    is_warm: bool = field(compare=False)


class Stage:
    """Starts tasks in a folder of their own, with templates or without."""

    def __init__(self, root: Path, *, level: WarmLevel = WarmLevel.INTERPRETER, **options: Any) -> None:
        self.root = root
        self.library = root / "library"
        """On the tasks' ``PYTHONPATH``."""
        self.work = root / "wd"
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.work),
            "LANG": "C.UTF-8",
            "AZ_BATCH_TASK_ID": "one",
            "SOME_SETTING": "said",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self.library),
        }
        for folder in (self.library, self.work):
            folder.mkdir(parents=True)
        self.sessions = Sessions(root / "running")
        self.stop = StopSignal()
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        options = {"after": 1, "modules": MODULES, **options}
        self.warm = WarmStarts(
            WarmOptions(level=level, **options), root=str(root), folder=root / "warm", null=self._null
        )
        self._exit = ExitStack()
        for close in (self.stop.close, lambda: os.close(self._null), self.sessions.close, self.warm.close):
            self._exit.callback(close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def write(self, name: str, text: str, *, modified: int = _LONG_AGO) -> Path:
        """Make a file of the library that was last changed long ago, like its folder."""
        path = self.library / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        for one in (path, path.parent, self.library):
            os.utime(one, (modified, modified))
        return path

    def start(self, argv: Sequence[str], *, warm: bool = True) -> TaskProcess:
        """Start a task in an empty working directory."""
        return start(
            argv,
            environment=self.environment,
            folder=str(self.work),
            stdout=str(self.root / "stdout.txt"),
            stderr=str(self.root / "stderr.txt"),
            null=self._null,
            sessions=self.sessions,
            warm=self.warm if warm else None,
        )

    def run(self, argv: Sequence[str], *, warm: bool = True) -> Seen:
        """Run a task to its end."""
        process = self.start(argv, warm=warm)
        ended = self.wait(process)
        seen = Seen(
            exit_code=ended.exit_code,
            stdout=_without_addresses(self.root / "stdout.txt"),
            stderr=_without_addresses(self.root / "stderr.txt"),
            files={path.name: path.read_bytes() for path in self.work.iterdir() if path.is_file()},
            is_warm=is_warm(process),
        )
        self.empty()
        return seen

    def wait(self, process: TaskProcess, *, limit: float | None = 60.0) -> ProcessEnding:
        """Wait for a task."""
        return process.wait(self.stop, limit=limit, grace=0.5)

    def prepare(self, argv: Sequence[str]) -> None:
        """Run a task once, so that there is a template for the next."""
        self.run(argv)
        self.warm.settle()

    def prepare_beside(self, argv: Sequence[str]) -> None:
        """Likewise, while another task runs."""
        self.wait(self.start(argv))
        self.warm.settle()

    def start_and_stop(self, argv: Sequence[str]) -> None:
        """Start a task that does not end by itself, and end it."""
        process = self.start(argv)
        self.wait(process, limit=0.2)
        self.empty()

    def empty(self) -> None:
        """Remove what a task left."""
        for path in (*self.work.iterdir(), self.root / "stdout.txt", self.root / "stderr.txt"):
            path.unlink()


def _without_addresses(path: Path) -> str:
    return re.sub(r"0x[0-9a-f]{8,}", "0x", path.read_text(errors="surrogateescape"))


def working_folder(pid: int) -> Path | None:
    """Return where a process runs; None for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def is_warm(process: TaskProcess) -> bool:
    """Tell how a task was started."""
    return isinstance(process._leader, Copy)


def python(*words: str) -> list[str]:
    """Return a command of this interpreter."""
    return [sys.executable, *words]

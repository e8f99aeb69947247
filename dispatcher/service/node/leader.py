"""The first process of a task's session: started here, or copied from a template."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from dispatcher.service.node.launch import Usage
from dispatcher.service.node.limits import lower_for_task


class Leader(Protocol):
    """The first process of a session."""

    @property
    def pid(self) -> int:
        """Its number, and its session's; no other's before it is collected."""
        ...

    def collect(self) -> tuple[int, Usage | None]:
        """Wait until it has ended; return wait(2)'s status and what it used, if that is known."""
        ...


class WarmStarter(Protocol):
    """Starts commands without starting their programs anew."""

    def start(
        self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str, stdout: int, stderr: int
    ) -> Leader | None:
        """Start a command as any other is; None where it has to be started as any other."""
        ...


class Child:
    """A process that was started here; see ``Leader``."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take it over: nobody else waits for it."""
        self._process = process
        self.pid = process.pid
        lower_for_task(process.pid)

    def collect(self) -> tuple[int, Usage]:
        """See ``Leader``."""
        _, status, used = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return status, usage_of(used)


def usage_of(used: resource.struct_rusage) -> Usage:
    """Return what a process and those of its descendants that were waited for used."""
    return Usage(
        user=timedelta(seconds=used.ru_utime),
        kernel=timedelta(seconds=used.ru_stime),
        reads=used.ru_inblock,
        writes=used.ru_oublock,
    )

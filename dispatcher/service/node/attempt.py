"""An attempt at one task on its way, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from dispatcher.service.node.launch import EndReason, Stage, TaskFailure, TaskLaunch, Usage
from dispatcher.service.node.process import StopSignal


class Interrupted(Exception):  # noqa: N818 - a request, not an error
    """The attempt was asked to end while files travelled."""


@dataclass(kw_only=True, slots=True, eq=False)
class Attempt:
    """An attempt on its way. Other threads set ``reason`` and ``remove_folder``; all else is its own thread's."""

    launch: TaskLaunch
    stop: StopSignal = field(default_factory=StopSignal)
    go: StopSignal | None = None
    """Lets the command of a multi-instance task start, once the coordination commands of all its nodes returned."""
    reason: EndReason | None = None
    """Why it was asked to end; the first reason counts."""
    stage: Stage = Stage.PRE_PROCESSING
    """How far it got."""
    started: datetime | None = None
    """When its command did."""
    exit_code: int | None = None
    """Of its command, once that has ended."""
    usage: Usage | None = None
    """Of its command, once that has ended."""
    patience: tuple[tuple[float, Callable[[], None]], ...] = ()
    """What its node does once its command has run for so many seconds, the shortest first."""
    remove_folder: bool = False
    """The task was forgotten meanwhile."""

    def __post_init__(self) -> None:
        """Prepare to wait for other nodes, if it will."""
        if self.launch.coordination is not None and self.launch.coordination.is_primary:
            try:
                self.go = StopSignal()
            except OSError:
                self.stop.close()
                raise

    def close(self) -> None:
        """Give back its descriptors."""
        self.stop.close()
        if self.go is not None:
            self.go.close()

    def proceed(self) -> None:
        """Let its own command start."""
        if self.go is not None:
            self.go.set()

    def keep_going(self) -> None:
        """Break off what is done before the command starts.

        Raises:
            Interrupted: it was asked to end.
        """
        if self.reason is not None:
            raise Interrupted

    def end(self, reason: EndReason) -> None:
        """Ask that it ends."""
        if self.reason is None:
            self.reason = reason
            self.stop.set(at_once=reason is EndReason.LOST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an ending says beside the attempt's name and the time."""

    stage: Stage
    exit_code: int | None = None
    failure: TaskFailure | None = None

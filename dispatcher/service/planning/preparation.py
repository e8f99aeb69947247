"""What becomes of preparation tasks when their attempts end, and which release tasks run where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from dispatcher.service.node.launch import Stage, TaskEnding
from dispatcher.service.settlement import TASK_ENDED
from dispatcher.service.states import NodeState

_READY = frozenset({NodeState.IDLE, NodeState.RUNNING, NodeState.OFFLINE})
_COMING_BACK = frozenset({"starting", "waitingforstarttask", "rebooting"})


class Prepared(Enum):
    """What the end of an attempt makes of a preparation task."""

    SUCCEEDED = auto()
    FAILED = auto()
    RETRY = auto()
    LOST = auto()
    """It was ended from outside: it runs again before the next task."""


def after_preparation(ending: TaskEnding, *, retries: int, max_retries: int) -> Prepared:
    """Return what an ending makes of a preparation task.

    Only a command that failed is retried, not one that could not start and not one that took too long (REST reference,
    ``JobPreparationTaskExecutionInformation``).

    Args:
        ending: of its attempt.
        retries: it had before.
        max_retries: it may have; -1 is no limit.
    """
    if ending.failure is None:
        return Prepared.SUCCEEDED
    if ending.failure.code == TASK_ENDED:
        return Prepared.FAILED if ending.failure.details else Prepared.LOST
    may_retry = max_retries == -1 or retries < max_retries
    return Prepared.RETRY if ending.stage is Stage.RUN and may_retry else Prepared.FAILED


@dataclass(frozen=True, kw_only=True, slots=True)
class OwedRelease:
    """A node where a job's release task has to run."""

    key: int
    node_state: NodeState | None
    """None where the node is gone."""
    is_running: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StartRelease:
    """Run the release task."""

    key: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DropRelease:
    """The node will not run it any more."""

    key: int


ReleaseAction = StartRelease | DropRelease


def plan_releases(owed: Iterable[OwedRelease]) -> Iterator[ReleaseAction]:
    """Start what a node can run now, wait for nodes that come back, and give up those that are gone."""
    for release in owed:
        if release.is_running:
            continue
        if release.node_state in _READY:
            yield StartRelease(key=release.key)
        elif release.node_state is None or release.node_state.value not in _COMING_BACK:
            yield DropRelease(key=release.key)

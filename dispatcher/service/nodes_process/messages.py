"""What the service and the process of its nodes say to each other; every value is frozen and travels as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.launch import EndReason, LogRequest, NodeEvent, NodeSetup, TaskKey, TaskLaunch
from dispatcher.service.node.warm.options import NO_WARM_STARTS, WarmOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """The first of all: what the nodes have in common."""

    link_folder: Path
    """Where the link to a storage account is looked for."""
    engine_folder: Path
    """For the settings of the container engine."""
    warm: WarmOptions = NO_WARM_STARTS
    """Which tasks start from templates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenNode:
    """Make a node; an `Answered` without a value follows."""

    call: int
    node: int
    """Its number, which is no other's of the process."""
    root: Path
    identity: NodeIdentity
    slots: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseNode:
    """End what runs on a node and forget it; an `Answered` without a value follows, and nothing more of the node."""

    call: int
    node: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadLog:
    """Begin to upload a node's log; an `Answered` with the number of files follows."""

    call: int
    node: int
    request: LogRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Ping:
    """Do nothing; an `Answered` without a value follows."""

    call: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SetUp:
    """See `Node.set_up`."""

    node: int
    setup: NodeSetup


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """See `Node.launch`; an attempt that cannot begin has its ending reported."""

    node: int
    launch: TaskLaunch


@dataclass(frozen=True, kw_only=True, slots=True)
class Proceed:
    """See `Node.proceed`."""

    node: int
    key: TaskKey


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """See `Node.end`."""

    node: int
    key: TaskKey
    reason: EndReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Forget:
    """See `Node.forget`."""

    node: int
    key: TaskKey


ToNodes = Begin | OpenNode | CloseNode | UploadLog | Ping | SetUp | Launch | Proceed | End | Forget


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What became of a call."""

    call: int
    value: int = 0
    error: str | None = None
    """Why it could not be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """What happened on a node, in order. That a command was started is not told: nobody asks."""

    node: int
    events: tuple[NodeEvent, ...]


FromNodes = Answered | Happened

"""The seam to pools and their nodes, for the commands. Implementation: ``_azure.pool_operations``. It is light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from batch_manager.definitions import ResizeProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSummary:
    """A pool in a list of the account's pools."""

    id: str
    state: str
    """``active`` or ``deleting``."""
    allocation_state: str
    """``steady``, ``resizing`` or ``stopping``."""
    vm_size: str
    creation_time: datetime
    allocation_state_since: datetime | None = None
    """When its size began or ceased to change last."""
    current_dedicated_nodes: int = 0
    current_low_priority_nodes: int = 0
    target_dedicated_nodes: int = 0
    target_low_priority_nodes: int = 0
    enable_auto_scale: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def current_nodes(self) -> int:
        """Dedicated and spot nodes that are there."""
        return self.current_dedicated_nodes + self.current_low_priority_nodes

    @property
    def target_nodes(self) -> int:
        """Dedicated and spot nodes that should be there."""
        return self.target_dedicated_nodes + self.target_low_priority_nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoscaleRun:
    """What a pool's formula came to (REST ``AutoScaleRun``)."""

    at: datetime
    results: Mapping[str, str] = field(default_factory=dict)
    """The formula's variables; those of its own among them."""
    error: str | None = None
    """Why it came to nothing; None if it did not fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDetail:
    """One pool."""

    summary: PoolSummary
    document: Mapping[str, object]
    """The pool in Batch's JSON. Batch tells no password and no key."""
    resize_problems: tuple[ResizeProblem, ...] = ()
    resize_timeout: timedelta | None = None
    task_slots_per_node: int = 1
    auto_scale_formula: str | None = None
    """None if the pool has no formula now."""
    auto_scale_interval: timedelta | None = None
    auto_scale_run: AutoscaleRun | None = None
    """The last one; None before the first."""
    etag: str | None = None

    @property
    def id(self) -> str:
        """The pool's id."""
        return self.summary.id


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNode:
    """A node of a pool."""

    id: str
    state: str
    """REST ``BatchNodeState``: ``idle``, ``running``, ``starttaskfailed``, ``unusable``, ..."""
    state_since: datetime | None = None
    is_dedicated: bool = True
    running_tasks: int = 0
    start_task_failure: str | None = None
    """How the start task failed, in words, with its exit code; None if it did not."""
    errors: tuple[str, ...] = ()
    """What Batch says is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportedImage:
    """A Marketplace image that nodes can be made of, and the node agent that goes with it."""

    publisher: str
    offer: str
    sku: str
    node_agent: str
    os: str
    """``linux`` or ``windows``."""
    verified: bool
    """Tested by Microsoft with that node agent."""
    capabilities: tuple[str, ...] = ()
    """Such as ``DockerCompatible``."""
    end_of_life: datetime | None = None
    """When Batch stops to support it; None where no date is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeUser:
    """Somebody who may log on to a node."""

    name: str
    expiry_time: datetime
    is_admin: bool = False
    ssh_public_key: str | None = None
    password: str | None = field(default=None, repr=False)


class NodeOperations(Protocol):
    """The nodes of pools. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def list_nodes(self, pool_id: str) -> Iterator[PoolNode]:
        """All nodes of a pool, page by page."""
        ...

    def put_user(self, pool_id: str, node_id: str, user: NodeUser) -> None:
        """Let somebody log on to a node; a user of that name is given the new key, password and expiry time. Whether
        he is an administrator cannot be changed (Batch's own limit)."""
        ...

    def delete_user(self, pool_id: str, node_id: str, name: str) -> None:
        """Let somebody log on no longer; success if there is no such user."""
        ...

    def login_address(self, pool_id: str, node_id: str) -> tuple[str, int]:
        """Host and port for SSH or Remote Desktop."""
        ...


class PoolOperations(Protocol):
    """The pools of a Batch account. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    @property
    def nodes(self) -> NodeOperations:
        """The pools' nodes."""
        ...

    def list_pools(self) -> Iterator[PoolSummary]:
        """All pools of the account, page by page."""
        ...

    def get_pool(self, pool_id: str) -> PoolDetail:
        """One pool. ``NotFoundError`` if there is none."""
        ...

    def create_pool(self, body: Mapping[str, object]) -> None:
        """Make a pool from Batch's JSON. ``ConflictError`` with the code ``PoolExists`` if there is one; so, too, when
        the reply to a first try was lost."""
        ...

    def delete_pool(self, pool_id: str, etag: str | None = None) -> None:
        """Begin to delete a pool and its nodes; success if there is none, or it is being deleted;
        ``PreconditionError`` if it was changed since ``etag``."""
        ...

    def resize_pool(
        self, pool_id: str, *, dedicated: int, low_priority: int, timeout: timedelta | None = None, deallocation: str
    ) -> None:
        """Begin to bring a pool without a formula to so many nodes.

        Args:
            pool_id: the pool.
            dedicated: nodes that are not taken away.
            low_priority: spot nodes.
            timeout: how long Batch tries; 15 minutes if None.
            deallocation: what becomes of tasks on nodes that go: ``requeue``, ``terminate``, ``taskcompletion``.
        """
        ...

    def stop_resize(self, pool_id: str) -> None:
        """Let the nodes that are there be the pool's targets; success if it is not being resized."""
        ...

    def enable_autoscale(self, pool_id: str, formula: str, interval: timedelta | None = None) -> None:
        """Let a formula decide on the nodes; 15 minutes between evaluations if None."""
        ...

    def disable_autoscale(self, pool_id: str) -> None:
        """Leave the pool with the nodes that its formula gave it."""
        ...

    def evaluate_autoscale(self, pool_id: str, formula: str) -> AutoscaleRun:
        """What a formula would come to now; nothing is changed. The pool must have a formula already."""
        ...

    def put_metadata(self, pool_id: str, metadata: Mapping[str, str], etag: str | None = None) -> None:
        """Replace a pool's metadata; ``PreconditionError`` if the pool was changed since ``etag``."""
        ...

    def list_supported_images(self) -> Iterator[SupportedImage]:
        """The Marketplace images that the account offers."""
        ...

"""The seam to pools and their nodes, for the commands. Implementation: ``_azure.pool_operations``. It is light."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSummary:
    """A pool in a list of the account's pools."""

    id: str
    state: str
    """``active`` or ``deleting``."""
    allocation_state: str
    vm_size: str
    creation_time: datetime
    current_dedicated_nodes: int = 0
    current_low_priority_nodes: int = 0
    target_dedicated_nodes: int = 0
    target_low_priority_nodes: int = 0
    enable_auto_scale: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


class PoolOperations(Protocol):
    """The pools of a Batch account. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def list_pools(self) -> Iterator[PoolSummary]:
        """All pools of the account, page by page."""
        ...

    def delete_pool(self, pool_id: str) -> None:
        """Begin to delete a pool and its nodes; success if there is none, or it is being deleted."""
        ...

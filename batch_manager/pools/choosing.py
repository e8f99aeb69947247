"""Which pools a list shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch_manager.ownership import read_ownership
from batch_manager.pool_operations import PoolSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFilter:
    """All that is given must hold.

    Attributes:
        owner: whose it is.
        tags: what it has.
        older_than: how old it is at least.
    """

    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    older_than: timedelta | None = None

    def takes(self, pool: PoolSummary, now: datetime) -> bool:
        """Whether a pool is one of them."""
        ownership = read_ownership(pool.metadata)
        if self.owner is not None and (ownership is None or ownership.owner != self.owner):
            return False
        if self.tags and (ownership is None or not self.tags.items() <= ownership.tags.items()):
            return False
        return self.older_than is None or now - pool.creation_time >= self.older_than

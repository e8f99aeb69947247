"""What a service is told when it starts about how its accounts behave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatcher.service.node.warm.options import WarmOptions

ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
"""What an account may be called, as on Azure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaOptions:
    """How much an account may have; None is without a limit."""

    dedicated_cores: int | None = None
    """Of all dedicated nodes, by the core counts of their sizes."""
    low_priority_cores: int | None = None
    """Of all spot nodes, likewise."""
    pools: int | None = None
    active_jobs_and_schedules: int | None = None
    """Jobs and job schedules that are not completed; a disabled one counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceOptions:
    """How the accounts of a service behave; each has these quotas for itself."""

    allocation_seconds: float = 0.0
    """How long a pool's resize takes before its nodes are there."""
    boot_seconds: float = 0.0
    """How long a node takes from there until it runs its start task or is idle."""
    quotas: QuotaOptions = field(default_factory=QuotaOptions)
    warm: WarmOptions = field(default_factory=WarmOptions)
    """Which Python tasks start warm; none unless something else is said."""
    node_variables: Mapping[str, str] = field(default_factory=dict)
    """What every process on every node finds in its environment, as from the image of the node's machine."""

"""The nodes a plan is for: those that are asked for, then those of the pool."""

from __future__ import annotations

from batch_manager.planning.request import Machines
from batch_manager.pool_operations import PoolDetail


def choose_machines(
    pool: PoolDetail | None, *, vm_size: str | None, nodes: int | None, spot_nodes: int | None, slots: int | None
) -> Machines | None:
    """The nodes of a plan; None if nothing says how many there are.

    If a number of nodes is given, of either kind, the pool's numbers do not count. A pool's numbers are those it is
    to have, and those that it has where a formula decides on them.

    Raises:
        InputError: a number is out of its limits.
    """
    if nodes is not None or spot_nodes is not None:
        dedicated, spot = nodes or 0, spot_nodes or 0
    elif pool is not None:
        dedicated, spot = _nodes_of(pool)
    else:
        return None
    return Machines(
        vm_size=vm_size or (None if pool is None else pool.summary.vm_size),
        dedicated=dedicated,
        spot=spot,
        slots=slots if slots is not None else 1 if pool is None else pool.task_slots_per_node,
    )


def _nodes_of(pool: PoolDetail) -> tuple[int, int]:
    found = pool.summary
    if found.enable_auto_scale:
        return found.current_dedicated_nodes, found.current_low_priority_nodes
    return found.target_dedicated_nodes, found.target_low_priority_nodes

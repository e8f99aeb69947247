"""Whether a pool has the nodes it should have, and if not, why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from batch_manager.pool_operations import PoolDetail, PoolNode

USABLE = frozenset({"idle", "running"})
SETTLED = frozenset({"offline", "deallocated"})
"""States that a node stays in until somebody asks for another."""
BROKEN = frozenset({"starttaskfailed", "unusable"})
_STEADY = "steady"


class Verdict(Enum):
    """What a look at a pool comes to."""

    READY = "ready"
    """All nodes that it should have can run tasks."""
    WAITING = "waiting"
    """Some are still coming."""
    FAILED = "failed"
    """It will not have them unless something is changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolHealth:
    """A look at a pool.

    Attributes:
        verdict: what it comes to.
        usable: nodes that can run tasks.
        target: nodes that it should have.
        states: how many nodes are in which state.
        reasons: what keeps it from being ready, in words.
        failed_nodes: ids of nodes whose start task failed, whose log says why.
    """

    verdict: Verdict
    usable: int
    target: int
    states: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    failed_nodes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The nodes in a line: ``2 of 4 nodes (2 idle, 2 starting)``."""
        states = ", ".join(f"{number} {state}" for state, number in sorted(self.states.items()))
        return f"{self.usable} of {self.target} nodes" + (f" ({states})" if states else "")


def look_at(pool: PoolDetail, nodes: Sequence[PoolNode]) -> PoolHealth:
    """What a pool and its nodes come to."""
    summary = pool.summary
    settling = [node for node in nodes if node.state not in USABLE | SETTLED | BROKEN]
    reasons = [*_of_pool(pool), *_of_nodes(nodes)]
    if summary.state != "active":
        verdict = Verdict.FAILED
    elif summary.allocation_state != _STEADY or settling:
        verdict = Verdict.WAITING
    elif reasons:
        verdict = Verdict.FAILED
    elif len(nodes) < summary.target_nodes or (summary.enable_auto_scale and pool.auto_scale_run is None):
        verdict = Verdict.WAITING
    else:
        verdict = Verdict.READY
    return PoolHealth(
        verdict=verdict,
        usable=sum(node.state in USABLE for node in nodes),
        target=summary.target_nodes,
        states=dict(Counter(node.state for node in nodes)),
        reasons=tuple(reasons),
        failed_nodes=tuple(node.id for node in nodes if node.state == "starttaskfailed"),
    )


def _of_pool(pool: PoolDetail) -> list[str]:
    found = [f"resize: {problem.code}: {problem.message}" for problem in pool.resize_problems]
    if pool.summary.state != "active":
        found.append("the pool is being deleted")
    run = pool.auto_scale_run
    if pool.summary.enable_auto_scale and run is not None and run.error is not None:
        found.append(f"formula: {run.error}")
    return found


def _of_nodes(nodes: Sequence[PoolNode]) -> list[str]:
    """One line for each way in which nodes are broken, with the first of them."""
    kinds: dict[str, list[str]] = {}
    for node in nodes:
        if node.state in BROKEN:
            kinds.setdefault(_why(node), []).append(node.id)
    return [_told(why, ids) for why, ids in kinds.items()]


def _why(node: PoolNode) -> str:
    if node.start_task_failure is not None:
        return f"start task failed: {node.start_task_failure}"
    return "; ".join(node.errors) or f"it is {node.state} and Batch does not say why"


def _told(why: str, ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
    return f"node {ids[0]}{more}: {why}"

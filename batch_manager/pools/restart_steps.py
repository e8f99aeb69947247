"""How all nodes of a pool are brought anew: what the next step is, from what Batch says of the pool. Pure.

The former scale is kept in the pool's own metadata before anything is changed, so that whoever comes next, after a kill
at any line, goes on from there::

    (nothing kept) -> REMEMBER -> emptying: LET_GO, STOP, EMPTY -> MARK -> restoring: RESIZE, SCALE -> FORGET -> DONE
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from batch_manager.pool_operations import PoolDetail

RESTART_METADATA = "batchmanagerrestart"


class Phase(Enum):
    """How far a restart is."""

    EMPTYING = "emptying"
    RESTORING = "restoring"


class Step(Enum):
    """What is to be done next."""

    REMEMBER = "keep its scale in its metadata"
    LET_GO = "let no formula scale it"
    STOP = "stop the resize that goes on"
    EMPTY = "take all its nodes away; their tasks go back to the queue"
    MARK = "note that its nodes are gone"
    SCALE = "let its formula scale it again"
    RESIZE = "ask for its nodes"
    FORGET = "forget the scale that was kept"
    WAIT = "wait for Batch"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerScale:
    """How a pool was scaled before its restart.

    Attributes:
        phase: how far the restart is.
        dedicated: its target.
        low_priority: likewise.
        timeout: how long its resize is tried; None for Batch's own time.
        formula: of a pool that has one.
        interval: between two evaluations of it.
    """

    phase: Phase = Phase.EMPTYING
    dedicated: int = 0
    low_priority: int = 0
    timeout: timedelta | None = None
    formula: str | None = None
    interval: timedelta | None = None

    def as_text(self) -> str:
        """The value of the metadata."""
        return json.dumps(
            {
                "phase": self.phase.value,
                "dedicated": self.dedicated,
                "lowPriority": self.low_priority,
                "timeout": _seconds(self.timeout),
                "formula": self.formula,
                "interval": _seconds(self.interval),
            },
            separators=(",", ":"),
        )


def scale_of(pool: PoolDetail) -> FormerScale:
    """How a pool is scaled now."""
    return FormerScale(
        dedicated=pool.summary.target_dedicated_nodes,
        low_priority=pool.summary.target_low_priority_nodes,
        timeout=None if pool.summary.enable_auto_scale else pool.resize_timeout,
        formula=pool.auto_scale_formula if pool.summary.enable_auto_scale else None,
        interval=pool.auto_scale_interval if pool.summary.enable_auto_scale else None,
    )


def kept_scale(metadata: Mapping[str, str]) -> FormerScale | None:
    """The scale that a restart has kept; None if there is none, or it cannot be read."""
    try:
        kept = json.loads(metadata.get(RESTART_METADATA, ""))
        return FormerScale(
            phase=Phase(kept["phase"]),
            dedicated=int(kept["dedicated"]),
            low_priority=int(kept["lowPriority"]),
            timeout=_time(kept["timeout"]),
            formula=kept["formula"],
            interval=_time(kept["interval"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def next_step(pool: PoolDetail, begun: bool) -> Step:
    """What is to be done next for a restart.

    Args:
        pool: as it is now.
        begun: whether this restart has kept the pool's scale; if so and it is not there, the restart has ended.
    """
    kept = kept_scale(pool.summary.metadata)
    if kept is None:
        return Step.DONE if begun else Step.REMEMBER
    return _emptying(pool) if kept.phase is Phase.EMPTYING else _restoring(pool, kept)


def _emptying(pool: PoolDetail) -> Step:
    summary = pool.summary
    if summary.enable_auto_scale:
        return Step.LET_GO
    if summary.allocation_state == "stopping":
        return Step.WAIT
    if summary.allocation_state == "resizing":
        return Step.WAIT if summary.target_nodes == 0 else Step.STOP
    if summary.current_nodes or summary.target_nodes:
        return Step.EMPTY
    return Step.MARK


def _restoring(pool: PoolDetail, kept: FormerScale) -> Step:
    """The nodes come before the formula: most formulas change nothing until they have samples, minutes later."""
    summary = pool.summary
    if summary.enable_auto_scale:
        return Step.FORGET  # the former formula, or what somebody else decided on meanwhile
    if (summary.target_dedicated_nodes, summary.target_low_priority_nodes) == (kept.dedicated, kept.low_priority):
        if kept.formula is None:
            return Step.FORGET
        return Step.SCALE if summary.allocation_state == "steady" else Step.WAIT
    return Step.RESIZE if summary.allocation_state == "steady" else Step.WAIT


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def _time(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)

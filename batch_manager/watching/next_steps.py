"""What to do about each obstacle. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from batch_manager.supervision import ObstacleKind

_STEPS: Mapping[ObstacleKind, str] = {
    ObstacleKind.POOL_MISSING: "make the pool (batch-manager pool create), or cancel the job and submit it to another",
    ObstacleKind.POOL_CANNOT_GROW: "batch-manager doctor shows the quotas; more quota or another VM size helps, then "
    "batch-manager pool resize {pool} --dedicated N",
    ObstacleKind.POOL_EMPTY: "batch-manager pool resize {pool} --dedicated N; batch-manager pool autoscale {pool} "
    "shows what a formula comes to",
    ObstacleKind.START_TASK_FAILS: "repair what the start task needs, then batch-manager pool restart {pool}",
    ObstacleKind.NODES_UNUSABLE: "batch-manager pool restart {pool}",
    ObstacleKind.NODES_NOT_READY: "wait some minutes; then batch-manager pool show {pool}",
    ObstacleKind.TOO_MANY_SLOTS: "batch-manager cancel {job}, and submit it to a pool with more slots on a node",
    ObstacleKind.PREPARATION_FAILS: "repair what it needs; batch-manager cancel {job} if that takes long",
    ObstacleKind.GATE_FAILED: "batch-manager retry {job} with the gate's id lets it ask again",
    ObstacleKind.JOB_MANAGER_LEFT: "batch-manager logs {job} job-manager --stderr says why; batch-manager wait {job} "
    "ends the job and tells its end",
    ObstacleKind.JOB_DISABLED: "enable it in the portal, or with 'az batch job enable --job-id {job}'",
    ObstacleKind.NOTHING_STARTS: "look again in a minute; batch-manager pool show {pool} says what its nodes do",
}


def next_step(kind: ObstacleKind, *, job_id: str, pool_id: str) -> str:
    """What to do about an obstacle of a job on a pool."""
    return _STEPS[kind].format(job=job_id, pool=pool_id)

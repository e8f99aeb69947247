"""Supervises a job from outside the pool, where somebody can help when nothing on the pool runs.

``obstacles`` says, from one look, what keeps a job from going on; ``looking`` takes the look; ``supervising`` is the
loop, which ends a job that never would, and tells its outcome in FinalizeTask's place.
"""

from batch_manager.supervision.limits import ObstacleKind, SupervisionLimits, parse_limits
from batch_manager.supervision.obstacles import Finding, Obstacle, Snapshot, Suspicions, find_obstacle

__all__ = [
    "Finding",
    "Obstacle",
    "ObstacleKind",
    "Snapshot",
    "SupervisionLimits",
    "Suspicions",
    "find_obstacle",
    "parse_limits",
]

"""Supervises a job from outside the pool, where somebody can help when nothing on the pool runs.

``obstacles`` says, from one look, what keeps a job from going on; ``looking`` takes the look; ``supervising`` is the
loop, which ends a job that never would, and tells its outcome in FinalizeTask's place; ``ends`` says what an end
means to whoever waited.
"""

from batch_manager.supervision.ends import JobEnd, job_end
from batch_manager.supervision.limits import ObstacleKind, SupervisionLimits, parse_limits, parse_time
from batch_manager.supervision.obstacles import Finding, Obstacle, Snapshot, Suspicions, find_obstacle
from batch_manager.supervision.supervising import conclude, supervise_job

__all__ = [
    "Finding",
    "JobEnd",
    "Obstacle",
    "ObstacleKind",
    "Snapshot",
    "SupervisionLimits",
    "Suspicions",
    "conclude",
    "find_obstacle",
    "job_end",
    "parse_limits",
    "parse_time",
    "supervise_job",
]

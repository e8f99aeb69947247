"""Checked, never run: what must type-check, and the mistakes that must not.

An ignore that is not needed is an error under mypy's strict mode, so each of them proves that the line is refused.
"""

from batch_manager import TaskContext, WorkloadBase, WorkloadTask, WorkloadTaskBuilder


class One(WorkloadTask):
    """A task."""

    def run(self) -> None:
        """Nothing."""


class Two(WorkloadTask):
    """Another."""

    def run(self) -> None:
        """Nothing."""


class OneBuilder(WorkloadTaskBuilder[One]):
    """The builder of the first."""

    def build(self, context: TaskContext) -> One:
        """The task."""
        return One()


class WrongBuilder(WorkloadTaskBuilder[One]):
    """Promises one task and makes another."""

    def build(self, context: TaskContext) -> Two:  # type: ignore[override]
        """The wrong task."""
        return Two()


def register(workload: WorkloadBase) -> None:
    """A task goes with its own builder only."""
    workload.register_task(One, OneBuilder)
    workload.register_task(Two, OneBuilder)  # type: ignore[misc]
    workload.register_task(OneBuilder, OneBuilder)  # type: ignore[misc]

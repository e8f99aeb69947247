"""See the package."""

import time

from batch_manager import (
    BatchClient,
    DependencyRule,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)

LONG = 600
"""Seconds."""


class Waiter(WorkloadTask):
    """Waits."""

    def run(self) -> None:
        """See the class."""
        time.sleep(LONG)


class WaiterBuilder(WorkloadTaskBuilder[Waiter]):
    """Makes one."""

    def build(self, context: TaskContext) -> Waiter:
        """The task."""
        return Waiter()


class CrowdJobManager(JobManager):
    """``tasks`` tasks: every second one waits for the one before it, however that ends; every fourth is a command."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        for number in range(0, int(str(self.context.parameters["tasks"])), 4):
            parent = self.add_workload_task(Waiter)
            self.add_workload_task(Waiter, dependencies=[parent]).run_when = DependencyRule.ALL_ENDED
            parent = self.add_command_task(f"Sleep {number}", f"/bin/sleep {LONG}")
            self.add_workload_task(Waiter, dependencies=[parent])


class CrowdJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return CrowdJobManager(context)


class CrowdWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=CrowdJobManagerBuilder)
        self.register_task(Waiter, WaiterBuilder)

"""As many tasks as the parameter ``tasks`` says, each of which does nothing."""

from batch_manager import (
    BatchClient,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)


class Noop(WorkloadTask):
    """Does nothing."""

    def run(self) -> None:
        """Nothing."""


class NoopBuilder(WorkloadTaskBuilder[Noop]):
    """Makes one."""

    def build(self, context: TaskContext) -> Noop:
        """The task."""
        return Noop()


class NoopJobManager(JobManager):
    """Adds the tasks."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        count = self.context.parameters.get("tasks", 1)
        for _ in range(int(str(count))):
            self.add_workload_task(Noop)


class NoopJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return NoopJobManager(context)


class NoopWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=NoopJobManagerBuilder)
        self.register_task(Noop, NoopBuilder)

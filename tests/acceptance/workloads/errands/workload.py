"""See the package."""

from batch_manager import BatchClient, JobManager, JobManagerBuilder, JobManagerContext, WorkloadBase
from batch_manager.specification import RetryPolicy, TaskSpecification


class ErrandsJobManager(JobManager):
    """A shell command for each parameter ``NAME``; ``NAME-after`` names the one before it, if any."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        added: dict[str, TaskSpecification] = {}
        for name, line in self.context.parameters.items():
            if not name.endswith("-after"):
                before = self.context.parameters.get(f"{name}-after")
                parents = [added[str(before)]] if before else []
                added[name] = self.add_command_task(name, f"/bin/sh -c '{line}'", parents)
                added[name].retry = RetryPolicy(max_retries=1, exit_codes=(75,))


class ErrandsJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return ErrandsJobManager(context)


class ErrandsWorkload(WorkloadBase):
    """The workload; it has no task in Python."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=ErrandsJobManagerBuilder)

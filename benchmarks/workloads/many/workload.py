"""As many plain commands as the parameter ``tasks`` says, each of which does nothing.

With ``streams`` false their standard output and error are not uploaded, which no workload of the framework can ask
for: it is what a measurement of anything else needs, since two blobs take longer than the command.
"""

from dataclasses import replace

from batch_manager import BatchClient, JobManager, JobManagerBuilder, JobManagerContext, TaskSpecification, WorkloadBase
from batch_manager.compilation import JobFrame
from batch_manager.definitions import TaskDefinition


class ManyJobManager(JobManager):
    """Adds the tasks."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        if not self.context.parameters["streams"]:
            _leave_streams_out()
        for _ in range(int(str(self.context.parameters["tasks"]))):
            self.add_command_task("Nothing", "/bin/true")


class ManyJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return ManyJobManager(context)


class ManyWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=ManyJobManagerBuilder)


def _leave_streams_out() -> None:
    whole = JobFrame.compile_task

    def bare(frame: JobFrame, task: TaskSpecification) -> TaskDefinition:
        return replace(whole(frame, task), output_files=())

    setattr(JobFrame, "compile_task", bare)  # noqa: B010 - a type checker would refuse the assignment

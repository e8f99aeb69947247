"""See the package."""

from datetime import timedelta

from batch_manager import (
    BatchClient,
    DependencyRule,
    InputFileSpecification,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    WorkloadBase,
)
from batch_manager.specification import RetryPolicy


class CommandsJobManager(JobManager):
    """A command, one that reads what it wrote, and one for when something went wrong."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        line = str(self.context.parameters.get("first", "echo done > first.txt"))
        first = self.add_command_task("First", f"/bin/sh -c '{line}'")
        first.output_files.append(OutputFileSpecification("first.txt"))
        first.retry = RetryPolicy(max_retries=2, exit_codes=(75,), delay=timedelta(0))
        copy = self.add_command_task("Copy", "/bin/cp first.txt second.txt", [first])
        copy.input_files.append(InputFileSpecification(source_blob_path="first.txt"))
        copy.output_files.append(OutputFileSpecification("second.txt"))
        alarm = self.add_command_task("Alarm", "/bin/sh -c 'echo alarm > alarm.txt'", [first])
        alarm.run_when = DependencyRule.ANY_FAILED
        alarm.output_files.append(OutputFileSpecification("alarm.txt"))


class CommandsJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return CommandsJobManager(context)


class CommandsWorkload(WorkloadBase):
    """The workload; it has no task in Python."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=CommandsJobManagerBuilder)

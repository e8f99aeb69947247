"""See the package."""

import os
import signal
import sys

from batch_manager import (
    BatchClient,
    InputError,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    JobOutcome,
    JobResults,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)

HOW = "how.txt"
"""The blob that tells the finalize work what to do."""

SUMMARY = "summary.txt"
"""The blob that the finalize work writes."""


class Work(WorkloadTask):
    """Fails if told to."""

    def __init__(self, fails: bool) -> None:
        self.fails = fails

    def run(self) -> None:
        """See the class."""
        if self.fails:
            raise InputError("told to fail")


class WorkBuilder(WorkloadTaskBuilder[Work]):
    """Makes one."""

    def build(self, context: TaskContext) -> Work:
        """The task."""
        return Work(bool(context.inputs["fails"]))


class ClosingJobManager(JobManager):
    """One task, which fails with ``fails``; the finalize work does what ``how`` says."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        how = str(self.context.parameters.get("how", ""))
        self.context.batch_client.storage.upload(self.context.container_name, HOW, how.encode())
        self.add_workload_task(Work, {"fails": self.context.parameters.get("fails", False)})
        if how == "kill-the-manager":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "break-the-manager":
            raise RuntimeError("the job manager was told to break")


class ClosingJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return ClosingJobManager(context)


class ClosingWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=ClosingJobManagerBuilder)
        self.register_task(Work, WorkBuilder)

    def finalize(self, outcome: JobOutcome, results: JobResults) -> None:
        """Write a summary, unless told to end otherwise."""
        how = results.read(HOW).decode()
        print(f"finalize work: {how}")
        if how == "raise":
            raise ValueError("no summary today")
        if how == "exit":
            sys.exit(9)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        text = f"{outcome.outcome.value}: {outcome.summary}"
        self.batch_client.storage.upload(results.container, SUMMARY, text.encode())

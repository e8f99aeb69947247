"""See the package."""

import logging
import os
import sys
import time
from pathlib import Path

from batch_manager import (
    BatchClient,
    InputError,
    InputFileSpecification,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskConstraints,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)

_log = logging.getLogger(__name__)


class Part(WorkloadTask):
    """Writes its number and what it was given; does what the job was told."""

    def __init__(self, number: int, text: str, how: str) -> None:
        self.number = number
        self.text = text
        self.how = how

    def run(self) -> None:
        """See the class."""
        _log.info("part runs")
        print(f"part {self.number} of {os.environ['AZ_BATCH_JOB_ID']}")
        if self.how == "stop-here":
            breakpoint()  # noqa: T100 - a test of the debugger leaves it here
        if self.how == "exit-zero":
            sys.exit(0)
        if self.how == "exit-skipped":
            sys.exit(80)
        if self.how == "wait":
            time.sleep(600)
        if self.how == "progress":
            for step in range(1000):
                self.report_progress(step / 999, f"step {step}")
        if self.how == "fail":
            raise RuntimeError(f"part {self.number} was told to fail")
        if self.how == "input-error":
            raise InputError(f"part {self.number}: wrong input")
        Path("part.txt").write_text(f"{self.number} {len(self.text)}\n")


class PartBuilder(WorkloadTaskBuilder[Part]):
    """Makes one."""

    def build(self, context: TaskContext) -> Part:
        """The part."""
        return Part(int(str(context.inputs["number"])), str(context.inputs["text"]), str(context.inputs["how"]))


class Gather(WorkloadTask):
    """Puts the parts together."""

    def run(self) -> None:
        """See the class."""
        parts = sorted(Path("parts").iterdir())
        Path("whole.txt").write_text("".join(part.read_text() for part in parts))


class GatherBuilder(WorkloadTaskBuilder[Gather]):
    """Makes one."""

    def build(self, context: TaskContext) -> Gather:
        """The task."""
        return Gather()


class ChainJobManager(JobManager):
    """``parts`` parts; part ``bad`` (from 0) does what ``how`` says; each is given ``length`` characters."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        parameters = self.context.parameters
        if parameters.get("how") == "break":
            raise RuntimeError("the job manager was told to break")
        if parameters.get("how") == "die":
            os._exit(7)
        if parameters.get("how") == "leave":
            os._exit(0)
        count = int(str(parameters.get("parts", 2)))
        text = "x" * int(str(parameters.get("length", 3)))
        parts = []
        for number in range(count):
            how = parameters.get("how", "") if number == parameters.get("bad", 0) else ""
            part = self.add_workload_task(Part, {"number": number, "text": text, "how": how})
            part.output_files.append(
                OutputFileSpecification(source_file_path="part.txt", target_blob_path=f"parts/{number:03d}.txt")
            )
            if how == "no-input":
                part.input_files.append(InputFileSpecification(source_blob_path="missing.txt"))
            part.required_slots = int(str(parameters.get("slots", 1)))
            parts.append(part)
        gather = self.add_workload_task(Gather, dependencies=parts)
        gather.constraints = TaskConstraints(max_task_retry_count=2)
        gather.input_files.append(InputFileSpecification(source_blob_path="parts/"))
        gather.output_files.append(OutputFileSpecification(source_file_path="whole.txt"))


class ChainJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return ChainJobManager(context)


class ChainWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=ChainJobManagerBuilder)
        self.register_task(Part, PartBuilder)
        self.register_task(Gather, GatherBuilder)

"""See the package."""

import time
from pathlib import Path

from batch_manager import (
    BatchClient,
    DependencyRule,
    InputFileSpecification,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)

PARTS = 4
BAD = 2


class Part(WorkloadTask):
    """Notes beside everything that it ran, writes its number; the bad one fails as long as ``repaired`` is missing."""

    def __init__(self, number: int, diary: Path) -> None:
        self.number = number
        self.diary = diary

    def run(self) -> None:
        """See the class."""
        with (self.diary / "ran").open("a") as file:
            file.write(f"{self.number}\n")
        if self.number == BAD and (self.diary / "wait").exists():
            time.sleep(600)
        if self.number == BAD and not (self.diary / "repaired").exists():
            Path("part.txt").write_text("half a part\n")
            raise RuntimeError("not repaired yet")
        Path("part.txt").write_text(f"{self.number}\n")


class PartBuilder(WorkloadTaskBuilder[Part]):
    """Makes one."""

    def build(self, context: TaskContext) -> Part:
        """The part."""
        return Part(int(str(context.inputs["number"])), Path(str(context.inputs["diary"])))


class Gather(WorkloadTask):
    """Puts the parts together."""

    def run(self) -> None:
        """See the class."""
        Path("whole.txt").write_text("".join(path.read_text() for path in sorted(Path("parts").iterdir())))


class GatherBuilder(WorkloadTaskBuilder[Gather]):
    """Makes one."""

    def build(self, context: TaskContext) -> Gather:
        """The task."""
        return Gather()


class MendJobManager(JobManager):
    """Parts, one that gathers them, and one that runs only if a part failed."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        diary = self.context.parameters["diary"]
        parts = []
        for number in range(1, PARTS + 1):
            part = self.add_workload_task(Part, {"number": number, "diary": diary})
            part.output_files.append(
                OutputFileSpecification(source_file_path="part.txt", target_blob_path=f"parts/{number}.txt")
            )
            parts.append(part)
        gather = self.add_workload_task(Gather, dependencies=parts)
        gather.input_files.append(InputFileSpecification(source_blob_path="parts/"))
        gather.output_files.append(OutputFileSpecification(source_file_path="whole.txt"))
        alarm = self.add_workload_task(Part, {"number": 9, "diary": diary}, dependencies=parts)
        alarm.run_when = DependencyRule.ANY_FAILED


class MendJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return MendJobManager(context)


class MendWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=MendJobManagerBuilder)
        self.register_task(Part, PartBuilder)
        self.register_task(Gather, GatherBuilder)

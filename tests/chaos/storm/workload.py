"""See the package."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from batch_manager import (
    BatchClient,
    DependencyRule,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskContext,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.errors import RetryableError
from batch_manager.specification import RetryPolicy, TaskSpecification
from tests.chaos.diary import AGAIN, FAILED, WELL, Diary
from tests.chaos.storm.shape import shape

OUTPUT = "output.txt"


class Step(WorkloadTask):
    """Keeps its diary, writes its number to a file, and fails if it is to."""

    def __init__(self, *, diary: Diary, number: int, behaviour: str) -> None:
        self.diary = diary
        self.number = number
        self.behaviour = behaviour

    def run(self) -> None:
        """See the class."""
        asked_before = AGAIN in self.diary.read(self.number)
        with self.diary.begin(self.number):
            Path(OUTPUT).write_text(f"{self.number}\n")
            if self.behaviour == "again" and not asked_before:
                self.diary.note(self.number, AGAIN)
                raise RetryableError("not yet")
            if self.behaviour == "fail":
                self.diary.note(self.number, FAILED)
                raise RuntimeError(f"step {self.number} was told to fail")
            self.diary.note(self.number, WELL)


class StepBuilder(WorkloadTaskBuilder[Step]):
    """Makes one."""

    def build(self, context: TaskContext) -> Step:
        """The step."""
        number, behaviour = int(str(context.inputs["number"])), str(context.inputs["behaviour"])
        return Step(diary=Diary(Path(str(context.inputs["diary"]))), number=number, behaviour=behaviour)


class StormJobManager(JobManager):
    """Adds the steps of ``storm.shape`` for the parameter ``seed``; ``diary`` is the folder they write to."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        parameters = self.context.parameters
        made: dict[int, TaskSpecification] = {}
        for step in shape(int(str(parameters["seed"]))):
            task = self.add_workload_task(
                Step,
                {"number": step.number, "behaviour": step.behaviour, "diary": parameters["diary"]},
                dependencies=[made[parent] for parent in step.parents],
            )
            task.run_when = DependencyRule(step.rule)
            task.retry = RetryPolicy(max_retries=2, delay=timedelta(seconds=0.1))
            task.output_files.append(
                OutputFileSpecification(source_file_path=OUTPUT, target_blob_path=f"out/{step.number}.txt")
            )
            made[step.number] = task


class StormJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return StormJobManager(context)


class StormWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=StormJobManagerBuilder)
        self.register_task(Step, StepBuilder)

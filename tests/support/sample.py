"""A workload small enough for a unit test: as many tasks as asked for, and one that gathers them."""

import sys

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
from batch_manager.environment import JsonValue

RAN: list[str] = []
"""What the tasks of this process did."""


class Part(WorkloadTask):
    """Notes its number; fails if told to."""

    def __init__(self, number: JsonValue, fail: JsonValue = None) -> None:
        self.number = number
        self.fail = fail

    def run(self) -> None:
        if self.fail == 80:
            sys.exit(80)
        if self.fail:
            raise RuntimeError(f"part {self.number} was told to fail")
        RAN.append(f"part {self.number}")


class PartBuilder(WorkloadTaskBuilder[Part]):
    def build(self, context: TaskContext) -> Part:
        return Part(context.inputs["number"], context.inputs.get("fail"))


class Gather(WorkloadTask):
    """Notes that it ran."""

    def run(self) -> None:
        RAN.append("gather")


class GatherBuilder(WorkloadTaskBuilder[Gather]):
    def build(self, context: TaskContext) -> Gather:
        return Gather()


class SampleJobManager(JobManager):
    def create_job(self) -> None:
        if self.context.parameters.get("exit"):
            sys.exit(0)
        if self.context.parameters.get("break"):
            raise RuntimeError("told to break")
        parts = [self.add_workload_task(Part, {"number": n}) for n in range(int(str(self.context.parameters["parts"])))]
        self.add_workload_task(Gather, dependencies=parts)


class SampleJobManagerBuilder(JobManagerBuilder):
    def build(self, context: JobManagerContext) -> JobManager:
        return SampleJobManager(context)


class SampleWorkload(WorkloadBase):
    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=SampleJobManagerBuilder)
        self._entry_points_repository.register_entry_point(Part, PartBuilder)
        self.register_task(Gather, GatherBuilder)

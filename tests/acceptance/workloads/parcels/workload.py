"""See the package."""

from collections.abc import Mapping
from pathlib import Path

from batch_manager import (
    BatchClient,
    InputError,
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
from batch_manager.environment import JsonValue


class Weigh(WorkloadTask):
    """Writes how many bytes the parcels have, and where this code lies."""

    def run(self) -> None:
        """See the class."""
        weight = sum(path.stat().st_size for path in Path("parcels").iterdir())
        Path("weight.txt").write_text(f"{weight} {Path(__file__).parent}")


class WeighBuilder(WorkloadTaskBuilder[Weigh]):
    """Makes one."""

    def build(self, context: TaskContext) -> Weigh:
        """The task."""
        return Weigh()


class ParcelsJobManager(JobManager):
    """One task with all parcels."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        task = self.add_workload_task(Weigh)
        task.input_files.append(InputFileSpecification(source_blob_path="parcels/"))
        task.output_files.append(OutputFileSpecification("weight.txt"))


class ParcelsJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return ParcelsJobManager(context)


class ParcelsWorkload(WorkloadBase):
    """The workload. Parameter ``folder``: the parcels, on the machine of whoever submits."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=ParcelsJobManagerBuilder)
        self.register_task(Weigh, WeighBuilder)

    def local_inputs(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, Path]:
        """Every file of the folder; it is talkative, as users' code is."""
        print("looking for parcels")
        folder = Path(str(parameters.get("folder")))
        if not folder.is_dir():
            raise InputError(f"folder is {str(folder)!r}: give a folder that is there")
        return {f"parcels/{path.name}": path for path in sorted(folder.iterdir())}

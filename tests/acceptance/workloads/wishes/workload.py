"""See the package."""

from batch_manager import (
    ApplicationPackageReference,
    BatchClient,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskContext,
    TaskSpecification,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.specification import ContainerSettings

SAS = "?sv=2024-11-04&sr=c&sp=rl&sig=dGhpc0lzQVNlY3JldA%3D%3D"


class Wish(WorkloadTask):
    """Never runs."""

    def run(self) -> None:
        """See the class."""


class WishBuilder(WorkloadTaskBuilder[Wish]):
    """Makes one."""

    def build(self, context: TaskContext) -> Wish:
        """The task."""
        return Wish()


class WishesJobManager(JobManager):
    """Adds a task for each wish."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        self._wish().required_slots = 64
        self._wish().container = ContainerSettings(image_name="busybox")
        self._wish().application_package_references.append(ApplicationPackageReference(application_id="blender"))
        self._wish().environment_settings["DATA"] = f"https://account.blob.core.windows.net/data{SAS}"
        for _ in range(2):
            self._wish().output_files.append(OutputFileSpecification("result.csv"))
        first, second = self._wish(), self._wish()
        first.dependencies, second.dependencies = (second,), (first,)

    def _wish(self) -> TaskSpecification:
        return self.add_workload_task(Wish)


class WishesJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return WishesJobManager(context)


class WishesWorkload(WorkloadBase):
    """A workload of wishes."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=WishesJobManagerBuilder)
        self.register_task(Wish, WishBuilder)

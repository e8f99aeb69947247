"""See the package."""

from datetime import timedelta

from batch_manager import (
    BatchClient,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    TaskConstraints,
    TaskContext,
    TaskSpecification,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.specification import RetryPolicy
from unruly.orders import obey

obey("import")

POLICIES = {
    "at-once": RetryPolicy(max_retries=3, delay=timedelta(0)),
    "codes": RetryPolicy(max_retries=2, exit_codes=(3,), delay=timedelta(0)),
    "values": RetryPolicy(max_retries=2, exceptions=(ValueError,), delay=timedelta(0)),
}
"""What a task may be told to be tried again for."""


class Deed(WorkloadTask):
    """Does as it is told."""

    def run(self) -> None:
        """See the class."""
        print("the deed is done")
        obey("run")


class DeedBuilder(WorkloadTaskBuilder[Deed]):
    """Makes one."""

    def build(self, context: TaskContext) -> Deed:
        """The task."""
        obey("builder")
        return Deed()


class UnrulyJobManager(JobManager):
    """Adds a task for each of the job's ``deeds``: its ``where`` and ``how``, its ``policy`` or ``retries``, and the
    numbers of those it comes ``after``."""

    def create_job(self) -> None:
        """See ``JobManager``."""
        deeds = self.context.parameters.get("deeds", [])
        assert isinstance(deeds, list)
        added: list[TaskSpecification] = []
        for deed in deeds:
            assert isinstance(deed, dict)
            after = deed.get("after", [])
            assert isinstance(after, list)
            inputs = {"where": deed.get("where"), "how": deed.get("how")}
            task = self.add_workload_task(Deed, inputs, [added[int(str(number)) - 1] for number in after])
            if "policy" in deed:
                task.retry = POLICIES[str(deed["policy"])]
            if "retries" in deed:
                task.constraints = TaskConstraints(max_task_retry_count=int(str(deed["retries"])))
            added.append(task)
        obey("create_job")


class UnrulyJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        obey("manager-builder")
        return UnrulyJobManager(context)


class UnrulyWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=UnrulyJobManagerBuilder)
        obey("constructor")
        self.register_task(Deed, DeedBuilder)

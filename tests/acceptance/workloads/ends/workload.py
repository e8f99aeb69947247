"""See the package."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from batch_manager import (
    ApplicationPackageReference,
    BatchClient,
    DependencyRule,
    InputFileSpecification,
    JobManager,
    JobManagerBuilder,
    JobManagerContext,
    OutputFileSpecification,
    TaskConstraints,
    TaskContext,
    TaskSpecification,
    WorkloadBase,
    WorkloadTask,
    WorkloadTaskBuilder,
)
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, RetryPolicy
from ends.orders import WAYS, end, obey

obey("import")

CHILD_SAYS = "the child ran"
"""What a child whose own code ran has written to its standard output."""

COMMANDS = {
    "command-fails": "/bin/sh -c 'exit 7'",
    "command-80": "/bin/sh -c 'exit 80'",
    "command-80-behind": "/bin/sh -c 'exit 80'",
    "command-killed": "/bin/sh -c 'kill -9 $$'",
    "command-missing": "/no/such/program",
    "command-missing-behind": "/no/such/program",
    "command-killed-behind": "/bin/sh -c 'kill -9 $$'",
    "command-late": "/bin/sleep 600",
    "gang-fails": "/bin/sh -c 'exit 3'",
    "box-fails": "/bin/sh -c 'exit 3'",
}
"""The tasks that are plain commands, by name."""

PYTHON = {
    "success": "succeed",
    "exit-0": "exit 0",
    "exit-code": "exit 3",
    "own-80": "exit 80",
    "claims-80": "80 at once",
    "exception": "raise",
    "input-error": "input error",
    "gives-up": "busy",
    "comes-right": "busy twice",
    "not-worth-it": "input error",
    "not-named": "raise",
    "killed": "killed",
    "wall-clock": "sleep",
    "by-hand": "sleep",
    "late": "sleep",
    "builder": "be built",
}
"""What the tasks in Python do, by name; one that is not here succeeds."""

_RETRY = RetryPolicy(max_retries=2, delay=timedelta(0))
_TWO = MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")


class Deed(WorkloadTask):
    """Ends as its name says."""

    def __init__(self, how: str) -> None:
        self.how = how

    def run(self) -> None:
        """See the class."""
        end(self.how)


class DeedBuilder(WorkloadTaskBuilder[Deed]):
    """Makes one, unless that is where it goes wrong."""

    def build(self, context: TaskContext) -> Deed:
        """The task."""
        how = str(context.inputs["how"])
        if how not in WAYS:
            raise LookupError(f"nobody told how to {how}")
        return Deed(how)


class Child(WorkloadTask):
    """Tells that it ran."""

    def run(self) -> None:
        """See the class."""
        print(CHILD_SAYS)


class ChildBuilder(WorkloadTaskBuilder[Child]):
    """Makes one."""

    def build(self, context: TaskContext) -> Child:
        """The child."""
        return Child()


class EndsJobManager(JobManager):
    """Adds a task for each name in ``ends``, and for each of them a child of each of the ``kinds`` with each rule.

    A child's display name is ``PARENT/KIND/RULE``, any other task's its name. A plain command has a second parent: the
    first task of the job, if that succeeds.
    """

    def create_job(self) -> None:
        """See ``JobManager``."""
        obey("create_job")
        names, kinds = self.context.parameters.get("ends", []), self.context.parameters.get("kinds", [])
        assert isinstance(names, list)
        assert isinstance(kinds, list)
        for name in map(str, names):
            parent = self._add_parent(name)
            for kind in map(str, kinds):
                for rule in DependencyRule:
                    child = self._add_child(kind, parent)
                    child.run_when = rule
                    child.display_name = f"{name}/{kind}/{rule.value}"

    def _add_parent(self, name: str) -> TaskSpecification:
        before = [self._named(_BEHIND[name])] if name in _BEHIND else []
        if name in COMMANDS:
            task = self.add_command_task(name, COMMANDS[name], before)
        else:
            task = self.add_workload_task(Deed, {"how": PYTHON.get(name, "succeed")}, before)
        task.display_name = name
        if name in _SETTINGS:
            _SETTINGS[name](task)
        if name == "box-fails":
            task.container = self._container()
        return task

    def _named(self, name: str) -> TaskSpecification:
        return next(task for task in self.tasks if task.display_name == name)

    def _add_child(self, kind: str, parent: TaskSpecification) -> TaskSpecification:
        if kind == "python":
            return self.add_workload_task(Child, dependencies=[parent])
        parents = [parent] if kind != "command" or self.tasks[0].display_name != "success" else [self.tasks[0], parent]
        task = self.add_command_task("Child", f"/bin/echo {CHILD_SAYS}", list(dict.fromkeys(parents)))
        if kind == "gang":
            task.multi_instance = _TWO
        if kind == "box":
            task.container = self._container()
        return task

    def _container(self) -> ContainerSettings:
        return ContainerSettings(image_name=str(self.context.parameters["image"]))


def _retry(task: TaskSpecification) -> None:
    task.retry = _RETRY


def _missing_input(task: TaskSpecification) -> None:
    task.input_files.append(InputFileSpecification(source_blob_path="nobody-wrote-this"))


def _no_target(task: TaskSpecification) -> None:
    task.output_files.append(OutputFileSpecification("../std*.txt", container_name="nobody-made-this"))


def _wall_clock(task: TaskSpecification) -> None:
    task.constraints = TaskConstraints(max_wall_clock_time=timedelta(seconds=1))


def _bad(task: TaskSpecification) -> None:
    task.application_package_references.append(ApplicationPackageReference(application_id="nobody-has-this"))


def _if_any_failed(task: TaskSpecification) -> None:
    task.run_when = DependencyRule.ANY_FAILED


def _gang(task: TaskSpecification) -> None:
    task.multi_instance = _TWO


_BEHIND = {
    "skipped": "exit-code",
    "skipped-before": "exit-code",
    "mends": "success",
    "by-hand-early": "by-hand",
    "waits": "by-hand",
    "command-80-behind": "success",
    "command-killed-behind": "success",
    "command-missing-behind": "success",
}
"""The parents of tasks that have one of their own; it comes before them in ``ends``."""

_SETTINGS: dict[str, Callable[[TaskSpecification], None]] = {
    "gives-up": _retry,
    "comes-right": _retry,
    "not-worth-it": _retry,
    "not-named": _retry,
    "no-input": _missing_input,
    "skipped-before": _missing_input,
    "no-upload": _no_target,
    "wall-clock": _wall_clock,
    "gang-fails": _gang,
    "bad-job": _bad,
    "mends": _if_any_failed,
}


class EndsJobManagerBuilder(JobManagerBuilder):
    """Makes it."""

    def build(self, context: JobManagerContext) -> JobManager:
        """The job manager."""
        return EndsJobManager(context)


class EndsWorkload(WorkloadBase):
    """The workload."""

    def __init__(self, *, batch_client: BatchClient) -> None:
        super().__init__(batch_client=batch_client, job_manager_builder_type=EndsJobManagerBuilder)
        self.register_task(Deed, DeedBuilder)
        self.register_task(Child, ChildBuilder)

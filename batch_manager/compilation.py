"""Turns drafts into what is sent to Batch: names resolved, defaults filled in, command lines written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from batch_manager import environment
from batch_manager.command_line import NodeCommand, Role, encode
from batch_manager.definitions import OutputFile, ResourceFile, TaskDefinition
from batch_manager.dependencies import DependencyRule, TaskDependencies, compress, encode_ids
from batch_manager.errors import ConfigurationError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.gates import GATE_DISPLAY_NAME, GATE_RETRY, GatePlan, plan_gates
from batch_manager.naming import (
    FINALIZE_TASK_ID,
    JOB_MANAGER_TASK_ID,
    blob_url,
    container_name,
    container_url,
    inputs_blob,
    log_folder,
)
from batch_manager.retrying import encode_policy
from batch_manager.specification import (
    ApplicationPackageReference,
    InputFileSpecification,
    OutputFileSpecification,
    RetryPolicy,
    TaskConstraints,
    TaskSpecification,
    UploadCondition,
)

MAX_INPUTS_LENGTH = 8_000
"""Characters of inputs that travel as an environment setting. A Windows process has 32 767 for its whole
environment, and a request of 100 tasks 1 MB."""

JOB_MANAGER_RETRIES = 5
"""Further tries of a job manager that was killed, a lost node not counted."""

FINALIZE_RETRIES = 3
"""How often Batch tries FinalizeTask again: a callback's receiver may be down for longer than one attempt waits."""

INPUTS_FILE_PATH = ".batch-manager/inputs.json"

STANDARD_STREAMS = "../std*.txt"
"""The files Batch writes standard output and error to, seen from the working directory."""

REPORTS = "batch-manager-report*.json"
"""``naming.REPORT_FILE`` as a pattern: Batch puts what matches under a folder, and no match is no failure."""


MAX_NAME_SHOWN = 900
"""Characters of a task's name in a display name, which Batch limits to 1024."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFrame:
    """What all tasks of a job share.

    Attributes:
        job_id: the Batch job.
        module: what ``python -m`` runs on the node.
        launcher: the command-line prefix that starts Python on the node.
        storage_account_url: blob endpoint of the job's storage account.
        identity_reference: ARM id of the managed identity nodes use for blobs; None is an error for any file without
            its own.
        has_time_limit: whether the job has a time limit, which the tasks find in their environment.
        packages: application packages that every task has, besides those that it asks for itself.
    """

    job_id: str
    module: str
    launcher: str
    storage_account_url: str
    identity_reference: str | None
    has_time_limit: bool = False
    packages: tuple[ApplicationPackageReference, ...] = ()

    def definitions(self, tasks: Sequence[TaskSpecification]) -> Iterator[TaskDefinition]:
        """The tasks as they are sent, in their order, each that has a gate right before it.

        A gate comes after the task it guards: that waits for the gate, and the gate may end it as soon as it runs. So
        a submission that is given up between the two leaves a task that waits for ever: end it.

        Raises:
            ConfigurationError: a file names no identity and the settings have none.
        """
        plan = plan_gates(tasks, has_time_limit=self.has_time_limit)
        for task in tasks:
            compiled = self.compile_task(task)
            gate_id = plan.gate_ids.get(task.id)
            if gate_id is None:
                yield compiled
            else:
                yield replace(compiled, depends_on=compress([gate_id]))
                yield self._gate(gate_id, task)

    def finalize_definition(
        self, tasks: Sequence[TaskSpecification], *, has_work: bool | None, taken_over: int = 0
    ) -> TaskDefinition:
        """FinalizeTask of a job with all these tasks and their gates, and so many more that another job did."""
        plan = plan_gates(tasks, has_time_limit=self.has_time_limit)
        plain = compress(task.id for task in tasks if self._is_plain(task))
        inputs = FinalizeInputs(
            tasks=len(tasks),
            gates=plan.gates,
            guarded=plan.guarded,
            plain=plain,
            has_work=has_work,
            taken_over=taken_over,
        )
        return self.compile_finalize(self.task_ids(tasks, plan), inputs)

    @staticmethod
    def task_ids(tasks: Sequence[TaskSpecification], plan: GatePlan) -> TaskDependencies:
        """The ids of the tasks and of their gates."""
        return compress([*(task.id for task in tasks), *plan.gate_ids.values()])

    def compile_task(self, task: TaskSpecification) -> TaskDefinition:
        """A task of the workload as it is sent.

        Raises:
            ConfigurationError: a file names no identity and the settings have none.
        """
        depends_on = compress(parent.id for parent in task.dependencies)
        settings = dict(task.environment_settings)
        settings |= self._check_settings(task, depends_on)
        settings |= _retry_setting(task.retry, task.constraints.max_task_retry_count)
        command = self._task_command(task, settings)
        files = [self._resource_file(given) for given in task.input_files]
        own_files = [self._logs(task.id)]
        if not self._is_plain(task):
            own_files.append(self._logs(task.id, REPORTS))
        if task.command_line is None:
            files += self._place_inputs(task.id, task.inputs, settings)
        return TaskDefinition(
            id=task.id,
            display_name=task.display_name or default_display_name(task),
            command_line=command,
            environment=settings,
            resource_files=tuple(files),
            output_files=(*own_files, *map(self._output_file, task.output_files)),
            depends_on=depends_on,
            constraints=_constraints(task),
            required_slots=task.required_slots,
            user_identity=task.user_identity,
            application_package_references=self._packages(task),
            affinity_id=task.affinity_id,
            container=task.container,
            multi_instance=task.multi_instance,
        )

    def compile_finalize(self, task_ids: TaskDependencies, inputs: FinalizeInputs) -> TaskDefinition:
        """FinalizeTask, which waits for the given tasks however they end."""
        own = self._own_task(FINALIZE_TASK_ID, Role.FINALIZE, inputs.to_json(), task_ids)
        return replace(own, constraints=TaskConstraints(max_task_retry_count=FINALIZE_RETRIES))

    def compile_job_manager(self, inputs: str) -> TaskDefinition:
        """The job manager task, with the job's parameters as its inputs. It is tried again if it is killed; the process
        that watches over it ends the tries when it fails by itself."""
        own = self._own_task(JOB_MANAGER_TASK_ID, Role.JOB_MANAGER, inputs, TaskDependencies())
        return replace(own, constraints=TaskConstraints(max_task_retry_count=JOB_MANAGER_RETRIES))

    def _own_task(self, task_id: str, role: Role, inputs: str, depends_on: TaskDependencies) -> TaskDefinition:
        settings: dict[str, str] = {}
        files = self._place_inputs(task_id, inputs, settings)
        return TaskDefinition(
            id=task_id,
            display_name=role.value,
            command_line=self._command(NodeCommand(role, module=self.module)),
            environment=settings,
            resource_files=tuple(files),
            output_files=(self._logs(task_id),),
            depends_on=depends_on,
            application_package_references=self.packages,
        )

    def _gate(self, gate_id: str, task: TaskSpecification) -> TaskDefinition:
        depends_on = compress(parent.id for parent in task.dependencies)
        return TaskDefinition(
            id=gate_id,
            display_name=f"{GATE_DISPLAY_NAME}{task.id}",
            command_line=self._command(NodeCommand(Role.GATE)),
            environment={
                environment.GUARDED_TASK: task.id,
                **_retry_setting(GATE_RETRY, None),
                **self._check_settings(task, depends_on),
            },
            output_files=(self._logs(gate_id),),
            depends_on=depends_on,
            constraints=TaskConstraints(max_task_retry_count=GATE_RETRY.max_retries),
            application_package_references=self.packages,
            blocks_on_failure=True,
        )

    @staticmethod
    def _check_settings(task: TaskSpecification, depends_on: TaskDependencies) -> dict[str, str]:
        """What whoever asks for the task whether it may run has to know."""
        settings = {environment.DEPENDS_ON: encode_ids(depends_on)} if depends_on else {}
        if task.run_when is not DependencyRule.ALL_SUCCEEDED:
            settings[environment.RULE] = task.run_when.value
        return settings

    def _task_command(self, task: TaskSpecification, settings: dict[str, str]) -> str:
        """What Batch starts; a command that a process of ours has to stand in for goes to a setting."""
        if task.command_line is None:
            command = NodeCommand(Role.TASK, module=self.module, task_name=task.task_name)
            return encode(self.launcher, command, asks_first=_has_rule(task))
        if self._is_plain(task):
            return task.command_line
        settings[environment.COMMAND] = task.command_line
        return self._command(NodeCommand(Role.COMMAND))

    def _is_plain(self, task: TaskSpecification) -> bool:
        """Whether Batch runs the task's command as it is: it cannot be wrapped, or nobody has to ask anything."""
        if task.command_line is None:
            return False
        return not task.carries_check or not (_has_rule(task) or task.retry is not None or self.has_time_limit)

    def _packages(self, task: TaskSpecification) -> tuple[ApplicationPackageReference, ...]:
        """What a task asks for itself, and what of the job's it does not."""
        asked = task.application_package_references
        return (*asked, *(package for package in self.packages if package not in asked))

    def _command(self, command: NodeCommand) -> str:
        return encode(self.launcher, command)

    def _place_inputs(self, task_id: str, inputs: str, settings: dict[str, str]) -> list[ResourceFile]:
        if not needs_blob(inputs):
            settings[environment.INPUTS] = inputs
            return []
        settings[environment.INPUTS_FILE] = INPUTS_FILE_PATH
        blob = InputFileSpecification(source_blob_path=inputs_blob(task_id), target_file_path=INPUTS_FILE_PATH)
        return [self._resource_file(blob)]

    def _logs(self, task_id: str, file_pattern: str = STANDARD_STREAMS) -> OutputFile:
        return OutputFile(
            file_pattern=file_pattern,
            container_url=self._container_url(None, None),
            path=log_folder(task_id),
            upload_condition=UploadCondition.TASK_COMPLETION,
            identity_reference=self._identity(None),
        )

    def _resource_file(self, given: InputFileSpecification) -> ResourceFile:
        identity = self._identity(given.identity_reference)
        if given.is_folder:
            return ResourceFile(
                container_url=self._container_url(given.storage_account_name, given.container_name),
                blob_prefix=given.source_blob_path or None,
                file_path=given.target_file_path,
                identity_reference=identity,
            )
        container = given.container_name or container_name(self.job_id)
        return ResourceFile(
            http_url=blob_url(self.storage_account_url, given.storage_account_name, container, given.source_blob_path),
            file_path=given.target_file_path or given.source_blob_path,
            identity_reference=identity,
        )

    def _output_file(self, made: OutputFileSpecification) -> OutputFile:
        path = made.target_blob_path
        if path is None and not made.is_pattern:
            path = made.source_file_path
        return OutputFile(
            file_pattern=made.source_file_path,
            container_url=self._container_url(made.storage_account_name, made.container_name),
            path=path,
            upload_condition=made.upload_condition,
            identity_reference=self._identity(made.identity_reference),
        )

    def _container_url(self, account: str | None, container: str | None) -> str:
        return container_url(self.storage_account_url, account, container or container_name(self.job_id))

    def _identity(self, given: str | None) -> str:
        identity = given or self.identity_reference
        if identity is None:
            raise ConfigurationError(
                "no managed identity for the pool's files: set identity_reference in the settings "
                f"({environment.IDENTITY_REFERENCE}) to the ARM id of the pool's user-assigned identity, "
                "or give each file its own identity_reference"
            )
        return identity


def _constraints(task: TaskSpecification) -> TaskConstraints:
    if task.retry is None:
        return task.constraints
    return replace(task.constraints, max_task_retry_count=task.retry.max_retries)


def _has_rule(task: TaskSpecification) -> bool:
    """Whether it depends on how its parents ended that the task runs."""
    return bool(task.dependencies) and task.run_when is not DependencyRule.ALL_ENDED


def _retry_setting(policy: RetryPolicy | None, max_task_retry_count: int | None) -> dict[str, str]:
    """Set whenever Batch may try the task again: its process judges by it, and a skip then stops the retries."""
    text = encode_policy(policy, max_task_retry_count)
    return {} if text is None else {environment.RETRY: text}


def needs_blob(inputs: str) -> bool:
    """Whether a task's inputs are too large for an environment setting and travel as a blob."""
    return len(inputs) > MAX_INPUTS_LENGTH


def default_display_name(task: TaskSpecification) -> str:
    """What people see of a task, whose id is a number: ``Throw 17``."""
    return f"{task.task_name[:MAX_NAME_SHOWN]} {task.id}"

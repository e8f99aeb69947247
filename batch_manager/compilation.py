"""Turns drafts into what is sent to Batch: names resolved, defaults filled in, command lines written. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from batch_manager import environment
from batch_manager.command_line import NodeCommand, Role, encode
from batch_manager.definitions import OutputFile, ResourceFile, TaskDefinition
from batch_manager.dependencies import DependencyRule, TaskDependencies, compress, encode_ids
from batch_manager.errors import ConfigurationError
from batch_manager.naming import (
    FINALIZE_TASK_ID,
    JOB_MANAGER_TASK_ID,
    blob_url,
    container_name,
    container_url,
    inputs_blob,
    log_folder,
)
from batch_manager.specification import (
    InputFileSpecification,
    OutputFileSpecification,
    TaskSpecification,
    UploadCondition,
)

MAX_INPUTS_LENGTH = 8_000
"""Characters of inputs that travel as an environment setting. A Windows process has 32 767 for its whole
environment, and a request of 100 tasks 1 MB."""

INPUTS_FILE_PATH = ".batch-manager/inputs.json"

STANDARD_STREAMS = "../std*.txt"
"""The files Batch writes standard output and error to, seen from the working directory."""


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
    """

    job_id: str
    module: str
    launcher: str
    storage_account_url: str
    identity_reference: str | None

    def compile_task(self, task: TaskSpecification) -> TaskDefinition:
        """A workload task as it is sent.

        Raises:
            ConfigurationError: a file names no identity and the settings have none.
        """
        depends_on = compress(parent.id for parent in task.dependencies)
        settings = dict(task.environment_settings)
        if depends_on:
            settings[environment.DEPENDS_ON] = encode_ids(depends_on)
        if task.run_when is not DependencyRule.ALL_SUCCEEDED:
            settings[environment.RULE] = task.run_when.value
        files = [self._resource_file(given) for given in task.input_files]
        files += self._place_inputs(task.id, task.inputs, settings)
        return TaskDefinition(
            id=task.id,
            display_name=task.display_name,
            command_line=self._command(NodeCommand(Role.TASK, task.task_name)),
            environment=settings,
            resource_files=tuple(files),
            output_files=(self._logs(task.id), *map(self._output_file, task.output_files)),
            depends_on=depends_on,
            constraints=task.constraints,
            required_slots=task.required_slots,
            user_identity=task.user_identity,
            application_package_references=tuple(task.application_package_references),
            affinity_id=task.affinity_id,
        )

    def compile_finalize(self, task_ids: TaskDependencies, inputs: str) -> TaskDefinition:
        """FinalizeTask, which waits for the given tasks however they end."""
        return self._own_task(FINALIZE_TASK_ID, Role.FINALIZE, inputs, task_ids)

    def compile_job_manager(self, inputs: str) -> TaskDefinition:
        """The job manager task, with the job's parameters as its inputs."""
        return self._own_task(JOB_MANAGER_TASK_ID, Role.JOB_MANAGER, inputs, TaskDependencies())

    def _own_task(self, task_id: str, role: Role, inputs: str, depends_on: TaskDependencies) -> TaskDefinition:
        settings: dict[str, str] = {}
        files = self._place_inputs(task_id, inputs, settings)
        return TaskDefinition(
            id=task_id,
            display_name=role.value,
            command_line=self._command(NodeCommand(role)),
            environment=settings,
            resource_files=tuple(files),
            output_files=(self._logs(task_id),),
            depends_on=depends_on,
        )

    def _command(self, command: NodeCommand) -> str:
        return encode(self.launcher, self.module, command)

    def _place_inputs(self, task_id: str, inputs: str, settings: dict[str, str]) -> list[ResourceFile]:
        if not needs_blob(inputs):
            settings[environment.INPUTS] = inputs
            return []
        settings[environment.INPUTS_FILE] = INPUTS_FILE_PATH
        blob = InputFileSpecification(source_blob_path=inputs_blob(task_id), target_file_path=INPUTS_FILE_PATH)
        return [self._resource_file(blob)]

    def _logs(self, task_id: str) -> OutputFile:
        return OutputFile(
            file_pattern=STANDARD_STREAMS,
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


def needs_blob(inputs: str) -> bool:
    """Whether a task's inputs are too large for an environment setting and travel as a blob."""
    return len(inputs) > MAX_INPUTS_LENGTH

"""Our values as Batch's JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeAlias

from batch_manager import environment
from batch_manager.definitions import (
    JobDefinition,
    OutputFile,
    PoolDefinition,
    ResourceFile,
    TaskDefinition,
)
from batch_manager.exit_codes import ExitCode
from batch_manager.specification import (
    ContainerSettings,
    MultiInstanceSettings,
    TaskConstraints,
    UserIdentity,
)

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
JsonObject: TypeAlias = dict[str, Json]

_SATISFY: JsonObject = {"dependencyAction": "satisfy"}
_LET_DEPENDENTS_GO: JsonObject = {"default": _SATISFY, "preProcessingError": _SATISFY, "fileUploadError": _SATISFY}

_PASSES = (ExitCode.SUCCEEDED, ExitCode.SKIPPED, ExitCode.TIME_LIMIT)
"""Exit codes with which a gate has done its work. Batch goes by them also when the gate's logs were not uploaded."""

_HOLD_DEPENDENTS_BACK: JsonObject = {
    "exitCodes": [{"code": int(code), "exitOptions": _SATISFY} for code in _PASSES],
    "default": {"dependencyAction": "block"},
}


def task_body(task: TaskDefinition) -> JsonObject:
    """A task of an add-task or add-collection request."""
    body = _task_core(task)
    body["environmentSettings"] = _environment({**task.environment, environment.DEFINITION: task.digest()})
    body["exitConditions"] = dict(_HOLD_DEPENDENTS_BACK if task.blocks_on_failure else _LET_DEPENDENTS_GO)
    if task.affinity_id is not None:
        body["affinityInfo"] = {"affinityId": task.affinity_id}
    if task.depends_on:
        body["dependsOn"] = {
            "taskIds": list(task.depends_on.task_ids),
            "taskIdRanges": [{"start": r.start, "end": r.end} for r in task.depends_on.ranges],
        }
    return body


def task_length(task: TaskDefinition) -> int:
    """The bytes of a task in an add-collection request."""
    return len(json.dumps(task_body(task), separators=(",", ":")).encode()) + 1


def job_body(job: JobDefinition) -> JsonObject:
    """The body of an add-job request."""
    manager = _task_core(job.job_manager)
    manager |= {
        "environmentSettings": _environment(job.job_manager.environment),
        "killJobOnCompletion": False,
        "runExclusive": False,
        "allowLowPriorityNode": True,
    }
    body: JsonObject = {
        "id": job.id,
        "priority": job.priority,
        "poolInfo": {"poolId": job.pool_id},
        "jobManagerTask": manager,
        "usesTaskDependencies": True,
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        "commonEnvironmentSettings": _environment(job.common_environment),
        "metadata": [{"name": name, "value": value} for name, value in job.metadata.items()],
    }
    if job.display_name is not None:
        body["displayName"] = job.display_name
    if job.max_wall_clock_time is not None:
        body["constraints"] = {"maxWallClockTime": iso_duration(job.max_wall_clock_time)}
    return body


def pool_body(pool: PoolDefinition) -> JsonObject:
    """The body of an add-pool request."""
    return {
        "id": pool.id,
        "vmSize": pool.vm_size,
        "virtualMachineConfiguration": {
            "imageReference": {
                "publisher": pool.image_publisher,
                "offer": pool.image_offer,
                "sku": pool.image_sku,
                "version": "latest",
            },
            "nodeAgentSKUId": pool.node_agent_sku_id,
        },
        "targetDedicatedNodes": pool.target_dedicated_nodes,
        "taskSlotsPerNode": pool.task_slots_per_node,
    }


def iso_duration(length: timedelta) -> str:
    """A duration as Batch reads it, such as ``P1DT30S``; microseconds are kept."""
    seconds = f"{length.seconds}.{length.microseconds:06d}" if length.microseconds else str(length.seconds)
    return f"P{length.days}DT{seconds}S"


def _task_core(task: TaskDefinition) -> JsonObject:
    """What tasks and job manager tasks share."""
    body: JsonObject = {
        "id": task.id,
        "commandLine": task.command_line,
        "resourceFiles": [_resource_file(file) for file in task.resource_files],
        "outputFiles": [_output_file(file) for file in task.output_files],
        "requiredSlots": task.required_slots,
    }
    if task.display_name is not None:
        body["displayName"] = task.display_name
    constraints = _constraints(task.constraints)
    if constraints:
        body["constraints"] = constraints
    if task.user_identity is not None:
        body["userIdentity"] = _user_identity(task.user_identity)
    if task.container is not None:
        body["containerSettings"] = _container(task.container)
    if task.multi_instance is not None:
        body["multiInstanceSettings"] = _multi_instance(task.multi_instance)
    if task.application_package_references:
        body["applicationPackageReferences"] = [
            {"applicationId": package.application_id, "version": package.version}
            if package.version is not None
            else {"applicationId": package.application_id}
            for package in task.application_package_references
        ]
    return body


def _environment(settings: Mapping[str, str]) -> Json:
    return [{"name": name, "value": value} for name, value in settings.items()]


def _resource_file(file: ResourceFile) -> JsonObject:
    body: JsonObject = {"identityReference": {"resourceId": file.identity_reference}}
    given = {
        "httpUrl": file.http_url,
        "storageContainerUrl": file.container_url,
        "blobPrefix": file.blob_prefix,
        "filePath": file.file_path,
    }
    body.update({name: value for name, value in given.items() if value is not None})
    return body


def _output_file(file: OutputFile) -> JsonObject:
    container: JsonObject = {
        "containerUrl": file.container_url,
        "identityReference": {"resourceId": file.identity_reference},
    }
    if file.path is not None:
        container["path"] = file.path
    return {
        "filePattern": file.file_pattern,
        "destination": {"container": container},
        "uploadOptions": {"uploadCondition": file.upload_condition.value},
    }


def _constraints(limits: TaskConstraints) -> JsonObject:
    body: JsonObject = {}
    if limits.max_task_retry_count is not None:
        body["maxTaskRetryCount"] = limits.max_task_retry_count
    if limits.max_wall_clock_time is not None:
        body["maxWallClockTime"] = iso_duration(limits.max_wall_clock_time)
    if limits.retention_time is not None:
        body["retentionTime"] = iso_duration(limits.retention_time)
    return body


def _user_identity(user: UserIdentity) -> JsonObject:
    if user.user_name is not None:
        return {"username": user.user_name}
    return {"autoUser": {"scope": user.scope.value, "elevationLevel": user.elevation_level.value}}


def _container(settings: ContainerSettings) -> JsonObject:
    body: JsonObject = {"imageName": settings.image_name}
    if settings.run_options is not None:
        body["containerRunOptions"] = settings.run_options
    return body


def _multi_instance(settings: MultiInstanceSettings) -> JsonObject:
    return {
        "numberOfInstances": settings.number_of_instances,
        "coordinationCommandLine": settings.coordination_command_line,
    }

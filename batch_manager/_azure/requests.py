"""Our values as Batch's JSON, and Batch's objects as our values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeAlias

from azure.batch import models

from batch_manager import environment
from batch_manager._azure.translate import clean
from batch_manager.definitions import (
    JobDefinition,
    JobRecord,
    JobState,
    OutputFile,
    PoolDefinition,
    ResourceFile,
    TaskDefinition,
    TaskRecord,
    TaskState,
)
from batch_manager.specification import TaskConstraints, UserIdentity

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
JsonObject: TypeAlias = dict[str, Json]

_SATISFY: JsonObject = {"dependencyAction": "satisfy"}
_LET_DEPENDENTS_GO: JsonObject = {"default": _SATISFY, "preProcessingError": _SATISFY, "fileUploadError": _SATISFY}


def task_body(task: TaskDefinition) -> JsonObject:
    """A task of an add-task or add-collection request."""
    body = _task_core(task)
    body["environmentSettings"] = _environment({**task.environment, environment.DEFINITION: task.digest()})
    body["exitConditions"] = dict(_LET_DEPENDENTS_GO)
    if task.affinity_id is not None:
        body["affinityInfo"] = {"affinityId": task.affinity_id}
    if task.depends_on:
        body["dependsOn"] = {
            "taskIds": list(task.depends_on.task_ids),
            "taskIdRanges": [{"start": r.start, "end": r.end} for r in task.depends_on.ranges],
        }
    return body


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


def task_record(task: models.BatchTask) -> TaskRecord:
    """What a task of a list says; fields that were not selected are as if not set."""
    info = task.execution_info
    failure = info.failure_info if info is not None else None
    return TaskRecord(
        id=task.id or "",
        state=TaskState(str(getattr(task.state, "value", task.state))),
        display_name=task.display_name,
        exit_code=info.exit_code if info is not None else None,
        succeeded=_succeeded(info),
        failure_code=str(failure.code) if failure is not None and failure.code else None,
        failure_message=failure.message if failure is not None else None,
        failure_details=_details(failure),
        retry_count=(info.retry_count or 0) if info is not None else 0,
        requeue_count=(info.requeue_count or 0) if info is not None else 0,
        required_slots=task.required_slots or 1,
    )


def job_record(job: models.BatchJob) -> JobRecord:
    """What Batch says of a job."""
    info = job.execution_info
    return JobRecord(
        id=job.id,
        state=JobState(str(getattr(job.state, "value", job.state))),
        creation_time=job.creation_time,
        terminate_reason=info.termination_reason if info is not None else None,
    )


def environment_value(task: models.BatchTask, name: str) -> str | None:
    """An environment setting of a task; None if it has none of that name."""
    return next((s.value for s in task.environment_settings or () if s.name == name), None)


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


def _details(failure: models.BatchTaskFailureInfo | None) -> tuple[tuple[str, str], ...]:
    pairs = failure.details if failure is not None else None
    return tuple((pair.name or "", clean(pair.value)) for pair in pairs or ())


def _succeeded(info: models.BatchTaskExecutionInfo | None) -> bool | None:
    if info is None or info.result is None:
        return None
    return str(getattr(info.result, "value", info.result)).lower() == "success"

"""Microsoft's objects as our values: jobs, pools, nodes. Pure; ``task_records`` has the tasks."""

from __future__ import annotations

from collections.abc import Sequence

from azure.batch import models

from batch_manager._azure.translate import clean
from batch_manager.definitions import (
    AllocationState,
    JobRecord,
    JobState,
    NodeRecord,
    PoolRecord,
    PreparationRecord,
    ResizeProblem,
)
from batch_manager.specification import ApplicationPackageReference


def job_record(job: models.BatchJob) -> JobRecord:
    """What Batch says of a job."""
    info = job.execution_info
    return JobRecord(
        id=job.id,
        state=JobState(_word(job.state)),
        creation_time=job.creation_time,
        pool_id=(job.pool_info.pool_id if job.pool_info is not None else None) or "",
        terminate_reason=info.termination_reason if info is not None else None,
        metadata={item.name: item.value for item in job.metadata or ()},
        common_environment=_environment(job.common_environment_settings),
    )


def pool_record(pool: models.BatchPool) -> PoolRecord:
    """What Batch says of a pool."""
    machine = pool.virtual_machine_configuration
    start_task = pool.start_task
    return PoolRecord(
        id=pool.id,
        state=_word(pool.state),
        allocation_state=AllocationState(_word(pool.allocation_state or "steady")),
        allocation_state_since=pool.allocation_state_transition_time,
        task_slots_per_node=pool.task_slots_per_node or 1,
        current_nodes=(pool.current_dedicated_nodes or 0) + (pool.current_low_priority_nodes or 0),
        target_nodes=(pool.target_dedicated_nodes or 0) + (pool.target_low_priority_nodes or 0),
        enable_auto_scale=bool(pool.enable_auto_scale),
        inter_node_communication=bool(pool.enable_inter_node_communication),
        has_containers=machine is not None and machine.container_configuration is not None,
        resize_problems=tuple(_resize_problem(error) for error in pool.resize_errors or ()),
        has_start_task=start_task is not None,
        start_task_waits=start_task is None or start_task.wait_for_success is not False,
        application_packages=tuple(
            ApplicationPackageReference(application_id=package.application_id, version=package.version)
            for package in pool.application_package_references or ()
        ),
        is_windows=machine is not None and "windows" in (machine.node_agent_sku_id or "").lower(),
    )


def node_record(node: models.BatchNode) -> NodeRecord:
    """What Batch says of a node."""
    return NodeRecord(
        id=node.id,
        state=_word(node.state),
        state_since=node.state_transition_time,
        start_task_failure=_start_task_failure(node.start_task_info),
        errors=tuple(_sentence(error.code, error.message, error.error_details) for error in node.errors or ()),
    )


def preparation_record(status: models.BatchJobPreparationAndReleaseTaskStatus) -> PreparationRecord | None:
    """How the job's preparation task went on a node; None if it was not started there."""
    info = status.job_preparation_task_execution_info
    if info is None:
        return None
    return PreparationRecord(
        node_id=status.node_id or "",
        state=_word(info.state),
        succeeded=_succeeded(info),
        exit_code=info.exit_code,
        failure_message=_failure(info.failure_info),
        retry_count=info.retry_count or 0,
    )


def _start_task_failure(info: models.BatchStartTaskInfo | None) -> str | None:
    if info is None or _succeeded(info) is not False:
        return None
    words = _failure(info.failure_info) or "it failed"
    return words if info.exit_code is None else f"exit code {info.exit_code}: {words}"


def _failure(failure: models.BatchTaskFailureInfo | None) -> str | None:
    return _sentence(failure.code, failure.message, failure.details) if failure is not None else None


def _resize_problem(error: models.ResizeError) -> ResizeProblem:
    return ResizeProblem(code=error.code or "", message=_sentence(None, error.message, error.error_values))


def _sentence(code: object, message: str | None, pairs: Sequence[models.NameValuePair] | None) -> str:
    """``Code: message (name: value, ...)``, without what is missing."""
    first_line = clean(message).strip().partition("\n")[0]
    head = ": ".join(word for word in (_word(code) if code else "", first_line) if word) or "no reason given"
    named = ", ".join(f"{pair.name}: {clean(pair.value)}" for pair in pairs or ())
    return f"{head} ({named})" if named else head


def _environment(settings: Sequence[models.EnvironmentSetting] | None) -> dict[str, str]:
    return {setting.name: setting.value or "" for setting in settings or ()}


def _succeeded(
    info: models.BatchStartTaskInfo | models.BatchJobPreparationTaskExecutionInfo | None,
) -> bool | None:
    if info is None or info.result is None:
        return None
    return _word(info.result).lower() == "success"


def _word(value: object) -> str:
    """A value of one of the SDK's enumerations, or the plain text that it leaves where it knows none."""
    return str(getattr(value, "value", value))

"""Azure Batch Manager: write a workload once, run it on an Azure Batch pool or on this machine.

Every public name is imported from here and loaded when it is first used, so that a task's process pays only for what it
needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batch_manager.application import Application
    from batch_manager.callback import verify_signature
    from batch_manager.cancelling import cancel_job
    from batch_manager.client import BatchClient, BlobStorage
    from batch_manager.dependencies import DependencyRule
    from batch_manager.entry_points import EntryPointsRepository
    from batch_manager.environment import JsonValue
    from batch_manager.errors import BatchManagerError, ConfigurationError, InputError, RetryableError, ServiceError
    from batch_manager.exit_codes import ExitCode
    from batch_manager.factory import BatchClientFactory
    from batch_manager.finalize import FinalizeTask
    from batch_manager.job_manager import JobManager, JobManagerBuilder, JobManagerContext
    from batch_manager.job_request import JobRequest
    from batch_manager.log import setup_logging
    from batch_manager.outcome import JobOutcome, Outcome
    from batch_manager.rerun import Rerun, rerun_failed
    from batch_manager.settings import BatchClientSettings
    from batch_manager.specification import (
        ApplicationPackageReference,
        AutoUserScope,
        ContainerSettings,
        ElevationLevel,
        InputFileSpecification,
        MultiInstanceSettings,
        OutputFileSpecification,
        RetryPolicy,
        TaskConstraints,
        TaskSpecification,
        UploadCondition,
        UserIdentity,
    )
    from batch_manager.submit import submit_job
    from batch_manager.supervision import SupervisionLimits, supervise_job
    from batch_manager.task import TaskContext, WorkloadTask, WorkloadTaskBuilder
    from batch_manager.workload import JobResults, WorkloadBase

_MODULES = {
    "application": ("Application",),
    "callback": ("verify_signature",),
    "cancelling": ("cancel_job",),
    "client": ("BatchClient", "BlobStorage"),
    "dependencies": ("DependencyRule",),
    "entry_points": ("EntryPointsRepository",),
    "environment": ("JsonValue",),
    "errors": ("BatchManagerError", "ConfigurationError", "InputError", "RetryableError", "ServiceError"),
    "exit_codes": ("ExitCode",),
    "factory": ("BatchClientFactory",),
    "finalize": ("FinalizeTask",),
    "job_manager": ("JobManager", "JobManagerBuilder", "JobManagerContext"),
    "job_request": ("JobRequest",),
    "log": ("setup_logging",),
    "outcome": ("JobOutcome", "Outcome"),
    "rerun": ("Rerun", "rerun_failed"),
    "settings": ("BatchClientSettings",),
    "specification": (
        "ApplicationPackageReference",
        "AutoUserScope",
        "ContainerSettings",
        "ElevationLevel",
        "InputFileSpecification",
        "MultiInstanceSettings",
        "OutputFileSpecification",
        "RetryPolicy",
        "TaskConstraints",
        "TaskSpecification",
        "UploadCondition",
        "UserIdentity",
    ),
    "submit": ("submit_job",),
    "supervision": ("SupervisionLimits", "supervise_job"),
    "task": ("TaskContext", "WorkloadTask", "WorkloadTaskBuilder"),
    "workload": ("JobResults", "WorkloadBase"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Application",
    "ApplicationPackageReference",
    "AutoUserScope",
    "BatchClient",
    "BatchClientFactory",
    "BatchClientSettings",
    "BatchManagerError",
    "BlobStorage",
    "ConfigurationError",
    "ContainerSettings",
    "DependencyRule",
    "ElevationLevel",
    "EntryPointsRepository",
    "ExitCode",
    "FinalizeTask",
    "InputError",
    "InputFileSpecification",
    "JobManager",
    "JobManagerBuilder",
    "JobManagerContext",
    "JobOutcome",
    "JobRequest",
    "JobResults",
    "JsonValue",
    "MultiInstanceSettings",
    "Outcome",
    "OutputFileSpecification",
    "RetryPolicy",
    "RetryableError",
    "Rerun",
    "ServiceError",
    "SupervisionLimits",
    "TaskConstraints",
    "TaskContext",
    "TaskSpecification",
    "UploadCondition",
    "UserIdentity",
    "WorkloadBase",
    "WorkloadTask",
    "WorkloadTaskBuilder",
    "cancel_job",
    "rerun_failed",
    "setup_logging",
    "submit_job",
    "supervise_job",
    "verify_signature",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'batch_manager' has no attribute {name!r}")
    module = import_module(f"batch_manager.{home}")
    value = getattr(module, name)
    if name == "Application":
        module.report_uncaught()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

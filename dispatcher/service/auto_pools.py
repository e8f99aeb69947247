"""Pools that jobs and job schedules bring: how they come to be, and what of them may be changed."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

from dispatcher.service.core import Core
from dispatcher.service.documents.pool_info import AutoPoolSpec, PoolLifetime
from dispatcher.service.documents.pools import read_pool
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.node.launch import ErrorCategory, TaskFailure
from dispatcher.service.pool_creation import add_pool
from dispatcher.service.records import JobRecord
from dispatcher.service.wire import JsonObject, JsonValue

_PROPERTY = "poolInfo.autoPoolSpecification"

_SCHEDULING_ERRORS = {
    Refusal.POOL_QUOTA_REACHED: (
        "AutoPoolCreationFailedWithQuotaReached",
        "The pool quota for the account is reached.",
    ),
    Refusal.INVALID_APPLICATION_PACKAGE_REFERENCES: (
        "InvalidApplicationPackageReferencesInAutoPool",
        "One or more application packages specified for the pool are invalid.",
    ),
}
"""Azure's codes and words (its page on job scheduling errors); by what refuses the pool."""


def make_pool(core: Core, spec: AutoPoolSpec, schedule_key: int | None, now: datetime) -> tuple[str, bool]:
    """Return the id of the pool of a job, and whether it was made for it now rather than for its schedule before.

    Raises:
        BatchError: such a pool cannot be.
    """
    if is_shared(spec, schedule_key) and schedule_key is not None:
        there = core.store.auto_pools.of_schedule(schedule_key)
        if there is not None:
            return there, False
    name = str(uuid.uuid4()).upper()
    pool_id = f"{spec.prefix}_{name}" if spec.prefix else name
    with core.store.attempt():
        return add_pool(core, read_pool({**spec.pool, "id": pool_id}), now).id, True


def is_shared(spec: AutoPoolSpec, schedule_key: int | None) -> bool:
    """Say whether a pool is its schedule's rather than its job's."""
    return schedule_key is not None and spec.lifetime is PoolLifetime.JOB_SCHEDULE


def scheduling_error(refused: BatchError, schedule_key: int | None) -> TaskFailure | None:
    """Return why a job has no pool, as the job says; None where its client is to be refused instead.

    Azure moves the job to completed; a pool that could be on another machine only is refused at once, unless nobody is
    there to hear.
    """
    if refused.refusal in _SCHEDULING_ERRORS:
        code, message = _SCHEDULING_ERRORS[refused.refusal]
    elif schedule_key is not None:
        code, message = "InvalidAutoPoolSettings", "The specified autopool settings are not valid."
    else:
        return None
    details = (("Reason", refused.message),)
    return TaskFailure(category=ErrorCategory.USER_ERROR, code=code, message=message, details=details)


def check_lifetime(spec: AutoPoolSpec, schedule_key: int | None) -> None:
    """Refuse a job that no schedule makes a pool that lives as long as its schedule.

    Raises:
        BatchError: InvalidPropertyValue.
    """
    if schedule_key is None and spec.lifetime is PoolLifetime.JOB_SCHEDULE:
        reason = "it applies to job schedules only, not to jobs"
        raise invalid_property(f"{_PROPERTY}.poolLifetimeOption", spec.lifetime.value, reason)


def change_pool(core: Core, job: JobRecord, document: JsonObject, spec: AutoPoolSpec) -> None:
    """Let a job's pool stay or go when the job ends: nothing else of it can be changed (REST reference, Job - Patch).

    Args:
        core: the account.
        job: the job as it is.
        document: the job as it is to be.
        spec: of the pool, in that document.

    Raises:
        BatchError: InvalidPropertyValue.
    """
    before, after = _auto_pool(json.loads(job.document)), _auto_pool(document)
    if _without_keep_alive(before) != _without_keep_alive(after):
        raise invalid_property(_PROPERTY, "autoPoolSpecification", "only its keepAlive can be changed")
    kept = before is not None and before.get("keepAlive") is True
    if kept == spec.keep_alive:
        return
    if spec.lifetime is not PoolLifetime.JOB:
        raise invalid_property(
            f"{_PROPERTY}.keepAlive", spec.keep_alive, "the pool is not the job's but its schedule's"
        )
    core.store.auto_pools.keep(job.pool_id, keep=spec.keep_alive)


def _auto_pool(document: JsonObject) -> JsonObject | None:
    info = document.get("poolInfo")
    pool = info.get("autoPoolSpecification") if isinstance(info, dict) else None
    return pool if isinstance(pool, dict) else None


def _without_keep_alive(spec: JsonObject | None) -> JsonValue:
    """Return what else a specification says; null says nothing."""
    return None if spec is None else _present({**spec, "keepAlive": None})


def _present(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _present(item) for name, item in value.items() if item is not None}
    return [_present(item) for item in value] if isinstance(value, list) else value

"""How a job comes to be, whether a client or a schedule makes it: with its job manager, and with its pool if it has one
of its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from dispatcher.service.admission import check_active_quota, check_packages, check_users
from dispatcher.service.auto_pools import check_lifetime, is_shared, make_pool, scheduling_error
from dispatcher.service.core import Core
from dispatcher.service.documents.jobs import JobSpec
from dispatcher.service.documents.pool_info import AutoPoolSpec
from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import TaskFailure
from dispatcher.service.records import JobRecord


def add_job(core: Core, spec: JobSpec, now: datetime, *, schedule_key: int | None = None) -> JobRecord:
    """Add an active job, all or nothing. One whose own pool the account cannot take is ended at once, and says why.

    Args:
        core: the account.
        spec: the job.
        now: the time.
        schedule_key: of the schedule that makes it.

    Raises:
        BatchError: its id is taken, or a quota is reached.
    """
    with core.store.transaction():
        check_active_quota(core)
        if spec.manager is not None:
            check_packages(core, spec.manager.packages)
        if spec.auto_pool is None:
            check_users(core, spec.pool_id, spec.user_names)
            return _add(core, spec, now)
        check_lifetime(spec.auto_pool, schedule_key)
        try:
            pool_id, made = make_pool(core, spec.auto_pool, schedule_key, now)
        except BatchError as refused:
            error = scheduling_error(refused, schedule_key)
            if error is None:
                raise
            return _add_without_pool(core, spec, error, now)
        check_users(core, pool_id, spec.user_names)
        job = _add(core, replace(spec, pool_id=pool_id), now)
        if made:
            _tie(core, spec.auto_pool, job, schedule_key)
        return job


def _add(core: Core, spec: JobSpec, now: datetime) -> JobRecord:
    job = core.store.jobs.add(spec, now)
    if spec.manager is not None:
        core.store.tasks.add(job, [spec.manager], now)
    core.wake()
    return job


def _add_without_pool(core: Core, spec: JobSpec, error: TaskFailure, now: datetime) -> JobRecord:
    job = _add(core, spec, now)
    core.store.jobs.set_scheduling_error(job.key, error)
    core.terminate_job(job, error.code)
    return core.store.jobs.by_key(job.key)


def _tie(core: Core, auto_pool: AutoPoolSpec, job: JobRecord, schedule_key: int | None) -> None:
    """Let a pool go with its job, or with the schedule."""
    shared = is_shared(auto_pool, schedule_key)
    core.store.auto_pools.add(
        job.pool_id,
        job_key=None if shared else job.key,
        schedule_key=schedule_key if shared else None,
        keep=auto_pool.keep_alive,
    )

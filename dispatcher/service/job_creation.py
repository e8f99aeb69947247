"""How a job comes to be, whether a client or a schedule makes it: with its job manager, and with its pool if it has one
of its own.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from dispatcher.service.admission import check_active_quota, check_packages, check_users
from dispatcher.service.core import Core
from dispatcher.service.documents.jobs import JobSpec
from dispatcher.service.documents.pool_info import AutoPoolSpec, PoolLifetime
from dispatcher.service.documents.pools import read_pool
from dispatcher.service.pool_creation import add_pool
from dispatcher.service.records import JobRecord


def add_job(core: Core, spec: JobSpec, now: datetime, *, schedule_key: int | None = None) -> JobRecord:
    """Add an active job, all or nothing.

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
        pool_id, made = _pool(core, spec, schedule_key, now)
        check_users(core, pool_id, spec.user_names)
        job = core.store.jobs.add(replace(spec, pool_id=pool_id), now)
        if spec.manager is not None:
            core.store.tasks.add(job, [spec.manager], now)
        if made and spec.auto_pool is not None:
            shared = _is_shared(spec.auto_pool, schedule_key)
            core.store.auto_pools.add(
                pool_id,
                job_key=None if shared else job.key,
                schedule_key=schedule_key if shared else None,
                keep=spec.auto_pool.keep_alive,
            )
    core.wake()
    return job


def _pool(core: Core, spec: JobSpec, schedule_key: int | None, now: datetime) -> tuple[str, bool]:
    """Return the id of the pool of a job, and whether it was made for it now."""
    if spec.auto_pool is None:
        return spec.pool_id, False
    if schedule_key is not None and _is_shared(spec.auto_pool, schedule_key):
        there = core.store.auto_pools.of_schedule(schedule_key)
        if there is not None:
            return there, False
    name = str(uuid.uuid4()).upper()
    pool_id = f"{spec.auto_pool.prefix}_{name}" if spec.auto_pool.prefix else name
    return add_pool(core, read_pool({**spec.auto_pool.pool, "id": pool_id}), now).id, True


def _is_shared(auto_pool: AutoPoolSpec, schedule_key: int | None) -> bool:
    """Say whether the pool is the schedule's; a job that no schedule made has its pool to itself."""
    return schedule_key is not None and auto_pool.lifetime is PoolLifetime.JOB_SCHEDULE

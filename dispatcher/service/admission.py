"""What jobs and tasks are refused for because of what the account holds: quotas, users of pools, packages."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dispatcher.service.core import Core
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.store.applications import PackageReference, check_references


def check_active_quota(core: Core) -> None:
    """Refuse one more active job or job schedule than the account may have.

    Raises:
        BatchError: ActiveJobAndScheduleQuotaReached.
    """
    most = core.options.quotas.active_jobs_and_schedules
    if most is not None and core.store.queue.active_jobs_and_schedules() >= most:
        raise BatchError(Refusal.ACTIVE_JOB_AND_SCHEDULE_QUOTA_REACHED)


def check_packages(core: Core, references: Iterable[PackageReference]) -> None:
    """Refuse what refers to application packages that are not there.

    Raises:
        BatchError: InvalidApplicationPackageReferences.
    """
    check_references(core.store.applications, references, needs_default=False)


def check_users(core: Core, pool_id: str, names: Iterable[str]) -> None:
    """Refuse what is to run as a user that its pool does not have.

    What names one of the pool runs as the user of the service: one machine has no others. Whether Azure looks at the
    pool this early is not documented.

    Raises:
        BatchError: InvalidPropertyValue.
    """
    wanted = list(names)
    if not wanted:
        return
    pool = core.store.pools.find(pool_id)
    accounts = [] if pool is None else json.loads(pool.document).get("userAccounts") or []
    known = {account.get("name") for account in accounts}
    for name in wanted:
        if name not in known:
            raise invalid_property("userIdentity.username", name, "the pool has no such user account")

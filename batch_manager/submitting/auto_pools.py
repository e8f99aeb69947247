"""A pool for one job alone, which is made with it and goes with it.

Batch's own auto pools cannot have a managed identity (Azure Batch documentation, "configure managed identities"), and
without one the job manager could add no task and no node could read a file. So it is a pool like any other, made
before the job, whose nodes go by themselves (ADR 27): whoever is killed on the way leaves a pool without nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from batch_manager.account_management import AccountManagement
from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.ownership import JOB_METADATA
from batch_manager.pool_operations import PoolOperations
from batch_manager.pools.creating import PoolRequest, as_sent, create, prepare
from batch_manager.pools.images import is_windows
from batch_manager.pools.layers import Layer, merge
from batch_manager.pools.reading import checked

PREFIX = "auto-"
"""With a job's id, 59 characters at most, the 64 that a pool's id may have."""

FIRST_MINUTES = 15
"""So long a new pool has its nodes though no task is seen: samples come late, and the files are uploaded first."""

INTERVAL = "5m"
"""Between two evaluations of the formula, as short as Batch allows."""

NOTHING_PENDING = timedelta(minutes=5)
"""So long no task of the pool may run or wait before its nodes go."""


def auto_pool_id(job_id: str) -> str:
    """The id of a job's own pool."""
    return f"{PREFIX}{job_id}"


def one_job_formula(*, dedicated: int, spot: int, now: datetime) -> str:
    """So many nodes at once and while any task is pending, and none afterwards.

    Args:
        dedicated: nodes that are not taken away.
        spot: spot nodes.
        now: when the pool is made, aware.
    """
    first = format_datetime(now, usegmt=True)
    wanted = "isNew || pending > 0 ? {0} : (pending < 0 ? {1} : 0)"
    return "\n".join(
        (
            f'isNew = (time() - time("{first}")) < TimeInterval_Minute * {FIRST_MINUTES};',
            f"span = TimeInterval_Second * {int(NOTHING_PENDING.total_seconds())};",
            "known = $PendingTasks.GetSamplePercent(span);",
            "pending = known < 70 ? -1 : max($PendingTasks.GetSample(span, 70));",
            f"$TargetDedicatedNodes = {wanted.format(dedicated, '$TargetDedicatedNodes')};",
            f"$TargetLowPriorityNodes = {wanted.format(spot, '$TargetLowPriorityNodes')};",
            "$NodeDeallocationOption = taskcompletion;",
            "",
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPool:
    """A job's own pool, checked and not yet made.

    Attributes:
        job_id: the job.
        request: what Batch is asked for.
    """

    job_id: str
    request: PoolRequest

    @property
    def is_windows(self) -> bool:
        """Whether its nodes run Windows."""
        machine: Any = self.request.body["virtualMachineConfiguration"]
        return is_windows(str(machine["nodeAgentSKUId"]))

    def shown(self, management: Callable[[], AccountManagement]) -> Mapping[str, object]:
        """The request as it would be sent, without secrets."""
        return as_sent(management, self.request)

    def make(self, pools: PoolOperations, management: Callable[[], AccountManagement]) -> None:
        """Make it; success if an earlier call did.

        Raises:
            ConflictError: there is a pool of its id that was not made for the job, or that is being deleted.
            ServiceError: Batch refused it.
        """
        if self._is_there(pools):
            return
        try:
            create(pools, management, self.request)
        except InputError:  # another submission of the job was quicker, by a second that stands in the formula
            if not self._is_there(pools):
                raise

    def _is_there(self, pools: PoolOperations) -> bool:
        try:
            found = pools.get_pool(self.request.id).summary
        except NotFoundError:
            return False
        if found.metadata.get(JOB_METADATA) == self.job_id and found.state == "active":
            return True
        why = "is being deleted" if found.state != "active" else "was not made for it"
        operation = f"make pool {found.id!r} for job {self.job_id!r}"
        raise ConflictError(
            f"{operation}: the pool {why}: choose another id for the job, or wait until the pool is gone",
            operation=operation,
            status=409,
            code="PoolExists",
        )


def prepare_auto_pool(
    pools: PoolOperations,
    layers: Sequence[Layer],
    *,
    job_id: str,
    owner: str,
    tags: Mapping[str, str],
    identity_reference: str | None,
    now: datetime,
) -> AutoPool:
    """A job's own pool from a pool file.

    A number of nodes in the file becomes a formula that ends at none; a formula of the file is taken as it is. A file
    that names no identity gets the one that the job's files are read with.

    Args:
        pools: the account's pools.
        layers: what was said of the pool, the first of which counts most; its id does not count.
        job_id: the job.
        owner: whose it is.
        tags: to find it by.
        identity_reference: ARM id of the identity of the settings; None if there is none.
        now: the time, aware.

    Raises:
        InputError: the pool cannot be made as it is described, or would never have a node.
        ServiceError: Batch could not be asked.
    """
    said = merge([{"id": auto_pool_id(job_id)}, *layers])
    pool = checked(said)
    ours: dict[str, Any] = {"owner": owner, "tags": {**pool.tags, **tags}}
    if pool.autoscale is None:
        ours["autoscale"] = {"formula": _formula(pool.scale, now), "interval": INTERVAL}
    if not pool.identities and identity_reference is not None:
        ours["identities"] = [identity_reference]
    request = prepare(pools, [ours, said], owner)
    return AutoPool(
        job_id=job_id,
        request=replace(request, body=_of_job(request.body, job_id), shown=_of_job(request.shown, job_id)),
    )


def delete_auto_pool(pools: PoolOperations, job_id: str) -> bool:
    """Begin to delete a job's own pool; False if it has none. A pool that was not made for the job stays.

    Raises:
        ServiceError: Batch refused it.
    """
    try:
        found = pools.get_pool(auto_pool_id(job_id)).summary
    except NotFoundError:
        return False
    if found.metadata.get(JOB_METADATA) != job_id:
        return False
    pools.delete_pool(found.id)
    return True


def _formula(scale: Any, now: datetime) -> str:
    dedicated, spot = (0, 0) if scale is None else (scale.dedicated, scale.spot)
    if dedicated + spot == 0:
        raise InputError(
            "the pool of the job would never have a node: give scale.dedicated or scale.spot, or autoscale"
        )
    return one_job_formula(dedicated=dedicated, spot=spot, now=now)


def _of_job(body: Mapping[str, Any], job_id: str) -> dict[str, Any]:
    return {**body, "metadata": [*body["metadata"], {"name": JOB_METADATA, "value": job_id}]}

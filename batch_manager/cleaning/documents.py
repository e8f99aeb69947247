"""What ``clean`` and ``report`` print for programs. Pure: names are camelCase, times ISO 8601, costs texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from batch_manager.cleaning.deleting import Deletion
from batch_manager.cleaning.report import AccountReport, ContainerLine, JobLine, PoolLine
from batch_manager.cleaning.selection import Verdict
from batch_manager.ownership import Ownership

Value: TypeAlias = "None | bool | int | float | str | Sequence[Value] | Mapping[str, Value]"
Document: TypeAlias = dict[str, Value]


def clean_document(
    verdicts: Iterable[Verdict], deletions: Iterable[Deletion], now: datetime, *, dry_run: bool
) -> Document:
    """What was chosen, and what became of it."""
    return {
        "dryRun": dry_run,
        "things": [_verdict(verdict, now) for verdict in verdicts],
        "results": [
            {
                "kind": deletion.kind.value,
                "name": deletion.name,
                "result": deletion.end.value,
                "message": deletion.message,
            }
            for deletion in deletions
        ],
    }


def report_document(report: AccountReport, now: datetime) -> Document:
    """All lines of a report."""
    return {
        "jobs": [_job(line, now) for line in report.jobs],
        "containers": [_container(line, now) for line in report.containers],
        "pools": [_pool(line, now) for line in report.pools],
        "currency": report.currency,
        "hourlyCost": str(report.hourly) if report.currency is not None else None,
        "sizesWithoutPrice": list(report.unpriced),
    }


def _verdict(verdict: Verdict, now: datetime) -> Document:
    return {
        "kind": verdict.kind.value,
        "name": verdict.name,
        "fate": verdict.fate.value,
        "reason": verdict.reason,
        **_whose(verdict.ownership),
        **_age(verdict.since, now),
        "cancelFirst": verdict.cancel_first,
    }


def _job(line: JobLine, now: datetime) -> Document:
    return {
        "id": line.job.id,
        "state": line.job.state.value,
        "poolId": line.job.pool_id or None,
        **_whose(line.ownership),
        **_age(line.since, now),
        "problem": line.problem,
    }


def _container(line: ContainerLine, now: datetime) -> Document:
    size = line.size
    return {
        "name": line.container.name,
        "jobId": line.ownership.job_id if line.ownership is not None else None,
        "blobs": size.blobs if size is not None else None,
        "bytes": size.total_bytes if size is not None else None,
        "isAll": size.is_all if size is not None else None,
        **_whose(line.ownership),
        **_age(line.since, now),
        "problem": line.problem,
    }


def _pool(line: PoolLine, now: datetime) -> Document:
    return {
        "id": line.pool.id,
        "state": line.pool.state,
        "vmSize": line.pool.vm_size,
        "dedicatedNodes": line.pool.current_dedicated_nodes,
        "spotNodes": line.pool.current_low_priority_nodes,
        "nodesSince": line.nodes_since.isoformat() if line.nodes_since is not None else None,
        "hourlyCost": _cost(line.hourly),
        "costSoFar": _cost(line.so_far),
        **_whose(line.ownership),
        **_age(line.since, now),
        "problem": line.problem,
    }


def _whose(ownership: Ownership | None) -> Document:
    return {
        "owner": ownership.owner if ownership is not None else None,
        "tags": dict(ownership.tags) if ownership is not None else {},
    }


def _age(since: datetime, now: datetime) -> Document:
    return {"since": since.isoformat(), "ageSeconds": max(0, int((now - since).total_seconds()))}


def _cost(cost: Decimal | None) -> str | None:
    return str(cost) if cost is not None else None

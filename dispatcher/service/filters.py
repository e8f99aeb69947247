"""The properties that ``$filter`` may name, list by list, with what they may be compared by.

The source is Microsoft's page "OData filters in Azure Batch"; what it does not list is refused, as Azure refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.odata import Compare, Comparison, Expression, Literal, StartsWith, leaves

_EQUALITY = frozenset({Comparison.EQ, Comparison.NE})
_ORDER = frozenset(Comparison)


class Kind(Enum):
    """The type of a property, and of the literals that it may be compared with."""

    TEXT = str
    TIME = datetime
    NUMBER = float
    TRUTH = bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Filterable:
    """What may be asked of a property."""

    kind: Kind
    comparisons: frozenset[Comparison]
    starts_with: bool = False

    def words(self) -> str:
        """Return the operators, for docs."""
        names = [comparison.value for comparison in Comparison if comparison in self.comparisons]
        return " ".join([*names, *(["startswith"] if self.starts_with else [])])


ID = Filterable(kind=Kind.TEXT, comparisons=_ORDER, starts_with=True)
WORD = Filterable(kind=Kind.TEXT, comparisons=_EQUALITY)
EXACT = Filterable(kind=Kind.TEXT, comparisons=frozenset({Comparison.EQ}))
PREFIX = Filterable(kind=Kind.TEXT, comparisons=frozenset(), starts_with=True)
USAGE_ID = Filterable(kind=Kind.TEXT, comparisons=_ORDER - {Comparison.NE}, starts_with=True)
TIME = Filterable(kind=Kind.TIME, comparisons=_ORDER)
NUMBER = Filterable(kind=Kind.NUMBER, comparisons=_ORDER)
TRUTH = Filterable(kind=Kind.TRUTH, comparisons=_EQUALITY)

Properties = Mapping[str, Filterable]

_ENTITY: Properties = {"id": ID, "state": WORD, "stateTransitionTime": TIME, "creationTime": TIME, "lastModified": TIME}
_JOB: Properties = {
    **_ENTITY,
    "executionInfo/startTime": TIME,
    "executionInfo/endTime": TIME,
    "executionInfo/poolId": ID,
}


def _run(prefix: str) -> Properties:
    times = {f"{prefix}/startTime": TIME, f"{prefix}/endTime": TIME}
    return {f"{prefix}/state": EXACT, **times, f"{prefix}/exitCode": NUMBER, f"{prefix}/result": WORD}


FILTERS: Mapping[str, Properties] = {
    "list_pool_usage_metrics": {"poolId": USAGE_ID},
    "list_pools": {
        **_ENTITY,
        "allocationState": WORD,
        "allocationStateTransitionTime": TIME,
        "enableAutoScale": TRUTH,
        "enableInterNodeCommunication": TRUTH,
        "vmSize": WORD,
    },
    "list_supported_images": {"osType": WORD, "verificationType": WORD, "nodeAgentSKUId": WORD},
    "list_pool_node_counts": {"poolId": EXACT},
    "list_jobs": _JOB,
    "list_jobs_from_schedule": {name: allowed for name, allowed in _JOB.items() if name != "id"},
    "list_job_preparation_and_release_task_status": {
        "poolId": WORD,
        "nodeId": WORD,
        **_run("jobPreparationTaskExecutionInfo"),
        **_run("jobReleaseTaskExecutionInfo"),
    },
    "list_job_schedules": {
        **_ENTITY,
        "executionInfo/endTime": TIME,
        "schedule/doNotRunUntil": TIME,
        "schedule/doNotRunAfter": TIME,
    },
    "list_tasks": {
        **_ENTITY,
        "executionInfo/startTime": TIME,
        "executionInfo/endTime": TIME,
        "executionInfo/exitCode": NUMBER,
        "executionInfo/result": WORD,
    },
    "list_task_files": {"name": PREFIX},
    "list_node_files": {"name": PREFIX},
    "list_nodes": {
        "state": WORD,
        "stateTransitionTime": TIME,
        "lastBootTime": TIME,
        "allocationTime": TIME,
        **_run("startTaskInfo"),
    },
    "list_certificates": {"state": WORD, "stateTransitionTime": TIME},
}
"""By operation."""


def check_filter(operation: str, expression: Expression) -> None:
    """Refuse a filter that names what the list cannot be filtered by, or compares it as it cannot be.

    Raises:
        BatchError: InvalidQueryParameterValue, with what would be allowed.
    """
    properties = FILTERS.get(operation, {})
    for term in leaves(expression):
        allowed = properties.get(term.path)
        if allowed is None:
            known = ", ".join(properties) or "nothing"
            raise _refused(f"{term.path} is no property to filter this list by; those are: {known}")
        _check_term(term, allowed)


def _check_term(term: Compare | StartsWith, allowed: Filterable) -> None:
    if isinstance(term, StartsWith):
        if not allowed.starts_with:
            raise _refused(f"{term.path} can be compared by {allowed.words()} only")
        return
    if term.comparison not in allowed.comparisons:
        raise _refused(f"{term.path} can be compared by {allowed.words()} only")
    if not _fits(term.literal, allowed.kind):
        raise _refused(f"{term.path} is compared with a value of another type")


def _fits(literal: Literal, kind: Kind) -> bool:
    return literal is None or isinstance(literal, kind.value)


def _refused(reason: str) -> BatchError:
    values = (("QueryParameterName", "$filter"), ("Reason", reason))
    return BatchError(Refusal.INVALID_QUERY_PARAMETER_VALUE, values=values)

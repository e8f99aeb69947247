"""The words of the language: variables, functions, constants and limits.

Source: "Create a formula to automatically scale compute nodes in a Batch pool" (Azure Batch documentation).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

MAX_LENGTH = 8192
"""Characters of a formula."""

MAX_STATEMENTS = 100

MAX_DEPTH = 24
"""How deep expressions may nest: this service's own limit, so that a formula cannot exhaust the stack."""

MAX_VECTOR = 3000
"""Elements of a vector, more than a day has samples: this service's own limit, so that a formula can exhaust neither
memory nor patience."""

MAX_EFFORT = 1_000_000
"""Elements of all vectors that one run works with: this service's own limit, some fifty looks at a day of samples."""

MAX_TARGET = 2**31 - 1
"""Nodes: a target is a 32 bit integer on the wire."""


class DeallocationOption(Enum):
    """What becomes of the tasks of nodes that leave; the values are the words of a formula."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


DEDICATED = "$TargetDedicatedNodes"
LOW_PRIORITY = "$TargetLowPriorityNodes"
OPTION = "$NodeDeallocationOption"

ALIASES: Mapping[str, str] = MappingProxyType({"$TargetDedicated": DEDICATED, "$TargetLowPriority": LOW_PRIORITY})
"""Old names of the targets. Where both are assigned, the new name wins, whatever the order."""

METRICS: Mapping[str, str] = MappingProxyType(
    {
        "$ActiveTasks": "active_tasks",
        "$RunningTasks": "running_tasks",
        "$PendingTasks": "pending_tasks",
        "$SucceededTasks": "succeeded_tasks",
        "$FailedTasks": "failed_tasks",
        "$CurrentDedicatedNodes": "current_dedicated_nodes",
        "$CurrentDedicated": "current_dedicated_nodes",
        "$CurrentLowPriorityNodes": "current_low_priority_nodes",
        "$CurrentLowPriority": "current_low_priority_nodes",
        "$PreemptedNodeCount": "preempted_node_count",
        "$SampleNodeCount": "sample_node_count",
        "$UsableNodeCount": "usable_node_count",
        "$TaskSlotsPerNode": "task_slots_per_node",
        "$CPUPercent": "cpu_percent",
        "$WallClockSeconds": "wall_clock_seconds",
        "$MemoryBytes": "memory_bytes",
        "$DiskBytes": "disk_bytes",
        "$DiskReadBytes": "disk_read_bytes",
        "$DiskWriteBytes": "disk_write_bytes",
        "$DiskReadOps": "disk_read_ops",
        "$DiskWriteOps": "disk_write_ops",
        "$NetworkInBytes": "network_in_bytes",
        "$NetworkOutBytes": "network_out_bytes",
    }
)
"""Variables a formula may only read, and the attribute of ``Metrics`` behind each."""

WRITABLE = frozenset({DEDICATED, LOW_PRIORITY, OPTION, *ALIASES})

_CANONICAL = {name.lower(): name for name in (*METRICS, *WRITABLE)}

OPTIONS = frozenset(option.value for option in DeallocationOption)

_SECOND = 10_000_000

INTERVALS: Mapping[str, int] = MappingProxyType(
    {
        "TimeInterval_Zero": 0,
        "TimeInterval_100ns": 1,
        "TimeInterval_Microsecond": 10,
        "TimeInterval_Millisecond": 10_000,
        "TimeInterval_Second": _SECOND,
        "TimeInterval_Minute": 60 * _SECOND,
        "TimeInterval_Hour": 3600 * _SECOND,
        "TimeInterval_Day": 86_400 * _SECOND,
        "TimeInterval_Week": 7 * 86_400 * _SECOND,
        "TimeInterval_Year": 365 * 86_400 * _SECOND,
    }
)
"""Constants of type timeinterval, in steps of 100 ns. How long Azure's year is, is not documented: 365 days here."""

FUNCTIONS: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {
        **dict.fromkeys(("avg", "len", "max", "min", "norm", "range", "std", "sum", "vec"), (0, None)),
        **dict.fromkeys(("ceil", "floor", "lg", "ln", "log", "round"), (1, None)),
        "percentile": (2, 2),
        "rand": (0, 0),
        "stop": (0, 0),
        "time": (0, 1),
        "val": (2, 2),
    }
)
"""How many arguments a function takes: the least and the most; None is any number (a doubleVecList)."""

METHODS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "Count": (0, 0),
        "GetSample": (1, 3),
        "GetSamplePercent": (1, 2),
        "GetSamplePeriod": (0, 0),
        "HistoryBeginTime": (0, 0),
    }
)
"""How many arguments a method of a sampled variable takes."""

MEMBERS = ("year", "month", "day", "weekday", "hour", "minute", "second")
"""What a timestamp is made of."""


def canonical(name: str) -> str:
    """Return a variable's name; a service-defined one as the documentation spells it, however it was written.

    Microsoft's own examples spell ``$targetDedicatedNodes`` as well; a user's variables keep their case.
    """
    return _CANONICAL.get(name.lower(), name)

"""Whole numbers that a client sent as text.

The Azure CLI sends what a user types as it is: ``"targetDedicatedNodes": "2"``. Azure takes it for a number, and so
does this service, before anything else looks at the body: what is kept and echoed is a number.
"""

from __future__ import annotations

import re

from dispatcher.service.wire import JsonObject, JsonValue

_NUMBERS = frozenset(
    {
        "backendPort",
        "diskSizeGB",
        "end",
        "frontendPortRangeEnd",
        "frontendPortRangeStart",
        "gid",
        "lun",
        "maxBatchInstancePercent",
        "maxParallelTasks",
        "maxTaskRetryCount",
        "maxUnhealthyInstancePercent",
        "maxUnhealthyUpgradedInstancePercent",
        "numberOfInstances",
        "priority",
        "requiredSlots",
        "start",
        "targetDedicatedNodes",
        "targetLowPriorityNodes",
        "taskSlotsPerNode",
        "uid",
    }
)
"""The properties of requests that the REST reference types as whole numbers, and never as anything else."""

_FREE = frozenset({"settings", "protectedSettings"})
"""Objects whose contents are a user's own."""

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def with_numbers(body: JsonObject) -> JsonObject:
    """Return a body with its numbers as numbers; the rest is as it was."""
    return {key: value if key in _FREE else _read(key, value) for key, value in body.items()}


def _read(key: str, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return with_numbers(value)
    if isinstance(value, list):
        return [_read("", item) for item in value]
    if isinstance(value, str) and key in _NUMBERS and _WHOLE.fullmatch(value):
        return int(value)
    return value

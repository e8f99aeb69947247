"""Pool bodies, checked: what a client may ask of a pool here, with Batch's limits."""

from __future__ import annotations

import json
from dataclasses import dataclass

from dispatcher.service.documents.fields import Fields, check_metadata
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.records import Deallocation, FillType
from dispatcher.service.wire import JsonObject

MOST_SLOTS = 256
"""Azure also allows no more than four times the node's cores; a node here has no cores of its own."""
MOST_NODES = 100
"""Of a pool, dedicated and low priority together: this service's own limit, since every node is on one machine."""
MOST_SLOTS_OF_POOL = 2000
"""Of all nodes of a pool together: this service's own limit, since each running task takes descriptors and a thread."""
_LARGEST_TARGET = 2**31 - 1
"""Batch's targets are 32-bit integers."""

_UNSUPPORTED = (
    "startTask",
    "enableAutoScale",
    "autoScaleFormula",
    "autoScaleEvaluationInterval",
    "applicationPackageReferences",
    "certificateReferences",
    "mountConfiguration",
    "networkConfiguration",
    "cloudServiceConfiguration",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSpec:
    """A pool to make."""

    id: str
    document: str
    """The body as JSON text."""
    target_dedicated: int
    target_low_priority: int
    slots: int
    fill: FillType


@dataclass(frozen=True, kw_only=True, slots=True)
class ResizeSpec:
    """A new size of a pool; None leaves a target as it is."""

    target_dedicated: int | None
    target_low_priority: int | None
    deallocation: Deallocation


def read_pool(body: JsonObject) -> PoolSpec:
    """Check the body of a pool.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    fields = Fields(values=body)
    pool_id = fields.required_id()
    fields.check_display_name()
    fields.required_text("vmSize")
    fields.refuse(_UNSUPPORTED)
    _check_machine(fields.required_object("virtualMachineConfiguration"))
    check_metadata(fields)
    fields.duration("resizeTimeout")
    policy = fields.object("taskSchedulingPolicy")
    fill = FillType.SPREAD if policy is None else policy.choice("nodeFillType", FillType, FillType.SPREAD)
    spec = PoolSpec(
        id=pool_id,
        document=json.dumps(body),
        target_dedicated=_target(fields, "targetDedicatedNodes") or 0,
        target_low_priority=_target(fields, "targetLowPriorityNodes") or 0,
        slots=fields.integer("taskSlotsPerNode", lowest=1, highest=MOST_SLOTS) or 1,
        fill=fill,
    )
    check_size(spec.target_dedicated + spec.target_low_priority, spec.slots)
    return spec


def check_size(nodes: int, slots: int) -> None:
    """Refuse a pool that one machine cannot carry.

    Args:
        nodes: the targets together.
        slots: of each node.

    Raises:
        BatchError: InvalidPropertyValue, which names the limit.
    """
    if nodes > MOST_NODES:
        message = f"The pool is to have {nodes} nodes; the local Batch service allows at most {MOST_NODES} in a pool."
        raise BatchError(Refusal.INVALID_PROPERTY_VALUE, message, (("PropertyName", "targetDedicatedNodes"),))
    if nodes * slots > MOST_SLOTS_OF_POOL:
        message = (
            f"The pool is to have {nodes} nodes of {slots} task slots, {nodes * slots} together; "
            f"the local Batch service allows at most {MOST_SLOTS_OF_POOL} in a pool."
        )
        raise BatchError(Refusal.INVALID_PROPERTY_VALUE, message, (("PropertyName", "taskSlotsPerNode"),))


def read_resize(body: JsonObject) -> ResizeSpec:
    """Check the body of a resize."""
    fields = Fields(values=body)
    fields.duration("resizeTimeout")
    spec = ResizeSpec(
        target_dedicated=_target(fields, "targetDedicatedNodes"),
        target_low_priority=_target(fields, "targetLowPriorityNodes"),
        deallocation=read_deallocation(fields),
    )
    if spec.target_dedicated is None and spec.target_low_priority is None:
        raise BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", "targetDedicatedNodes"),))
    return spec


def read_deallocation(fields: Fields) -> Deallocation:
    """Return ``nodeDeallocationOption``, which is requeue unless given."""
    return fields.choice("nodeDeallocationOption", Deallocation, Deallocation.REQUEUE)


def _target(fields: Fields, key: str) -> int | None:
    return fields.integer(key, lowest=0, highest=_LARGEST_TARGET)


def _check_machine(fields: Fields) -> None:
    fields.required_object("imageReference")
    fields.required_text("nodeAgentSKUId")
    fields.refuse(("containerConfiguration", "extensions"))

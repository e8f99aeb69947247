"""Pool bodies, checked: what a client may ask of a pool here, with Batch's limits."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from dispatcher.service.documents.autoscale import AutoscaleSpec, read_autoscale
from dispatcher.service.documents.containers import read_container_pool
from dispatcher.service.documents.extensions import read_extensions
from dispatcher.service.documents.fields import Fields, check_metadata
from dispatcher.service.documents.mounts import read_mounts
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.documents.start_tasks import read_start_task
from dispatcher.service.documents.user_accounts import check_user_accounts
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.machine_sizes import known_cores_of
from dispatcher.service.node.container_launch import ContainerPool
from dispatcher.service.records import Deallocation, FillType
from dispatcher.service.store.applications import PackageReference
from dispatcher.service.wire import JsonObject

MOST_SLOTS = 256
"""And no more than four times the cores of the nodes' size, where that is known."""
SLOTS_OF_CORE = 4
MOST_NODES = 100
"""Of a pool, dedicated and low priority together: this service's own limit, since every node is on one machine. It is
also Azure's of pools with inter-node communication."""
MOST_SLOTS_OF_POOL = 2000
"""Of all nodes of a pool together: this service's own limit, since each running task takes descriptors and a thread."""
MOST_REMOVED = 100
"""Nodes in one request."""
_LARGEST_TARGET = 2**31 - 1
"""Batch's targets are 32-bit integers."""
_DEFAULT_TIMEOUT = timedelta(minutes=15)
_SHORTEST_TIMEOUT = timedelta(minutes=5)

_UNSUPPORTED = ("certificateReferences", "cloudServiceConfiguration")
_SCALED = ("targetDedicatedNodes", "targetLowPriorityNodes")
_CHANGEABLE = (
    "applicationPackageReferences",
    "displayName",
    "enableInterNodeCommunication",
    "metadata",
    "mountConfiguration",
    "networkConfiguration",
    "resourceTags",
    "startTask",
    "targetNodeCommunicationMode",
    "taskSchedulingPolicy",
    "taskSlotsPerNode",
    "upgradePolicy",
    "userAccounts",
    "virtualMachineConfiguration",
    "vmSize",
)
_ALWAYS_CHANGEABLE = frozenset(
    {"applicationPackageReferences", "displayName", "metadata", "startTask", "targetNodeCommunicationMode"}
)
_REPLACED = ("applicationPackageReferences", "metadata", "startTask", "targetNodeCommunicationMode")


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
    resize_timeout: timedelta
    packages: tuple[PackageReference, ...]
    containers: ContainerPool | None
    autoscale: AutoscaleSpec | None
    """What scales it; None where its targets do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResizeSpec:
    """A new size of a pool; None leaves a target as it is."""

    target_dedicated: int | None
    target_low_priority: int | None
    deallocation: Deallocation
    timeout: timedelta = _DEFAULT_TIMEOUT


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovalSpec:
    """Nodes to take from a pool."""

    nodes: tuple[str, ...]
    deallocation: Deallocation
    timeout: timedelta


def read_pool(body: JsonObject) -> PoolSpec:
    """Check the body of a pool.

    Raises:
        BatchError: Azure refuses it, or this service does not do what it asks.
    """
    fields = Fields(values=body)
    pool_id = fields.required_id()
    fields.check_display_name()
    size = fields.required_text("vmSize")
    fields.refuse(_UNSUPPORTED)
    machine = fields.required_object("virtualMachineConfiguration")
    machine.required_object("imageReference")
    machine.required_text("nodeAgentSKUId")
    read_extensions(machine)
    check_metadata(fields)
    read_start_task(fields)
    read_mounts(fields)
    check_user_accounts(fields)
    fields.boolean("enableInterNodeCommunication", default=False)
    policy = fields.object("taskSchedulingPolicy")
    fill = FillType.SPREAD if policy is None else policy.choice("nodeFillType", FillType, FillType.SPREAD)
    autoscale = read_autoscale(fields) if fields.boolean("enableAutoScale", default=False) else None
    _check_scaling(fields, is_automatic=autoscale is not None)
    spec = PoolSpec(
        id=pool_id,
        document=json.dumps(body),
        target_dedicated=_target(fields, "targetDedicatedNodes") or 0,
        target_low_priority=_target(fields, "targetLowPriorityNodes") or 0,
        slots=fields.integer("taskSlotsPerNode", lowest=1, highest=_most_slots(size)) or 1,
        fill=fill,
        resize_timeout=_read_timeout(fields),
        packages=read_package_references(fields),
        containers=read_container_pool(machine.object("containerConfiguration")),
        autoscale=autoscale,
    )
    check_size(spec.target_dedicated + spec.target_low_priority, spec.slots)
    return spec


def changed_pool(document: str, change: JsonObject, *, has_nodes: bool) -> PoolSpec:
    """Return a pool with the properties that a request gives; what it leaves out, or sets to null, stays.

    Args:
        document: of the pool.
        change: what is given; unknown properties are kept.
        has_nodes: most properties can be changed only while the pool has no nodes.

    Raises:
        BatchError: one of them cannot be changed, or not now, or its value is not allowed.
    """
    before: JsonObject = json.loads(document)
    given: JsonObject = {name: value for name, value in change.items() if value is not None}
    Fields(values=given).refuse(("id", *_UNCHANGEABLE))
    for name in given:
        if has_nodes and name in _CHANGEABLE and name not in _ALWAYS_CHANGEABLE and given[name] != before.get(name):
            message = f"The property {name} can be changed only while the pool has no nodes."
            raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message, (("PropertyName", name),))
    return _as_it_is({**before, **given})


def replaced_pool(document: str, properties: JsonObject) -> PoolSpec:
    """Return a pool whose start task, packages and metadata are those of a request; what is left out goes.

    Raises:
        BatchError: a list that must be there is missing, or a value is not allowed.
    """
    fields = Fields(values=properties)
    fields.require("applicationPackageReferences")
    fields.require("metadata")
    before: JsonObject = json.loads(document)
    kept = {name: value for name, value in before.items() if name not in _REPLACED}
    given: JsonObject = {name: value for name, value in properties.items() if value is not None}
    return changed_pool(json.dumps(kept), given, has_nodes=True)


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
    spec = ResizeSpec(
        target_dedicated=_target(fields, "targetDedicatedNodes"),
        target_low_priority=_target(fields, "targetLowPriorityNodes"),
        deallocation=read_deallocation(fields, "nodeDeallocationOption"),
        timeout=_read_timeout(fields),
    )
    if spec.target_dedicated is None and spec.target_low_priority is None:
        raise BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", "targetDedicatedNodes"),))
    return spec


def read_removal(body: JsonObject) -> RemovalSpec:
    """Check the body that names nodes to remove."""
    fields = Fields(values=body)
    fields.require("nodeList")
    nodes = tuple(dict.fromkeys(node_id.lower() for node_id in fields.texts("nodeList")))
    if not 1 <= len(nodes) <= MOST_REMOVED:
        raise invalid_property("nodeList", len(nodes), f"1 to {MOST_REMOVED} nodes can be removed by one request")
    return RemovalSpec(
        nodes=nodes, deallocation=read_deallocation(fields, "nodeDeallocationOption"), timeout=_read_timeout(fields)
    )


def read_deallocation(fields: Fields, key: str) -> Deallocation:
    """Return what becomes of the tasks on a node, which is requeue unless given."""
    return fields.choice(key, Deallocation, Deallocation.REQUEUE)


_UNCHANGEABLE = ("enableAutoScale", "autoScaleFormula", "autoScaleEvaluationInterval", *_SCALED)


def _as_it_is(document: JsonObject) -> PoolSpec:
    """Check a changed document; how the pool is scaled is not for it to say."""
    scaling = {name: value for name, value in document.items() if name in _UNCHANGEABLE}
    spec = read_pool({name: value for name, value in document.items() if name not in scaling})
    return replace(spec, document=json.dumps({**document, **scaling}))


def _target(fields: Fields, key: str) -> int | None:
    return fields.integer(key, lowest=0, highest=_LARGEST_TARGET)


def _most_slots(size: str) -> int:
    cores = known_cores_of(size)
    return MOST_SLOTS if cores is None else min(MOST_SLOTS, SLOTS_OF_CORE * cores)


def _read_timeout(fields: Fields) -> timedelta:
    timeout = fields.duration("resizeTimeout") or _DEFAULT_TIMEOUT
    if timeout < _SHORTEST_TIMEOUT:
        raise invalid_property(fields.name("resizeTimeout"), fields.text("resizeTimeout"), "at least 5 minutes")
    return timeout


def _check_scaling(fields: Fields, *, is_automatic: bool) -> None:
    """Refuse targets beside a formula, and a formula without ``enableAutoScale`` (REST reference)."""
    others = _SCALED if is_automatic else ("autoScaleFormula", "autoScaleEvaluationInterval")
    for name in others:
        if fields.values.get(name):
            reason = f"it is not allowed where enableAutoScale is {str(is_automatic).lower()}"
            raise invalid_property(fields.name(name), fields.values[name], reason)

"""Pools as the management plane describes them, to and from the bodies of the data plane. Pure.

One pool has both forms: what a client adds here is what the data plane shows, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dispatcher.service.management.spelling import object_to_data_plane, to_management
from dispatcher.service.wire import JsonObject, JsonValue

_Change = Callable[[JsonObject], JsonObject]

READ_ONLY = frozenset(
    {
        "allocationState",
        "allocationStateTransitionTime",
        "autoScaleRun",
        "creationTime",
        "currentDedicatedNodes",
        "currentLowPriorityNodes",
        "currentNodeCommunicationMode",
        "lastModified",
        "provisioningState",
        "provisioningStateTransitionTime",
        "resizeOperationStatus",
    }
)
"""What an answer shows and a request may send back without effect."""

_SHARED = (
    "displayName",
    "lastModified",
    "creationTime",
    "vmSize",
    "currentDedicatedNodes",
    "currentLowPriorityNodes",
    "allocationStateTransitionTime",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "networkConfiguration",
    "userAccounts",
    "metadata",
    "startTask",
    "mountConfiguration",
    "applicationLicenses",
    "targetNodeCommunicationMode",
    "currentNodeCommunicationMode",
    "upgradePolicy",
    "resourceTags",
)
"""Properties that both planes have under the same name."""

_DATA_ONLY = frozenset(
    {
        "applicationPackageReferences",
        "autoScaleEvaluationInterval",
        "autoScaleFormula",
        "autoScaleRun",
        "allocationState",
        "eTag",
        "enableAutoScale",
        "enableInterNodeCommunication",
        "id",
        "identity",
        "resizeErrors",
        "resizeTimeout",
        "state",
        "stateTransitionTime",
        "stats",
        "targetDedicatedNodes",
        "targetLowPriorityNodes",
        "url",
        "virtualMachineConfiguration",
    }
)


def pool_to_data_plane(pool_id: str, properties: JsonObject) -> JsonObject:
    """Return the data plane's body of a pool to make.

    Args:
        pool_id: of the path.
        properties: those of the request.
    """
    body: JsonObject = {"id": pool_id, **changes_to_data_plane(properties), **scale_to_data_plane(properties)}
    machine = _object(properties.get("deploymentConfiguration"))
    for name, value in machine.items():
        body[name] = _machine_to_data_plane(value) if isinstance(value, dict) else value
    if isinstance(communication := properties.get("interNodeCommunication"), str):
        body["enableInterNodeCommunication"] = communication.lower() == "enabled"
    return body


def changes_to_data_plane(properties: JsonObject) -> JsonObject:
    """Return what a change of a pool can hold besides its size, in the data plane's words."""
    own = {"deploymentConfiguration", "scaleSettings", "interNodeCommunication", "applicationPackages", "certificates"}
    rest = {name: value for name, value in properties.items() if name not in READ_ONLY | own}
    body = object_to_data_plane(rest)
    if "applicationPackages" in properties:
        body["applicationPackageReferences"] = _each(properties["applicationPackages"], _reference_to_data_plane)
    if "certificates" in properties:
        body["certificateReferences"] = properties["certificates"]
    return body


def scale_to_data_plane(properties: JsonObject) -> JsonObject:
    """Return the data plane's properties of ``scaleSettings``; a pool without any has no nodes."""
    scale = _object(properties.get("scaleSettings"))
    automatic = _object(scale.get("autoScale"))
    if automatic:
        pairs = {"autoScaleFormula": "formula", "autoScaleEvaluationInterval": "evaluationInterval"}
        given: JsonObject = {name: automatic[key] for name, key in pairs.items() if automatic.get(key) is not None}
        return {"enableAutoScale": True, **given}
    fixed = _object(scale.get("fixedScale"))
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    return {name: fixed[name] for name in names if fixed.get(name) is not None}


def pool_to_management(data: JsonObject, account_id: str) -> JsonObject:
    """Return the ``properties`` of a pool that the data plane shows.

    Args:
        data: the data plane's body.
        account_id: the ARM id of the account, which those of application packages begin with.
    """
    known = frozenset(_SHARED) | _DATA_ONLY
    unknown: JsonObject = {name: value for name, value in data.items() if name not in known}
    shared: JsonObject = {name: to_management(data[name], name) for name in _SHARED if name in data}
    state = str(data.get("allocationState", "steady"))
    deleting = data.get("state") == "deleting"
    properties: JsonObject = {
        **unknown,
        **shared,
        "provisioningState": "Deleting" if deleting else "Succeeded",
        "provisioningStateTransitionTime": data.get("stateTransitionTime"),
        "allocationState": state[:1].upper() + state[1:],
        "interNodeCommunication": "Enabled" if data.get("enableInterNodeCommunication") else "Disabled",
        "scaleSettings": _scale_to_management(data),
    }
    if isinstance(machine := data.get("virtualMachineConfiguration"), dict):
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": _machine_to_management(machine)}
    if references := data.get("applicationPackageReferences"):
        properties["applicationPackages"] = _each(references, lambda item: _reference_to_management(item, account_id))
    if isinstance(run := data.get("autoScaleRun"), dict):
        properties["autoScaleRun"] = _run_to_management(run)
    if state != "steady" or data.get("resizeErrors"):
        properties["resizeOperationStatus"] = _resize_to_management(data)
    return properties


def identity_to_data_plane(identity: JsonObject) -> JsonObject:
    """Return the data plane's form of a pool's identity: a list where the management plane has a mapping."""
    identities = _object(identity.get("userAssignedIdentities"))
    return {
        **identity,
        "userAssignedIdentities": [{**_object(item), "resourceId": name} for name, item in identities.items()],
    }


def identity_to_management(identity: JsonValue) -> JsonObject:
    """Undo `identity_to_data_plane`; a pool without an identity has the type ``None``."""
    if not isinstance(identity, dict):
        return {"type": "None"}
    items = identity.get("userAssignedIdentities")
    listed = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    mapping: JsonObject = {
        str(item.get("resourceId")): {name: value for name, value in item.items() if name != "resourceId"}
        for item in listed
    }
    return {**identity, "userAssignedIdentities": mapping}


def _machine_to_data_plane(machine: JsonObject) -> JsonObject:
    body = object_to_data_plane(machine)
    if isinstance(image := body.get("imageReference"), dict):
        body["imageReference"] = _renamed(image, {"id": "virtualMachineImageId"})
    return body


def _machine_to_management(machine: JsonObject) -> JsonValue:
    body = to_management(machine)
    if isinstance(body, dict) and isinstance(image := body.get("imageReference"), dict):
        body["imageReference"] = _renamed(image, {"virtualMachineImageId": "id"})
    return body


def _scale_to_management(data: JsonObject) -> JsonObject:
    if data.get("enableAutoScale"):
        interval = data.get("autoScaleEvaluationInterval") or "PT15M"
        return {"autoScale": {"formula": data.get("autoScaleFormula"), "evaluationInterval": interval}}
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    return {"fixedScale": {name: data[name] for name in names if name in data}}


def _resize_to_management(data: JsonObject) -> JsonObject:
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    status: JsonObject = {name: data[name] for name in names if name in data}
    status["startTime"] = data.get("allocationStateTransitionTime")
    if errors := data.get("resizeErrors"):
        status["errors"] = _each(errors, _error_to_management)
    return status


def _run_to_management(run: JsonObject) -> JsonObject:
    body: JsonObject = {"evaluationTime": run.get("timestamp"), "results": run.get("results")}
    if isinstance(error := run.get("error"), dict):
        body["error"] = _error_to_management(error)
    return body


def _error_to_management(error: JsonObject) -> JsonObject:
    body = _renamed(error, {"values": "details"})
    details = body.get("details")
    if isinstance(details, list):
        body["details"] = _each(details, lambda item: {"code": item.get("name"), "message": item.get("value")})
    return body


def _reference_to_data_plane(reference: JsonObject) -> JsonObject:
    name = str(reference.get("id") or "").rstrip("/").rsplit("/", 1)[-1]
    rest = {key: value for key, value in reference.items() if key != "id"}
    return {"applicationId": name, **rest} if name else rest


def _reference_to_management(reference: JsonObject, account_id: str) -> JsonObject:
    rest = {key: value for key, value in reference.items() if key != "applicationId"}
    return {"id": f"{account_id}/applications/{reference.get('applicationId')}", **rest}


def _each(items: JsonValue, change: _Change) -> JsonValue:
    if not isinstance(items, list):
        return items
    return [change(item) if isinstance(item, dict) else item for item in items]


def _renamed(values: JsonObject, names: Mapping[str, str]) -> JsonObject:
    return {names.get(key, key): value for key, value in values.items()}


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}

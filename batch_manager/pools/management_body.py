"""An add-pool body as Azure Resource Manager takes it, which alone gives a pool an identity. Pure.

Source: azure-mgmt-batch 19.0.0, whose names and capitals differ from azure-batch's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

VALUES: Mapping[str, Mapping[str, str]] = {
    "elevationLevel": {"nonadmin": "NonAdmin", "admin": "Admin"},
    "scope": {"task": "Task", "pool": "Pool"},
    "caching": {"none": "None", "readonly": "ReadOnly", "readwrite": "ReadWrite"},
    "loginMode": {"batch": "Batch", "interactive": "Interactive"},
    "nodeFillType": {"spread": "Spread", "pack": "Pack"},
    "provision": {
        "batchmanaged": "BatchManaged",
        "usermanaged": "UserManaged",
        "nopublicipaddresses": "NoPublicIPAddresses",
    },
    "type": {"dockerCompatible": "DockerCompatible", "criCompatible": "CriCompatible"},
    "storageAccountType": {
        "standard_lrs": "Standard_LRS",
        "premium_lrs": "Premium_LRS",
        "standardssd_lrs": "StandardSSD_LRS",
    },
    "placement": {"cachedisk": "CacheDisk"},
}
"""Values that are spelled in another way, by their property."""

_NAMES = {"nodeAgentSKUId": "nodeAgentSkuId", "virtualMachineImageId": "id"}
_USER_NAME = {"username": "userName"}
_HAVE_USER_NAME = frozenset({"userIdentity", "cifsMountConfiguration"})
"""Objects whose user name has a capital; a registry's has none."""

_SAME = (
    "displayName",
    "vmSize",
    "taskSlotsPerNode",
    "taskSchedulingPolicy",
    "startTask",
    "mountConfiguration",
    "networkConfiguration",
    "userAccounts",
    "metadata",
)


def management_body(body: Mapping[str, Any], *, identities: Sequence[str], account_id: str) -> dict[str, Any]:
    """The resource for a pool with identities.

    Args:
        body: as ``pool_body`` makes it.
        identities: ARM ids.
        account_id: ARM id of the Batch account, which its packages' ids begin with.
    """
    properties = {name: _spelled(name, body[name]) for name in _SAME if name in body}
    properties["deploymentConfiguration"] = {
        "virtualMachineConfiguration": _spelled("", body["virtualMachineConfiguration"])
    }
    properties["scaleSettings"] = _scale(body)
    properties["interNodeCommunication"] = "Enabled" if body.get("enableInterNodeCommunication") else "Disabled"
    if "applicationPackageReferences" in body:
        properties["applicationPackages"] = [
            _package(reference, account_id) for reference in body["applicationPackageReferences"]
        ]
    return {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {name: {} for name in identities}},
        "properties": properties,
    }


def _scale(body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("enableAutoScale"):
        interval = body["autoScaleEvaluationInterval"]
        return {"autoScale": {"formula": body["autoScaleFormula"], "evaluationInterval": interval}}
    names = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
    return {"fixedScale": {name: body[name] for name in names if name in body}}


def _package(reference: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    more = {"version": reference["version"]} if "version" in reference else {}
    return {"id": f"{account_id}/applications/{reference['applicationId']}", **more}


def _spelled(name: str, value: Any) -> Any:
    """A value with the names and values in it as Resource Manager spells them."""
    if isinstance(value, Mapping):
        if name in ("environmentSettings", "metadata"):
            return dict(value)
        names = _NAMES | _USER_NAME if name in _HAVE_USER_NAME else _NAMES
        return {names.get(key, key): _spelled(key, part) for key, part in value.items()}
    if isinstance(value, list):
        return [dict(part) if name in ("environmentSettings", "metadata") else _spelled("", part) for part in value]
    return VALUES.get(name, {}).get(value, value) if isinstance(value, str) else value

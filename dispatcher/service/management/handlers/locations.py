"""What a region offers: quotas, machine sizes, free names; and the operations of the provider."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.management.calls import ManagementCall, ManagementHandler, ManagementReply
from dispatcher.service.management.documents import ACCOUNT_NAME, NAME_RULE, NO_LIMIT
from dispatcher.service.management.machine_skus import MACHINE_SKUS, MachineSku
from dispatcher.service.management.operation import ManagementOperation
from dispatcher.service.management.operations import SERVED
from dispatcher.service.management.pool_filters import read_filter
from dispatcher.service.management.resources import after, listed
from dispatcher.service.odata import matches
from dispatcher.service.operation import Verb
from dispatcher.service.wire import JsonObject, JsonValue

_KIND = "Microsoft.Batch/batchAccounts"
_ACTIONS = {Verb.GET: "read", Verb.HEAD: "read", Verb.PUT: "write", Verb.PATCH: "write", Verb.DELETE: "delete"}


def get_quotas(call: ManagementCall) -> ManagementReply:
    """Return how many accounts there can be."""
    del call
    return ManagementReply(body={"accountQuota": NO_LIMIT})


def list_machines(call: ManagementCall) -> ManagementReply:
    """List sizes of machines, by name."""
    expression = read_filter(call)
    start = after(call)
    bodies = [_machine(sku) for sku in sorted(MACHINE_SKUS, key=lambda sku: sku.name) if sku.name > start]
    passing = (body for body in bodies if expression is None or matches(expression, body))
    return listed(call, passing, render=lambda body: body, cursor=lambda body: str(body["name"]))


def check_name(call: ManagementCall) -> ManagementReply:
    """Say whether an account can have a name."""
    fields = Fields(values=call.body)
    name, kind = fields.required_text("name"), fields.required_text("type")
    if kind.lower() != _KIND.lower():
        raise invalid_property("type", kind, f"it must be {_KIND}")
    if ACCOUNT_NAME.fullmatch(name) is None:
        return ManagementReply(body={"nameAvailable": False, "reason": "Invalid", "message": NAME_RULE})
    if call.accounts.find(name) is not None:
        message = f"An account named '{name}' is already in use."
        return ManagementReply(body={"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return ManagementReply(body={"nameAvailable": True})


def list_operations(call: ManagementCall) -> ManagementReply:
    """List what can be permitted to whom: the operations of the provider that do something here."""
    del call
    names = {_permission(line) for line in SERVED if "Microsoft.Batch/" in line.path}
    values: list[JsonValue] = [_operation(name) for name in sorted(names)]
    return ManagementReply(body={"value": values})


def _permission(line: ManagementOperation) -> str:
    fixed = [part for part in line.path.partition("Microsoft.Batch/")[2].split("/") if not part.startswith("{")]
    words = "/".join(fixed)
    return f"Microsoft.Batch/{words}/{_ACTIONS.get(line.verb, 'action')}"


def _operation(name: str) -> JsonObject:
    _, *words, action = name.split("/")
    display: JsonObject = {
        "provider": "Microsoft Batch",
        "resource": " ".join(words),
        "operation": action,
        "description": f"{action} {' '.join(words)}",
    }
    return {"name": name, "display": display, "isDataAction": False, "origin": "user,system"}


def _machine(sku: MachineSku) -> JsonObject:
    facts = {
        "vCPUs": str(sku.cores),
        "vCPUsAvailable": str(sku.cores),
        "MemoryGB": sku.memory,
        "HyperVGenerations": sku.generations,
        "CpuArchitectureType": "x64",
        "LowPriorityCapable": "True",
        "RdmaEnabled": str(sku.has_rdma),
    }
    if sku.gpus:
        facts["GPUs"] = str(sku.gpus)
    capabilities: list[JsonValue] = [{"name": name, "value": value} for name, value in facts.items()]
    return {"name": sku.name, "familyName": sku.family, "capabilities": capabilities}


HANDLERS: Mapping[str, ManagementHandler] = {
    "Location_GetQuotas": get_quotas,
    "Location_ListSupportedVirtualMachineSkus": list_machines,
    "Location_CheckNameAvailability": check_name,
    "Operations_List": list_operations,
}

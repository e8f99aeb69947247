"""``$filter`` and ``$select`` of the management plane's lists."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.management.calls import ManagementCall
from dispatcher.service.odata import Expression, leaves
from dispatcher.service.odata_parser import parse_filter
from dispatcher.service.paging import invalid_query
from dispatcher.service.wire import JsonObject

_PROPERTIES = "properties/"

FILTERS: Mapping[str, frozenset[str]] = {
    "Pool_ListByBatchAccount": frozenset(
        {
            "name",
            "properties/allocationState",
            "properties/allocationStateTransitionTime",
            "properties/creationTime",
            "properties/provisioningState",
            "properties/provisioningStateTransitionTime",
            "properties/lastModified",
            "properties/vmSize",
            "properties/interNodeCommunication",
            "properties/scaleSettings/autoScale",
            "properties/scaleSettings/fixedScale",
        }
    ),
    "Location_ListSupportedVirtualMachineSkus": frozenset({"familyName"}),
}
"""By operation: what Microsoft's contract lets a client filter by."""


def read_filter(call: ManagementCall) -> Expression | None:
    """Return the request's filter.

    Raises:
        BatchError: InvalidQueryParameterValue; it names what the list cannot be filtered by, or is none.
    """
    text = call.query.get("$filter")
    if not text:
        return None
    expression = parse_filter(text)
    allowed = FILTERS[call.operation.name]
    for term in leaves(expression):
        if term.path not in allowed:
            raise invalid_query("$filter", text, f"{term.path} is no property to filter this list by")
    return expression


def selected(call: ManagementCall, body: JsonObject) -> JsonObject:
    """Return a resource with the selected properties only; what is beside ``properties`` always stays."""
    text = call.query.get("$select")
    properties = body.get("properties")
    if not text or not isinstance(properties, dict):
        return body
    names = {name.strip().removeprefix(_PROPERTIES).split("/")[0] for name in text.split(",") if name.strip()}
    return {**body, "properties": {name: value for name, value in properties.items() if name in names}}

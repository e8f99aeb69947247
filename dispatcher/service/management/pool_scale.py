"""How the management plane changes the size of a pool: by the data plane's operations for it."""

from __future__ import annotations

from dispatcher.service.management.calls import ManagementCall
from dispatcher.service.management.data_plane import perform, read
from dispatcher.service.management.lookup import Account
from dispatcher.service.management.pool_bodies import scale_to_data_plane
from dispatcher.service.management.spelling import to_data_plane
from dispatcher.service.records import PoolRecord
from dispatcher.service.wire import JsonObject

_TARGETS = ("targetDedicatedNodes", "targetLowPriorityNodes")


def change_scale(call: ManagementCall, account: Account, pool_id: str, properties: JsonObject) -> None:
    """Give a pool the ``scaleSettings`` of a request; what it has already is left alone.

    Raises:
        BatchError: the data plane refuses, as it does while the pool is being resized.
    """
    shown = read(call, account, "get_pool", poolId=pool_id)
    wanted = scale_to_data_plane(properties)
    if wanted.pop("enableAutoScale", False):
        if not shown.get("enableAutoScale") or any(shown.get(name) != value for name, value in wanted.items()):
            perform(call, account, "enable_pool_auto_scale", wanted, poolId=pool_id)
        return
    if shown.get("enableAutoScale"):
        perform(call, account, "disable_pool_auto_scale", poolId=pool_id)
    targets = {name: wanted[name] for name in _TARGETS if name in wanted}
    if any(shown.get(name) != value for name, value in targets.items()):
        perform(call, account, "begin_resize_pool", {**wanted, **_deallocation(properties)}, poolId=pool_id)


def disable_automatic(call: ManagementCall, account: Account, pool: PoolRecord) -> None:
    """Turn automatic scaling off; of a pool that has none nothing changes."""
    if read(call, account, "get_pool", poolId=pool.id).get("enableAutoScale"):
        perform(call, account, "disable_pool_auto_scale", poolId=pool.id)


def _deallocation(properties: JsonObject) -> JsonObject:
    scale = properties.get("scaleSettings")
    fixed = scale.get("fixedScale") if isinstance(scale, dict) else None
    option = fixed.get("nodeDeallocationOption") if isinstance(fixed, dict) else None
    return {} if option is None else {"nodeDeallocationOption": to_data_plane(option, "nodeDeallocationOption")}

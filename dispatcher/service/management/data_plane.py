"""Operations of the data plane, called by the management plane: both act on the same pools by the same rules."""

from __future__ import annotations

from dispatcher.service.calls import Call, Reply
from dispatcher.service.handlers import HANDLERS
from dispatcher.service.management.calls import ManagementCall
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import Account
from dispatcher.service.operations import BY_NAME
from dispatcher.service.wire import JsonObject


def perform(
    call: ManagementCall, account: Account, operation: str, body: JsonObject | None = None, **parameters: str
) -> Reply:
    """Call a handler of the data plane, without conditions or query.

    Raises:
        BatchError: it refuses.
        ManagementError: NotImplemented, for an operation without a handler.
    """
    handler = HANDLERS.get(operation)
    if handler is None:
        raise ManagementError(Fault.NOT_IMPLEMENTED, f"The local Batch service does not implement {operation} yet.")
    return handler(
        Call(
            core=account.core,
            operation=BY_NAME[operation],
            parameters=parameters,
            query={},
            headers={},
            body=body or {},
            base_url=f"https://{call.accounts.host(account.name)}",
            path=BY_NAME[operation].path,
        )
    )


def read(call: ManagementCall, account: Account, operation: str, **parameters: str) -> JsonObject:
    """Return the body that an operation of the data plane answers with."""
    return perform(call, account, operation, None, **parameters).body or {}

"""The official clients, pointed at a local stack."""

from __future__ import annotations

import os

from batch_manager import BatchClient, BatchClientFactory, BatchClientSettings, BlobStorage
from dispatcher.stack import LocalStack

POOL_ID = "local"
"""The pool that a run makes for its job."""

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
RESOURCE_GROUP = "local"
"""Where clients of Azure Resource Manager look for the local account, which is in every subscription and group."""

LOCAL_IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/local-nodes"
)
"""Stands for the pool's managed identity: the local service reads and writes blobs for whoever names one."""

LOCAL_PATIENCE = 20.0
"""Seconds that a request is repeated for. A service on this machine that is out of reach for longer has ended."""


def local_client(stack: LocalStack) -> BatchClient:
    """A client of the stack's Batch account and storage account."""
    _go_round_proxies()
    return BatchClientFactory.create(
        BatchClientSettings(
            batch_endpoint=stack.batch_endpoint,
            batch_account_name=stack.batch_account,
            batch_account_key=stack.batch_key,
            storage_account_url=stack.storage.blob_url,
            storage_connection_string=stack.storage.connection_string,
            identity_reference=LOCAL_IDENTITY,
            patience_seconds=LOCAL_PATIENCE,
        )
    )


def local_storage(stack: LocalStack) -> BlobStorage:
    """A client of the stack's storage account alone."""
    _go_round_proxies()
    return BatchClientFactory.create_storage(
        BatchClientSettings(
            storage_account_url=stack.storage.blob_url,
            storage_connection_string=stack.storage.connection_string,
            identity_reference=LOCAL_IDENTITY,
            patience_seconds=LOCAL_PATIENCE,
        )
    )


def _go_round_proxies() -> None:
    """Have this process reach the stack directly where the environment names a proxy for HTTP, as Microsoft's clients
    would ask that proxy for this machine's own loopback address."""
    for name in ("NO_PROXY", "no_proxy"):
        kept = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*kept, "127.0.0.1"]))

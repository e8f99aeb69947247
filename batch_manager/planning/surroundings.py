"""What a check or a plan knows of the account: nothing, or what a pool's facts say when one is named."""

from __future__ import annotations

from dataclasses import dataclass

from batch_manager.client import BatchClient
from batch_manager.definitions import PoolRecord
from batch_manager.errors import AccessDeniedError, NotFoundError
from batch_manager.factory import BatchClientFactory
from batch_manager.settings import BatchClientSettings

ASSUMED_STORAGE = "https://0123456789abcdefghijklmn.blob.core.windows.net"
ASSUMED_IDENTITY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/resource-group"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
)
"""Stand for what the settings do not say: as long as real ones, so that sizes come out right."""
ASSUMED_POOL = "pool"

NO_POOL = (
    "no pool was named, so the account was not asked: whether the pool is there and has the slots, containers, nodes "
    "and packages that the tasks want is not known (--pool POOL)"
)
NO_IDENTITY = (
    "the settings name no managed identity for the job's files (BATCH_MANAGER_IDENTITY_REFERENCE); a real job needs one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a job would find, as far as it is known.

    Attributes:
        pool_id: the pool that was named; None if none was.
        pool: its facts; None if it is not there, may not be read, or none was named.
        may_read_pool: whether the account let us look for it.
        account: the real account, which is asked for packages alone; None if no pool was named.
        storage_account_url: the blob endpoint of the job's files.
        identity_reference: the managed identity for them; None if the account's settings name none.
        unchecked: what is not known, in words for people.
    """

    pool_id: str | None = None
    pool: PoolRecord | None = None
    may_read_pool: bool = False
    account: BatchClient | None = None
    storage_account_url: str = ASSUMED_STORAGE
    identity_reference: str | None = ASSUMED_IDENTITY
    unchecked: tuple[str, ...] = (NO_POOL,)


def look_round(settings: BatchClientSettings, pool_id: str | None) -> Surroundings:
    """What the settings say and, if a pool is named, what Batch says of it. Only reads.

    Raises:
        ConfigurationError: a setting cannot be used, or is missing where a pool is named.
        ServiceError: Batch could not be asked.
    """
    if pool_id is None:
        unchecked = (NO_POOL,) if settings.identity_reference is not None else (NO_POOL, NO_IDENTITY)
        return Surroundings(
            storage_account_url=settings.storage_account_url or ASSUMED_STORAGE,
            identity_reference=settings.identity_reference or ASSUMED_IDENTITY,
            unchecked=unchecked,
        )
    return ask_account(BatchClientFactory.create(settings), pool_id)


def ask_account(client: BatchClient, pool_id: str) -> Surroundings:
    """What an account says of a pool. Only reads.

    Raises:
        ServiceError: Batch could not be asked.
    """
    pool: PoolRecord | None = None
    may_read = True
    unchecked: tuple[str, ...] = ()
    try:
        pool = client.get_pool(pool_id)
    except NotFoundError:
        pass
    except AccessDeniedError as error:
        may_read = False
        unchecked = (f"the pool was not looked at: {error}",)
    return Surroundings(
        pool_id=pool_id,
        pool=pool,
        may_read_pool=may_read,
        account=client,
        storage_account_url=client.storage.account_url,
        identity_reference=client.storage.identity_reference,
        unchecked=unchecked,
    )

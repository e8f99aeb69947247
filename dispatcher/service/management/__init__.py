"""The management plane: what Azure Resource Manager answers for Azure Batch, for the accounts of this service."""

from __future__ import annotations

from collections.abc import Callable

from dispatcher.service.accounts import Accounts
from dispatcher.service.clock import Clock
from dispatcher.service.management.calls import ApplicationLimits
from dispatcher.service.management.package_storage import LinkedStorage, PackageStorage
from dispatcher.service.management.pipeline import Management
from dispatcher.service.node.blob_signing import StorageLink

__all__ = ["ApplicationLimits", "Management", "make_management"]


def make_management(
    accounts: Accounts,
    *,
    find_link: Callable[[], StorageLink | None],
    clock: Clock,
    limits: ApplicationLimits | None = None,
) -> Management:
    """Return what answers authenticated requests below ``/subscriptions``, ``/tenants`` and ``/providers``.

    Args:
        accounts: those of the service.
        find_link: tells the storage account that application packages lie in, None while there is none; it is asked
            anew for each request.
        clock: the service's.
        limits: how many applications and versions there can be.
    """

    def find_storage() -> PackageStorage | None:
        link = find_link()
        return None if link is None else LinkedStorage(link)

    return Management(accounts, find_storage, clock, limits)

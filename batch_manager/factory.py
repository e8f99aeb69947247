"""Makes the client of a workload, which becomes real when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from batch_manager.account_management import AccountManagement
    from batch_manager.client import BatchClient, BlobStorage
    from batch_manager.container_operations import ContainerOperations
    from batch_manager.definitions import TaskDefinition
    from batch_manager.identity_probe import IdentityProbe
    from batch_manager.job_operations import JobOperations
    from batch_manager.node_files import NodeFiles
    from batch_manager.pool_operations import PoolOperations
    from batch_manager.settings import BatchClientSettings
    from batch_manager.transfer.seam import BlobStore


class BatchClientFactory:
    """The one place that decides which client stands behind the seam."""

    @staticmethod
    def create(settings: BatchClientSettings) -> BatchClient:
        """A client for the account of the settings. Reads no setting and imports no SDK until one of its methods is
        called.

        A setting that is missing is a ``ConfigurationError`` of the first call, not of this one.
        """
        return cast("BatchClient", _Deferred(settings))

    @staticmethod
    def create_storage(settings: BatchClientSettings) -> BlobStorage:
        """The storage account of the settings alone, at once, for who needs no Batch account.

        Raises:
            ConfigurationError: the settings name no storage account.
        """
        from batch_manager._azure.connect import connect_storage  # the SDK: half a second

        return connect_storage(settings)

    @staticmethod
    def create_task_measure() -> Callable[[TaskDefinition], int]:
        """What tells the bytes of a task as it is sent. Imports no SDK and reads no setting."""
        from batch_manager._azure.requests import task_length  # only a plan needs it

        return task_length

    @staticmethod
    def create_job_operations(settings: BatchClientSettings) -> JobOperations:
        """What asks for the account's jobs as a whole, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.job_operations import connect_job_operations  # the SDK: half a second

        return connect_job_operations(settings)

    @staticmethod
    def create_pool_operations(settings: BatchClientSettings) -> PoolOperations:
        """What asks for the account's pools, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.pool_operations import connect_pool_operations  # the SDK: half a second

        return connect_pool_operations(settings)

    @staticmethod
    def create_node_files(settings: BatchClientSettings) -> NodeFiles:
        """What asks for files on the account's nodes, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.node_files import connect_node_files  # the SDK: half a second

        return connect_node_files(settings)

    @staticmethod
    def create_account_management(settings: BatchClientSettings) -> AccountManagement:
        """What asks for the account as a resource of Azure, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.account_management import connect_account_management  # the SDK: half a second

        return connect_account_management(settings)

    @staticmethod
    def create_container_operations(settings: BatchClientSettings) -> ContainerOperations:
        """What asks for the storage account's containers as a whole, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.container_operations import connect_container_operations  # the SDK: half a second

        return connect_container_operations(settings)

    @staticmethod
    def create_identity_probe(settings: BatchClientSettings) -> IdentityProbe:
        """What tells who this process is to Azure where no key is given, at once.

        Raises:
            ConfigurationError: a setting that is needed is missing.
        """
        from batch_manager._azure.identity_probe import connect_identity_probe  # the SDK: half a second

        return connect_identity_probe(settings)

    @staticmethod
    def create_transfer(settings: BatchClientSettings) -> BlobStore:
        """The blobs of the storage account, for ``transfer``, at once.

        Raises:
            ConfigurationError: the settings name no storage account.
        """
        from batch_manager._azure.transfers import connect_transfer  # the SDK: half a second

        return connect_transfer(settings)


def is_of_environment(client: BatchClient) -> bool:
    """Whether a client is one of ``create``, with settings that come from the environment alone."""
    return isinstance(client, _Deferred) and client.is_of_environment()


class _Deferred:
    """Stands for the real client until something of it is asked for."""

    def __init__(self, settings: BatchClientSettings) -> None:
        self._settings = settings
        self._client: BatchClient | None = None

    def is_of_environment(self) -> bool:
        return not self._settings.given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._client is None:
            from batch_manager._azure.connect import connect  # the SDK: half a second

            self._client = connect(self._settings)
        return getattr(self._client, name)

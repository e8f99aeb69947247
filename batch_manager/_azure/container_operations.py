"""The containers of the storage account, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from azure.storage.blob import BlobServiceClient, ContainerProperties

from batch_manager._azure.listing import Listing
from batch_manager._azure.storage_account import patience, storage_sdk
from batch_manager._azure.translate import translated
from batch_manager.container_operations import ContainerOperations, ContainerSize, ContainerSummary
from batch_manager.errors import ConflictError, NotFoundError
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings


def connect_container_operations(settings: BatchClientSettings) -> ContainerOperations:
    """The containers of the storage account that the settings name. Makes no request.

    Raises:
        ConfigurationError: the settings name none, or the connection string is not one.
    """
    return AzureContainerOperations(sdk=storage_sdk(settings), patience=patience(settings))


class AzureContainerOperations:
    """``ContainerOperations`` over the official client; every request is repeated while the account is busy."""

    def __init__(self, *, sdk: BlobServiceClient, patience: Patience) -> None:
        self._sdk = sdk
        self._patience = patience

    def list_containers(self, prefix: str = "") -> Iterator[ContainerSummary]:
        """See ``ContainerOperations``."""
        return self._patience.iterate(partial(self._list, prefix))

    def get_container(self, container: str) -> ContainerSummary:
        """See ``ContainerOperations``."""
        return self._patience.repeat(partial(self._get, container))

    def measure_container(self, container: str, *, at_most: int) -> ContainerSize:
        """See ``ContainerOperations``."""
        blobs = total = 0
        for size in self._patience.iterate(partial(self._sizes, container)):
            if blobs == at_most:
                return ContainerSize(blobs=blobs, total_bytes=total, is_all=False)
            blobs, total = blobs + 1, total + size
        return ContainerSize(blobs=blobs, total_bytes=total, is_all=True)

    def delete_container(self, container: str, *, unmodified_since: datetime | None = None) -> None:
        """See ``ContainerOperations``."""
        self._patience.repeat(partial(self._delete, container, unmodified_since))

    def _list(self, prefix: str) -> Iterator[ContainerSummary]:
        pages = self._sdk.list_containers(name_starts_with=prefix or None, include_metadata=True).by_page()
        return Listing(f"list the containers that begin with {prefix!r}", pages, _summary)

    def _get(self, container: str) -> ContainerSummary:
        with translated(f"get container {container!r}"):
            return _summary(self._sdk.get_container_client(container).get_container_properties())

    def _sizes(self, container: str) -> Iterator[int]:
        pages = self._sdk.get_container_client(container).list_blobs().by_page()
        return Listing(f"list the blobs of container {container!r}", pages, lambda blob: int(blob.size or 0))

    def _delete(self, container: str, unmodified_since: datetime | None) -> None:
        try:
            with translated(f"delete container {container!r}"):
                self._sdk.get_container_client(container).delete_container(if_unmodified_since=unmodified_since)
        except NotFoundError:
            return
        except ConflictError as error:
            if error.code != "ContainerBeingDeleted":
                raise


def _summary(found: ContainerProperties) -> ContainerSummary:
    return ContainerSummary(name=found.name, last_modified=found.last_modified, metadata=dict(found.metadata or {}))

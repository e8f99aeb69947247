"""Makes Microsoft's client of the storage account from the settings.

Imports nothing of the Batch account's client and, where a key is given, no identity: that is a third of the time that a
command takes to begin to move files.
"""

from __future__ import annotations

from typing import Any

from azure.storage.blob import BlobServiceClient

from batch_manager._azure.credentials import require_https, token_credential, with_vault
from batch_manager.errors import ConfigurationError
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings


def patience(settings: BatchClientSettings) -> Patience:
    """How long requests are repeated for."""
    return Patience(limit=settings.patience_seconds)


def storage_sdk(settings: BatchClientSettings, **options: Any) -> BlobServiceClient:
    """Microsoft's client of the storage account that the settings name. Makes no request.

    Args:
        settings: name the account.
        options: further keywords of the client.

    Raises:
        ConfigurationError: the settings name none, or the connection string is not one.
    """
    settings = with_vault(settings)
    if settings.storage_connection_string is not None:
        try:
            return BlobServiceClient.from_connection_string(
                settings.storage_connection_string.get_secret_value(), **options
            )
        except ValueError:
            raise ConfigurationError(
                "storage_connection_string (AZURE_STORAGE_CONNECTION_STRING) is not a connection string"
            ) from None
    if settings.storage_account_url is None:
        raise ConfigurationError(
            "storage_account_url is not set: give the blob endpoint of the jobs' storage account in "
            "AZURE_STORAGE_ACCOUNT_URL (https://ACCOUNT.blob.core.windows.net)"
        )
    require_https("storage_account_url", "AZURE_STORAGE_ACCOUNT_URL", settings.storage_account_url)
    return BlobServiceClient(settings.storage_account_url, credential=token_credential(settings), **options)

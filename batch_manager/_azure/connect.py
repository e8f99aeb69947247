"""Makes the client of an account from its settings."""

from __future__ import annotations

from azure.batch import BatchClient as SdkBatchClient
from azure.core.credentials import AzureNamedKeyCredential, TokenCredential

from batch_manager._azure.batch import AzureBatchClient
from batch_manager._azure.credentials import require_https, token_credential, with_vault
from batch_manager._azure.storage import AzureBlobStorage
from batch_manager._azure.storage_account import patience, storage_sdk
from batch_manager.client import BatchClient, BlobStorage
from batch_manager.errors import ConfigurationError
from batch_manager.patient import PatientBatchClient, PatientBlobStorage
from batch_manager.settings import BatchClientSettings

__all__ = ["batch_sdk", "connect", "connect_storage", "patience", "storage_sdk"]


def connect(settings: BatchClientSettings) -> BatchClient:
    """A client for the account that the settings name, which is asked again while it is busy. Makes no request.

    Raises:
        ConfigurationError: a setting that is needed is missing.
    """
    client = AzureBatchClient(sdk=batch_sdk(settings), storage=_storage(settings))
    return PatientBatchClient(client, patience(settings))


def connect_storage(settings: BatchClientSettings) -> BlobStorage:
    """The storage account that the settings name, which is asked again while it is busy. Makes no request.

    Raises:
        ConfigurationError: the settings name none, or the connection string is not one.
    """
    return PatientBlobStorage(_storage(settings), patience(settings))


def batch_sdk(settings: BatchClientSettings) -> SdkBatchClient:
    """Microsoft's client of the Batch account that the settings name. Makes no request.

    Raises:
        ConfigurationError: a setting that is needed is missing.
    """
    settings = with_vault(settings)
    if settings.batch_endpoint is None:
        raise ConfigurationError(
            "batch_endpoint is not set: give the Batch account's URL in AZURE_BATCH_ENDPOINT "
            "(https://ACCOUNT.REGION.batch.azure.com)"
        )
    return SdkBatchClient(settings.batch_endpoint, _batch_credential(settings))


def _storage(settings: BatchClientSettings) -> AzureBlobStorage:
    return AzureBlobStorage(sdk=storage_sdk(settings), identity_reference=settings.identity_reference)


def _batch_credential(settings: BatchClientSettings) -> AzureNamedKeyCredential | TokenCredential:
    if settings.batch_account_key is None:
        require_https("batch_endpoint", "AZURE_BATCH_ENDPOINT", settings.batch_endpoint or "")
        return token_credential(settings)
    if settings.batch_account_name is None:
        raise ConfigurationError(
            "batch_account_name is not set: with a key in AZURE_BATCH_ACCESS_KEY the account's name is needed in "
            "AZURE_BATCH_ACCOUNT"
        )
    return AzureNamedKeyCredential(settings.batch_account_name, settings.batch_account_key.get_secret_value())

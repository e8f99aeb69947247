"""Who asks where no key is given, and settings that a key vault keeps."""

from __future__ import annotations

import os

from azure.core.credentials import TokenCredential
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from pydantic_settings.sources import AzureKeyVaultSettingsSource

from batch_manager._azure.translate import translated
from batch_manager.errors import ConfigurationError
from batch_manager.settings import BatchClientSettings

OTHER_USERS_OF_CLIENT_ID = ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE")
"""Variables of azure-identity with which ``AZURE_CLIENT_ID`` is not a managed identity's."""


def token_credential(settings: BatchClientSettings) -> TokenCredential:
    """Who asks, where no key is given: a service principal whose secret the settings hold, the managed identity that
    they name, or the first of azure-identity's chain that has an answer (environment, workload identity, managed
    identity, Azure CLI, ...). Makes no request, but for a key vault that the settings name.

    Raises:
        ConfigurationError: a client secret without its tenant and client id.
    """
    return _credential(with_vault(settings))


def require_https(field: str, variable: str, url: str) -> None:
    """Refuse an address that a token would be sent to in the clear; Microsoft's clients do not send it either.

    Raises:
        ConfigurationError: it is no https address.
    """
    if not url.lower().startswith("https://"):
        raise ConfigurationError(
            f"{field} ({variable}) is {url.partition('?')[0]!r}: without a key a token is sent, and over https alone: "
            "give the https address, or a key"
        )


def with_vault(settings: BatchClientSettings) -> BatchClientSettings:
    """The settings, with what their key vault has for those that are set nowhere else. It is asked once, by who the
    settings outside it name.

    Raises:
        ConfigurationError: the package for key vaults is missing, or a setting has a value that cannot be used.
        ServiceError: the vault refused, or could not be asked.
    """
    url = settings.key_vault_url
    if url is None or settings.has_further_source:
        return settings

    credential = _credential(settings)

    def source(model: type[BaseSettings]) -> PydanticBaseSettingsSource:
        return AzureKeyVaultSettingsSource(model, url, credential, dash_to_underscore=True)

    try:
        with translated(f"read the settings in key vault {url}"):
            settings.read_with(source)
    except ImportError:
        raise ConfigurationError(
            "key_vault_url is set, but what reads key vaults is not installed: pip install "
            "azure-batch-manager[key-vault]"
        ) from None
    return settings


def _credential(settings: BatchClientSettings) -> TokenCredential:
    from azure.identity import (  # 90 ms, which a key saves
        ClientSecretCredential,
        DefaultAzureCredential,
        ManagedIdentityCredential,
    )

    if settings.client_secret is not None:
        if settings.tenant_id is None or settings.identity_client_id is None:
            raise ConfigurationError(
                "client_secret (AZURE_CLIENT_SECRET) needs tenant_id (AZURE_TENANT_ID) and identity_client_id "
                "(AZURE_CLIENT_ID) beside it"
            )
        return ClientSecretCredential(
            settings.tenant_id, settings.identity_client_id, settings.client_secret.get_secret_value()
        )
    if settings.identity_client_id is not None and not any(map(os.environ.get, OTHER_USERS_OF_CLIENT_ID)):
        return ManagedIdentityCredential(client_id=settings.identity_client_id)
    return DefaultAzureCredential()

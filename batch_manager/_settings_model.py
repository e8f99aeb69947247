"""The settings' fields, declared with pydantic-settings. Imported when a setting is first read."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError
from pydantic.functional_validators import AfterValidator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from batch_manager.environment import IDENTITY_REFERENCE, SECRETS_DIRECTORY, STORAGE_ACCOUNT_URL
from batch_manager.errors import ConfigurationError


def _checked_url(value: str) -> str:
    HttpUrl(value)
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_checked_url)]


def _checked_key(value: SecretStr) -> SecretStr:
    try:
        base64.b64decode(value.get_secret_value(), validate=True)
    except ValueError:
        raise ValueError("is not base64") from None
    return value


Key = Annotated[SecretStr, AfterValidator(_checked_key)]


def _checked_connection(value: SecretStr) -> SecretStr:
    parts = dict(part.partition("=")[::2] for part in value.get_secret_value().split(";") if part)
    _checked_key(SecretStr(parts.get("AccountKey", "")))
    return value


ConnectionString = Annotated[SecretStr, AfterValidator(_checked_connection)]


def _setting(name: str, *variables: str, description: str, default: Any = None) -> Any:
    return Field(default, validation_alias=AliasChoices(name, *variables), description=description)


class SettingsModel(BaseSettings):
    """The fields of ``BatchClientSettings``."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    batch_endpoint: Url | None = _setting(
        "batch_endpoint",
        "AZURE_BATCH_ENDPOINT",
        "AZ_BATCH_ACCOUNT_URL",
        description="URL of the Batch account, https://ACCOUNT.REGION.batch.azure.com. On a node Batch gives it.",
    )
    batch_account_name: str | None = _setting(
        "batch_account_name",
        "AZURE_BATCH_ACCOUNT",
        "AZ_BATCH_ACCOUNT_NAME",
        description="Name of the Batch account; needed with a key alone. On a node Batch gives it.",
    )
    batch_account_key: Key | None = _setting(
        "batch_account_key",
        "AZURE_BATCH_ACCESS_KEY",
        description="Shared key of the Batch account, base64. Without it a token of the identity is used.",
    )
    storage_account_url: Url | None = _setting(
        "storage_account_url",
        STORAGE_ACCOUNT_URL,
        description="Blob endpoint of the jobs' storage account, https://ACCOUNT.blob.core.windows.net. "
        "Taken from the connection string when not set.",
    )
    storage_connection_string: ConnectionString | None = _setting(
        "storage_connection_string",
        "AZURE_STORAGE_CONNECTION_STRING",
        description="Connection string of that account. Without it a token of the identity is used.",
    )
    identity_client_id: str | None = _setting(
        "identity_client_id",
        "AZURE_CLIENT_ID",
        description="Client id of the user-assigned managed identity to ask tokens for, or of the service principal "
        "that `client_secret` belongs to. Without it the default chain of azure-identity is tried.",
    )
    tenant_id: str | None = _setting(
        "tenant_id",
        "AZURE_TENANT_ID",
        description="Tenant of the service principal; needed with `client_secret` alone.",
    )
    client_secret: SecretStr | None = _setting(
        "client_secret",
        "AZURE_CLIENT_SECRET",
        description="Secret of the service principal, where there is no managed identity.",
    )
    key_vault_url: Url | None = _setting(
        "key_vault_url",
        "AZURE_KEY_VAULT_URL",
        description="Key vault with settings that are set nowhere else, https://VAULT.vault.azure.net; a secret is "
        "named as the environment variable, with `-` for `_`.",
    )
    identity_reference: str | None = _setting(
        "identity_reference",
        IDENTITY_REFERENCE,
        description="ARM id of the managed identity that the pool's nodes use for input and output files.",
    )
    management_endpoint: Url = _setting(
        "management_endpoint",
        "AZURE_MANAGEMENT_ENDPOINT",
        default="https://management.azure.com",
        description="URL of Azure Resource Manager, which application packages, pools with an identity and quotas are "
        "asked of.",
    )
    subscription_id: str | None = _setting(
        "subscription_id",
        "AZURE_SUBSCRIPTION_ID",
        description="Subscription of the Batch account; needed for what Azure Resource Manager is asked of alone.",
    )
    resource_group: str | None = _setting(
        "resource_group",
        "AZURE_RESOURCE_GROUP",
        description="Resource group of the Batch account; likewise.",
    )
    patience_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = _setting(
        "patience_seconds",
        "AZURE_BATCH_PATIENCE_SECONDS",
        default=300.0,
        description="Seconds that a request is repeated for while Batch or Blob Storage is busy or out of reach. "
        "0 means that it is not.",
    )


SettingsSource: TypeAlias = Callable[[type[BaseSettings]], PydanticBaseSettingsSource]
"""Makes a source of settings for a model: what ``read_settings`` asks last."""


def read_settings(values: Mapping[str, object], further: SettingsSource | None = None) -> SettingsModel:
    """Read all settings, the given values first, the further source last.

    Raises:
        ConfigurationError: a setting has a value that cannot be used; the message holds no value.
    """
    directory = os.environ.get(SECRETS_DIRECTORY)
    if directory is not None and not os.path.isdir(directory):
        raise ConfigurationError(f"{SECRETS_DIRECTORY} names {directory!r}, which is not a folder")
    try:
        model = SettingsModel if further is None else _with(further)
        return model(_secrets_dir=directory, **dict(values))  # type: ignore[arg-type, call-arg]
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise ConfigurationError(
            "settings cannot be used: " + "; ".join(lines) + " (docs/settings.md lists them)"
        ) from None


def _with(further: SettingsSource) -> type[SettingsModel]:
    """The same fields, with one source more."""

    class Further(SettingsModel):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, dotenv_settings, file_secret_settings, further(settings_cls)

    return Further

"""The settings of the client, read when they are first needed.

A task's process is started a million times and mostly needs none of them, so ``BatchClientSettings()`` reads nothing
and imports nothing. The fields, with their sources, units and defaults, are declared in ``_settings_model`` with
pydantic-settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import SecretStr

    from batch_manager._settings_model import SettingsModel, SettingsSource


class BatchClientSettings:
    """Where Batch and Blob Storage are and who asks them.

    Each field is taken from the first of: the keyword given here, the environment, a ``.env`` file in the current
    directory, a secrets directory, a key vault, its default. docs/settings.md lists the fields.

    The vault is asked when a client is made, and only if ``key_vault_url`` is set: ``factory`` lets it be.

    Raises:
        ConfigurationError: from the constructor for a keyword that is no field; from reading a field when any
            setting has a value that cannot be used.
    """

    batch_endpoint: str | None
    batch_account_name: str | None
    batch_account_key: SecretStr | None
    storage_account_url: str | None
    storage_connection_string: SecretStr | None
    identity_client_id: str | None
    tenant_id: str | None
    client_secret: SecretStr | None
    key_vault_url: str | None
    identity_reference: str | None
    management_endpoint: str
    subscription_id: str | None
    resource_group: str | None
    patience_seconds: float

    def __init__(self, **values: object) -> None:
        unknown = sorted(values.keys() - BatchClientSettings.__annotations__.keys())
        if unknown:
            from batch_manager.errors import ConfigurationError

            known = ", ".join(BatchClientSettings.__annotations__)
            raise ConfigurationError(f"there is no setting {', '.join(unknown)}; the settings are: {known}")
        self._values = values
        self._model: SettingsModel | None = None
        self._has_further_source = False

    @property
    def given(self) -> frozenset[str]:
        """The fields that were given to the constructor."""
        return frozenset(self._values)

    def changed(self, **values: object) -> BatchClientSettings:
        """The same, with other values for some fields.

        Raises:
            ConfigurationError: a keyword is no field.
        """
        return BatchClientSettings(**{**self._values, **values})

    def __getattr__(self, name: str) -> Any:
        # Reached only for names not set on the object: the fields, whose values live in the model.
        if name.startswith("_") or name not in BatchClientSettings.__annotations__:
            raise AttributeError(f"BatchClientSettings has no field {name!r}")
        return getattr(self._read(), name)

    def read_with(self, source: SettingsSource) -> None:
        """Read the settings anew, with one more source for what the others do not set.

        Raises:
            ConfigurationError: a setting has a value that cannot be used.
        """
        from batch_manager._settings_model import read_settings

        self._model = read_settings(self._values, source)
        self._has_further_source = True

    @property
    def has_further_source(self) -> bool:
        """Whether ``read_with`` was called."""
        return self._has_further_source

    def __repr__(self) -> str:
        return f"BatchClientSettings({self._model!r})" if self._model else "BatchClientSettings(not read yet)"

    def _read(self) -> SettingsModel:
        if self._model is None:
            from batch_manager._settings_model import read_settings  # pydantic: 200 ms

            self._model = read_settings(self._values)
        return self._model

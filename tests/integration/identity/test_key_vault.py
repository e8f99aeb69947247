"""Settings that a key vault keeps, read by Microsoft's own client of key vaults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.errors import ConfigurationError, ServiceError
from tests.support.key_vault import StandInVault, stand_in_vault

KEY = "c2VjcmV0IG9mIHRoZSB2YXVsdA=="
SECRETS = {
    "azure-batch-access-key": KEY,
    "azure-storage-connection-string": f"AccountName=a;AccountKey={KEY};BlobEndpoint=https://a.blob.core.windows.net",
}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInVault]:
    """A vault that this process asks, with no setting of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    with stand_in_vault(tmp_path, SECRETS) as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield running


def test_vault_has_what_is_set_nowhere_else(vault: StandInVault) -> None:
    """A client is made with its secrets, and no representation shows them."""
    settings = BatchClientSettings(batch_endpoint="https://a.r.batch.azure.com", batch_account_name="a")
    assert BatchClientFactory.create(settings).storage.account_url == "https://a.blob.core.windows.net"
    assert settings.batch_account_key is not None
    assert settings.batch_account_key.get_secret_value() == KEY
    assert KEY not in repr(settings)


def test_vault_comes_after_every_other_source(vault: StandInVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment is nearer at hand."""
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING", SECRETS["azure-storage-connection-string"].replace("a;", "b;")
    )
    settings = BatchClientSettings()
    BatchClientFactory.create_storage(settings)
    assert settings.storage_connection_string is not None
    assert "AccountName=b" in settings.storage_connection_string.get_secret_value()


def test_vault_is_asked_once(vault: StandInVault) -> None:
    """However many clients are made of the settings."""
    settings = BatchClientSettings()
    BatchClientFactory.create_storage(settings)
    asked = list(vault.asked)
    BatchClientFactory.create_storage(settings)
    assert vault.asked == asked
    assert asked[0] == "/secrets"


def test_no_vault_is_asked_unless_one_is_set(vault: StandInVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is missing is told as ever."""
    monkeypatch.delenv("AZURE_KEY_VAULT_URL")
    with pytest.raises(ConfigurationError, match="storage_account_url is not set"):
        BatchClientFactory.create_storage(BatchClientSettings())
    assert vault.asked == []


def test_vault_that_does_not_answer_is_told(vault: StandInVault, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, as an error of a service."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(ServiceError, match=r"key vault https://mine\.vault\.azure\.net"):
        BatchClientFactory.create_storage(BatchClientSettings())

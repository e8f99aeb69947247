"""Who asks, by what the settings say; no request is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager._azure.credentials import token_credential
from batch_manager.errors import ConfigurationError

TENANT = "6c0ca100-0000-4000-8000-00000000000a"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of this machine counts."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLIENT_ID", "TENANT_ID", "CLIENT_SECRET", "CLIENT_CERTIFICATE_PATH", "FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)
    for name in ("BATCH_ACCESS_KEY", "STORAGE_CONNECTION_STRING", "KEY_VAULT_URL"):
        monkeypatch.delenv(f"AZURE_{name}", raising=False)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, DefaultAzureCredential),
        ({"identity_client_id": "id"}, ManagedIdentityCredential),
        ({"identity_client_id": "id", "tenant_id": TENANT, "client_secret": "s"}, ClientSecretCredential),
    ],
)
def test_settings_say_who_asks(values: dict[str, str], kind: type[object]) -> None:
    """The chain of azure-identity, a managed identity, or a service principal."""
    assert type(token_credential(BatchClientSettings(**values))) is kind


def test_client_id_of_a_certificate_is_no_managed_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to what azure-identity reads of the environment."""
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", "certificate.pem")
    assert type(token_credential(BatchClientSettings(identity_client_id="id"))) is DefaultAzureCredential


def test_secret_without_its_tenant_is_told() -> None:
    """By the names of what is missing, and without the secret."""
    with pytest.raises(ConfigurationError, match="AZURE_TENANT_ID") as caught:
        token_credential(BatchClientSettings(identity_client_id="id", client_secret="the-secret"))
    assert "the-secret" not in str(caught.value)


def test_token_is_not_sent_in_the_clear() -> None:
    """Neither to Batch nor to storage: a setting is wrong."""
    settings = BatchClientSettings(batch_endpoint="http://a.b", storage_account_url="http://c.d")
    with pytest.raises(ConfigurationError, match=r"storage_account_url .* https"):
        BatchClientFactory.create_storage(settings)
    with pytest.raises(ConfigurationError, match=r"batch_endpoint .* https"):
        BatchClientFactory.create_job_operations(settings)

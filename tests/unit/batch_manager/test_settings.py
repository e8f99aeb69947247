"""Settings: where they come from, in which order, and what is said when one cannot be used."""

from pathlib import Path

import pytest

from batch_manager import BatchClientSettings, ConfigurationError
from batch_manager._settings_model import SettingsModel
from batch_manager.environment import SECRETS_DIRECTORY

KEY = "c2VjcmV0LWtleQ=="


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AZURE_BATCH_ENDPOINT", "AZ_BATCH_ACCOUNT_URL", "AZURE_BATCH_ACCESS_KEY", SECRETS_DIRECTORY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_facade_has_the_fields_of_the_model() -> None:
    """The light class and the pydantic one cannot drift apart."""
    assert list(BatchClientSettings.__annotations__) == list(SettingsModel.model_fields)


def test_every_field_is_documented() -> None:
    """A sentence for each, or docs/settings.md has a hole."""
    assert all(field.description for field in SettingsModel.model_fields.values())


def test_keyword_comes_before_environment_before_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer source wins."""
    Path(".env").write_text("AZURE_BATCH_ENDPOINT=https://file.example\nAZURE_BATCH_ACCOUNT=file\n")
    monkeypatch.setenv("AZURE_BATCH_ENDPOINT", "https://environment.example")
    assert BatchClientSettings().batch_endpoint == "https://environment.example"
    assert BatchClientSettings().batch_account_name == "file"
    assert BatchClientSettings(batch_endpoint="https://keyword.example").batch_endpoint == "https://keyword.example"


def test_endpoint_on_a_node_is_what_batch_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody configures a node for that."""
    monkeypatch.setenv("AZ_BATCH_ACCOUNT_URL", "https://a.region.batch.azure.com/")
    assert BatchClientSettings().batch_endpoint == "https://a.region.batch.azure.com"


def test_secret_comes_from_the_secrets_directory_and_never_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key in a file is found, and no representation holds it."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "AZURE_BATCH_ACCESS_KEY").write_text(KEY)
    monkeypatch.setenv(SECRETS_DIRECTORY, str(tmp_path / "secrets"))
    settings = BatchClientSettings()
    assert settings.batch_account_key is not None
    assert settings.batch_account_key.get_secret_value() == KEY
    assert KEY not in repr(settings) + str(settings)


def test_value_that_cannot_be_used_is_named_without_being_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold a secret."""
    monkeypatch.setenv("AZURE_BATCH_ENDPOINT", "key=secret")
    with pytest.raises(ConfigurationError, match=r"AZURE_BATCH_ENDPOINT|batch_endpoint") as caught:
        _ = BatchClientSettings().batch_account_name
    assert "secret" not in str(caught.value)


def test_unknown_keyword_names_the_settings() -> None:
    """A typing error is found at once."""
    with pytest.raises(ConfigurationError, match="no setting batch_url; the settings are: batch_endpoint"):
        BatchClientSettings(batch_url="x")


def test_secrets_directory_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every secret would seem to be missing."""
    monkeypatch.setenv(SECRETS_DIRECTORY, "/nowhere")
    with pytest.raises(ConfigurationError, match="'/nowhere', which is not a folder"):
        _ = BatchClientSettings().batch_endpoint


def test_settings_with_a_changed_value_keep_the_others() -> None:
    """And the first ones stay as they are."""
    first = BatchClientSettings(patience_seconds=1, batch_account_name="account")
    second = first.changed(patience_seconds=2)
    assert (first.patience_seconds, second.patience_seconds, second.batch_account_name) == (1, 2, "account")

"""Named accounts in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_manager.deploying import PROJECT_FILE, find_environment, read_environments
from batch_manager.errors import ConfigurationError

ENDPOINT = "batch_endpoint: https://prodacct.westeurope.batch.azure.com"
KEY = "c2VjcmV0"


def _write(folder: Path, *lines: str, name: str = "prod") -> Path:
    path = folder / PROJECT_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["environments:", f"  {name}:", *(f"    {line}" for line in lines), ""]))
    return path


def test_environment_gives_the_settings_of_its_account(tmp_path: Path) -> None:
    """The account's name is the first label of its endpoint; the key comes from the variable that is named."""
    _write(tmp_path, ENDPOINT, "subscription_id: sub", "batch_account_key_variable: PROD_KEY")
    settings = find_environment("prod", tmp_path, {}).settings({"PROD_KEY": KEY})
    assert settings.batch_account_name == "prodacct"
    assert settings.subscription_id == "sub"
    assert settings.batch_account_key is not None
    assert settings.batch_account_key.get_secret_value() == KEY
    assert KEY not in repr(settings)


def test_variables_of_another_account_are_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks stays the same."""
    for name in ("AZURE_BATCH_ACCESS_KEY", "AZURE_RESOURCE_GROUP", "AZURE_BATCH_ACCOUNT", "AZURE_CLIENT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_URL", "https://dev.blob.core.windows.net")
    _write(tmp_path, ENDPOINT)
    settings = find_environment("prod", tmp_path, {}).settings({})
    assert (settings.batch_account_key, settings.resource_group, settings.storage_account_url) == (None, None, None)
    assert (settings.batch_account_name, settings.identity_client_id) == ("prodacct", KEY)


def test_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    """With the environment and the file that name it."""
    _write(tmp_path, ENDPOINT, "batch_account_key_variable: PROD_KEY")
    with pytest.raises(
        ConfigurationError, match=r"PROD_KEY is not set: environment 'prod' of .* names it in batch_acc"
    ):
        find_environment("prod", tmp_path, {}).settings({})


@pytest.mark.parametrize("secret", ["c2VjcmV0c2VjcmV0==", "AccountKey=c2VjcmV0", "a~b.c", "c2Vj" * 22])
def test_secret_in_the_place_of_a_variables_name_is_refused_unseen(tmp_path: Path, secret: str) -> None:
    """A key, a connection string, a client's secret."""
    path = _write(tmp_path, ENDPOINT, f'batch_account_key_variable: "{secret}"')
    with pytest.raises(ConfigurationError, match="is no name of an environment variable") as raised:
        read_environments(path)
    assert secret not in str(raised.value)


def test_key_of_another_account_is_not_used_in_place_of_the_vaults(tmp_path: Path) -> None:
    """A variable comes before a vault."""
    _write(tmp_path, ENDPOINT, "key_vault_url: https://v.vault.azure.net")
    environment = find_environment("prod", tmp_path, {})
    assert "batch_account_key" not in environment.settings({}).given
    with pytest.raises(ConfigurationError, match="AZURE_BATCH_ACCESS_KEY is set and would be used in place"):
        environment.settings({"AZURE_BATCH_ACCESS_KEY": KEY})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"batch_account_key: {KEY}", "which is a secret: put it in an environment variable"),
        ("storage_url: https://a", "'storage_url' is no key; did you mean 'storage_account_url'"),
        ("storage_account_url: https://a/?sv=1&sig=SECRET", "storage_account_url must be a plain URL"),
        ("resource_group: 7", "resource_group is 7: give a text"),
        ("patience_seconds: long", "patience_seconds is 'long': give a number"),
        (ENDPOINT, "line 4 is no YAML: the key 'batch_endpoint' comes twice"),
    ],
)
def test_line_that_cannot_be_used_is_told(tmp_path: Path, line: str, message: str) -> None:
    """With what to do, and without a secret."""
    path = _write(tmp_path, ENDPOINT, line)
    with pytest.raises(ConfigurationError) as caught:
        read_environments(path)
    assert message in str(caught.value)
    assert KEY not in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "environments:", "environments: {}\nmore: 1", "environments:\n  prod:"])
def test_file_of_another_form_is_told(tmp_path: Path, text: str) -> None:
    """It is named."""
    path = tmp_path / PROJECT_FILE
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=PROJECT_FILE):
        read_environments(path)


def test_project_comes_before_the_users_folder(tmp_path: Path) -> None:
    """And both are known."""
    users = tmp_path / "home" / "azure-batch-manager"
    _write(users, ENDPOINT, name="mine").rename(users / "environments.yaml")
    _write(tmp_path, ENDPOINT, "subscription_id: sub")
    variables = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    assert find_environment("mine", tmp_path, variables).name == "mine"
    assert find_environment("prod", tmp_path, variables).values["subscription_id"] == "sub"


def test_name_that_is_not_known_gets_the_nearest(tmp_path: Path) -> None:
    """And the list."""
    _write(tmp_path, ENDPOINT)
    with pytest.raises(ConfigurationError, match=r"no environment 'prd' in .*; there are prod; did you mean 'prod'"):
        find_environment("prd", tmp_path, {"XDG_CONFIG_HOME": str(tmp_path)})

"""The account as the settings would read it, or not at all."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_manager import BatchClientSettings
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.light.account import read_account
from batch_manager.light.errors import NotLightError

NAMES = (
    "batch_endpoint",
    "AZURE_BATCH_ENDPOINT",
    "AZ_BATCH_ACCOUNT_URL",
    "azure_batch_account",
    "AZ_BATCH_ACCOUNT_NAME",
    "batch_account_key",
    "AZURE_BATCH_ACCESS_KEY",
    "IDENTITY_CLIENT_ID",
    "AZURE_CLIENT_ID",
)
GOOD = {"AZURE_BATCH_ENDPOINT": "https://a.b", "AZURE_BATCH_ACCOUNT": "a", "AZURE_BATCH_ACCESS_KEY": "a2V5"}


def _value(name: str, place: str) -> str:
    if "KEY" in name.upper():
        return {"environment": "ZW52", "file": "ZmlsZQ=="}[place]
    word = f"{place}-{name.lower().replace('_', '-')}"
    return f"https://{word}.example/" if "ENDPOINT" in name.upper() or "URL" in name else word


_some = st.sets(st.sampled_from(NAMES))


@settings(deadline=None)
@given(in_environment=_some, in_files=_some)
def test_account_is_the_one_that_the_settings_read(
    tmp_path_factory: pytest.TempPathFactory, in_environment: set[str], in_files: set[str]
) -> None:
    """From the same places, in the same order, whatever is set where."""
    folder = tmp_path_factory.mktemp("secrets")
    for name in in_files:
        (folder / name).write_text(_value(name, "file") + "\n")
    environ = {name: _value(name, "environment") for name in in_environment} | {SECRETS_DIRECTORY: str(folder)}
    try:
        ours = read_account(environ)
    except NotLightError:
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.delenv(name, raising=False)
        for name, value in environ.items():
            patch.setenv(name, value)
        theirs = BatchClientSettings()
        key = theirs.batch_account_key
        assert ours == (
            theirs.batch_endpoint,
            theirs.batch_account_name,
            None if key is None else key.get_secret_value(),
            theirs.identity_client_id,
        )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"AZURE_BATCH_ENDPOINT": "ftp://a"}, "no plain URL"),
        ({"AZURE_BATCH_ENDPOINT": "https://user@a"}, "no plain URL"),
        ({"https_proxy": "http://p"}, "proxy"),
        ({"ALL_PROXY": "http://p"}, "proxy"),
        ({SECRETS_DIRECTORY: "/no/such/folder"}, "cannot be read"),
        ({"AZURE_BATCH_ACCOUNT": None}, "no account name"),
        ({"AZURE_BATCH_ACCESS_KEY": None}, "neither"),
        ({"AZURE_BATCH_ENDPOINT": None}, "no endpoint"),
        (
            {"AZURE_BATCH_ENDPOINT": "http://a", "AZURE_BATCH_ACCESS_KEY": None, "AZURE_CLIENT_ID": "me"},
            "https only",
        ),
    ],
)
def test_what_is_not_plain_is_left_to_the_settings(changes: dict[str, str | None], says: str) -> None:
    """They say what is missing, and know proxies and other credentials."""
    environ = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(NotLightError, match=says):
        read_account(environ)


@pytest.mark.parametrize("hosts", ["localhost, a.b", "*"])
def test_host_that_no_proxy_stands_before_is_asked(hosts: str) -> None:
    """As a run on this machine has it."""
    assert read_account({**GOOD, "https_proxy": "http://p", "NO_PROXY": hosts}).endpoint == "https://a.b"


def test_dot_env_file_is_left_to_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They read it."""
    monkeypatch.chdir(tmp_path)
    assert read_account(GOOD).endpoint == "https://a.b"
    (tmp_path / ".env").write_text("")
    with pytest.raises(NotLightError, match=r"\.env"):
        read_account(GOOD)

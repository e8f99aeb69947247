"""The management plane by ``az``: a cloud of the service's own, and a login with its managed identity."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.suites.cli.support import az, batch, refused
from tests.clients.suites.support import Account


@pytest.fixture(scope="module", autouse=True)
def _logged_in(account: Account) -> Iterator[None]:
    """Say where Azure Resource Manager is, and log in; leave both at the end."""
    endpoints = {
        "resourceManager": account.management.rstrip("/"),
        "activeDirectory": "https://login.microsoftonline.com",
        "activeDirectoryResourceId": "https://management.core.windows.net/",
        "batchResourceId": "https://batch.core.windows.net/",
    }
    config = json.dumps({"endpoints": endpoints})
    az("cloud", "register", "--name", "LocalBatch", "--cloud-config", config, "--skip-endpoint-discovery")
    az("cloud", "set", "--name", "LocalBatch")
    az("login", "--identity")
    yield
    az("cloud", "set", "--name", "AzureCloud")
    az("cloud", "unregister", "--name", "LocalBatch")


@pytest.fixture(scope="module")
def place(account: Account) -> tuple[str, ...]:
    """The words that name the default account."""
    found = next(found for found in batch("account", "list") if found["name"] == account.name)
    return ("--resource-group", found["resourceGroup"], "--name", found["name"])


def test_account_and_keys_are_shown(account: Account, place: tuple[str, ...]) -> None:
    """The key is the one of the data plane."""
    assert batch("account", "show", *place)["name"] == account.name
    assert account.key in batch("account", "keys", "list", *place).values()


def test_login_to_the_account_needs_no_key(
    account: Account, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """az then finds the address itself, and asks for a token."""
    for variable in ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ACCESS_KEY", "AZURE_BATCH_ENDPOINT"):
        monkeypatch.delenv(variable)
    batch("account", "login", *place)
    try:
        assert isinstance(batch("pool", "list"), list)
    finally:
        az("config", "unset", "batch.auth_mode", "batch.account", "batch.endpoint")


def test_application_has_a_life(place: tuple[str, ...], folder: Path) -> None:
    """Made, a package uploaded and activated by one command, listed, deleted."""
    archive = folder / "tool.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("word", "hello")
    which = (*place, "--application-name", "clitool")
    batch("application", "create", *which)
    package = (*which, "--version-name", "1.0")
    batch("application", "package", "create", *package, "--package-file", str(archive))
    assert batch("application", "package", "show", *package)["state"].lower() == "active"
    batch("application", "set", *which, "--default-version", "1.0")
    assert batch("application", "show", *which)["defaultVersion"] == "1.0"
    assert "clitool" in [found["id"] for found in batch("application", "summary", "list")]
    batch("application", "package", "delete", *package, "--yes")
    batch("application", "delete", *which, "--yes")
    with refused("clitool"):
        batch("application", "show", *which)


def test_location_tells_quotas() -> None:
    """As az shows them."""
    assert batch("location", "quotas", "show", "--location", "local")["accountQuota"] > 0

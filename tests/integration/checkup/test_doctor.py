"""doctor against the real service and Azurite: each thing that can be wrong there is made wrong."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from batch_manager.account_management import PackageContent
from batch_manager.checkup.asking import Question, all_checks
from batch_manager.checkup.findings import CheckState, Finding
from batch_manager.checkup.network import Step, probe
from batch_manager.checkup.running import run_checks
from batch_manager.factory import BatchClientFactory
from batch_manager.settings import BatchClientSettings
from tests.support.local_account import LocalAccount, local_account

WRONG_KEY = base64.b64encode(b"another key" * 8).decode()
FAILING_POOL = {
    "id": "failing",
    "vmSize": "standard_d2s_v3",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "none", "sku": "such"},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
    },
    "targetDedicatedNodes": 1,
    "startTask": {"commandLine": "/bin/sh -c 'exit 3'", "waitForSuccess": True},
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAccount]:
    """One without a core for spot nodes."""
    with local_account(tmp_path_factory.mktemp("service"), "--quota-low-priority-cores", "0") as found:
        yield found


@pytest.fixture(autouse=True)
def environment(account: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's variables, for checks in this process."""
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)


def _look(*names: str, question: Question | None = None, **settings: Any) -> dict[str, Finding]:
    """The last finding of each of some checks, made with what they need."""
    given = {"patience_seconds": 0, **settings}
    checks = all_checks(BatchClientSettings(**given), question or Question(owner="me"))
    return {finding.check: finding for finding in run_checks([check for check in checks if check.name in names])}


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_command_ends_well_where_nothing_is_wrong(account: LocalAccount) -> None:
    """Without a subscription, Resource Manager is not asked, which is no failure."""
    ended = account.run("doctor", "--json", more={"AZURE_SUBSCRIPTION_ID": ""})
    assert ended.code == 0, ended.out
    states = {finding["check"]: finding["state"] for finding in json.loads(ended.out)["findings"]}
    assert states["storage_access"] == states["batch_access"] == states["clock"] == "ok"
    assert states["quotas"] == "not known"


def test_quota_of_none_ends_the_command_with_69(account: LocalAccount) -> None:
    """With what to do."""
    ended = account.run("doctor", more={"COLUMNS": "80"})
    assert ended.code == 69, ended.err
    assert "wrong     quotas: cores of spot nodes: 0 of 0: none can be had" in ended.out
    assert "fix: ask for more in the portal" in ended.out


def test_missing_setting_ends_the_command_with_78(account: LocalAccount) -> None:
    """And no check of the storage account stops those of Batch."""
    ended = account.run("doctor", more={"AZURE_STORAGE_CONNECTION_STRING": "", "AZURE_SUBSCRIPTION_ID": ""})
    assert ended.code == 78, ended.out + ended.err
    assert "neither storage_account_url nor storage_connection_string is set" in ended.out
    assert "ok        batch_access" in ended.out, ended.out


def test_wrong_key_is_told() -> None:
    """With where it is set."""
    found = _look("batch_access", batch_account_key=WRONG_KEY)["batch_access"]
    assert (found.state, "AZURE_BATCH_ACCESS_KEY" in found.fix) == (CheckState.WRONG, True)
    assert WRONG_KEY not in repr(found)


def test_wrong_key_of_the_storage_account_is_told(account: LocalAccount) -> None:
    """Likewise."""
    parts = account.variables["AZURE_STORAGE_CONNECTION_STRING"].split(";")
    given = ";".join(f"AccountKey={WRONG_KEY}" if part.startswith("AccountKey=") else part for part in parts)
    found = _look("storage_access", storage_connection_string=given)["storage_access"]
    assert found.state is CheckState.WRONG
    assert WRONG_KEY not in repr(found)


@pytest.mark.parametrize("host", ["nowhere.invalid", "closed"])
def test_endpoint_that_is_not_there_is_told_and_nothing_more_is_asked(host: str) -> None:
    """A name that nobody knows, a port where nobody listens."""
    endpoint = f"http://127.0.0.1:{_closed_port()}" if host == "closed" else f"https://{host}"
    found = _look("batch_settings", "batch_endpoint", "batch_access", batch_endpoint=endpoint)
    assert found["batch_endpoint"].state is CheckState.WRONG
    words = "nothing accepts a connection" if host == "closed" else "the name cannot be resolved"
    assert words in found["batch_endpoint"].found
    assert found["batch_access"].found == "not looked at: first repair batch_endpoint"


def test_certificate_that_is_not_trusted_is_told(account: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names authorities."""
    endpoint = account.variables["AZURE_BATCH_ENDPOINT_HTTPS"]
    assert _look("batch_endpoint", batch_endpoint=endpoint)["batch_endpoint"].state is CheckState.OK
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    found = _look("batch_endpoint", batch_endpoint=endpoint)["batch_endpoint"]
    assert (found.state, "REQUESTS_CA_BUNDLE" in found.fix) == (CheckState.WRONG, True)


def test_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what stands in the way."""
    proxy = f"127.0.0.1:{_closed_port()}"
    monkeypatch.setenv("https_proxy", f"http://{proxy}")
    monkeypatch.setenv("no_proxy", "")
    found = _look("batch_endpoint", batch_endpoint="https://account.region.batch.azure.com")["batch_endpoint"]
    assert f"through the proxy {proxy}: nothing accepts a connection" in found.found


def test_proxy_is_told_who_asks_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address may hold a password."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, ThreadPoolExecutor(1) as pool:
        monkeypatch.setenv("https_proxy", f"http://ann:secret@127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        found = pool.submit(probe, "https://account.region.batch.azure.com")
        proxy.settimeout(10)
        with proxy.accept()[0] as connection:
            asked = connection.makefile("rb").read1(4096)
            connection.sendall(b"HTTP/1.1 407 No\r\n\r\n")
    assert base64.b64encode(b"ann:secret") in asked
    assert (found.result().failed, "secret" in repr(found.result())) == (Step.CONNECTION, False)


def test_identity_is_told_without_its_token() -> None:
    """The local service's own stands in for a managed identity."""
    found = _look("management_identity")["management_identity"]
    assert (found.state, "ManagedIdentityCredential answers for" in found.found) == (CheckState.OK, True)


def test_nobody_who_answers_is_told_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not keep what is asked with a key from being looked at."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    found = _look("management_identity", "batch_access", "account")
    assert found["management_identity"].state is CheckState.WRONG
    assert "az login" in found["management_identity"].fix
    assert found["batch_access"].state is CheckState.OK
    assert found["account"].found == "not looked at: first repair management_identity"


def test_account_and_its_storage_link_are_looked_at() -> None:
    """Through Resource Manager."""
    found = _look("account", "storage_link")
    assert {finding.state for finding in found.values()} == {CheckState.OK}


def test_trial_leaves_no_container() -> None:
    """Whatever came of it."""
    assert _look("storage_access")["storage_access"].state is CheckState.OK
    operations = BatchClientFactory.create_container_operations(BatchClientSettings())
    assert list(operations.list_containers("batch-manager-doctor-")) == []


def test_package_that_was_not_activated_is_told(tmp_path: Path) -> None:
    """Its deployment was killed half-way."""
    management = BatchClientFactory.create_account_management(BatchClientSettings())
    management.create_application("app")
    file = tmp_path / "app.zip"
    file.write_bytes(b"PK")
    management.upload_version("app", "1.0.0", file, PackageContent(size=2, sha256="00"), lambda amount: None)
    found = list(_all("packages"))
    assert found[0].state is CheckState.WARNING
    assert found[0].found.startswith("app 1.0.0 was created, but not activated")


def test_pool_whose_start_task_fails_is_told() -> None:
    """With its exit code, and its image, which Batch does not offer."""
    operations = BatchClientFactory.create_pool_operations(BatchClientSettings())
    operations.create_pool(FAILING_POOL)
    deadline = time.monotonic() + 60
    while not any(node.start_task_failure for node in operations.nodes.list_nodes("failing")):
        assert time.monotonic() < deadline, "the start task has not failed"
        time.sleep(0.05)
    found = " ".join(finding.found for finding in _all("pools", Question(owner="me", pool="failing")))
    assert "the start task fails on node" in found
    assert "exit code 3" in found
    assert "does not support the image canonical:none:such" in found


def test_pool_that_is_not_there_is_told() -> None:
    """In Batch's words."""
    (found,) = _all("pools", Question(owner="me", pool="missing"))
    assert (found.state, found.fix) == (CheckState.WRONG, "create it, or name another")


def test_callback_is_reached_without_a_byte_of_http() -> None:
    """The receiver sees a connection that ends, and no request; its address alone is shown."""
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        url = f"http://127.0.0.1:{receiver.getsockname()[1]}/hook?token=secret"
        (found,) = _all("callback", Question(owner="me", callback_url=url))
        receiver.settimeout(10)
        with receiver.accept()[0] as connection:
            assert connection.recv(1) == b""
    assert (found.state, "secret" in repr(found)) == (CheckState.OK, False)


def _all(name: str, question: Question | None = None) -> Iterator[Finding]:
    checks = all_checks(BatchClientSettings(patience_seconds=0), question or Question(owner="me"))
    return run_checks([check for check in checks if check.name == name])

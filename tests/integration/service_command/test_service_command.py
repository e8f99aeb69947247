"""Starting, asking for and stopping a local service."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

from dispatcher.processes import descendants
from tests.integration.service_command.conftest import SECONDS, Service, argv
from tests.service.support import pool_options, wait_until

NAMES = [
    "AZURE_BATCH_ACCOUNT",
    "AZURE_BATCH_ACCESS_KEY",
    "AZURE_BATCH_ENDPOINT",
    "AZURE_BATCH_ENDPOINT_HTTPS",
    "AZURE_MANAGEMENT_ENDPOINT",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_RESOURCE_GROUP",
    "BATCH_MANAGER_IDENTITY_REFERENCE",
    "AZURE_STORAGE_CONNECTION_STRING",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
]


def client_of(variables: dict[str, str]) -> BatchClient:
    """Return a client of the account."""
    credential = AzureNamedKeyCredential(variables["AZURE_BATCH_ACCOUNT"], variables["AZURE_BATCH_ACCESS_KEY"])
    return BatchClient(variables["AZURE_BATCH_ENDPOINT"], credential)


def blobs_of(variables: dict[str, str]) -> Any:
    """Return a client of the storage account."""
    return BlobServiceClient.from_connection_string(variables["AZURE_STORAGE_CONNECTION_STRING"])


def main_process(data: Path) -> int:
    """Return the process that the commands ask."""
    return int(json.loads((data / "process.json").read_text())["pid"])


def is_there(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_detached_service_tells_clients_what_they_need(service: Service) -> None:
    """The lines are a shell's, and there is nothing else on standard output; status tells the same."""
    started = service("start", "--detach", "--env")
    assert started.code == 0, started.err
    variables = started.variables()
    assert list(variables) == NAMES
    assert all(re.match(r"[A-Z_]+=", line) for line in started.out.splitlines())
    assert list(client_of(variables).list_pools()) == []
    blobs_of(variables).create_container("container")
    assert service("status", "--env").variables() == variables


def test_folder_is_private(service: Service, data: Path) -> None:
    """Logs and secrets are for this user alone."""
    service("start", "--detach")
    service("stop")
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    logs = (path.read_text() for path in (data / "logs").iterdir())
    secrets = [path.read_text() for path in (data / "batch" / "secrets").glob("*key*") if path.name != "token_key"]
    text = "".join(logs)
    assert [secret for secret in secrets if secret in text] == []


def test_description_names_places_and_no_secret(service: Service) -> None:
    """What a terminal keeps in its history is nobody's key."""
    described = service("start", "--detach")
    variables = service("status", "--env").variables()
    assert variables["AZURE_BATCH_ENDPOINT"] in described.out
    assert described.out == service("status").out
    for name in ("AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING", "IDENTITY_HEADER"):
        assert variables[name] not in described.out


def test_stopped_service_leaves_its_state_and_no_process(service: Service, data: Path) -> None:
    """The next one has the same accounts, jobs, blobs, keys and storage."""
    first = service("start", "--detach", "--env", "--nodes", "1", "--slots", "1").variables()
    blobs_of(first).create_container("kept").upload_blob("blob", b"kept")
    pids = [main_process(data), *descendants(main_process(data))]
    assert service("stop").code == 0
    assert [pid for pid in pids if is_there(pid)] == []
    second = service("start", "--detach", "--env").variables()
    assert blobs_of(second).get_blob_client("kept", "blob").download_blob().readall() == b"kept"
    assert [pool.id for pool in client_of(second).list_pools()] == ["local"]
    same = {name for name in NAMES if first[name] == second[name]}
    assert {"AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING", "IDENTITY_HEADER"} <= same


def test_commands_are_no_error_twice(service: Service) -> None:
    """A script need not look first."""
    assert service("stop").code == 0
    first = service("start", "--detach", "--env")
    second = service("start", "--detach", "--env")
    assert (second.code, second.out) == (0, first.out)
    assert "runs on" in second.err
    assert (service("stop").code, service("stop").code) == (0, 0)


def test_status_without_a_service_is_unavailable(service: Service) -> None:
    """One line says so."""
    ended = service("status", "--env")
    assert (ended.code, ended.out) == (69, "")
    assert "is not running" in ended.err


@pytest.mark.parametrize("also_guard", [False, True])
def test_killed_service_starts_again(service: Service, data: Path, also_guard: bool) -> None:
    """What it left behind ends by itself; jobs are as they were."""
    variables = service("start", "--detach", "--env", "--nodes", "1").variables()
    client = client_of(variables)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="local")))
    client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line="sleep 600"))
    wait_until(lambda: client.get_task("job", "t").state == models.BatchTaskState.RUNNING)
    main = main_process(data)
    left = descendants(main)
    for pid in [main, *([left[0]] if also_guard else [])]:
        os.kill(pid, signal.SIGKILL)
    again = service("start", "--detach", "--env")
    assert again.code == 0, again.err
    assert client_of(again.variables()).get_job("job").id == "job"
    assert [pid for pid in left if is_there(pid)] == []


def test_killed_service_is_not_running(service: Service, data: Path) -> None:
    """Its record is not believed, and stopping what is left of it is no error."""
    service("start", "--detach")
    os.kill(main_process(data), signal.SIGKILL)
    assert service("status").code == 69
    assert service("stop").code == 0
    assert service("status").code == 69


@pytest.mark.parametrize("option", ["--port", "--https-port"])
def test_taken_port_is_named(service: Service, data: Path, option: str) -> None:
    """Nothing is left running, in the foreground or not."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = [option, port, "--https-port" if option == "--port" else "--port", "0"]
        for more in ((), ("--detach",)):
            ended = service("start", *ports, *more)
            assert (ended.code, ended.out) == (69, "")
            assert f"port {port} of 127.0.0.1 cannot be had" in ended.err
            assert "Traceback" not in ended.err
    assert service("status").code == 69


def test_foreground_service_ends_with_its_signal(service: Service, data: Path) -> None:
    """It prints when it is ready; a second one on the folder is refused."""
    with subprocess.Popen(argv("start", data, "--env"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"AZURE_BATCH_ACCOUNT=")
        second = service("start")
        assert (second.code, "runs on" in second.err) == (69, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert service("status").code == 69


def test_accounts_have_variables_of_their_own(service: Service) -> None:
    """The first is at the root."""
    first = service("start", "--detach", "--env", "--account", "one", "--account", "two").variables()
    second = service("status", "--env", "--account", "two").variables()
    assert (first["AZURE_BATCH_ACCOUNT"], second["AZURE_BATCH_ACCOUNT"]) == ("one", "two")
    assert second["AZURE_BATCH_ENDPOINT"] == f"{first['AZURE_BATCH_ENDPOINT']}/a/two"
    assert list(client_of(second).list_pools()) == []
    unknown = service("status", "--env", "--account", "three")
    assert (unknown.code, "it has one, two" in unknown.err) == (64, True)


def test_nodes_have_the_variables_of_their_machine(service: Service) -> None:
    """Those a workload of this framework needs, each account its own secrets, and those that are given."""
    started = service(
        "start", "--detach", "--env", "--account", "one", "--account", "two", "--node-variable", "LICENCE=here"
    )  # fmt: skip
    assert started.code == 0, started.err
    for account in ("one", "two"):
        variables = service("status", "--env", "--account", account).variables()
        client = client_of(variables)
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        script = "/bin/sh -c 'cat \"$BATCH_MANAGER_SECRETS_DIR\"/AZURE_BATCH_ACCESS_KEY; printf ,$LICENCE'"
        client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line=script))
        wait_until(lambda: client.get_task("job", "t").state == models.BatchTaskState.COMPLETED)  # noqa: B023 - now
        out = b"".join(client.download_task_file("job", "t", "stdout.txt")).decode()
        assert out == f"{variables['AZURE_BATCH_ACCESS_KEY']},here"


@pytest.mark.parametrize("text", ["nothing", "1A=x", "AZ_BATCH_NODE_ID=x"])
def test_variable_that_cannot_be_set_is_told(service: Service, text: str) -> None:
    """The service does not start."""
    ended = service("start", "--detach", "--node-variable", text)
    assert ended.code != 0
    assert text.split("=")[0] in ended.err


def test_storage_that_is_given_is_used(service: Service, data: Path, tmp_path: Path) -> None:
    """No Azurite is started."""
    file = tmp_path / "storage"
    file.write_text("DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5;EndpointSuffix=core.windows.net\n")
    variables = service("start", "--detach", "--env", "--storage", str(file)).variables()
    assert "BlobEndpoint=https://mine.blob.core.windows.net;" in variables["AZURE_STORAGE_CONNECTION_STRING"]
    assert not (data / "azurite").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--account", "No!"], 64),
        (["--slots", "0"], 64),
        (["--boot-seconds", "-1"], 64),
        (["--storage", "/nonexistent"], 65),
        (["--quota-pools", "many"], 64),
    ],
)
def test_wrong_options_are_told(service: Service, options: list[str], code: int) -> None:
    """Without a traceback, and nothing is started."""
    ended = service("start", "--detach", *options)
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err


def test_file_in_the_folders_place_is_told(service: Service, data: Path) -> None:
    """One line names it."""
    data.write_text("")
    ended = service("start", "--detach")
    assert ended.code == 77
    assert f"cannot use the folder {data}" in ended.err.replace("\n", " ")


def test_quota_reaches_the_account(service: Service) -> None:
    """Options of the command are the service's."""
    variables = service("start", "--detach", "--env", "--quota-pools", "0").variables()
    with pytest.raises(HttpResponseError, match="PoolQuotaReached"):
        client_of(variables).create_pool(pool_options("pool"))

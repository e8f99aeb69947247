"""Nodes: states, users, logs, files, extensions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from tests.clients.suites.sdk15.support import code_of, idle_node, machine, pool_options, present
from tests.clients.suites.support import Account, wait_until

EXTENSION = models.VMExtension(name="probe", publisher="Contoso", type="Probe", type_handler_version="1.0")


@pytest.fixture(scope="module", name="own")
def _own(client: BatchClient) -> Iterator[str]:
    """A pool of this file's own, whose nodes may come and go."""
    client.create_pool(pool_options("sdk15-nodes", virtual_machine_configuration=machine(extensions=[EXTENSION])))
    yield "sdk15-nodes"
    client.begin_delete_pool("sdk15-nodes", polling_interval=0).wait()


@pytest.fixture
def node(client: BatchClient, own: str) -> str:
    """An idle node."""
    return idle_node(client, own)


def test_node_tells_of_itself(client: BatchClient, own: str, node: str) -> None:
    """Where it is, what it is, and how much it has run."""
    found = client.get_node(own, node)
    assert (found.id, found.is_dedicated, found.scheduling_state) == (node, True, "enabled")
    assert found.ip_address
    assert client.get_node(own, node, select=["id"]).state is None


def test_scheduling_is_disabled_and_enabled(client: BatchClient, own: str, node: str) -> None:
    """The state follows at once."""
    options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="requeue")
    client.disable_node_scheduling(own, node, options)
    assert client.get_node(own, node).scheduling_state == "disabled"
    client.enable_node_scheduling(own, node)
    assert client.get_node(own, node).scheduling_state == "enabled"


@pytest.mark.parametrize("verb", ["reboot", "reimage"])
def test_node_starts_anew(client: BatchClient, own: str, node: str, verb: str) -> None:
    """It keeps its id and is idle again."""
    before = present(client.get_node(own, node).last_boot_time)
    how = {f"node{verb.title()}Option": "requeue"}  # this client sends nothing at all without options
    getattr(client, f"begin_{verb}_node")(own, node, how, polling_interval=0).wait()
    assert idle_node(client, own) == node
    assert present(client.get_node(own, node).last_boot_time) > before


def test_node_is_deallocated_and_started(client: BatchClient, own: str, node: str) -> None:
    """Deallocated it stays in the pool; started it is idle again."""
    how: Any = {"nodeDeallocateOption": "requeue"}
    client.begin_deallocate_node(own, node, how, polling_interval=0).wait()
    wait_until(lambda: client.get_node(own, node).state == "deallocated")
    client.begin_start_node(own, node, polling_interval=0).wait()
    assert idle_node(client, own) == node


def test_user_comes_and_goes(client: BatchClient, own: str, node: str) -> None:
    """One name, one user."""
    user = models.BatchNodeUserCreateOptions(name="ann", password="Secret-1", is_admin=True)
    client.create_node_user(own, node, user)
    with pytest.raises(HttpResponseError) as caught:
        client.create_node_user(own, node, user)
    assert code_of(caught.value) == "NodeUserExists"
    soon = datetime.now(UTC) + timedelta(hours=1)
    client.replace_node_user(own, node, "ann", models.BatchNodeUserReplaceOptions(password="N-2", expiry_time=soon))
    client.delete_node_user(own, node, "ann")
    with pytest.raises(HttpResponseError) as caught:
        client.delete_node_user(own, node, "ann")
    assert code_of(caught.value) == "NodeUserNotFound"


def test_remote_login_is_loopback(client: BatchClient, own: str, node: str) -> None:
    """There is nowhere else to go."""
    settings = client.get_node_remote_login_settings(own, node)
    assert settings.remote_login_ip_address.startswith("127.")
    assert settings.remote_login_port > 0


def test_extensions_are_what_the_pool_declared(client: BatchClient, own: str, node: str) -> None:
    """One by one and as a list."""
    assert [present(found.vm_extension).name for found in client.list_node_extensions(own, node)] == ["probe"]
    assert present(client.get_node_extension(own, node, "probe").vm_extension).publisher == "Contoso"
    with pytest.raises(HttpResponseError) as caught:
        client.get_node_extension(own, node, "none")
    assert caught.value.status_code == 404


def test_logs_are_uploaded_to_a_container(client: BatchClient, account: Account, own: str, node: str) -> None:
    """As many blobs as it says lie where it says."""
    with ContainerClient.from_connection_string(account.storage, f"logs-{os.getpid()}") as container:
        container.create_container()
        sas = generate_container_sas(
            present(container.account_name),
            container.container_name,
            account_key=container.credential.account_key,
            permission=ContainerSasPermissions(write=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        began = datetime.now(UTC) - timedelta(days=1)
        options = models.UploadBatchServiceLogsOptions(container_url=f"{container.url}?{sas}", start_time=began)
        result = client.upload_node_logs(own, node, options)
        assert result.number_of_files_uploaded > 0
        prefix = result.virtual_directory_name
        wait_until(lambda: len(list(container.list_blobs(prefix))) == result.number_of_files_uploaded)


def test_folders_of_a_node_are_listed(client: BatchClient, own: str, node: str) -> None:
    """Azure's roots are there, and a file of the node is read and deleted."""
    names = {found.name for found in client.list_node_files(own, node)}
    assert {"shared", "startup", "workitems"} <= names


def test_unknown_node_is_not_found(client: BatchClient, own: str) -> None:
    """With Azure's code."""
    with pytest.raises(HttpResponseError) as caught:
        client.get_node(own, "tvmps_none")
    assert (caught.value.status_code, code_of(caught.value)) == (404, "NodeNotFound")

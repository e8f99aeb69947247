"""The management plane of a real service, over TLS, with packages in a real Azurite."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.identity import ManagedIdentityCredential

from dispatcher.stack import LocalStack
from tests.service.support import DEADLINE, Running, connect, start_service, wait_until

GROUP = "/subscriptions/mine/resourceGroups/ours/providers/Microsoft.Batch"
ACCOUNT = f"{GROUP}/batchAccounts/127"


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The management plane of a running service."""

    service: Running
    client: httpx.Client

    def send(self, verb: str, path: str, body: object = None) -> httpx.Response:
        """Send a request; a path without a leading slash is below the account."""
        url = path if path.startswith(("/", "https:")) else f"{ACCOUNT}/{path}"
        parameters = {} if "api-version" in url else {"api-version": "2025-06-01"}
        return self.client.request(verb, url, params=parameters or None, json=body)

    def properties(self, verb: str, path: str, body: object = None) -> dict[str, Any]:
        """Return the properties of the resource that a request answers with."""
        answer = self.send(verb, path, body)
        assert answer.status_code == 200, answer.text
        properties: dict[str, Any] = answer.json()["properties"]
        return properties

    def code(self, verb: str, path: str, body: object = None) -> str:
        """Return the code of a refusal."""
        code: str = self.send(verb, path, body).json()["error"]["code"]
        return code


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Return the management plane of a service with a storage account."""
    data = tmp_path_factory.mktemp("managed")
    with LocalStack(batch=False) as stack:
        _link(data, stack)
        with start_service(data) as process:
            service = connect(process, data)
            with open_plane(data) as client:
                yield Plane(service=service, client=client)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(DEADLINE) == 0


def _link(data: Path, stack: LocalStack) -> None:
    storage = stack.storage
    (data / "secrets").mkdir(mode=0o700)
    link = {"account": storage.account, "endpoint": storage.blob_url, "key": storage.key}
    (data / "secrets" / "storage_link.json").write_text(json.dumps(link))


def open_plane(data: Path) -> httpx.Client:
    """Return a client with a token for the management plane of a service."""
    facts = json.loads((data / "endpoint.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", facts["identity_endpoint"])
        patch.setenv("IDENTITY_HEADER", (data / "secrets" / "identity_header").read_text())
        token = ManagedIdentityCredential().get_token("https://management.azure.com/.default").token
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(
        base_url=facts["https_endpoint"],
        verify=ssl.create_default_context(cafile=facts["ca"]),
        headers=headers,
        trust_env=False,
    )


@pytest.fixture
def package(plane: Plane, name: str) -> str:
    """Return the path of an active package ``1.0`` of an application of the test's own."""
    plane.properties("PUT", f"applications/{name}")
    path = f"applications/{name}/versions/1.0"
    url = plane.properties("PUT", path)["storageUrl"]
    httpx.put(url, content=b"Hello World", headers={"x-ms-blob-type": "BlockBlob"}).raise_for_status()
    plane.properties("POST", f"{path}/activate", {"format": "zip"})
    return path


def test_account_tells_where_its_data_plane_is(plane: Plane) -> None:
    """``az batch account login`` puts https:// before it; the keys sign there."""
    account = plane.properties("GET", ACCOUNT)
    keys = plane.send("POST", "listKeys").json()
    credential = AzureNamedKeyCredential(keys["accountName"], keys["secondary"])
    ca = json.loads((plane.service.data / "endpoint.json").read_text())["ca"]
    with BatchClient(f"https://{account['accountEndpoint']}", credential, connection_verify=ca) as client:
        assert list(client.list_pools()) == []


def test_request_without_a_token_is_refused(plane: Plane) -> None:
    """With 401 and a challenge."""
    answer = plane.client.get(f"{ACCOUNT}?api-version=2025-06-01", headers={"authorization": ""})
    assert answer.status_code == 401
    assert "authorization" not in answer.text.lower() or answer.headers["www-authenticate"]


def test_package_is_uploaded_and_activated(plane: Plane, name: str) -> None:
    """With the URL alone; before the upload it cannot be activated."""
    plane.properties("PUT", f"applications/{name}")
    path = f"applications/{name}/versions/1.0"
    url = plane.properties("PUT", path)["storageUrl"]
    assert plane.code("POST", f"{path}/activate", {"format": "zip"}) == "ApplicationPackageBlobNotFound"
    httpx.put(url, content=b"Hello World", headers={"x-ms-blob-type": "BlockBlob"}).raise_for_status()
    assert plane.properties("POST", f"{path}/activate", {"format": "zip"})["state"] == "Active"
    assert httpx.get(plane.properties("GET", path)["storageUrl"]).content == b"Hello World"


def test_storage_url_opens_one_blob_alone(plane: Plane, package: str) -> None:
    """The signature is of no use elsewhere, nor for deleting."""
    url = httpx.URL(plane.properties("GET", package)["storageUrl"])
    assert httpx.get(url.copy_with(path=f"{url.path}x")).status_code == 403
    assert httpx.delete(url).status_code == 403


def test_data_plane_lists_the_package(plane: Plane, package: str, name: str) -> None:
    """Once it is active."""
    with plane.service.client() as client:
        application = client.get_application(name)
        assert application.versions == ["1.0"]
        assert name in [item.id for item in client.list_applications()]


def test_deleted_package_leaves_no_blob(plane: Plane, package: str, name: str) -> None:
    """Nor its application a container."""
    url = plane.properties("GET", package)["storageUrl"]
    assert plane.code("DELETE", f"applications/{name}") == "ApplicationPackagesNotEmpty"
    assert plane.send("DELETE", package).status_code == 200
    assert httpx.get(url).status_code == 404
    assert plane.send("DELETE", f"applications/{name}").status_code == 200
    assert plane.send("DELETE", f"applications/{name}").status_code == 204


def test_pool_of_the_management_plane_runs_tasks(plane: Plane, name: str) -> None:
    """The data plane shows it, and its end is told at ``Location``."""
    machine = {"imageReference": {"publisher": "canonical", "offer": "u", "sku": "s"}, "nodeAgentSkuId": "batch.node.u"}
    body = {
        "vmSize": "STANDARD_D2S_V3",
        "deploymentConfiguration": {"virtualMachineConfiguration": machine},
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}},
    }
    plane.properties("PUT", f"pools/{name}", {"properties": body})
    wait_until(lambda: plane.properties("GET", f"pools/{name}")["allocationState"] == "Steady")
    with plane.service.client() as client:
        assert [node.state for node in client.list_nodes(name)] == ["idle"]
    location = plane.send("DELETE", f"pools/{name}").headers["location"]
    wait_until(lambda: plane.send("GET", location).status_code == 200)
    assert plane.code("GET", f"pools/{name}") == "PoolNotFound"


def test_new_account_is_served_apart(plane: Plane) -> None:
    """Under a prefix of its own, until it is deleted."""
    path = f"{GROUP}/batchAccounts/second"
    account = plane.send("PUT", path, {"location": "westeurope"}).json()
    keys = plane.send("POST", f"{path}/listKeys").json()
    endpoint = f"{plane.service.endpoint}/a/second"
    with BatchClient(endpoint, AzureNamedKeyCredential("second", keys["primary"])) as client:
        assert account["properties"]["accountEndpoint"].endswith("/a/second")
        assert list(client.list_pools()) == []
    assert plane.send("DELETE", path).status_code == 200
    assert plane.code("GET", path) == "ResourceNotFound"


def test_replaced_key_signs_no_more(plane: Plane) -> None:
    """And the new one does."""
    path = f"{GROUP}/batchAccounts/third"
    plane.send("PUT", path, {"location": "local"})
    old = plane.send("POST", f"{path}/listKeys").json()["primary"]
    new = plane.send("POST", f"{path}/regenerateKeys", {"keyName": "Primary"}).json()["primary"]
    endpoint = f"{plane.service.endpoint}/a/third"
    with BatchClient(endpoint, AzureNamedKeyCredential("third", new)) as client:
        assert list(client.list_pools()) == []
    with (
        BatchClient(endpoint, AzureNamedKeyCredential("third", old)) as client,
        pytest.raises(Exception, match="Authen"),
    ):
        list(client.list_pools())

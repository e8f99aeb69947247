"""What nodes are set up with, who may log in there, and their logs: with Microsoft's client and a real Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from dispatcher.service.node.blob_signing import StorageLink
from dispatcher.service.node.engine import Engine
from dispatcher.service.storage_link import read_storage_link
from tests.integration.containers.conftest import engine, finder, image
from tests.integration.node.test_packages import zipped
from tests.service.support import code_of, connect, pool_options, present, start_service, wait_until
from tests.service.test_management import Plane, plane

__all__ = ["engine", "finder", "image", "plane"]


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A container in the account that is linked to the service."""

    link: StorageLink
    client: ContainerClient

    @property
    def url(self) -> str:
        """Its URL with a SAS for writing."""
        sas = generate_container_sas(
            self.link.account,
            self.client.container_name,
            account_key=self.link.key,
            permission=ContainerSasPermissions(read=True, write=True, list=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return f"{self.link.endpoint}/{self.client.container_name}?{sas}"

    def blobs(self) -> list[str]:
        """Return the names of its blobs."""
        return list(self.client.list_blob_names())


@pytest.fixture
def storage(plane: Plane, name: str) -> Iterator[Storage]:
    """Return a container of the test's own."""
    link = present(read_storage_link(plane.service.data))
    container = name.replace("_", "-").lower()[-60:].strip("-")
    credential = {"account_name": link.account, "account_key": link.key}
    with ContainerClient(link.endpoint, container, credential=credential, api_version="2025-11-05") as client:
        client.create_container()
        yield Storage(link=link, client=client)


@pytest.fixture
def batch(plane: Plane) -> Iterator[BatchClient]:
    """Return a client of the service that has a storage account."""
    with plane.service.client() as client:
        yield client


def run(client: BatchClient, pool: str, command: str, **options: Any) -> models.BatchTask:
    """Run a command as the task of a job of the pool's name; return the completed task."""
    client.create_job(models.BatchJobCreateOptions(id=pool, pool_info=models.BatchPoolInfo(pool_id=pool)))
    task = models.BatchTaskCreateOptions(id="task", command_line=command, **options)
    client.create_task(pool, task)
    wait_until(lambda: client.get_task(pool, "task").state == models.BatchTaskState.COMPLETED)
    return client.get_task(pool, "task")


def output(client: BatchClient, pool: str, file: str = "stdout.txt") -> str:
    """Return what that task wrote."""
    return b"".join(client.download_task_file(pool, "task", file)).decode()


def node_of(client: BatchClient, pool: str) -> str:
    """Return the pool's node once it is idle."""
    wait_until(lambda: [node.state for node in client.list_nodes(pool)] == ["idle"])
    return present(next(iter(client.list_nodes(pool))).id)


def test_package_and_mount_of_a_pool_are_there_for_tasks(
    plane: Plane, batch: BatchClient, storage: Storage, name: str
) -> None:
    """A program of a package reads a mounted container and writes there."""
    plane.properties("PUT", f"applications/{name}")
    url = plane.properties("PUT", f"applications/{name}/versions/1.0")["storageUrl"]
    httpx.put(url, content=zipped(), headers={"x-ms-blob-type": "BlockBlob"}).raise_for_status()
    plane.properties("POST", f"applications/{name}/versions/1.0/activate", {"format": "zip"})
    storage.client.upload_blob("in", b"from the container\n")
    blob = models.AzureBlobFileSystemConfiguration(
        account_name=storage.link.account,
        container_name=storage.client.container_name,
        relative_mount_path="data",
        account_key=storage.link.key,
    )
    package = models.BatchApplicationPackageReference(application_id=name, version="1.0")
    mount = models.MountConfiguration(azure_blob_file_system_configuration=blob)
    batch.create_pool(pool_options(name, application_package_references=[package], mount_configuration=[mount]))
    variable = f"AZ_BATCH_APP_PACKAGE_{name}_1_0".replace("-", "_")
    script = f"cd $AZ_BATCH_NODE_MOUNTS_DIR/data && cat in && ${variable}/bin/run | tee out"
    task = run(batch, name, f"/bin/sh -c '{script}'")
    assert present(task.execution_info).exit_code == 0
    assert output(batch, name) == "from the container\nit runs\n"
    assert storage.client.download_blob("out").readall() == b"it runs\n"
    assert storage.link.key not in str(batch.get_pool(name).as_dict())


def test_output_file_is_uploaded_with_its_headers(batch: BatchClient, storage: Storage, name: str) -> None:
    """As a blob of a content type, with metadata."""
    batch.create_pool(pool_options(name))
    headers = [
        models.OutputFileUploadHeader(name="Content-Type", value="text/csv"),
        models.OutputFileUploadHeader(name="x-ms-meta-made", value="here"),
    ]
    destination = models.OutputFileBlobContainerDestination(
        container_url=storage.url, path="made.csv", upload_headers=headers
    )
    file = models.OutputFile(
        file_pattern="../stdout.txt",
        destination=models.OutputFileDestination(container=destination),
        upload_options=models.OutputFileUploadConfiguration(upload_condition="taskcompletion"),
    )
    assert present(run(batch, name, "/bin/echo a,b", output_files=[file]).execution_info).exit_code == 0
    properties = storage.client.get_blob_client("made.csv").get_blob_properties()
    assert (properties.content_settings.content_type, properties.metadata) == ("text/csv", {"made": "here"})


def test_log_of_a_node_is_uploaded(batch: BatchClient, storage: Storage, name: str) -> None:
    """To the folder that the answer names, with what the node did."""
    batch.create_pool(pool_options(name))
    run(batch, name, "/bin/true")
    options = models.UploadBatchServiceLogsOptions(
        container_url=storage.url, start_time=datetime.now(UTC) - timedelta(hours=1)
    )
    result = batch.upload_node_logs(name, node_of(batch, name), options)
    assert result.number_of_files_uploaded == 1
    wait_until(lambda: storage.blobs() == [f"{result.virtual_directory_name}/node.log"])
    log = storage.client.download_blob(storage.blobs()[0]).readall().decode()
    assert f"ended {name}/task, run 1, in run, exit code 0, started " in log


def test_users_of_a_node_are_recorded(batch: BatchClient, name: str) -> None:
    """With the codes clients look for; where a login would go is this machine."""
    batch.create_pool(pool_options(name))
    node = node_of(batch, name)
    user = models.BatchNodeUserCreateOptions(name="ada", password="s3cret-Word", is_admin=True)
    batch.create_node_user(name, node, user)
    with pytest.raises(HttpResponseError) as caught:
        batch.create_node_user(name, node, user)
    assert code_of(caught.value) == "NodeUserExists"
    batch.replace_node_user(name, node, "ada", models.BatchNodeUserReplaceOptions(ssh_public_key="ssh-rsa AAAA"))
    batch.delete_node_user(name, node, "ada")
    with pytest.raises(HttpResponseError) as caught:
        batch.delete_node_user(name, node, "ada")
    assert (caught.value.status_code, code_of(caught.value)) == (404, "NodeUserNotFound")
    login = batch.get_node_remote_login_settings(name, node)
    assert (login.remote_login_ip_address, login.remote_login_port) == ("127.0.0.1", 22)


def test_extensions_of_a_node_are_those_of_its_pool(batch: BatchClient, name: str) -> None:
    """Declared, and open about not being installed."""
    options = pool_options(name)
    declared = models.VMExtension(name="monitor", publisher="acme", type="Monitor")
    present(options.virtual_machine_configuration).extensions = [declared]
    batch.create_pool(options)
    node = node_of(batch, name)
    (extension,) = batch.list_node_extensions(name, node)
    assert present(extension.vm_extension).publisher == "acme"
    assert batch.get_node_extension(name, node, "monitor") == extension
    with pytest.raises(HttpResponseError) as caught:
        batch.get_node_extension(name, node, "other")
    assert caught.value.status_code == 404


def container_pool(pool: str, *images: str) -> models.BatchPoolCreateOptions:
    """Return a pool for containers."""
    options = pool_options(pool)
    containers = models.BatchContainerConfiguration(type="dockerCompatible", container_image_names=list(images))
    present(options.virtual_machine_configuration).container_configuration = containers
    return options


def test_pool_for_containers_is_refused_where_none_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is missing; a task that asks for one in another pool fails as on Azure, and has not run."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with start_service(tmp_path / "data") as process:
        with connect(process, tmp_path / "data").client() as client:
            with pytest.raises(HttpResponseError) as caught:
                client.create_pool(container_pool("boxes"))
            assert "podman is not installed" in str(caught.value)
            client.create_pool(pool_options("plain"))
            settings = models.BatchTaskContainerSettings(image_name="a")
            info = present(run(client, "plain", "/bin/touch made", container_settings=settings).execution_info)
            assert present(info.failure_info).code == "ContainerPoolNotSupported"
            assert info.exit_code is None
        present(process.stdin).close()


def test_task_runs_in_a_container(batch: BatchClient, image: str, name: str) -> None:
    """Seeing the image's files and not the machine's, with its exit code."""
    batch.create_pool(container_pool(name, image))
    settings = models.BatchTaskContainerSettings(image_name=image)
    info = present(run(batch, name, "/bin/sh -c 'ls /; exit 3'", container_settings=settings).execution_info)
    assert info.exit_code == 3
    assert "work" in output(batch, name).split()
    assert "usr" not in output(batch, name).split()


def test_container_of_a_killed_service_is_ended_at_the_next_start(tmp_path: Path, image: str, engine: Engine) -> None:
    """With all that ran in it; its task then runs again."""
    data = tmp_path / "data"
    nodes = data / "pools"
    with start_service(data) as process:
        client = connect(process, data).client()
        client.create_pool(container_pool("boxes", image))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="boxes")))
        settings = models.BatchTaskContainerSettings(image_name=image)
        options = models.BatchTaskCreateOptions(
            id="task", command_line="/bin/sh -c 'echo x >> runs; sleep 600; true'", container_settings=settings
        )
        client.create_task("job", options)
        wait_until(lambda: list(nodes.glob("*/*/workitems/job/job-1/task/wd/runs")))
        process.kill()
    first = engine.containers_of(nodes)
    with start_service(data) as process:
        client = connect(process, data).client()
        wait_until(lambda: engine.containers_of(nodes) and engine.containers_of(nodes) != first)
        assert len(engine.containers_of(nodes)) == len(first) == 1
        assert present(client.get_task("job", "task").execution_info).requeue_count == 1
        present(process.stdin).close()
        assert process.wait(60) == 0
    assert engine.containers_of(nodes) == []

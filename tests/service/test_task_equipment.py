"""What tasks bring to their nodes from the linked storage account: with Microsoft's client and a real Azurite."""

from __future__ import annotations

import httpx
import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.integration.node.test_packages import zipped
from tests.service.support import code_of, pool_options, present, wait_until
from tests.service.test_management import Plane, plane
from tests.service.test_node_equipment import Storage, batch, output, run, storage

__all__ = ["batch", "plane", "storage"]


def add_package(plane: Plane, name: str) -> models.BatchApplicationPackageReference:
    """Upload and activate a package with the program ``bin/run``; return a reference to it."""
    plane.properties("PUT", f"applications/{name}")
    url = plane.properties("PUT", f"applications/{name}/versions/1.0")["storageUrl"]
    httpx.put(url, content=zipped(), headers={"x-ms-blob-type": "BlockBlob"}).raise_for_status()
    plane.properties("POST", f"applications/{name}/versions/1.0/activate", {"format": "zip"})
    return models.BatchApplicationPackageReference(application_id=name, version="1.0")


def test_files_of_the_linked_account_are_named_without_a_url(batch: BatchClient, storage: Storage, name: str) -> None:
    """A container of that account needs neither URL nor SAS."""
    storage.client.upload_blob("in/one", b"brought\n")
    batch.create_pool(pool_options(name))
    file = models.ResourceFile(auto_storage_container_name=storage.client.container_name, blob_prefix="in/")
    task = run(batch, name, "cat in/one", resource_files=[file])
    assert (present(task.execution_info).exit_code, output(batch, name)) == (0, "brought\n")


def test_package_of_a_task_is_there_before_it_starts(plane: Plane, batch: BatchClient, name: str) -> None:
    """The task and its job manager find the program where the variable says."""
    reference = add_package(plane, name)
    batch.create_pool(pool_options(name))
    variable = f"AZ_BATCH_APP_PACKAGE_{name}_1_0".replace("-", "_")
    command = f"/bin/sh -c '${variable}/bin/run'"
    manager = models.BatchJobManagerTask(
        id="manager", command_line=command, application_package_references=[reference], kill_job_on_completion=False
    )
    info = models.BatchPoolInfo(pool_id=name)
    batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=info, job_manager_task=manager))
    batch.create_task(
        name,
        models.BatchTaskCreateOptions(id="task", command_line=command, application_package_references=[reference]),
    )
    wait_until(lambda: all(task.state == models.BatchTaskState.COMPLETED for task in batch.list_tasks(name)))
    for task_id in ("manager", "task"):
        assert b"".join(batch.download_task_file(name, task_id, "stdout.txt")) == b"it runs\n"


def test_task_with_an_unknown_package_is_refused(batch: BatchClient, name: str) -> None:
    """Azure's code is its own."""
    batch.create_pool(pool_options(name))
    reference = models.BatchApplicationPackageReference(application_id="unknown", version="1.0")
    with pytest.raises(HttpResponseError) as caught:
        run(batch, name, "true", application_package_references=[reference])
    assert code_of(caught.value) == "InvalidApplicationPackageReferences"

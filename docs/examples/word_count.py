"""Count words in many texts, one Batch task for each: azure-batch and azure-storage-blob as anybody would use them.

Nothing here knows of the local service. Which account it is is told by four variables:
AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY, AZURE_BATCH_ENDPOINT and AZURE_STORAGE_CONNECTION_STRING.
"""

import os
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

TEXTS = {
    "poem.txt": "The fog comes on little cat feet",
    "proverb.txt": "Many hands make light work",
    "title.txt": "Moby Dick; or, The Whale",
}


def upload(storage: BlobServiceClient, name: str) -> list[models.ResourceFile]:
    """Upload the texts; return them as files that a task can ask for."""
    container = storage.create_container(name)
    sas = generate_container_sas(
        storage.account_name,
        name,
        account_key=storage.credential.account_key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=2),
    )
    files = []
    for blob, text in TEXTS.items():
        container.upload_blob(blob, text)
        files.append(models.ResourceFile(http_url=f"{container.url}/{blob}?{sas}", file_path=blob))
    return files


def create_pool(batch: BatchClient, name: str) -> None:
    """Ask for two machines with two task slots each."""
    image = models.BatchVmImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    pool = models.BatchPoolCreateOptions(
        id=name,
        vm_size="standard_d2s_v3",
        target_dedicated_nodes=2,
        task_slots_per_node=2,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
        ),
    )
    batch.create_pool(pool)


def submit(batch: BatchClient, name: str, files: list[models.ResourceFile]) -> None:
    """Create the job and its tasks."""
    batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    tasks = [
        models.BatchTaskCreateOptions(id=f"task{n}", command_line=f"wc -w {file.file_path}", resource_files=[file])
        for n, file in enumerate(files)
    ]
    batch.create_tasks(name, tasks)


def wait(batch: BatchClient, name: str, timeout: timedelta) -> None:
    """Return once every task is completed."""
    deadline = time.monotonic() + timeout.total_seconds()
    while any(task.state != models.BatchTaskState.COMPLETED for task in batch.list_tasks(name)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the tasks of {name} did not end within {timeout}")
        time.sleep(1)


def print_output(batch: BatchClient, name: str) -> bool:
    """Print what every task said; return whether all of them succeeded."""
    succeeded = True
    for task in batch.list_tasks(name):
        output = b"".join(batch.download_task_file(name, task.id, "stdout.txt")).decode()
        print(f"{task.id} on {task.node_info.node_id}: {output.strip()}")
        succeeded = succeeded and task.execution_info.result == models.BatchTaskExecutionResult.SUCCESS
    return succeeded


def main() -> int:
    """Run the whole and clean up; return the exit code."""
    name = f"words-{uuid.uuid4().hex[:8]}"
    storage = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
    credential = AzureNamedKeyCredential(os.environ["AZURE_BATCH_ACCOUNT"], os.environ["AZURE_BATCH_ACCESS_KEY"])
    batch = BatchClient(endpoint=os.environ["AZURE_BATCH_ENDPOINT"], credential=credential)
    try:
        files = upload(storage, name)
        create_pool(batch, name)
        submit(batch, name, files)
        wait(batch, name, timedelta(minutes=30))
        return 0 if print_output(batch, name) else 1
    finally:
        batch.begin_delete_job(name)
        batch.begin_delete_pool(name)
        storage.delete_container(name)


if __name__ == "__main__":
    sys.exit(main())

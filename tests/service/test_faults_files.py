"""Faults of files, put in by the flag, with a real Azurite: what Microsoft's client sees of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from dispatcher.stack import LocalStack
from dispatcher.storage import StorageEndpoint
from tests.service.faulty import add, add_job, await_node, completed, run
from tests.service.support import present, wait_until
from tests.service.test_faults_http import put_in, serving
from tests.service.test_nodes import REBOOT

FAILURE = models.BatchTaskExecutionResult.FAILURE
REFUSED = "AuthorizationFailure"
"""What Azurite says of a SAS that has expired; Azure says ``AuthenticationFailed``. Both with 403."""


@pytest.fixture(scope="module")
def storage() -> Iterator[StorageEndpoint]:
    """Return a storage account."""
    with LocalStack(batch=False) as stack:
        yield stack.storage


@pytest.fixture
def container(storage: StorageEndpoint, name: str) -> Iterator[ContainerClient]:
    """Return a container of the test's own, with a blob."""
    valid = name.replace("_", "-").lower()[-60:].strip("-")
    with ContainerClient.from_connection_string(storage.connection_string, valid) as client:
        client.create_container()
        client.upload_blob("in", b"brought")
        yield client


@pytest.fixture
def url(container: ContainerClient, storage: StorageEndpoint) -> str:
    """Return the container's URL with a SAS that lasts."""
    sas = generate_container_sas(
        storage.account,
        container.container_name,
        account_key=storage.key,
        permission=ContainerSasPermissions(read=True, write=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{container.url}?{sas}"


def resource(url: str) -> list[models.ResourceFile]:
    """Return the container's blob as a resource file."""
    base, _, sas = url.partition("?")
    return [models.ResourceFile(http_url=f"{base}/in?{sas}", file_path="in")]


def destination(url: str, path: str) -> models.OutputFileDestination:
    """Return a place in the container."""
    target = models.OutputFileBlobContainerDestination(container_url=url, path=path)
    return models.OutputFileDestination(container=target)


def outputs(url: str) -> list[models.OutputFile]:
    """Return both of a task's streams as output files."""
    options = models.OutputFileUploadConfiguration(upload_condition=models.OutputFileUploadCondition.TASK_COMPLETION)
    return [
        models.OutputFile(
            file_pattern=f"../{name}.txt",
            destination=destination(url, name),
            upload_options=options,
        )
        for name in ("stderr", "stdout")
    ]


def failure_of(info: models.BatchTaskExecutionInfo) -> tuple[str | None, str, dict[str, str]]:
    """Return code, category and details of a task's failure."""
    failure = present(info.failure_info)
    details = {present(pair.name): present(pair.value) for pair in failure.details or []}
    return failure.code, str(failure.category), details


def test_upload_fails(tmp_path: Path, container: ContainerClient, url: str) -> None:
    """The task has failed though its command succeeded, without a retry; its other files are there."""
    with serving(tmp_path, "fail-upload") as service, service.client() as client:
        add_job(client)
        info = run(client, "echo done", output_files=outputs(url), retries=3)
        assert (info.exit_code, info.result, info.retry_count) == (0, FAILURE, 0)
        assert failure_of(info)[:2] == ("FileUploadMiscError", "UserError")
        assert failure_of(info)[2]["Reason"] == "ServerBusy"
        assert b"ServerBusy" in b"".join(client.download_task_file("job", "task", "fileuploaderr.txt"))
    assert list(container.list_blob_names()) == ["in", "stdout"]


def test_failed_upload_meets_the_exit_conditions(tmp_path: Path, url: str) -> None:
    """The condition for file upload errors counts: what depends on the task runs."""
    action = models.ExitOptions(dependency_action=models.DependencyAction.SATISFY)
    conditions = models.ExitConditions(file_upload_error=action)
    with serving(tmp_path, "fail-upload") as service, service.client() as client:
        add_job(client)
        client.create_job(
            models.BatchJobCreateOptions(
                id="dependent", pool_info=models.BatchPoolInfo(pool_id="pool"), uses_task_dependencies=True
            )
        )
        first = models.BatchTaskCreateOptions(
            id="first", command_line="true", output_files=outputs(url), exit_conditions=conditions
        )
        depends = models.BatchTaskDependencies(task_ids=["first"])
        client.create_task("dependent", first)
        client.create_task(
            "dependent", models.BatchTaskCreateOptions(id="second", command_line="true", depends_on=depends)
        )
        wait_until(lambda: client.get_task("dependent", "second").state == models.BatchTaskState.COMPLETED)


def test_sas_of_output_files_has_expired(tmp_path: Path, container: ContainerClient, url: str) -> None:
    """Storage itself refuses the request."""
    with serving(tmp_path, "expired-sas:yes") as service, service.client() as client:
        add_job(client)
        info = run(client, "echo done", output_files=outputs(url))
    assert (info.exit_code, info.result) == (0, FAILURE)
    assert failure_of(info)[:2] == ("FileUploadAccessDenied", "UserError")
    assert failure_of(info)[2]["Reason"] == REFUSED
    assert list(container.list_blob_names()) == ["in"]


def test_sas_of_resource_files_has_expired(tmp_path: Path, url: str) -> None:
    """Storage itself refuses the request, and the command never starts."""
    with serving(tmp_path, "expired-sas") as service, service.client() as client:
        add_job(client)
        info = run(client, "cat in", resource_files=resource(url))
    assert (info.exit_code, info.result) == (None, FAILURE)
    assert failure_of(info)[:2] == ("BlobAccessDenied", "UserError")
    assert failure_of(info)[2]["Reason"] == REFUSED
    assert "sig=" not in str(info)


def test_sas_of_a_container_has_expired(tmp_path: Path, url: str) -> None:
    """Its blobs cannot be listed."""
    with serving(tmp_path, "expired-sas") as service, service.client() as client:
        add_job(client)
        info = run(client, "cat in", resource_files=[models.ResourceFile(storage_container_url=url)])
    assert failure_of(info)[:2] == ("ResourceContainerAccessDenied", "UserError")


def test_download_fails(tmp_path: Path, url: str) -> None:
    """The attempt ends before its command starts; the next one, which the plan spares, succeeds."""
    with serving(tmp_path, "fail-download max=1") as service, service.client() as client:
        add_job(client)
        info = run(client, "cat in", resource_files=resource(url), retries=1)
        assert (info.exit_code, info.retry_count) == (0, 1)
        assert b"".join(client.download_task_file("job", "task", "stdout.txt")) == b"brought"


def test_failed_download_is_told_as_batch_does(tmp_path: Path, url: str) -> None:
    """It is the storage account's fault."""
    with serving(tmp_path, "fail-download") as service, service.client() as client:
        add_job(client)
        info = run(client, "cat in", resource_files=resource(url))
    assert (info.exit_code, info.result) == (None, FAILURE)
    assert failure_of(info)[:2] == ("BlobDownloadMiscError", "ServerError")


def test_files_of_a_start_task_cannot_be_downloaded(tmp_path: Path, url: str) -> None:
    """It never starts, and its node takes no tasks until it starts again."""
    start = models.BatchStartTask(command_line="true", wait_for_success=True, resource_files=resource(url))
    with serving(tmp_path, "fail-start-task download=yes max=1") as service, service.client() as client:
        add_job(client, start_task=start)
        node = await_node(client, models.BatchNodeState.START_TASK_FAILED)
        info = present(node.start_task_info)
        assert (info.exit_code, present(info.failure_info).code) == (None, "BlobDownloadMiscError")
        client.begin_reboot_node("pool", node.id, REBOOT, polling_interval=0).wait()
        await_node(client, models.BatchNodeState.IDLE)


def test_tasks_with_files_survive_all_that_passes(tmp_path: Path, container: ContainerClient, url: str) -> None:
    """Every task succeeds in the end, and all that it was to upload is there whole."""
    plan = (
        "seed=1; slow-download=0.2:20ms; fail-download=0.2; expired-sas=0.1; slow-upload=0.2:20ms; "
        "preempt=0.1; lose-node=0.05; kill-task=0.1:0"
    )
    ids = [f"task-{number}" for number in range(50)]
    options = models.OutputFileUploadConfiguration(upload_condition=models.OutputFileUploadCondition.TASK_SUCCESS)
    tasks = [
        models.BatchTaskCreateOptions(
            id=task_id,
            command_line="cat in",
            constraints=models.BatchTaskConstraints(max_task_retry_count=-1),
            resource_files=resource(url),
            output_files=[
                models.OutputFile(
                    file_pattern="../stdout.txt", destination=destination(url, task_id), upload_options=options
                )
            ],
        )
        for task_id in ids
    ]
    with serving(tmp_path, plan) as service, service.client() as client:
        add_job(client, target_low_priority_nodes=2)
        client.create_tasks("job", tasks)
        counts = client.get_job_task_counts
        wait_until(lambda: present(counts("job").task_counts).succeeded == len(ids))
    assert {container.download_blob(task_id).readall() for task_id in ids} == {b"brought"}
    assert len({line["fault"] for line in put_in(tmp_path)}) == 7


def _has_written(client: BatchClient, file: str) -> bool:
    return any(each.name == file for each in client.list_task_files("job", "task"))


def test_slow_download_keeps_a_task_from_starting(tmp_path: Path, url: str) -> None:
    """Its folder is there and its command is not started; it can be ended all the same."""
    with serving(tmp_path, "slow-download:1h") as service, service.client() as client:
        add_job(client)
        add(client, "cat in", resource_files=resource(url))
        wait_until(lambda: client.get_task("job", "task").state == models.BatchTaskState.RUNNING)
        wait_until(lambda: _has_written(client, "wd"))
        assert not _has_written(client, "stdout.txt")
        client.terminate_task("job", "task")
        assert failure_of(completed(client))[0] == "TaskEnded"


def test_slow_upload_keeps_a_task_from_being_completed(tmp_path: Path, container: ContainerClient, url: str) -> None:
    """Its command has ended, and the task runs; a service that is stopped meanwhile does not wait for it."""
    with serving(tmp_path, "slow-upload:1h") as service, service.client() as client:
        add_job(client)
        add(client, "echo done", output_files=outputs(url))
        wait_until(lambda: _has_written(client, "fileuploadout.txt"))
        assert client.get_task("job", "task").state == models.BatchTaskState.RUNNING
        assert list(container.list_blob_names()) == ["in"]


def test_files_that_travel_slowly_arrive(tmp_path: Path, container: ContainerClient, url: str) -> None:
    """Both ways."""
    with serving(tmp_path, "slow-download:50ms; slow-upload:50ms") as service, service.client() as client:
        add_job(client)
        info = run(client, "cat in", resource_files=resource(url), output_files=outputs(url))
    assert (info.exit_code, info.failure_info) == (0, None)
    assert container.download_blob("stdout").readall() == b"brought"
    assert len(put_in(tmp_path)) == 2

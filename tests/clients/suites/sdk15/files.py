"""Files of tasks and nodes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.clients.suites.sdk15.support import present, text_of
from tests.clients.suites.support import shell, wait_until

SCRIPT = 'mkdir "out dir"; printf 0123456789 > "out dir/a+b%41.txt"; echo said'


@pytest.fixture
def ran(run: Callable[..., models.BatchTask]) -> models.BatchTask:
    """A task that left a file with an awkward name."""
    return run(shell(SCRIPT))


def test_files_are_listed_with_their_sizes(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """Folders at the top alone, everything when asked for."""
    assert {found.name for found in client.list_task_files(job, "task")} >= {"stdout.txt", "stderr.txt", "wd"}
    files = {found.name: found for found in client.list_task_files(job, "task", recursive=True)}
    properties = present(files["wd/out dir/a+b%41.txt"].properties)
    assert (properties.content_length, files["wd"].is_directory) == (10, True)


def test_awkward_name_is_read_whole_and_in_part(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """A slice is answered 200: this client takes a 206 for an error."""
    path = "wd/out dir/a+b%41.txt"
    assert text_of(client, job, "task", path) == "0123456789"
    assert b"".join(client.download_task_file(job, "task", path, ocp_range="bytes=2-4")) == b"234"


def test_properties_come_without_the_contents(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """With the file's true size."""
    found = client.get_task_file_properties(job, "task", "stdout.txt")
    assert (found.content_length, found.is_directory) == (5, False)
    assert "stdout.txt" in present(found.url)
    assert present(found.file_mode).startswith("0o")
    assert client.get_task_file_properties(job, "task", "wd").is_directory


def test_file_that_did_not_change_is_not_sent(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """304 to whoever has it already; 412 to whoever wanted the old one."""
    changed = client.get_task_file_properties(job, "task", "stdout.txt").last_modified
    with pytest.raises(HttpResponseError) as caught:
        b"".join(client.download_task_file(job, "task", "stdout.txt", if_modified_since=changed))
    assert caught.value.status_code == 304
    old = changed - timedelta(days=1)
    with pytest.raises(HttpResponseError) as refused:
        b"".join(client.download_task_file(job, "task", "stdout.txt", if_unmodified_since=old))
    assert refused.value.status_code == 412


def test_output_is_read_while_the_task_writes(client: BatchClient, job: str) -> None:
    """What it has said so far."""
    command = shell("echo first; sleep 600")
    client.create_task(job, models.BatchTaskCreateOptions(id="task", command_line=command))
    wait_until(lambda: client.get_task(job, "task").state == "running")

    def said() -> bool:
        try:
            return text_of(client, job, "task") == "first\n"
        except HttpResponseError:  # not there yet
            return False

    wait_until(said)
    client.terminate_task(job, "task")


def test_file_and_folder_are_deleted(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """A folder with something in it only when asked to."""
    with pytest.raises(HttpResponseError):
        client.delete_task_file(job, "task", "wd/out dir")
    client.delete_task_file(job, "task", "wd/out dir", recursive=True)
    client.delete_task_file(job, "task", "stderr.txt")
    left = {found.name for found in client.list_task_files(job, "task", recursive=True)}
    assert not left & {"wd/out dir", "stderr.txt"}


def test_file_that_is_not_there_is_not_found(client: BatchClient, job: str, ran: models.BatchTask) -> None:
    """With Azure's code; the answer to HEAD has no body to hold one."""
    with pytest.raises(HttpResponseError) as caught:
        b"".join(client.download_task_file(job, "task", "wd/none"))
    assert caught.value.status_code == 404  # this client leaves the body of a download unread
    with pytest.raises(HttpResponseError) as caught:
        client.get_task_file_properties(job, "task", "wd/none")
    assert caught.value.status_code == 404


@pytest.fixture
def place(client: BatchClient, job: str, ran: models.BatchTask) -> tuple[str, str, str]:
    """The task's folder, as its node names it."""
    info = present(client.get_task(job, "task").node_info)
    return present(info.pool_id), present(info.node_id), present(info.task_root_directory)


def test_files_of_a_node_are_read_and_deleted(client: BatchClient, place: tuple[str, str, str]) -> None:
    """The same file, by the node's name for it."""
    pool, node, root = place
    path = f"{root}/stdout.txt"
    assert b"".join(client.download_node_file(pool, node, path, ocp_range="bytes=0-1")) == b"sa"
    assert client.get_node_file_properties(pool, node, path).content_length == 5
    assert path in {found.name for found in client.list_node_files(pool, node, recursive=True)}
    client.delete_node_file(pool, node, path)
    assert path not in {found.name for found in client.list_node_files(pool, node, recursive=True)}

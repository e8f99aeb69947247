"""Files of tasks and nodes, through the official client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.service.support import Running, present

Run = Callable[..., models.BatchTask]


@pytest.fixture
def task(run: Run, job: str) -> str:
    """Return the job of a completed task named ``task`` with some files."""
    run("mkdir -p 'out dir' && printf 0123456789 > 'out dir/a+b.txt' && echo hello && ln -s /etc/passwd leak")
    return job


def test_output_can_be_read(client: BatchClient, task: str) -> None:
    """Standard output lies in the task's folder."""
    assert b"".join(client.download_task_file(task, "task", "stdout.txt")) == b"hello\n"


def test_name_with_blanks_and_signs_can_be_read(client: BatchClient, task: str) -> None:
    """A path comes percent-encoded and means what was encoded."""
    assert b"".join(client.download_task_file(task, "task", "wd/out dir/a+b.txt")) == b"0123456789"


def test_range_is_answered_with_200(client: BatchClient, task: str) -> None:
    """The client refuses 206; a range is a slice with status 200."""
    part = client.download_task_file(task, "task", "wd/out dir/a+b.txt", ocp_range="bytes=2-4")
    assert b"".join(part) == b"234"


def test_range_beyond_the_end_is_refused(client: BatchClient, task: str) -> None:
    """There is nothing to send from behind the end."""
    with pytest.raises(HttpResponseError) as caught:
        client.download_task_file(task, "task", "wd/out dir/a+b.txt", ocp_range="bytes=10-20")
    assert caught.value.status_code == 416


def test_properties_hold_size_and_kind(client: BatchClient, task: str) -> None:
    """A HEAD carries the true size, the mode and whether it is a folder."""
    properties = client.get_task_file_properties(task, "task", "wd/out dir/a+b.txt")
    assert (properties.content_length, properties.is_directory) == (10, False)
    assert client.get_task_file_properties(task, "task", "wd").is_directory


def test_listing_is_flat_or_recursive(client: BatchClient, task: str) -> None:
    """A recursive listing enters folders; links out of the folder are in neither."""
    flat = [item.name for item in client.list_task_files(task, "task")]
    deep = [item.name for item in client.list_task_files(task, "task", recursive=True, max_results=2)]
    assert {"stdout.txt", "stderr.txt", "wd"} <= set(flat)
    assert "wd/out dir/a+b.txt" in deep
    assert "wd/leak" not in deep


@pytest.mark.parametrize("path", ["wd/leak", "../../../../../lock", "/etc/passwd", "wd/../../../../../../lock"])
def test_path_that_leaves_the_folder_is_not_found(client: BatchClient, task: str, path: str) -> None:
    """Neither links nor dots lead out of the task's folder."""
    with pytest.raises(ResourceNotFoundError):
        client.download_task_file(task, "task", path)


def test_unknown_file_is_not_found(client: BatchClient, task: str) -> None:
    """A file that is not there answers 404."""
    with pytest.raises(ResourceNotFoundError):
        client.download_task_file(task, "task", "none.txt")


def test_deleted_file_is_gone(client: BatchClient, task: str) -> None:
    """A file can be deleted; a folder with files only recursively."""
    with pytest.raises(HttpResponseError):
        client.delete_task_file(task, "task", "wd/out dir")
    client.delete_task_file(task, "task", "wd/out dir", recursive=True)
    with pytest.raises(ResourceNotFoundError):
        client.get_task_file_properties(task, "task", "wd/out dir")


def test_unmodified_file_answers_so(client: BatchClient, task: str) -> None:
    """A read under If-Modified-Since with a later time answers 304."""
    later = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(HttpResponseError) as caught:
        client.download_task_file(task, "task", "stdout.txt", if_modified_since=later)
    assert caught.value.status_code == 304


def test_files_of_a_task_that_has_not_run_are_unavailable(client: BatchClient, job: str) -> None:
    """A task that waits has no node, and so no files."""
    wanted = models.BatchTaskDependencies(task_ids=["never"])
    client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="true", depends_on=wanted))
    with pytest.raises(HttpResponseError, match="TaskFilesUnavailable"):
        list(client.list_task_files(job, "a"))


def test_node_files_hold_the_tasks(client: BatchClient, task: str) -> None:
    """A node's folder has Azure's layout, and leads to the task's files."""
    info = present(client.get_task(task, "task").node_info)
    roots = {item.name for item in client.list_node_files("pool", present(info.node_id))}
    assert {"applications", "fsmounts", "shared", "startup", "volatile", "workitems"} <= roots
    path = f"{info.task_root_directory}/stdout.txt"
    assert b"".join(client.download_node_file("pool", present(info.node_id), path)) == b"hello\n"


def test_secrets_are_out_of_a_nodes_reach(client: BatchClient, service: Running) -> None:
    """No node file leads to the service's own folder."""
    (node,) = client.list_nodes("pool")
    assert (service.data / "secrets" / "batch_account_key").exists()
    with pytest.raises(ResourceNotFoundError):
        client.download_node_file("pool", node.id, "../../../secrets/batch_account_key")


def test_pipe_in_a_task_folder_is_not_found_and_hangs_nobody(client: BatchClient, run: Run, job: str) -> None:
    """Reading it would wait for a writer, and keep every other download waiting."""
    run("mkfifo pipe && echo hello")
    for _ in range(45):
        with pytest.raises(ResourceNotFoundError):
            list(client.download_task_file(job, "task", "wd/pipe"))
    assert b"".join(client.download_task_file(job, "task", "stdout.txt")) == b"hello\n"


def test_deleting_a_link_leaves_what_it_leads_to(client: BatchClient, run: Run, job: str) -> None:
    """The link goes, also one that leads nowhere."""
    run("mkdir kept && echo x > kept/file && ln -s kept folder && ln -s kept/file file && ln -s nowhere gone")
    for link in ("wd/folder", "wd/file", "wd/gone"):
        client.delete_task_file(job, "task", link, recursive=True)
    assert b"".join(client.download_task_file(job, "task", "wd/kept/file")) == b"x\n"
    names = {file.name for file in client.list_task_files(job, "task", recursive=True)}
    assert not names & {"wd/folder", "wd/file", "wd/gone"}


@pytest.mark.parametrize("path", ["a" * 300, "/".join("a" * 1000)])
def test_path_that_no_file_can_have_is_not_found(client: BatchClient, task: str, path: str) -> None:
    """Too long a name is a wrong name, not a fault of the service."""
    with pytest.raises(ResourceNotFoundError):
        list(client.download_task_file(task, "task", path))


def test_range_with_thousands_of_digits_is_refused(client: BatchClient, task: str) -> None:
    """A client's mistake, not the service's."""
    with pytest.raises(HttpResponseError) as caught:
        list(client.download_task_file(task, "task", "stdout.txt", ocp_range="bytes=0-" + "9" * 5000))
    assert caught.value.status_code == 400


def test_folder_of_any_depth_can_be_deleted(client: BatchClient, run: Run, job: str) -> None:
    """Though its deepest files have longer paths than the system takes."""
    name = "d" * 100
    run(f"i=0; while [ $i -lt 60 ]; do mkdir {name} && cd {name} || exit 1; touch file; i=$((i + 1)); done")
    client.delete_task_file(job, "task", f"wd/{name}", recursive=True)
    assert [file.name for file in client.list_task_files(job, "task", recursive=True)] == [
        "stderr.txt",
        "stdout.txt",
        "wd",
    ]

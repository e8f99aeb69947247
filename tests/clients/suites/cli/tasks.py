"""Tasks and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.suites.cli.support import AzFailed, Run, batch, has_ended, refused, text_of, written
from tests.clients.suites.support import shell, wait_until


def test_task_tells_how_it_went(job: str, run: Run, folder: Path) -> None:
    """Its exit code, its result, what it said."""
    run(shell("echo hello $WORD; exit 3"), "task", "--environment-settings", "WORD=world")
    info = batch("task", "show", "--job-id", job, "--task-id", "task")["executionInfo"]
    assert (info["exitCode"], info["result"], info["failureInfo"]["code"]) == (3, "failure", "FailureExitCode")
    assert text_of(folder, job, "task") == "hello world\n"


def test_many_tasks_come_from_one_file(job: str, folder: Path) -> None:
    """More than a request may hold; az cuts them into chunks."""
    batch("job", "disable", "--job-id", job, "--disable-tasks", "requeue")
    body = [{"id": f"t{number:03}", "commandLine": "true"} for number in range(150)]
    results = batch("task", "create", "--job-id", job, "--json-file", written(folder, body))
    assert len(results) == 150
    assert len(batch("task", "list", "--job-id", job, "--select", "id")) == 150


def test_refused_task_is_told_from_accepted_ones(job: str, folder: Path) -> None:
    """The command says which could not be added."""
    body = [{"id": "good", "commandLine": "true"}, {"id": "not an id", "commandLine": "true"}]
    with pytest.raises(AzFailed):
        batch("task", "create", "--job-id", job, "--json-file", written(folder, body))
    assert [task["id"] for task in batch("task", "list", "--job-id", job)] == ["good"]


def test_dependent_waits_for_its_parent(job: str, run: Run, folder: Path) -> None:
    """It runs once the parent satisfies."""
    child = {"id": "child", "commandLine": "true", "dependsOn": {"taskIds": ["first"]}}
    batch("task", "create", "--job-id", job, "--json-file", written(folder, child))
    assert batch("task", "show", "--job-id", job, "--task-id", "child")["state"] == "active"
    run("true", "first")
    wait_until(lambda: has_ended(job, "child"))


def test_task_obeys_its_verbs(job: str) -> None:
    """Reset, stopped, reactivated, deleted, gone."""
    place = ("--job-id", job, "--task-id", "task")
    batch("task", "create", *place, "--command-line", "sleep 600")
    batch("task", "reset", *place, "--max-task-retry-count", "3")
    assert batch("task", "show", *place)["constraints"]["maxTaskRetryCount"] == 3
    batch("task", "stop", *place)
    wait_until(lambda: has_ended(job, "task"))
    batch("task", "reactivate", *place)
    batch("task", "delete", *place, "--yes")
    with refused("TaskNotFound"):
        batch("task", "show", *place)


def test_list_is_filtered_and_selected(job: str, run: Run) -> None:
    """What is not selected is absent."""
    run("true", "a")
    run("false", "b")
    words = ("--filter", "executionInfo/exitCode eq 1", "--select", "id, state")
    assert [task["id"] for task in batch("task", "list", "--job-id", job, *words)] == ["b"]


def test_files_are_listed_read_and_deleted(job: str, run: Run, folder: Path) -> None:
    """Whole and in part; ``file show`` fails in this az itself, whatever it is answered."""
    path = "wd/out dir/a+b%41.txt"
    run(shell('mkdir "out dir"; printf 0123456789 > "out dir/a+b%41.txt"'))
    place = ("--job-id", job, "--task-id", "task")
    files = {file["name"]: file for file in batch("task", "file", "list", *place, "--recursive")}
    assert str(files[path]["properties"]["contentLength"]) == "10"
    assert text_of(folder, job, "task", path) == "0123456789"
    assert text_of(folder, job, "task", path, "--start-range", "2", "--end-range", "4") == "234"
    batch("task", "file", "delete", *place, "--file-path", path, "--yes")
    left = {file["name"] for file in batch("task", "file", "list", *place, "--recursive")}
    assert path not in left


def test_files_of_a_node_are_listed(job: str, run: Run) -> None:
    """By the node's name for the task's folder."""
    run("true")
    info = batch("task", "show", "--job-id", job, "--task-id", "task")["nodeInfo"]
    words = ("--pool-id", info["poolId"], "--node-id", info["nodeId"], "--recursive")
    names = {file["name"] for file in batch("node", "file", "list", *words)}
    assert f"{info['taskRootDirectory']}/stdout.txt" in names


def test_unknown_file_is_not_found(job: str, run: Run, folder: Path) -> None:
    """And nothing is written where it was to go."""
    run("true")
    with pytest.raises(AzFailed):
        text_of(folder, job, "task", "wd/none")

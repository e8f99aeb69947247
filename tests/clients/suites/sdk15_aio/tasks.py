"""Tasks and their files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

from tests.clients.suites.sdk15_aio.support import connect, job_of, present, run, text_of, wait_for
from tests.clients.suites.support import Account, shell


def many(count: int, command: str = "true") -> list[models.BatchTaskCreateOptions]:
    """Return as many tasks."""
    return [models.BatchTaskCreateOptions(id=f"t{number:03}", command_line=command) for number in range(count)]


async def test_task_tells_how_it_went(account: Account, pool: str, name: str) -> None:
    """Its exit code, its result, what it said."""
    async with connect(account) as client, job_of(client, name, pool):
        task = await run(client, name, shell("echo hello; exit 3"))
        info = present(task.execution_info)
        assert (info.exit_code, info.result, present(info.failure_info).code) == (3, "failure", "FailureExitCode")
        assert await text_of(client, name, "task") == "hello\n"


@pytest.mark.parametrize("at_once", [0, 3])
async def test_many_tasks_are_added_in_chunks(account: Account, pool: str, name: str, at_once: int) -> None:
    """One after another or several together, all are submitted."""
    async with connect(account) as client, job_of(client, name, pool):
        result = await client.create_tasks(name, many(250), max_concurrency=at_once)
        assert len(present(result.result_values)) == 250
        assert len({task.id async for task in client.list_tasks(name, max_results=100, select=["id"])}) == 250


async def test_refused_task_is_told_from_accepted_ones(account: Account, pool: str, name: str) -> None:
    """The status of a failure is spelt as this client compares it."""
    bad = models.BatchTaskCreateOptions(id="not an id", command_line="true")
    async with connect(account) as client, job_of(client, name, pool):
        with pytest.raises(models.CreateTasksError) as caught:
            await client.create_tasks(name, [*many(2), bad])
        assert [failure.task_id for failure in caught.value.failure_tasks] == ["not an id"]


async def test_too_large_a_request_is_halved(account: Account, pool: str, name: str) -> None:
    """Each part is below a megabyte."""
    async with connect(account) as client, job_of(client, name, pool):
        result = await client.create_tasks(name, many(40, "true " + "x" * 60_000))
        assert len(present(result.result_values)) == 40


async def test_dependent_waits_for_its_parent(account: Account, pool: str, name: str) -> None:
    """It runs once the parent satisfies."""
    async with connect(account) as client, job_of(client, name, pool, uses_task_dependencies=True):
        wanted = models.BatchTaskDependencies(task_ids=["first"])
        child = models.BatchTaskCreateOptions(id="child", command_line="true", depends_on=wanted)
        await client.create_task(name, child)
        assert (await client.get_task(name, "child")).state == "active"
        await run(client, name, "true", "first")

        async def has_ended() -> bool:
            return (await client.get_task(name, "child")).state == "completed"

        await wait_for(has_ended)


async def test_task_is_terminated_reactivated_and_deleted(account: Account, pool: str, name: str) -> None:
    """Each verb takes effect before its answer."""
    async with connect(account) as client, job_of(client, name, pool):
        limits = models.BatchTaskConstraints(max_wall_clock_time=timedelta(milliseconds=100))
        await run(client, name, "sleep 600", constraints=limits)
        await client.reactivate_task(name, "task")
        assert (await client.get_task(name, "task")).state in {"active", "running", "completed"}
        await client.delete_task(name, "task")
        with pytest.raises(HttpResponseError) as caught:
            await client.get_task(name, "task")
        assert (caught.value.status_code, present(caught.value.error).code) == (404, "TaskNotFound")


async def test_files_are_listed_read_and_deleted(account: Account, pool: str, name: str) -> None:
    """A slice is answered 200; a name may hold what an address must escape."""
    path = "wd/out dir/a+b%41.txt"
    async with connect(account) as client, job_of(client, name, pool):
        await run(client, name, shell('mkdir "out dir"; printf 0123456789 > "out dir/a+b%41.txt"'))
        assert await text_of(client, name, "task", path, ocp_range="bytes=2-4") == "234"
        assert (await client.get_task_file_properties(name, "task", path)).content_length == 10
        assert path in {found.name async for found in client.list_task_files(name, "task", recursive=True)}
        await client.delete_task_file(name, "task", path)
        with pytest.raises(HttpResponseError) as caught:
            await client.get_task_file_properties(name, "task", path)
        assert caught.value.status_code == 404


async def test_files_of_a_node_are_read(account: Account, pool: str, name: str) -> None:
    """By the node's name for the task's folder."""
    async with connect(account) as client, job_of(client, name, pool):
        info = present((await run(client, name, shell("echo said"))).node_info)
        path = f"{info.task_root_directory}/stdout.txt"
        chunks = await client.download_node_file(pool, present(info.node_id), path)
        assert b"".join([chunk async for chunk in chunks]) == b"said\n"


async def test_bad_filter_is_refused(account: Account, pool: str, name: str) -> None:
    """Before anything is listed."""
    async with connect(account) as client, job_of(client, name, pool):
        with pytest.raises(HttpResponseError) as caught:
            assert [task async for task in client.list_tasks(name, filter="nothing eq 'x'")] == []
    assert caught.value.status_code == 400

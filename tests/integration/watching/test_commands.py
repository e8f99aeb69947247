"""``list``, ``status``, ``watch``, ``logs`` and ``why`` as whoever types them has them, on a real service."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from batch_manager._azure.connect import batch_sdk
from batch_manager._azure.requests import job_body, pool_body
from batch_manager.definitions import JobDefinition, PoolDefinition, TaskDefinition
from batch_manager.errors import NotFoundError
from batch_manager.watching.following import Follower, Notice
from batch_manager.watching.gathering import gather
from batch_manager.watching.looks import Watcher
from batch_manager.watching.reasons import explain
from tests.integration.watching.conftest import POOL, Account, wait_for

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def shown(account: Account, *words: str, code: int = 0) -> Any:
    """What a command prints with ``--json``."""
    done = account.run(*words, "--json")
    assert done.exit_code == code, done.stderr
    return json.loads(done.stdout)


def test_list_has_the_jobs_that_were_asked_for(account: Account, failed: str) -> None:
    """By owner, tag, outcome and pool; how it ended and its counts in the line."""
    found = shown(account, "list", "--owner", "ada", "--tag", "study=north", "--state", "failed", "--pool", POOL)
    (job,) = found["jobs"]
    assert (job["id"], job["outcome"], job["errorCode"]) == (failed, "failed", "TasksFailed")
    assert job["counts"] == {"succeeded": 0, "failed": 1, "skipped": 1, "cancelled": 0}


def test_list_leaves_out_what_was_not_asked_for(account: Account, failed: str) -> None:
    """Nothing is as old as that."""
    done = account.run("list", "--older-than", "7d")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no such job\n")


def test_logs_without_a_task_shows_those_that_failed(account: Account, failed: str) -> None:
    """Standard error first; the skipped one has nothing to say."""
    done = account.run("logs", failed)
    assert done.stdout == "==> task 1 (bad 1), exit code 3: stderr.txt <==\nno licence\n"


def test_logs_of_a_task_come_from_storage(account: Account, failed: str) -> None:
    """The last line of the task that a name without its number names."""
    done = account.run("logs", failed, "bad", "--tail", "1")
    assert (done.exit_code, done.stdout) == (0, "last\n")


def test_watch_of_a_job_that_has_ended_exits_with_its_outcome(account: Account, failed: str) -> None:
    """As ``wait`` does."""
    found = shown(account, "watch", failed, code=1)
    assert (found["outcome"], found["failures"][0]["taskId"]) == ("failed", "1")


def test_why_of_a_failed_job_names_the_failure(account: Account, failed: str) -> None:
    """And the commands that come next."""
    (reason,) = shown(account, "why", failed)["reasons"]
    assert reason["details"] == ["task 1 (bad 1) failed: the command ended with exit code 3"]
    assert f"batch-manager rerun --failed {failed}" in reason["nextStep"]


def test_unknown_job_is_one_line(account: Account) -> None:
    """With where to look."""
    done = account.run("status", "nobody")
    assert (done.exit_code, done.stdout) == (69, "")
    assert "'batch-manager list' shows the jobs" in done.stderr


def test_retry_of_a_job_that_has_ended_names_rerun(account: Account, failed: str) -> None:
    """Batch starts nothing of it any more."""
    done = account.run("retry", failed, "1")
    assert done.exit_code == 65
    assert f"batch-manager rerun --failed {failed}" in done.stderr


def test_watch_follows_a_job_to_its_end(account: Account, tmp_path: Path) -> None:
    """In a pipe, line by line; then how it ended, and its exit code."""
    job_id = account.submit({"slow": f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"})
    words = [sys.executable, "-m", "batch_manager.cli", "watch", job_id, "--interval", "0.2"]
    with subprocess.Popen(words, env=account.local.environment, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        first = watch.stdout.readline()
        (tmp_path / "go").touch()
        rest = watch.stdout.read()
    assert f"{job_id} active" in first
    assert (f"job {job_id} succeeded" in rest, watch.returncode) == (True, 0)


def test_log_is_followed_from_the_node_to_its_end(account: Account, tmp_path: Path) -> None:
    """Byte for byte, while it grows, whatever the bytes are."""
    line = f'printf one; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; printf "\\\\377two"'
    job_id = account.submit({"slow": line})
    wait_for(lambda: any(task.id == "1" for task in account.client.list_tasks(job_id)), "the task was added")
    follower = Follower(
        account.client, account.files, job_id, "1", "stdout.txt", sleep=lambda seconds: time.sleep(0.05)
    )
    content = b""
    for piece in follower.follow():
        content += b"" if isinstance(piece, Notice) else piece
        if content == b"one":
            (tmp_path / "go").touch()
    assert content == b"one\xfftwo"


def test_files_on_nodes_are_read_by_ranges(account: Account, failed: str) -> None:
    """Size, time, a part; what is not there is said not to be, by Batch's code."""
    found = account.files.task_file(failed, "1", "stdout.txt")
    assert (found.size, found.last_modified.tzinfo) == (11, UTC)
    assert account.files.read_task_file(failed, "1", "stdout.txt", 6, 99) == b"last\n"
    with pytest.raises(NotFoundError) as caught:
        account.files.task_file(failed, "1", "wd/it's not there")
    assert caught.value.code == "FileNotFound"


def test_a_look_costs_the_same_for_one_task_and_for_a_thousand(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever there is to say: tasks that wait, tasks that failed, a pool without nodes."""
    account.client.create_pool(PoolDefinition(id="empty", target_dedicated_nodes=0))
    jobs = [_waiting_job(account, "few", 2), _waiting_job(account, "many", 1000)]
    costs = []
    for job_id in jobs:
        watcher = Watcher(account.operations, account.client, job_id)
        with monkeypatch.context() as patch:
            requests = _counted(patch)
            look = watcher.look(NOW)
        assert (len(look.failures), len(look.waits_for)) == (1, 1)
        costs.append(len(requests))
    assert costs[0] == costs[1] < 15


def test_why_reads_the_end_of_the_start_task_s_log(account: Account) -> None:
    """What a person would have to look for on the node."""
    body = pool_body(PoolDefinition(id="lame"))
    line = "/bin/sh -c 'echo no such server >&2; exit 7'"
    body["startTask"] = {"commandLine": line, "waitForSuccess": True}
    batch_sdk(account.settings).create_pool(body)  # type: ignore[arg-type]
    wait_for(lambda: {node.state for node in account.client.list_nodes("lame")} == {"starttaskfailed"}, "it failed")
    job_id = _waiting_job(account, "lame", 1, pool_id="lame")
    facts = gather(account.operations, account.client, account.files, job_id, now=NOW, silent=timedelta(minutes=10))
    first = explain(facts)[0]
    assert (first.code, first.details[-1].rpartition(": ")[2]) == ("start_task_fails", "no such server")


def test_why_reads_the_end_of_the_preparation_task_s_log(account: Account) -> None:
    """Of a node where it failed."""
    line = "/bin/sh -c 'echo no disk >&2; exit 5'"
    preparation = {"commandLine": line, "constraints": {"maxTaskRetryCount": 0}}
    job_id = _waiting_job(account, "unprepared", 1, pool_id=POOL, jobPreparationTask=preparation)
    listed = account.client.list_job_preparation
    wait_for(lambda: any(record.succeeded is False for record in listed(job_id)), "it failed")
    facts = gather(account.operations, account.client, account.files, job_id, now=NOW, silent=timedelta(minutes=10))
    account.operations.delete_job(job_id)
    first = explain(facts)[0]
    assert (first.code, first.details[-1].rpartition(": ")[2]) == ("preparation_fails", "no disk")


def test_why_names_a_task_that_has_gone_silent(account: Account, tmp_path: Path) -> None:
    """By the times of its files: an hour later it has written nothing for an hour."""
    job_id = account.submit({"slow": f"echo begun; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"})
    wait_for(lambda: any(task.record.id == "1" for task in account.operations.list_running(job_id)), "it runs")
    later = datetime.now(UTC) + timedelta(hours=1)
    facts = gather(account.operations, account.client, account.files, job_id, now=later, silent=timedelta(minutes=10))
    (tmp_path / "go").touch()
    assert explain(facts)[0].code == "silent"
    assert timedelta(minutes=59) < facts.quiet["1"] < timedelta(minutes=61)


def test_job_is_deleted_once(account: Account, failed: str) -> None:
    """A second time, and one that was never there, are the same success."""
    job_id = _waiting_job(account, "gone", 1)
    for name in (job_id, job_id, "never-there"):
        account.operations.delete_job(name)
    wait_for(lambda: all(job.id != job_id for job in account.operations.list_jobs()), "it is gone")


def _waiting_job(account: Account, job_id: str, tasks: int, *, pool_id: str = "empty", **more: object) -> str:
    """A job on a pool where nothing runs, whose first task was ended."""
    body = job_body(JobDefinition(id=job_id, pool_id=pool_id, job_manager=TaskDefinition(id="m", command_line="m")))
    del body["jobManagerTask"]
    body |= more  # type: ignore[arg-type]
    batch_sdk(account.settings).create_job(body)  # type: ignore[arg-type]
    drafts = [TaskDefinition(id=str(number), command_line="true") for number in range(1, tasks + 1)]
    for start in range(0, tasks, 100):
        account.client.add_tasks(job_id, drafts[start : start + 100])
    if tasks > 1:
        account.client.terminate_task(job_id, "1")
    return job_id


def _counted(patch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of the requests to Batch from now on."""
    urls: list[str] = []
    send = RequestsTransport.send

    def counting(self: RequestsTransport, request: Any, **options: Any) -> Any:
        urls.append(request.url)
        return send(self, request, **options)

    patch.setattr(RequestsTransport, "send", counting)
    return urls

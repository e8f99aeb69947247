"""The service is killed a hundred times during one job of 2,000 tasks, and loses nothing.

What the kills hit is random. A failure prints the seed, and ``HUNDRED_KILLS_SEED=... make test
ARGS=tests/service/test_hundred_kills.py`` makes the same choices again; what runs at each moment the machine decides.
"""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from azure.batch import BatchClient, models

from dispatcher.processes import send_signal
from tests.service.killing import JOB, Records, Submitter, Victim, add_pool_and_job
from tests.service.support import DEADLINE, present

KILLS = int(os.environ.get("HUNDRED_KILLS", "100"))
TASKS = 20 * KILLS
STARTING_SECONDS = 0.9
SERVING_SECONDS = 0.5
LAST_SECONDS = 180.0


@pytest.fixture
def random() -> Random:
    """Return what decides; its seed is printed when the test fails."""
    seed = int(os.environ.get("HUNDRED_KILLS_SEED", secrets.randbelow(10**9)))
    print(f"HUNDRED_KILLS_SEED={seed}")
    return Random(seed)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Return where tasks write what they do."""
    records = Records(folder=tmp_path / "records", marker=f"86400.{secrets.randbelow(10**9):09}")
    records.prepare()
    return records


@pytest.fixture
def victim(tmp_path: Path, records: Records, random: Random) -> Iterator[Victim]:
    """Return the service, not started; it and what it left is dead at the end."""
    victim = Victim(data=tmp_path / "data", records=records, random=random)
    yield victim
    if victim.process is not None and victim.process.poll() is None:
        victim.kill(with_nodes=True)
    for pid in records.left():
        send_signal(pid, signal.SIGKILL)


def completed(client: BatchClient) -> dict[str, models.BatchTask]:
    """Return the completed tasks by id."""
    tasks = client.list_tasks(JOB, filter="state eq 'completed'", select=["id", "executionInfo", "state"])
    return {present(task.id): task for task in tasks}


def kill_somehow(victim: Victim, submitter: Submitter, random: Random) -> dict[str, int]:
    """Start the service and kill it, somewhere; return how often the tasks ran that were seen to be completed."""
    victim.start()
    if random.random() < 0.2:
        time.sleep(random.uniform(0, STARTING_SECONDS))
        victim.kill(with_nodes=random.random() < 0.3)
        return {}
    client = victim.client()
    submitter.allow()
    time.sleep(random.uniform(0, SERVING_SECONDS))
    if random.random() < 0.2:
        victim.kill_nodes()
        time.sleep(random.uniform(0, SERVING_SECONDS))
    seen = completed(client) if random.random() < 0.2 else {}
    runs = {task_id: victim.records.of(task_id)["begin"] for task_id in seen}
    victim.kill(with_nodes=random.random() < 0.3)
    return runs


def test_hundred_kills_lose_nothing(victim: Victim, records: Records, random: Random) -> None:
    """Nor does anything run twice at once, or again once it was completed, or outlive the service."""
    victim.start()
    client = victim.client()
    add_pool_and_job(client)
    submitter = Submitter(client, [records.task(number) for number in range(1, TASKS + 1)])
    seen: dict[str, int] = {}
    victim.kill()
    for _ in range(KILLS - 1):
        seen |= {task: runs for task, runs in kill_somehow(victim, submitter, random).items() if task not in seen}
    victim.start()
    client = victim.client()
    assert submitter.finish(LAST_SECONDS)
    tasks = await_all(client)
    check_tasks(tasks, records, submitter.accepted)
    check_seen(client, seen, records, random)
    stop(victim)
    assert not records.left()
    print(f"{sum(present(task.execution_info).requeue_count for task in tasks.values())} requeues, {len(seen)} seen")


def await_all(client: BatchClient) -> dict[str, models.BatchTask]:
    """Return all tasks of the job once they are completed."""
    end = time.monotonic() + LAST_SECONDS
    while client.get_job_task_counts(JOB).task_counts.completed < TASKS:
        assert time.monotonic() < end, "the tasks do not end"
        time.sleep(0.1)
    return completed(client)


def check_tasks(tasks: dict[str, models.BatchTask], records: Records, accepted: set[str]) -> None:
    """Check that every task ended well, and what its record and the service say of its runs."""
    assert set(tasks) == accepted == {str(number) for number in range(1, TASKS + 1)}
    for task_id, task in tasks.items():
        info, record = present(task.execution_info), records.of(task_id)
        assert (info.result, info.exit_code, info.retry_count) == ("success", 0, 0), task_id
        assert not {"overlap", "early"} & set(record), f"{task_id}: {record}"
        assert 1 <= record["end"] <= record["begin"] <= info.requeue_count + 1, f"{task_id}: {record}"
    assert any(present(task.execution_info).requeue_count for task in tasks.values())


def check_seen(client: BatchClient, seen: dict[str, int], records: Records, random: Random) -> None:
    """Check that what was completed once never ran again, and that its files are there."""
    assert {task_id: records.of(task_id)["begin"] for task_id in seen} == seen
    for task_id in random.sample(sorted(seen), min(50, len(seen))):
        content = b"".join(client.download_task_file(JOB, task_id, "stdout.txt"))
        assert content.decode().split() == [task_id]


def stop(victim: Victim) -> None:
    """Let the service end as it is told to, and look at its state."""
    process = present(victim.process)
    present(process.stdin).close()
    assert process.wait(DEADLINE) == 0
    with closing(sqlite3.connect(victim.data / "state.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

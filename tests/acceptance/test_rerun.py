"""``batch-manager`` waits for jobs, ends them and runs them again, on a real service, as whoever types it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from shlex import quote

import pytest

from batch_manager import JobRequest, submit_job
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.naming import container_name
from dispatcher.local import LOCAL_IDENTITY, local_client
from dispatcher.stack import LocalStack
from tests.acceptance.conftest import WORKLOADS, wait_for

SECONDS = 240
_numbers = count()
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack() as stack:
        pool = PoolDefinition(id="pool", target_dedicated_nodes=1, task_slots_per_node=2)
        local_client(stack).create_pool(pool)
        yield stack


@pytest.fixture
def command(stack: LocalStack) -> Command:
    """Runs ``batch-manager`` with an environment that names the stack."""
    account = {
        "AZURE_BATCH_ENDPOINT": stack.batch_endpoint,
        "AZURE_BATCH_ACCOUNT": stack.batch_account,
        "AZURE_BATCH_ACCESS_KEY": stack.batch_key,
        "AZURE_STORAGE_CONNECTION_STRING": stack.storage.connection_string,
        "BATCH_MANAGER_IDENTITY_REFERENCE": LOCAL_IDENTITY,
        "NO_PROXY": "127.0.0.1",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        full = [sys.executable, "-m", "batch_manager.cli", *words]
        environ = {**os.environ, **account}
        return subprocess.run(full, capture_output=True, text=True, timeout=SECONDS, env=environ, check=False)

    return run


@pytest.fixture
def job(stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A job of the workload ``mend``, whose diary is the test's folder."""
    monkeypatch.syspath_prepend(WORKLOADS)
    from mend.workload import MendWorkload

    job_id = f"mend-{next(_numbers)}"
    request = JobRequest(
        job_id=job_id,
        pool_id="pool",
        module="mend",
        launcher=quote(sys.executable),
        parameters={"diary": str(tmp_path)},
        environment_settings={"PYTHONPATH": str(WORKLOADS), SECRETS_DIRECTORY: str(stack.secrets_folder)},
    )
    client = local_client(stack)
    submit_job(MendWorkload(batch_client=client), client, request)
    return job_id


def wait(command: Command, job: str) -> tuple[int, dict[str, int], str]:
    """Wait for a job's end: the exit code, the counts, and the outcome."""
    done = command("wait", job, "--interval", "0.3", "--json")
    assert done.stdout, done.stderr
    outcome = json.loads(done.stdout)
    return done.returncode, {name: n for name, n in outcome["counts"].items() if n}, outcome["outcome"]


def ran(folder: Path) -> list[str]:
    """The parts whose code has run, in order."""
    return sorted((folder / "ran").read_text().split())


def test_rerun_runs_what_failed_and_what_was_skipped(
    command: Command, job: str, stack: LocalStack, tmp_path: Path
) -> None:
    """The rest is taken over with its files, and the first job's files stay as they are."""
    storage = local_client(stack).storage
    assert wait(command, job) == (1, {"succeeded": 4, "failed": 1, "skipped": 1}, "failed")
    (tmp_path / "repaired").touch()
    (tmp_path / "ran").unlink()
    done = command("rerun", job, "--failed", "--wait", "--interval", "0.3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"job {job}-r2: 4 tasks taken over from {job}" in done.stdout
    assert ran(tmp_path) == ["2"]
    assert storage.read(container_name(f"{job}-r2"), "whole.txt") == b"1\n2\n3\n4\n"
    assert storage.read(container_name(job), "parts/2.txt") == b"half a part\n"


def test_rerun_twice_comes_to_the_same_job(command: Command, job: str) -> None:
    """And a rerun of the rerun is the third."""
    wait(command, job)
    first, second = (json.loads(command("rerun", job, "--failed", "--json").stdout) for _ in range(2))
    assert first["jobId"] == second["jobId"] == f"{job}-r2"
    assert (first["copied"], second["copied"]) == (4, None)
    assert wait(command, f"{job}-r2")[1] == {"failed": 1, "skipped": 1, "takenOver": 4}
    assert json.loads(command("rerun", f"{job}-r2", "--failed", "--json").stdout)["jobId"] == f"{job}-r3"


def test_cancelled_job_is_resumed(command: Command, job: str, tmp_path: Path) -> None:
    """What had not succeeded when it was cancelled runs in the rerun."""
    (tmp_path / "wait").touch()
    wait_for(lambda: (tmp_path / "ran").exists() and len(ran(tmp_path)) == 4, "all parts have begun")
    done = command("cancel", job, "--reason", "lunch")
    assert (done.returncode, done.stdout) == (0, f"job {job} is cancelled\n"), done.stderr
    code, _, outcome = wait(command, job)
    assert (code, outcome) == (130, "cancelled")
    (tmp_path / "wait").unlink()
    (tmp_path / "repaired").touch()
    assert command("rerun", job, "--failed", "--wait", "--interval", "0.3").returncode == 0


def test_job_in_which_nothing_failed_is_not_run_again(command: Command, job: str, tmp_path: Path) -> None:
    """Its task for failures was skipped, which is no failure."""
    (tmp_path / "repaired").touch()
    assert wait(command, job) == (0, {"succeeded": 5, "skipped": 1}, "succeeded")
    done = command("rerun", job, "--failed")
    assert (done.returncode, done.stdout) == (65, "")
    assert "every task" in done.stderr


def test_wrong_use_is_one_line_that_says_what_to_do(command: Command, job: str, tmp_path: Path) -> None:
    """With the documented exit code, and nothing happens."""
    (tmp_path / "wait").touch()
    expected = {
        ("rerun", job, "--failed"): (65, "wait for its end, or cancel it"),
        ("rerun", job): (64, "give --failed"),
        ("outcome", job): (65, f"batch-manager wait {job}"),
        ("wait", "nowhere"): (69, "nowhere"),
        ("wait", job, "--limit", "patience=3m"): (65, "pool-empty"),
        ("cancel",): (64, "Missing argument"),
    }
    for words, (code, said) in expected.items():
        done = command(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        assert said in done.stderr
    assert command("cancel", job).returncode == 0
    assert wait(command, job)[2] == "cancelled"
    late = command("cancel", job)
    assert late.returncode == 65 or "is cancelled" in late.stdout


def test_help_imports_no_sdk() -> None:
    """It is what people type first."""
    script = (
        "import sys; sys.argv = ['x', '--help']; from batch_manager.cli.main import main\n"
        "try: main()\n"
        "finally: print([m for m in sys.modules if m.split('.')[0] in ('azure', 'pydantic', 'httpx')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr

"""A submission that is killed at any moment and begun again, on a real service, in good and in bad weather."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from tests.service.support import DEADLINE, Running, present
from tests.service.test_faults_http import serving
from tests.service.test_faults_submission import framework_client
from tests.support.submitting import JOB_ID

TASKS = 800
KILLS = 3
GOOD_WEATHER = "slow-reply=0.3:20ms"
BAD_WEATHER = "throttle=0.1:none@writes; drop-reply=0.2@writes; busy=0.05; partial-add=0.05"


@contextmanager
def _submitting(service: Running) -> Iterator[subprocess.Popen[str]]:
    settings = {
        "AZURE_BATCH_ENDPOINT": service.endpoint,
        "AZURE_BATCH_ACCOUNT": service.account,
        "AZURE_BATCH_ACCESS_KEY": service.key,
        "AZURE_STORAGE_ACCOUNT_URL": "https://unused.blob.core.windows.net",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "tests.support.submitting", str(TASKS)]
    with subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _submit_until(service: Running, requests: int) -> bool:
    """Kill a submission when it says that it makes its so many-th request; whether it had not ended by then."""
    with _submitting(service) as process:
        for _ in range(requests):
            if not present(process.stdout).readline():
                break
        process.kill()
        return process.wait(DEADLINE) == -signal.SIGKILL


@pytest.mark.parametrize("weather", [GOOD_WEATHER, BAD_WEATHER])
@pytest.mark.parametrize("seed", range(2))
def test_submission_killed_again_and_again_adds_each_task_once(tmp_path: Path, seed: int, weather: str) -> None:
    """The kill comes while a request is on its way, is carried out, or is answered."""
    chance = Random(seed)
    with serving(tmp_path, f"seed={seed}; {weather}") as service:
        client = framework_client(service)
        assert sum(_submit_until(service, chance.randint(1, 9)) for _ in range(KILLS)) > 0
        with _submitting(service) as process:
            _, errors = process.communicate(timeout=DEADLINE)
            assert process.returncode == 0, errors
        ids = [task.id for task in client.list_tasks(JOB_ID)]
        expected = {str(n) for n in range(1, TASKS + 1)} | {"manager", FINALIZE_TASK_ID}
        assert (set(ids), len(ids)) == (expected, len(expected))
        finalize = client.get_task(JOB_ID, FINALIZE_TASK_ID)
        assert finalize.depends_on.ranges == ((1, TASKS),)
        assert JOB_MANAGER_TASK_ID not in finalize.depends_on.task_ids

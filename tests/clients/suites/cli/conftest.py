"""The Azure CLI, with the account's name, key and address in its environment and nobody logged in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.clients.suites.cli.support import AzFailed, batch, has_ended, make_pool
from tests.clients.suites.support import Account, account, wait_until

POOL = f"cli-{os.environ.get('PYTEST_XDIST_WORKER', '')}"


@pytest.fixture(scope="session", autouse=True)
def _settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of the suite's own: no telemetry, nobody's login."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AZURE_CONFIG_DIR", str(tmp_path_factory.mktemp("azure")))
        patch.setenv("AZURE_CORE_COLLECT_TELEMETRY", "0")
        yield


@pytest.fixture(scope="session", name="account")
def _account() -> Account:
    return account()


@pytest.fixture(scope="session")
def pool() -> Iterator[str]:
    """A pool of one node with four slots."""
    make_pool(POOL, "--target-dedicated-nodes", "1", "--task-slots-per-node", "4")
    yield POOL
    batch("pool", "delete", "--pool-id", POOL, "--yes")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An id of the case's own."""
    return f"cli-{request.node.name.removeprefix('test_')}"[:64]


@pytest.fixture
def own(name: str) -> Iterator[str]:
    """The id of a pool that the case makes itself; it is deleted at the end."""
    yield name
    with suppress(AzFailed):  # it is gone, or was never there
        batch("pool", "delete", "--pool-id", name, "--yes")


@pytest.fixture
def job(pool: str, name: str) -> Iterator[str]:
    """A job whose tasks may depend on one another."""
    batch("job", "create", "--id", name, "--pool-id", pool, "--uses-task-dependencies")
    yield name
    batch("job", "delete", "--job-id", name, "--yes")


@pytest.fixture
def run(job: str) -> Callable[..., None]:
    """Runs a command as a task of the job to its end."""

    def run_task(command: str, task_id: str = "task", *options: str) -> None:
        batch("task", "create", "--job-id", job, "--task-id", task_id, "--command-line", command, *options)
        wait_until(lambda: has_ended(job, task_id))

    return run_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for what is downloaded."""
    return tmp_path

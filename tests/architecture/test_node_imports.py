"""The start of a task's process: a pool makes it a million times, so a list, not a clock, holds what it imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.host import listening

ROOT = Path(__file__).parents[2]
HEAVY = (
    "azure",
    "pydantic",
    "pydantic_settings",
    "httpx",
    "requests",
    "yaml",
    "logging.config",
    "asyncio",
    "dataclasses",
)


def _modules_of(module: str, *words: str, path: Path, tmp_path: Path, code: int = 0, **settings: str) -> set[str]:
    """The modules that a real ``python -m`` process has loaded when it ends."""
    script = (
        "import atexit, runpy, sys; "
        "atexit.register(lambda: print('\\n'.join(sys.modules))); "
        f"sys.argv = ['x', *{words!r}]; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(path),
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
        **settings,
    }
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)
    assert done.returncode == code, done.stderr
    return set(done.stdout.split())


def test_task_process_imports_no_sdk_no_settings_and_no_http(tmp_path: Path) -> None:
    """What a no-op task needs is the framework's light half and the standard library's."""
    loaded = _modules_of("noop", "task", "Noop", path=ROOT / "benchmarks" / "workloads", tmp_path=tmp_path)
    assert "batch_manager.application" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_task_process_imports_no_more_of_the_framework_than_it_needs(tmp_path: Path) -> None:
    """A new module on this path is a decision, made here."""
    loaded = _modules_of("noop", "task", "Noop", path=ROOT / "benchmarks" / "workloads", tmp_path=tmp_path)
    assert {name.removeprefix("batch_manager.") for name in loaded if name.startswith("batch_manager.")} == {
        "application",
        "client",
        "command_line",
        "entry_points",
        "environment",
        "errors",
        "exit_codes",
        "factory",
        "job_manager",
        "log",
        "naming",
        "settings",
        "task",
        "workload",
    }


@pytest.mark.parametrize("role", ["task", "command", "gate"])
def test_process_that_asks_how_parents_ended_imports_no_sdk_either(tmp_path: Path, role: str) -> None:
    """The standard library asks: half a second less, for each task with parents."""
    words = ("batch_manager.node", role, *(("noop", "Noop") if role == "task" else ()))
    with listening() as host:
        host.answers = [(200, {"value": [{"id": "77"}]})]
        loaded = _modules_of(
            *words,
            path=ROOT / "benchmarks" / "workloads",
            tmp_path=tmp_path,
            AZURE_BATCH_ENDPOINT=host.url,
            AZURE_BATCH_ACCOUNT="a",
            AZURE_BATCH_ACCESS_KEY="a2V5",
            BATCH_MANAGER_DEPENDS_ON="1..5",
            BATCH_MANAGER_COMMAND="/bin/true",
            BATCH_MANAGER_GUARDED_TASK="2",
        )
    assert len(host.asked) == 1
    assert [name for name in HEAVY if name in loaded] == []
    assert role != "task" or "subprocess" not in loaded
    assert role != "task" or "noop.workload" in loaded


def test_task_that_is_skipped_imports_nothing_of_the_users(tmp_path: Path) -> None:
    """Not even the package: what is wrong with it, and what it costs, is no matter of a task that does not run."""
    with listening() as host:
        host.answers = [(200, {"value": [{"id": "3"}]})]
        loaded = _modules_of(
            "batch_manager.node",
            "task",
            "noop",
            "Noop",
            path=ROOT / "benchmarks" / "workloads",
            tmp_path=tmp_path,
            code=80,
            AZURE_BATCH_ENDPOINT=host.url,
            AZURE_BATCH_ACCOUNT="a",
            AZURE_BATCH_ACCESS_KEY="a2V5",
            BATCH_MANAGER_DEPENDS_ON="1..5",
        )
    assert [name for name in loaded if name.split(".")[0] == "noop"] == []
    assert [name for name in HEAVY if name in loaded] == []


def test_task_process_of_a_watched_job_imports_the_events_and_nothing_heavy(tmp_path: Path) -> None:
    """Nobody listens here, which a task does not log: a first record would import what logging needs."""
    nobody = "http://127.0.0.1:1/a"
    loaded = _modules_of(
        "noop",
        "task",
        "Noop",
        path=ROOT / "benchmarks" / "workloads",
        tmp_path=tmp_path,
        BATCH_MANAGER_PROGRESS_URL=nobody,
        AZURE_STORAGE_ACCOUNT_URL=nobody,
    )
    assert "batch_manager.event_sender" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_task_process_of_a_job_with_a_time_limit_imports_nothing_heavy(tmp_path: Path) -> None:
    """Each task of such a job keeps it."""
    path = ROOT / "benchmarks" / "workloads"
    loaded = _modules_of("noop", "task", "Noop", path=path, tmp_path=tmp_path, BATCH_MANAGER_TIME_LIMIT="99999999999")
    assert "batch_manager.time_limit" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_task_process_that_fails_imports_no_sdk(tmp_path: Path) -> None:
    """Without retries there is nobody to be told; what a log's first record needs is imported for its error."""
    path = ROOT / "benchmarks" / "workloads"
    loaded = _modules_of("noop", "task", "NoSuchTask", path=path, tmp_path=tmp_path, code=70)
    assert "batch_manager.ending" in loaded
    assert [name for name in HEAVY if name in loaded and name not in ("yaml", "logging.config")] == []

"""The start of a task's process: a pool makes it a million times, so a list, not a clock, holds what it imports."""

import os
import subprocess
import sys
from pathlib import Path

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


def _modules_of(module: str, *words: str, path: Path, tmp_path: Path) -> set[str]:
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
    }
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)
    assert done.returncode == 0, done.stderr
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

"""What the framework's tasks have imported before they are known."""

import subprocess
import sys
from pathlib import Path

from dispatcher.warm_starts import MODULES

WORKLOADS = Path(__file__).parents[3] / "benchmarks" / "workloads"
SHOW = (
    "import atexit, sys\nbefore = set(sys.modules)\natexit.register(lambda: print(*sorted(set(sys.modules) - before)))"
)


def _imported(statements: str, tmp_path: Path) -> set[str]:
    """Return the modules that statements import in a process of their own."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(WORKLOADS),
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
    }
    command = [sys.executable, "-c", f"import runpy\n{SHOW}\n{statements}"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_named_modules_are_those_that_every_task_imports(tmp_path: Path) -> None:
    """None that a task without needs does without, and all of the framework's; what is left is the workload's own."""
    task = _imported("sys.argv = ['', 'task', 'Noop']\nrunpy.run_module('noop', run_name='__main__')", tmp_path)
    named = _imported("\n".join(f"import {module}" for module in MODULES), tmp_path)
    assert named <= task
    assert {module for module in task - named if not module.startswith("noop")} == set()

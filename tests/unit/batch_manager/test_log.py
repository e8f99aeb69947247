"""Logging: structured lines that say where they come from, configured when the first is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from batch_manager import ConfigurationError, setup_logging

CONFIGURATION = Path(__file__).parents[3] / "logging.yaml"

SCRIPT = """
import logging, sys
from batch_manager import setup_logging
setup_logging(sys.argv[1])
print("yaml" in sys.modules)
logging.getLogger("mine").debug("not shown")
logging.getLogger("mine").info("part %d done", 3, extra={"seconds": 1.5, "task": "mine"})
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("mine").exception("went wrong")
"""


def _run(path: Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environ},
        check=False,
    )


def test_record_is_one_line_of_json_with_job_task_node_and_attempt(tmp_path: Path) -> None:
    """Whoever reads the logs of ten thousand tasks can tell them apart."""
    done = _run(
        CONFIGURATION,
        tmp_path,
        AZ_BATCH_JOB_ID="j",
        AZ_BATCH_TASK_ID="t",
        AZ_BATCH_NODE_ID="n",
        AZ_BATCH_POOL_ID="p",
        AZ_BATCH_TASK_WORKING_DIR=str(tmp_path),
    )
    first, second = [json.loads(line) for line in done.stderr.splitlines()]
    assert first.pop("time").endswith("Z")
    where = {"job": "j", "task": "t", "pool": "p", "node": "n", "attempt": 1}
    assert first == {"level": "INFO", "logger": "mine", "message": "part 3 done", "seconds": 1.5, **where}
    assert "ZeroDivisionError" in second["error"]


def test_logging_that_is_not_used_imports_no_yaml(tmp_path: Path) -> None:
    """A task that logs nothing pays nothing."""
    assert _run(CONFIGURATION, tmp_path).stdout == "False\n"


def test_setup_logging_without_the_file_says_so() -> None:
    """At once, not at the first record."""
    with pytest.raises(ConfigurationError, match=r"'nowhere\.yaml' does not exist"):
        setup_logging("nowhere.yaml")


@pytest.mark.parametrize("text", ["version: 1\nroot: {handlers: [none]}", "version: [", "- 1"])
def test_file_that_is_no_configuration_is_named_at_the_first_record(tmp_path: Path, text: str) -> None:
    """The file and the cause, where the first record is logged."""
    (tmp_path / "logging.yaml").write_text(text)
    done = _run(tmp_path / "logging.yaml", tmp_path)
    assert "logging.yaml' is not a logging configuration" in done.stderr

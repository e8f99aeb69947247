"""The pause before a retry, in a process of its own that is killed in the middle of it."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from batch_manager.environment import RETRY
from batch_manager.naming import REPORT_FILE
from batch_manager.reports import read_attempts
from batch_manager.retrying import encode_policy
from batch_manager.specification import RetryPolicy
from tests.acceptance.conftest import wait_for

FAIL = """
import os
from batch_manager.ending import end_with
from batch_manager.errors import RetryableError
from batch_manager.testing import InMemoryBatchClient
end_with(RetryableError("the licence server is busy"), os.environ, InMemoryBatchClient())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_kill_during_the_pause_loses_nothing(tmp_path: Path, number: int) -> None:
    """By Batch, or with the node: what happened was written before, and the process dies of the signal at once."""
    policy = RetryPolicy(delay=timedelta(minutes=10), max_delay=timedelta(minutes=10))
    environ = {
        **os.environ,
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
        RETRY: encode_policy(policy, None) or "",
    }
    with subprocess.Popen([sys.executable, "-c", FAIL], env=environ, stderr=subprocess.DEVNULL) as process:
        wait_for((tmp_path / REPORT_FILE).exists, "the report is there")
        process.send_signal(number)
        assert process.wait(60) == -number
    (attempt,) = read_attempts(str(tmp_path))
    assert (attempt.cause, attempt.retried, attempt.delay) == ("the licence server is busy", True, 600.0)

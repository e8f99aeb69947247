"""The processes of plain commands as a node starts them, without Batch: nothing here has parents."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from batch_manager.reports import decode_report
from tests.service.support import wait_until


def _start(folder: Path, line: str, **settings: str) -> subprocess.Popen[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_TASK_WORKING_DIR": str(folder),
        "BATCH_MANAGER_COMMAND": line,
        **settings,
    }
    words = [sys.executable, "-m", "batch_manager.node", "command"]
    return subprocess.Popen(
        words,
        cwd=folder,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_reaches_the_command(tmp_path: Path, number: signal.Signals) -> None:
    """It may clear up, and its exit code is the task's; it is not judged, as nobody knows why it was ended."""
    script = 'trap "echo bye; exit 5" TERM INT; touch ready; while :; do sleep 0.05; done'
    process = _start(tmp_path, f"/bin/sh -c '{script}'", BATCH_MANAGER_RETRY='{"max_retries":3,"any_failure":true}')
    wait_until((tmp_path / "ready").exists)
    process.send_signal(number)
    assert _end(process)[:2] == (5, "bye\n")


def test_command_that_ignores_its_end_is_killed_when_the_jobs_time_is_over(tmp_path: Path) -> None:
    """With what it started."""
    script = 'trap "" TERM; touch ready; sleep 600 & wait; sleep 600'
    process = _start(tmp_path, f"/bin/sh -c '{script}'", BATCH_MANAGER_TIME_LIMIT=str(time.time() + 1.5))
    code, _, err = _end(process)
    assert (code, (tmp_path / "ready").exists()) == (81, True)
    assert "the job's time limit was over" in err


def test_command_whose_job_has_no_time_left_does_not_begin(tmp_path: Path) -> None:
    """Also when it is tried again."""
    process = _start(tmp_path, "/bin/touch ready", BATCH_MANAGER_TIME_LIMIT=str(time.time() - 1))
    assert _end(process)[0] == 81
    assert not (tmp_path / "ready").exists()


def test_failure_is_reported_with_what_it_was(tmp_path: Path) -> None:
    """FinalizeTask reads it; 80 of a command's own is told as it was."""
    code, out, err = _end(_start(tmp_path, "/bin/sh -c 'echo out; echo err >&2; exit 80'"))
    assert (code, out) == (1, "out\n")
    assert err.startswith("err\n")
    (attempt,) = decode_report((tmp_path / "batch-manager-report.json").read_text())
    assert (attempt.exit_code, attempt.retried) == (1, False)
    assert "exit code 80" in attempt.cause


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/no/such", "No such file"),
        ("/etc/passwd", "Permission denied"),
        ("a 'b", "No closing quotation"),
        ("", "COMMAND"),
    ],
)
def test_command_that_cannot_be_started_is_one_line(tmp_path: Path, line: str, says: str) -> None:
    """A user's mistake never is a traceback."""
    code, out, err = _end(_start(tmp_path, line))
    assert (code, out) == (70 if line else 64, "")
    assert says in err
    assert "Traceback" not in err


def test_words_are_split_as_a_shell_splits(tmp_path: Path) -> None:
    """And nothing else of a shell happens."""
    code, out, _ = _end(_start(tmp_path, "/bin/echo 'a  b' \"c\" $HOME *.txt \\;"))
    assert (code, out) == (0, "a  b c $HOME *.txt ;\n")

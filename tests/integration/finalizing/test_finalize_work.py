"""The workload's own finalize work in real processes: however it ends, FinalizeTask can say how."""

import base64
import os
from pathlib import Path

import pytest

from batch_manager.environment import read_node_environment
from batch_manager.finishing import NoOwnWorkError
from batch_manager.node.finalizing import ChildWork
from batch_manager.outcome import JobOutcome

APPLICATION = """\
from batch_manager import Application, BatchClientFactory, BatchClientSettings, JobManagerBuilder, WorkloadBase

class Work(WorkloadBase):
    def finalize(self, outcome, results):
        {body}

client = BatchClientFactory.create(BatchClientSettings())
Application(Work(batch_client=client, job_manager_builder_type=JobManagerBuilder)).run()
"""


def _environ(folder: Path) -> dict[str, str]:
    key = base64.b64encode(b"key").decode()
    return {
        **os.environ,
        "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}",
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "finalize",
        "AZ_BATCH_TASK_WORKING_DIR": str(folder),
        "AZURE_BATCH_ENDPOINT": "http://127.0.0.1:9",
        "AZURE_BATCH_ACCOUNT": "account",
        "AZURE_BATCH_ACCESS_KEY": key,
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=a;AccountKey={key};BlobEndpoint=http://127.0.0.1:9/a",
    }


def _do(folder: Path, main: str, *, timeout: float = 60, is_known: bool = True) -> str | None:
    package = folder / "closing"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(main)
    environ = _environ(folder)
    work = ChildWork("closing", read_node_environment(environ), environ, is_known=is_known, timeout=timeout)
    return work(JobOutcome(job_id="j", succeeded=3))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("assert outcome.succeeded == 3 and results.container == 'job-j'", None),
        ("raise KeyError('no\\nsuch thing')", "KeyError: 'no\\nsuch thing'"),
        ("import sys; sys.exit(4)", "it called sys.exit(4)"),
        ("import os; os._exit(4)", "its process ended with exit code 4; see stderr.txt"),
        ("import os; os.abort()", "its process was ended by signal 6 (SIGABRT)"),
    ],
)
def test_own_work_says_how_it_ended(tmp_path: Path, body: str, reason: str | None) -> None:
    """None if it succeeded."""
    assert _do(tmp_path, APPLICATION.format(body=body)) == reason


def test_own_work_of_a_main_that_runs_no_application_did_not_begin(tmp_path: Path) -> None:
    """A success of the process is none of the work."""
    assert "without beginning it" in str(_do(tmp_path, "print('done')"))


@pytest.mark.parametrize(
    "main", ["raise ImportError", "print('done')", APPLICATION.replace("def finalize", "def other")]
)
def test_own_work_that_nobody_knows_of_and_that_does_not_begin_is_none(tmp_path: Path, main: str) -> None:
    """The workload has none, or cannot be asked."""
    with pytest.raises(NoOwnWorkError):
        _do(tmp_path, main.replace("{body}", "pass"), is_known=False)


def test_own_work_that_nobody_knew_of_is_told_once_it_began(tmp_path: Path) -> None:
    """It has shown itself."""
    reason = _do(tmp_path, APPLICATION.format(body="raise KeyError('x')"), is_known=False)
    assert reason == "KeyError: 'x'"


def test_own_work_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A job must end."""
    assert _do(tmp_path, "import time; time.sleep(600)", timeout=0.5) == "it was ended after 0.5 s"


def test_own_work_of_a_workload_that_cannot_be_imported_says_so(tmp_path: Path) -> None:
    """FinalizeTask itself does not import it, so that the job is told all the same."""
    reason = _do(tmp_path, "from batch_manager import Application\nimport no_such_module")
    assert reason == "ModuleNotFoundError: No module named 'no_such_module'"


def test_own_work_that_is_done_again_does_not_tell_an_earlier_failure(tmp_path: Path) -> None:
    """The report of an attempt before a reboot is of that attempt."""
    assert _do(tmp_path, APPLICATION.format(body="raise KeyError('first')")) == "KeyError: 'first'"
    (tmp_path / "closing" / "__main__.py").write_text("import os; os._exit(3)")
    environ = _environ(tmp_path)
    reason = ChildWork("closing", read_node_environment(environ), environ)(JobOutcome(job_id="j"))
    assert reason == "its process ended with exit code 3; see stderr.txt"

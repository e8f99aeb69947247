"""``check`` and ``plan`` as their users run them: processes of their own, which send nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.small_workloads import write_workload

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "plan.md"
SECONDS = 120

GUARD = """\
import socket, sys

def refuse(*words):
    raise AssertionError(f"a request was tried: {words}")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = refuse
sys.modules["azure"] = None
"""
"""What Python runs first in every process below: no connection can be made, and no SDK be imported."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of a user without an account, where nothing can be sent."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path / 'guard'}:{ROOT}"}


def _run(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "batch_manager.cli", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("script", _blocks(), ids=["check", "plan", "cost"])
def test_commands_of_the_page_run_and_send_nothing(tmp_path: Path, environment: dict[str, str], script: str) -> None:
    """As they stand there, with a network that refuses every connection and without an SDK."""
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("nothing was sent\n")


def test_guard_stops_what_would_be_sent(tmp_path: Path, environment: dict[str, str]) -> None:
    """A pool is asked for at the account: without the SDK that ends in an error, so the guard is no decoration."""
    write_workload(tmp_path, "small")
    named = {**environment, "AZURE_BATCH_ENDPOINT": "https://a.region.batch.azure.com"}
    done = _run(tmp_path, named, "check", "small", "--pool", "p")
    assert done.returncode != 0
    assert "azure" in done.stderr


def test_check_tells_every_kind_of_problem_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    """One document on standard output, whatever the workload prints, and the exit code of the worst."""
    write_workload(
        tmp_path,
        "small",
        top="print('imported')",
        create_job="self.add_workload_task(Step).required_slots = 0",
        main="raise RuntimeError('no start')",
    )
    (tmp_path / "small" / "logging.yaml").write_text("version: 7")
    done = _run(tmp_path, environment, "check", "small", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == document["exitCode"] == 70
    found = [(each["taskId"], each["field"], each["rule"]) for each in document["problems"]]
    assert found == [(None, "__main__", "main"), (None, "logging.yaml", "logging"), ("1", "required_slots", "slots")]
    assert "RuntimeError: no start" in document["problems"][0]["message"]
    assert "Unsupported version: 7" in document["problems"][1]["message"]


def test_check_of_a_package_that_cannot_be_imported_shows_the_users_code(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """And no frame of this package or of Python's import."""
    write_workload(tmp_path, "small", top="1 / 0")
    done = _run(tmp_path, environment, "check", "small")
    assert done.returncode == 70
    files = re.findall(r'File "(.*?)"', done.stdout)
    assert files == [str(tmp_path / "small" / "__init__.py")]
    assert "ZeroDivisionError: division by zero" in done.stdout


def test_main_that_does_not_come_to_its_application_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    """A node would do nothing, and succeed."""
    write_workload(tmp_path, "small", main="print('hello')")
    done = _run(tmp_path, environment, "check", "small")
    assert done.returncode == 70
    assert "did not come to the workload's Application" in done.stdout


def test_plan_in_a_pipe_is_one_document_and_draws_the_graph(tmp_path: Path, environment: dict[str, str]) -> None:
    """Which may be asked for again."""
    write_workload(tmp_path, "small")
    words = ("plan", "small", "--param", "n=4", "--minutes-per-task", "3", "--nodes", "2", "--graph", "g.dot", "--json")
    first, second = (_run(tmp_path, environment, *words) for _ in range(2))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    document = json.loads(first.stdout)
    assert (document["tasks"], document["estimate"]["seconds"], document["sent"]) == (5, 540, False)
    assert (tmp_path / "g.dot").read_text().count("->") == 4


WRONG = [
    (("nothere",), 65, "there is no package 'nothere' here"),
    (("small", "--graph", "no/g.dot"), 65, "'no/g.dot' cannot be written"),
    (("small", "--prices", "none.yaml"), 65, "'none.yaml' cannot be read"),
    (("small", "--pool", "p"), 78, "AZURE_BATCH_ENDPOINT"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG, ids=lambda value: str(value)[:30])
def test_plan_that_is_asked_for_wrongly_says_what_is_wrong(
    tmp_path: Path, environment: dict[str, str], words: tuple[str, ...], code: int, said: str
) -> None:
    """One line on standard error, nothing on standard output, and a documented exit code."""
    write_workload(tmp_path, "small")
    (tmp_path / "guard" / "sitecustomize.py").write_text("")
    done = _run(tmp_path, environment, "plan", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr

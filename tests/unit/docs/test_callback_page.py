"""The page about the callback: its example, its receiver and its schema are tried."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from batch_manager import verify_signature
from batch_manager.callback import callback_body, check_callback_secret, signature_headers
from batch_manager.outcome import ErrorCode, FinalizeWork, JobOutcome, Outcome, Standstill, TaskSummary, WorkState
from batch_manager.outcome_document import outcome_document, read_outcome
from batch_manager.reports import Attempt
from tests.acceptance.conftest import wait_for
from tests.support.json_schema import find_faults
from tests.support.outcomes import job_outcome
from tests.unit.docs.test_tables import DOCS, meanings

PAGE = (DOCS / "callback.md").read_text()
SCHEMA: dict[str, Any] = json.loads((DOCS / "callback.schema.json").read_text())
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

FULL = job_outcome(
    cause="why",
    cancelled_because="enough",
    standstill=Standstill(code="x", message="y"),
    failures=(
        TaskSummary(
            task_id="1", display_name=None, outcome=Outcome.FAILED, exit_code=None, reason="r", retry_count=0,
            requeue_count=0, attempts=(Attempt(1, "n", 0.5, 1, "c", True, 1.5),),
        ),
    ),
    work=FinalizeWork(state=WorkState.FAILED, reason="it raised"),
)  # fmt: skip


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("outcome", [job_outcome(), FULL, JobOutcome(job_id="j", failed=1)])
def test_every_body_is_what_the_schema_says(outcome: JobOutcome) -> None:
    """From the emptiest to the fullest."""
    assert find_faults(json.loads(callback_body(outcome_document(outcome))), SCHEMA) == []


def test_schema_knows_every_field() -> None:
    """A field that is added is described."""
    document = outcome_document(FULL)
    definitions = SCHEMA["$defs"]
    assert document.keys() == definitions["output"]["properties"].keys() == set(definitions["output"]["required"])
    assert document["failures"][0].keys() == definitions["task"]["properties"].keys()
    assert document["failures"][0]["attempts"][0].keys() == definitions["attempt"]["properties"].keys()


@pytest.mark.parametrize("changed", [{"StatusCode": 200}, {"Output": {}}, {"Error": {"ErrorCode": "Other"}}])
def test_schema_refuses_what_is_no_callback(changed: dict[str, Any]) -> None:
    """It can tell."""
    assert find_faults(json.loads(callback_body(outcome_document(FULL))) | changed, SCHEMA)


def test_example_on_the_page_is_a_callback() -> None:
    """By the schema, and as FinalizeTask writes it."""
    (example,) = [json.loads(block) for block in _blocks("json")]
    assert find_faults(example, SCHEMA) == []
    outcome = read_outcome(example["Output"])
    assert json.loads(callback_body(outcome_document(outcome))) == example


def test_page_lists_every_error_code_with_its_meaning() -> None:
    """In the order in which they count, in the words of the code."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    words = meanings(ErrorCode)
    assert rows == [(code.value, words[code.name]) for code in ErrorCode]
    codes = SCHEMA["properties"]["Error"]["properties"]["ErrorCode"]["enum"]
    assert codes == [code.value for code in ErrorCode]


def test_command_on_the_page_makes_a_secret(tmp_path: Path) -> None:
    """That signs."""
    command = _blocks("sh")[1]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=environ, check=True)
    check_callback_secret((tmp_path / "secret.txt").read_text().strip())


def test_finalize_work_on_the_page_runs() -> None:
    """As Python, at least."""
    names: dict[str, Any] = {}
    exec(_blocks("python")[1], names)
    assert "finalize" in vars(names["NightlyWorkload"])


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The receiver on the page, running; where it listens and what it writes."""
    (tmp_path / "receiver.py").write_text(_blocks("python")[0])
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = {**os.environ, "CALLBACK_SECRET": SECRET, "PYTHONPATH": str(DOCS.parent)}
    words = [sys.executable, str(tmp_path / "receiver.py"), str(port)]
    with (tmp_path / "said").open("wb") as said, subprocess.Popen(words, env=environ, stdout=said) as process:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the receiver listens")
        yield f"http://127.0.0.1:{port}/", tmp_path / "said"
        process.terminate()


def test_receiver_on_the_page_takes_a_job_s_end_once_and_from_us_alone(receiver: tuple[str, Path]) -> None:
    """A repeated delivery says nothing again; a forged one is refused."""
    url, said = receiver
    body = callback_body(outcome_document(job_outcome()))
    headers = signature_headers(SECRET, "k", body, timestamp=time.time()) | {"Idempotency-Key": "k"}
    assert verify_signature(SECRET, headers, body)
    assert [httpx.post(url, content=body, headers=headers).status_code for _ in range(2)] == [200, 200]
    assert httpx.post(url, content=body + b" ", headers=headers).status_code == 401
    assert said.read_text() == "job j succeeded: all 2 tasks succeeded\n"

"""The fuzzer itself: it finds what is wrong, can be repeated, and finds nothing in a short run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.checks import faults_in, wrong_with
from tests.fuzz.requests import make
from tests.fuzz.run import Plan, send_raw
from tests.fuzz.schema import ENVIRONMENT
from tests.fuzz.sending import RawAnswer
from tests.fuzz.world import World, running_world

ERROR = {
    "odata.metadata": "m",
    "code": "JobNotFound",
    "message": {"lang": "en-US", "value": "No.\nRequestId:1\nTime:2"},
}
JSON = "Content-Type: application/json;odata=minimalmetadata"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return a running service with something in it."""
    with running_world(tmp_path_factory.mktemp("fuzz")) as found:
        yield found


def answer(status: int, body: object) -> RawAnswer:
    """Return an answer of Batch."""
    return RawAnswer(status=status, headers=JSON, body=json.dumps(body).encode(), seconds=0.0)


def test_short_run_finds_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as ``make fuzz``, which sends many times as many."""
    assert send_raw(Plan(seed=20, raw=400, from_schema=0), world) == []
    assert "400 raw requests" in capsys.readouterr().out
    assert world.ask("GET", "/pools")[0] == 200


def test_request_is_made_of_seed_and_number_alone(world: World) -> None:
    """But for the time of the day and the signature of it."""

    def made(seed: int) -> list[bytes]:
        requests = [make(seed, number, world, "node") for number in range(200)]
        return [re.sub(rb"(ocp-date|authorization): [^\r]*", b"", request.content) for request in requests]

    assert made(1) == made(1)
    assert made(1) != made(2)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (answer(200, {"value": []}), None),
        (answer(404, ERROR), None),
        (answer(501, {**ERROR, "code": "NotImplemented"}), None),
        (answer(500, {**ERROR, "code": "InternalError"}), "its status is 500"),
        (answer(503, {**ERROR, "code": "ServerBusy"}), "its status is 503"),
        (answer(400, {"code": "X"}), "its body is no error of Batch"),
        (answer(200, "the canary"), "it holds a secret"),
        (answer(200, "root:x:0:0:root"), "it holds a file of the machine"),
    ],
)
def test_answer_is_judged(given: RawAnswer, found: str | None) -> None:
    """Faults, secrets and errors that are none of Batch's are found."""
    assert wrong_with(given, [b"canary"]) == found


@pytest.mark.parametrize(
    ("line", "is_fault"),
    [
        ("2026-01-01 00:00:00,000 WARNING uvicorn.error: Invalid HTTP request received.", False),
        ("2026-01-01 00:00:00,000 ERROR dispatcher.service.pipeline: GET / failed", True),
        ("Traceback (most recent call last):", True),
    ],
)
def test_log_is_judged(tmp_path: Path, line: str, is_fault: bool) -> None:
    """A fault that no answer shows is found in the log."""
    (tmp_path / "log").write_text(f"started\n{line}\n")
    assert (faults_in(tmp_path / "log") is not None) is is_fault


def test_lock_file_has_hashes_and_no_addresses() -> None:
    """What is installed is what was locked, wherever it comes from."""
    text = ENVIRONMENT.lock.read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text

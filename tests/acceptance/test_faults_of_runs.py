"""Faults on purpose from the command line of a run and of a service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import Dispatch

SECONDS = 120


def put_in(results: Path) -> list[tuple[str, str]]:
    """Return the faults of requests that change something: polls come as often as they come."""
    lines = [json.loads(line) for line in (results / "faults.jsonl").read_text().splitlines()]
    return sorted((line["fault"], line["identity"]) for line in lines if "fault" in line)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m dispatcher service``."""
    full = [sys.executable, "-m", "dispatcher", "service", *words]
    return subprocess.run(full, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_run_meets_faults_and_meets_them_again(dispatch: Dispatch) -> None:
    """The job succeeds despite them; its log, kept with the results, brings the same ones back."""
    words = ("run", "chain", "--job-id", "again")
    first = dispatch(*words, "--faults", "seed=4; busy=0.3@writes; slow-reply=0.5:10ms@writes")
    assert first.code == 0, first.out + first.err
    assert put_in(first.results)
    second = dispatch(*words, "--faults", f"replay={first.results / 'faults.jsonl'}")
    assert second.code == 0, second.out + second.err
    assert put_in(second.results) == put_in(first.results)


def test_run_refuses_what_is_no_plan(dispatch: Dispatch) -> None:
    """Before anything starts, in one line, with the code for wrong usage."""
    ended = dispatch("run", "chain", "--faults", "bussy=0.3")
    assert (ended.code, ended.out) == (64, "")
    assert "did you mean 'busy'?" in ended.err
    assert ended.err.count("\n") == 1


def test_service_that_takes_no_orders_says_how_to_have_one_that_does(tmp_path: Path) -> None:
    """The exit code is that of a service that cannot do it."""
    data = ("--data", str(tmp_path / "data"))
    assert command("start", "--detach", "--port", "0", "--https-port", "0", *data).returncode == 0
    asked = command("faults", *data)
    command("stop", *data)
    assert asked.returncode == 69
    assert "started without --admin" in asked.stderr
    assert "is not running" in command("faults", *data).stderr


def test_wrong_orders_are_refused_before_they_are_sent(tmp_path: Path) -> None:
    """Each in one line."""
    for words in (
        ("--plan", "bussy"),
        ("--plan", "busy", "--end"),
        ("--order", "busy=0.5"),
        ("--order", "busy; error"),
        ("--times", "3"),
        ("--order", "busy max=2"),
    ):
        asked = command("faults", "--data", str(tmp_path), *words)
        assert (asked.returncode, asked.stderr.count("\n")) == (64, 1), asked.stderr

"""A workload of plain commands, as a job on the local service and in one process."""

import json

import pytest

from tests.acceptance.conftest import Dispatch, Ended


def _counts(ended: Ended) -> dict[str, int]:
    outcome = json.loads((ended.results / "batch-manager" / "outcome.json").read_text())
    return {name: number for name, number in outcome["counts"].items() if number}


@pytest.mark.parametrize("how", ["run", "debug"])
def test_commands_run_in_order_and_pass_files_on(dispatch: Dispatch, how: str) -> None:
    """The one that waits for a failure is skipped, and the job has succeeded: nothing failed."""
    ended = dispatch(how, "commands")
    assert ended.code == 0, ended.out + ended.err
    assert (ended.results / "second.txt").read_text() == "done\n"
    assert not (ended.results / "alarm.txt").exists()
    assert _counts(ended) == {"succeeded": 2, "skipped": 1}


@pytest.mark.parametrize("how", ["run", "debug"])
def test_failed_command_skips_what_needs_it_and_runs_the_alarm(dispatch: Dispatch, how: str) -> None:
    """Its exit code is told."""
    ended = dispatch(how, "commands", "--param", "first=exit 7")
    assert ended.code == 1, ended.out + ended.err
    assert (ended.results / "alarm.txt").read_text() == "alarm\n"
    assert _counts(ended) == {"succeeded": 1, "failed": 1, "skipped": 1}

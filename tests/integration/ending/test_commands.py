"""Plain commands on a real service: what comes of their exit codes, rules, retries and time."""

import json
import time
from datetime import timedelta

import pytest

from batch_manager import DependencyRule
from batch_manager.specification import RetryPolicy
from tests.integration.ending.conftest import RunJob, command

AT_ONCE = timedelta(0)


@pytest.mark.parametrize(
    ("rule", "code"),
    [(DependencyRule.ALL_SUCCEEDED, 80), (DependencyRule.ALL_ENDED, 0), (DependencyRule.ANY_FAILED, 0)],
)
def test_command_with_a_failed_parent_follows_its_rule(run_job: RunJob, rule: DependencyRule, code: int) -> None:
    """As a task in Python does, and the streams are the command's own."""
    first, second = command(1, "/bin/false"), command(2, "/bin/true")
    last = command(3, "/bin/echo 'it ran'", first, second, run_when=rule)
    ended = run_job([first, second, last])
    assert ended.codes()["3"] == code
    assert ended.log("3", "stdout.txt") == ("" if code else "it ran\n")


@pytest.mark.parametrize("own", [80, 81])
@pytest.mark.parametrize("retry", [None, RetryPolicy(max_retries=1)])
def test_commands_own_80_is_a_failure(run_job: RunJob, own: int, retry: RetryPolicy | None) -> None:
    """Whether a process of ours stands before it or Batch runs it as it is."""
    ended = run_job([command(1, f"/bin/sh -c 'exit {own}'", retry=retry)])
    assert ended.codes()["1"] == (own if retry is None else 1)
    counts = ended.outcome["counts"]
    assert (counts["failed"], counts["skipped"], counts["cancelled"]) == (1, 0, 0)
    assert str(own) in json.dumps(ended.outcome["failures"]) if retry is not None else True


def test_command_is_tried_again_for_the_exit_codes_of_its_policy(run_job: RunJob) -> None:
    """Until its tries are used up, and each try is told."""
    policy = RetryPolicy(max_retries=2, exit_codes=(7,), delay=AT_ONCE)
    ended = run_job([command(1, "/bin/sh -c 'echo x >> tries; exit 7'", retry=policy), command(2, "/bin/true")])
    assert (ended.records["1"].exit_code, ended.records["1"].retry_count) == (7, 2)
    (failure,) = ended.outcome["failures"]
    assert [attempt["exitCode"] for attempt in failure["attempts"]] == [7, 7, 7]


def test_command_is_not_tried_again_for_other_exit_codes(run_job: RunJob) -> None:
    """Batch would; its process says no."""
    policy = RetryPolicy(max_retries=5, exit_codes=(7,), delay=AT_ONCE)
    ended = run_job([command(1, "/bin/sh -c 'exit 8'", retry=policy)])
    assert (ended.records["1"].exit_code, ended.records["1"].retry_count) == (8, 0)


def test_skipped_command_is_not_tried_again(run_job: RunJob) -> None:
    """A skip is a failure to Batch."""
    first = command(1, "/bin/false")
    policy = RetryPolicy(max_retries=5, exit_codes=(7,), delay=AT_ONCE)
    ended = run_job([first, command(2, "/bin/true", first, retry=policy)])
    assert (ended.records["2"].exit_code, ended.records["2"].retry_count) == (80, 0)


def test_program_that_is_not_there_is_named(run_job: RunJob) -> None:
    """With a documented code, and what to do."""
    first = command(1, "/bin/true")
    ended = run_job([first, command(2, "/no/such/program --now", first)])
    assert ended.codes()["2"] == 70
    assert "'/no/such/program': No such file or directory. Install it" in ended.log("2")


def test_command_is_ended_by_the_jobs_time_limit(run_job: RunJob) -> None:
    """So that FinalizeTask runs in time, and tells it."""
    ended = run_job([command(1, "/bin/sleep 600")], time_limit=time.time() + 2)
    assert ended.codes()["1"] == 81
    assert ended.outcome["counts"]["cancelled"] == 1


def test_signal_that_ends_a_command_is_told(run_job: RunJob) -> None:
    """As a shell has it, by its name."""
    first = command(1, "/bin/true")
    ended = run_job([first, command(2, "/bin/sh -c 'kill -9 $$'", first)])
    assert ended.codes()["2"] == 137
    assert "signal 9, SIGKILL" in json.dumps(ended.outcome["failures"])

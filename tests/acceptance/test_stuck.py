"""``python -m dispatcher run`` of a job that could never end by itself: named, ended, and told."""

import base64
import json
from pathlib import Path

import pytest

from dispatcher.receiver import CallbackReceiver
from tests.acceptance.conftest import Dispatch, Ended


def outcome(ended: Ended) -> dict[str, object]:
    """What was told."""
    document: dict[str, object] = json.loads((ended.results / "batch-manager" / "outcome.json").read_text())
    return document


def test_job_without_a_usable_node_is_named_and_told(dispatch: Dispatch) -> None:
    """Within its limit, in one line, with the documented exit code; the callback says it too."""
    words = ("--faults", "break-node", "--limit", "nodes-unusable=1s", "--local-callback")
    ended = dispatch("run", "chain", *words)
    assert ended.code == 69, ended.out + ended.err
    assert "the job could not go on, so it was ended: no node of pool 'local' can run a task (1 unusable)" in ended.err
    assert "Traceback" not in ended.err
    assert "callback received: StatusCode 500, outcome failed" in ended.out
    assert outcome(ended)["errorCode"] == "Stuck"


def test_job_manager_that_is_killed_is_told_from_outside(dispatch: Dispatch) -> None:
    """With its guard: nobody on the pool can say it."""
    ended = dispatch("run", "chain", "--faults", "kill-task:0s task=job-manager", "--local-callback")
    assert ended.code == 1, ended.out + ended.err
    assert "exit code 137 without adding FinalizeTask" in ended.out
    assert "callback received: StatusCode 500, outcome failed" in ended.out
    assert outcome(ended)["errorCode"] == "JobManagerFailed"


def test_finalize_that_is_killed_each_time_is_stood_in_for(dispatch: Dispatch) -> None:
    """The tasks succeeded, and that is what is told."""
    ended = dispatch("run", "chain", "--faults", "kill-task:0s task=finalize", "--local-callback")
    assert ended.code == 0, ended.out + ended.err
    assert "callback received: StatusCode 200, outcome succeeded" in ended.out
    assert outcome(ended)["outcome"] == "succeeded"


def test_run_on_a_throttled_account_that_does_not_say_when_to_come_back_ends_well(dispatch: Dispatch) -> None:
    """Microsoft's client gives up at once."""
    ended = dispatch("run", "chain", "--faults", "seed=5; throttle=0.2:none; busy=0.1")
    assert ended.code == 0, ended.out + ended.err


def test_job_that_takes_too_long_ends_at_its_time_limit(dispatch: Dispatch) -> None:
    """With the exit code for it."""
    ended = dispatch("run", "chain", "--param", "how=wait", "--time-limit", "5s", "--local-callback")
    assert ended.code == 81, ended.out + ended.err
    assert outcome(ended)["errorCode"] == "TimeLimit"
    assert "callback received: StatusCode 500" in ended.out


def test_callback_is_signed_with_the_secret_of_a_file(dispatch: Dispatch, tmp_path: Path) -> None:
    """Which nothing that is printed or kept holds."""
    secret = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()
    (tmp_path / "secret").write_text(secret)
    with CallbackReceiver() as receiver:
        (tmp_path / "url").write_text(receiver.url)
        files = ("--callback-file", str(tmp_path / "url"), "--callback-secret-file", str(tmp_path / "secret"))
        ended = dispatch("run", "chain", "--param", "parts=1", *files)
    assert ended.code == 0, ended.out + ended.err
    assert receiver.deliveries[0].headers["webhook-signature"].startswith("v1,")
    kept = b"".join(path.read_bytes() for path in ended.results.rglob("*") if path.is_file())
    assert secret not in ended.out + ended.err
    assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--limit", "nodes=1s"), 65, "nodes-unusable"),
        (("--limit", "nodes-unusable=soon"), 65, "'soon' is no time"),
        (("--time-limit", "soon"), 65, "'soon' is no time"),
        (("--progress-url", "http://user:word@127.0.0.1/"), 65, "progress URL"),
    ],
)
def test_option_that_cannot_be_is_refused_before_anything_starts(
    dispatch: Dispatch, words: tuple[str, ...], code: int, said: str
) -> None:
    """In one line."""
    ended = dispatch("run", "chain", *words)
    assert (ended.code, ended.out) == (code, ""), ended.out + ended.err
    assert said in ended.err
    assert ended.err.count("\n") == 1

"""FinalizeTask on a real service: the workload's own work, deliveries, and what is killed meanwhile."""

import json
from pathlib import Path
from typing import Any

import pytest

from batch_manager import verify_signature
from batch_manager.naming import CALLBACK_BODY_BLOB, CALLBACK_SENT_BLOB
from dispatcher.receiver import Answer, CallbackReceiver
from tests.acceptance.conftest import Dispatch, Ended
from tests.support.json_schema import find_faults

DOCS = Path(__file__).parents[2] / "docs"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def _outcome(ended: Ended) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ended.results / "batch-manager" / "outcome.json").read_text())
    return document


def _told(
    dispatch: Dispatch, receiver: CallbackReceiver, folder: Path, *words: str, secret: str | None = None
) -> Ended:
    """A run of the workload whose callback goes to the receiver."""
    (folder / "url").write_text(receiver.url)
    signed = []
    if secret is not None:
        (folder / "secret").write_text(secret)
        signed = ["--callback-secret-file", str(folder / "secret")]
    return dispatch("run", "closing", "--callback-file", str(folder / "url"), *signed, *words)


@pytest.mark.parametrize(("fails", "code"), [("false", 0), ("true", 1)])
def test_own_work_runs_whatever_the_end_with_the_outcome_in_hand(dispatch: Dispatch, fails: str, code: int) -> None:
    """It writes what it was given to a blob."""
    ended = dispatch("run", "closing", "--param", f"fails={fails}", "--local-callback")
    assert ended.code == code, ended.out + ended.err
    outcome = _outcome(ended)
    assert (ended.results / "summary.txt").read_text() == f"{outcome['outcome']}: {outcome['summary']}"
    assert outcome["finalizeWork"] == {"state": "succeeded", "reason": None}
    assert "finalize work" in (ended.results / "logs" / "finalize" / "stdout.txt").read_text()


@pytest.mark.parametrize(("how", "said"), [("break-the-manager", "told to break"), ("kill-the-manager", "SIGKILL")])
def test_own_work_runs_after_a_job_manager_that_failed(dispatch: Dispatch, how: str, said: str) -> None:
    """The outcome in hand tells it; also where the guard added FinalizeTask, which does not know the workload."""
    ended = dispatch("run", "closing", "--param", f"how={how}")
    assert ended.code != 0, ended.out + ended.err
    assert said in (ended.results / "summary.txt").read_text()
    assert _outcome(ended)["finalizeWork"]["state"] == "succeeded"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "ValueError: no summary today"),
        ("exit", "it called sys.exit(9)"),
        ("kill", "its process was ended by signal 9 (SIGKILL)"),
    ],
)
def test_own_work_that_fails_is_told_by_outcome_and_callback(
    dispatch: Dispatch, tmp_path: Path, how: str, reason: str
) -> None:
    """All tasks succeeded; the job did not."""
    with CallbackReceiver() as receiver:
        ended = _told(dispatch, receiver, tmp_path, "--param", f"how={how}")
    assert ended.code == 1, ended.out + ended.err
    (delivery,) = receiver.deliveries
    assert delivery.body["Error"]["ErrorCode"] == "FinalizeWorkFailed"
    assert delivery.body["Output"]["finalizeWork"] == {"state": "failed", "reason": reason}
    assert delivery.body["Output"]["counts"]["succeeded"] == 1


def test_finalize_that_is_killed_tells_one_outcome(dispatch: Dispatch, tmp_path: Path) -> None:
    """Twice, and tried again by Batch: one key, one body."""
    with CallbackReceiver() as receiver:
        ended = _told(dispatch, receiver, tmp_path, "--faults", "seed=5; kill-task task=finalize max=2")
    assert ended.code == 0, ended.out + ended.err
    assert len({(delivery.key, delivery.content) for delivery in receiver.deliveries}) == 1
    assert receiver.deliveries[0].body["StatusCode"] == "200"


def test_receiver_that_comes_back_is_told_signed_and_once(dispatch: Dispatch, tmp_path: Path) -> None:
    """Each try is signed; the body is what the schema says."""
    with CallbackReceiver([Answer(status=503), Answer(status=429, headers={"Retry-After": "1"})]) as receiver:
        ended = _told(dispatch, receiver, tmp_path, "--param", "fails=true", secret=SECRET)
    assert ended.code == 1, ended.out + ended.err
    assert len(receiver.deliveries) == 3
    assert all(verify_signature(SECRET, got.headers, got.content) for got in receiver.deliveries)
    assert len({(got.key, got.content) for got in receiver.deliveries}) == 1
    schema = json.loads((DOCS / "callback.schema.json").read_text())
    assert find_faults(receiver.deliveries[0].body, schema) == []
    assert CALLBACK_SENT_BLOB in {str(path.relative_to(ended.results)) for path in ended.results.rglob("*.json")}


def test_callback_that_is_refused_ends_finalize_at_once_and_keeps_its_body(dispatch: Dispatch, tmp_path: Path) -> None:
    """One delivery, no retry of the task; the exit code says that nobody was told."""
    with CallbackReceiver([Answer(status=410)] * 10) as receiver:
        ended = _told(dispatch, receiver, tmp_path, secret=SECRET)
    assert ended.code == 69, ended.out + ended.err
    (delivery,) = receiver.deliveries
    assert json.loads((ended.results / CALLBACK_BODY_BLOB).read_text()) == delivery.body
    log = (ended.results / "logs" / "finalize" / "stderr.txt").read_text()
    assert "refused the callback with status 410" in log
    written = b"".join(path.read_bytes() for path in ended.results.rglob("*") if path.is_file())
    assert receiver.url.encode() not in written + (ended.out + ended.err).encode()
    assert SECRET.encode() not in written + (ended.out + ended.err).encode()


def test_own_work_under_a_debugger_runs_in_the_same_process(dispatch: Dispatch) -> None:
    """Its failure is shown and told as in a run."""
    ended = dispatch("debug", "closing", "--param", "how=raise")
    assert ended.code == 1, ended.out + ended.err
    assert "ValueError: no summary today" in ended.err
    assert _outcome(ended)["finalizeWork"]["reason"] == "ValueError: no summary today"

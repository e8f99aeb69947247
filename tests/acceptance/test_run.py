"""``python -m dispatcher run``: exit code, files, callback."""

import json
from pathlib import Path

import pytest

from dispatcher.receiver import CallbackReceiver
from tests.acceptance.conftest import Dispatch, processes_naming


def _outcome(results: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((results / "batch-manager" / "outcome.json").read_text())
    return document


def test_run_of_a_good_job_exits_zero_with_its_files_and_leaves_nothing(dispatch: Dispatch) -> None:
    """Inputs, outputs, logs and callback, all through the wire."""
    ended = dispatch("run", "chain", "--param", "parts=5", "--local-callback")
    assert ended.code == 0, ended.out + ended.err
    assert (ended.results / "whole.txt").read_text() == "".join(f"{n} 3\n" for n in range(5))
    assert (ended.results / "logs" / "1" / "stdout.txt").read_text().startswith("part 0 of chain-")
    assert "callback received: StatusCode 200, outcome succeeded" in ended.out
    assert not ended.folder.exists()
    assert processes_naming(ended.folder) == []


def test_log_line_of_a_task_names_job_task_node_and_attempt(dispatch: Dispatch) -> None:
    """As it lies in blob storage."""
    ended = dispatch("run", "chain", "--param", "parts=1", "--job-id", "named-job")
    line = json.loads((ended.results / "logs" / "1" / "stderr.txt").read_text().splitlines()[0])
    assert (line["job"], line["task"], line["attempt"], line["message"]) == ("named-job", "1", 1, "part runs")
    assert line["node"]


def test_failed_task_does_not_block_the_job(dispatch: Dispatch) -> None:
    """Its dependents are skipped, FinalizeTask tells it, and the exit code says it."""
    ended = dispatch("run", "chain", "--param", "parts=3", "--param", "how=fail", "--local-callback")
    assert ended.code == 1, ended.out + ended.err
    outcome = _outcome(ended.results)
    counts = outcome["counts"]
    assert isinstance(counts, dict)
    assert {name: count for name, count in counts.items() if count} == {"succeeded": 2, "failed": 1, "skipped": 1}
    assert "callback received: StatusCode 500, outcome failed" in ended.out
    assert "part 0 was told to fail" in (ended.results / "logs" / "1" / "stderr.txt").read_text()
    assert "Traceback" not in ended.err


def test_task_with_wrong_input_ends_with_the_code_for_it(dispatch: Dispatch) -> None:
    """One line in its stderr, no traceback."""
    ended = dispatch("run", "chain", "--param", "parts=1", "--param", "how=input-error")
    assert ended.code == 1
    failures = _outcome(ended.results)["failures"]
    assert isinstance(failures, list)
    assert [failure["exitCode"] for failure in failures] == [65]
    log = (ended.results / "logs" / "1" / "stderr.txt").read_text()
    assert "part 0: wrong input" in log
    assert "Traceback" not in log


def test_job_manager_that_raises_is_told_by_finalize(dispatch: Dispatch) -> None:
    """With its exception as the cause."""
    ended = dispatch("run", "chain", "--param", "how=break", "--local-callback")
    assert ended.code == 1
    assert _outcome(ended.results)["cause"] == "RuntimeError: the job manager was told to break"
    assert "callback received: StatusCode 500" in ended.out


def test_job_manager_that_dies_does_not_leave_the_job_waiting(dispatch: Dispatch) -> None:
    """Killed before it could add anything, it is reported all the same."""
    ended = dispatch("run", "chain", "--param", "how=die")
    assert ended.code == 1
    assert "exit code 7" in ended.out


def test_job_manager_that_ends_well_without_a_job_does_not_leave_it_waiting(dispatch: Dispatch) -> None:
    """As a __main__.py does that forgets to run the application."""
    ended = dispatch("run", "chain", "--param", "how=leave")
    assert ended.code == 70
    assert "does __main__.py call Application(...).run()?" in ended.out


def test_skipped_task_is_not_retried(dispatch: Dispatch) -> None:
    """Its retries are for failures of its own."""
    ended = dispatch("run", "chain", "--param", "parts=1", "--param", "how=fail")
    lines = (ended.results / "logs" / "2" / "stderr.txt").read_text().splitlines()
    assert [json.loads(line)["attempt"] for line in lines] == [1]


def test_task_that_needs_more_slots_than_a_node_has_ends_the_run(dispatch: Dispatch) -> None:
    """It would wait for ever, on Azure too."""
    ended = dispatch("run", "chain", "--param", "slots=3", "--slots", "2")
    assert ended.code == 70, ended.out + ended.err
    assert "task '1', required_slots: is 3, and a node of pool 'local' has 2" in ended.out


def test_callback_that_is_refused_is_told(dispatch: Dispatch, tmp_path: Path) -> None:
    """The job succeeded, but nobody was told."""
    with CallbackReceiver() as receiver:
        (tmp_path / "url").write_text(receiver.url + "x")
        ended = dispatch("run", "chain", "--param", "parts=1", "--callback-file", str(tmp_path / "url"))
    assert ended.code == 69, ended.out + ended.err
    assert "FinalizeTask failed with exit code 69" in ended.out


def test_reason_of_a_failure_names_what_was_missing(dispatch: Dispatch) -> None:
    """Batch puts it into the details."""
    ended = dispatch("run", "chain", "--param", "parts=1", "--param", "how=no-input")
    failures = _outcome(ended.results)["failures"]
    assert isinstance(failures, list)
    assert "missing.txt" in failures[0]["reason"]


def test_inputs_too_large_for_the_environment_arrive(dispatch: Dispatch) -> None:
    """As a blob, which the task does not notice."""
    ended = dispatch("run", "chain", "--param", "parts=2", "--param", "length=200000")
    assert ended.code == 0, ended.out + ended.err
    assert (ended.results / "whole.txt").read_text() == "0 200000\n1 200000\n"


def test_run_behind_a_proxy_reaches_the_local_service(dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens on the discard port: whatever asked that proxy would fail."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    ended = dispatch("run", "chain", "--param", "parts=1", "--local-callback")
    assert ended.code == 0, ended.out + ended.err
    assert "callback received" in ended.out

"""A node's log."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatcher.service.node import node_log
from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import SetupEnding, Stage, TaskEnding, TaskKey, TaskStarted
from dispatcher.service.node.node_log import NodeLog, log_files

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = TaskKey(job_id="job", task_id="task")


def test_events_are_told_in_order(tmp_path: Path) -> None:
    """Each with its time, its task and how it went."""
    ended = failure("FailureExitCode")
    with closing(NodeLog(tmp_path)) as log:
        log.tell(SetupEnding(at=NOW))
        log.tell(TaskStarted(key=KEY, run_number=1, at=NOW))
        log.tell(TaskEnding(key=KEY, run_number=1, at=NOW, stage=Stage.RUN, exit_code=3, failure=ended))
    lines = [line.partition(" ")[2] for line in (tmp_path / "node.log").read_text().splitlines()]
    assert lines[:2] == ["set up", "started job/task, run 1"]
    assert lines[2].startswith("ended job/task, run 1, in run, exit code 3, FailureExitCode (")


def test_sentence_is_one_line(tmp_path: Path) -> None:
    """Whatever it holds."""
    with closing(NodeLog(tmp_path)) as log:
        log.say(NOW, "one\ntwo")
    assert (tmp_path / "node.log").read_text().count("\n") == 1


def test_files_are_found_by_their_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with any line of the time asked for; the one before the current is kept."""
    monkeypatch.setattr(node_log, "MOST_BYTES", 1)
    for hours in range(3):
        with closing(NodeLog(tmp_path)) as log:
            log.say(NOW + timedelta(hours=hours), "x")
    before, current = log_files(tmp_path)
    assert (before.first, current.last) == (NOW + timedelta(hours=1), NOW + timedelta(hours=2))
    assert [file.overlaps(NOW + timedelta(hours=2), None) for file in (before, current)] == [False, True]
    assert [file.overlaps(NOW, NOW + timedelta(hours=1)) for file in (before, current)] == [True, False]


def test_folder_without_a_log_has_no_files(tmp_path: Path) -> None:
    """As before anything happened."""
    assert log_files(tmp_path) == []

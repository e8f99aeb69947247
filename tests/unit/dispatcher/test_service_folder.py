"""The folder of a local service."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from dispatcher.client_variables import as_lines
from dispatcher.service.private_files import PrivacyError
from dispatcher.service_folder import FolderInUse, Running, ServiceFolder, default_folder


def test_folder_that_is_not_there_runs_nothing(tmp_path: Path) -> None:
    """And is not made by asking."""
    folder = ServiceFolder(tmp_path / "new")
    assert (folder.running(), folder.process_id()) == (Running.NO, None)
    assert not folder.path.exists()


def test_claimed_folder_tells_what_runs(tmp_path: Path) -> None:
    """Until it is given up."""
    folder = ServiceFolder(tmp_path / "new")
    with folder.claim():
        states = [folder.running()]
        folder.tell_ready()
        states.append(folder.running())
        assert folder.process_id() == os.getpid()
    assert [*states, folder.running()] == [Running.STARTING, Running.YES, Running.NO]


def test_claimed_folder_is_refused_to_others(tmp_path: Path) -> None:
    """At once, since its process lives."""
    with ServiceFolder(tmp_path).claim(), pytest.raises(FolderInUse, match="a service runs on"):
        with ServiceFolder(tmp_path).claim():
            pass


@pytest.mark.parametrize("started", [None, 1, "x"])
def test_number_that_another_process_has_by_now_is_not_believed(tmp_path: Path, started: object) -> None:
    """Whoever stops the service must not end a stranger."""
    (tmp_path / "process.json").write_text(json.dumps({"pid": os.getpid(), "started": started, "is_ready": True}))
    with (tmp_path / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folder = ServiceFolder(tmp_path)
        assert (folder.running(), folder.process_id()) == (Running.ENDING, None)


def test_folder_of_another_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever command asks."""
    monkeypatch.setattr("os.getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(PrivacyError, match="belongs to another user"):
        ServiceFolder(tmp_path).running()


@pytest.mark.parametrize(("given", "below"), [("/state", "/state"), ("relative", "/home/me/.local/state"), ("", None)])
def test_default_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, given: str, below: str | None) -> None:
    """Below the folder that is for state; a relative one is ignored, as its specification says."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_STATE_HOME", given)
    assert default_folder() == Path(below or "/home/me/.local/state") / "azure-batch-manager" / "service"


def test_lines_are_quoted_for_a_shell() -> None:
    """Only where a shell would take a character for its own."""
    assert as_lines({"A": "a/b+c==", "B": "a;b c", "C": "it's"}) == "A=a/b+c==\nB='a;b c'\nC='it'\"'\"'s'"

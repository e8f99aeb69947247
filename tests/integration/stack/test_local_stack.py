"""The local stack with a real Azurite and a stand-in for the Batch service."""

import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from azure.storage.blob import BlobServiceClient

from dispatcher.stack import LocalStack, StackError


def blobs_of(stack: LocalStack) -> BlobServiceClient:
    """Return the official client of the stack's storage account."""
    return BlobServiceClient.from_connection_string(stack.storage.connection_string)


def test_storage_serves_the_official_client() -> None:
    """A blob written through Microsoft's client is read back through it."""
    with LocalStack(batch=False) as stack:
        container = blobs_of(stack).create_container("results")
        container.upload_blob("a/b.txt", b"text")
        assert container.download_blob("a/b.txt").readall() == b"text"


def test_storage_keeps_its_blobs_over_a_restart(tmp_path: Path) -> None:
    """Azurite is ended so that what was just written is there when the next stack starts on the same folder."""
    with LocalStack(tmp_path / "run", batch=False) as stack:
        blobs_of(stack).create_container("results").upload_blob("last", b"word")
    with LocalStack(tmp_path / "run", batch=False) as stack:
        assert blobs_of(stack).get_blob_client("results", "last").download_blob().readall() == b"word"


def test_two_stacks_run_at_once_without_sharing_anything() -> None:
    """Two stacks started at the same moment have ports, folders and keys of their own."""
    stacks = [LocalStack(batch=False), LocalStack(batch=False)]
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(LocalStack.start, stacks)
        blobs_of(first).create_container("only-here")
        assert [container.name for container in blobs_of(second).list_containers()] == []
        assert first.storage.key != second.storage.key
        assert first.folder != second.folder
    finally:
        for stack in stacks:
            stack.stop()


def test_service_is_ready_with_its_account_and_its_storage_link(service_command: tuple[str, ...]) -> None:
    """After start the service answers, its key is known, and it can read how to reach the storage account."""
    with LocalStack(service_command=service_command) as stack:
        with pytest.raises(OSError, match="501"):  # the stand-in's answer to any method it does not know
            urlopen(Request(stack.batch_endpoint, method="OPTIONS"))
        link = json.loads((stack.folder / "batch" / "secrets" / "storage_link.json").read_text())
        assert link == {
            "account": stack.storage.account,
            "endpoint": stack.storage.blob_url,
            "key": stack.storage.key,
        }
        assert (stack.batch_account, stack.batch_key) == ("stand-in", "a2V5")


def test_secrets_of_nodes_are_for_this_user_alone(service_command: tuple[str, ...]) -> None:
    """The secrets folder holds both credentials under their settings' names, and nobody else may read it."""
    with LocalStack(service_command=service_command) as stack:
        secrets = {path.name: path for path in stack.secrets_folder.iterdir()}
        assert set(secrets) == {"AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.values()} == {0o600}
        assert stat.S_IMODE(stack.secrets_folder.stat().st_mode) == 0o700
        assert secrets["AZURE_BATCH_ACCESS_KEY"].read_text() == stack.batch_key


def test_given_folder_stays_and_a_temporary_one_goes(tmp_path: Path) -> None:
    """A stack removes only a folder that it made up itself."""
    with LocalStack(tmp_path / "run", batch=False) as given, LocalStack(batch=False) as temporary:
        folders = given.folder, temporary.folder
    assert [folder.exists() for folder in folders] == [True, False]


def test_temporary_folder_stays_when_asked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``keep`` leaves the run folder for a look."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with LocalStack(batch=False, keep=True) as stack:
        folder = stack.folder
    assert (folder / "logs" / "azurite.log").is_file()


def test_service_that_ends_early_is_reported_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the process, its exit code and what it said last; no folder is left."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    command = (sys.executable, "-c", "import sys; print('the disk is full'); sys.exit(3)")
    with pytest.raises(StackError, match=r"service ended with exit code 3.*\nthe disk is full"):
        LocalStack(service_command=command).start()
    assert list(tmp_path.iterdir()) == []


def test_service_that_cannot_be_started_is_reported() -> None:
    """A command that does not exist is an error that names it."""
    with pytest.raises(StackError, match=r"service could not be started: .*no-such-program"):
        LocalStack(service_command=["/no-such-program"]).start()


def test_service_that_is_never_ready_is_reported() -> None:
    """A process that runs but does not answer ends the start with an error instead of hanging."""
    command = (sys.executable, "-c", "import signal; signal.pause()")
    with pytest.raises(StackError, match="service was not ready"):
        LocalStack(service_command=command, ready_seconds=5).start()


def test_stack_says_when_a_process_has_ended(
    service_command: tuple[str, ...], wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """While all is well there is no failure; afterwards there is one, and it keeps being told."""
    with LocalStack(service_command=service_command) as stack:
        assert stack.failure() is None
        os.kill(json.loads((stack.folder / "batch" / "endpoint.json").read_text())["pid"], signal.SIGKILL)
        wait_until(lambda: stack.failure() is not None)
        reason = stack.failure()
        assert reason is not None
        assert reason.startswith("service ended with exit code -9")


def test_stack_without_the_service_has_no_batch_account() -> None:
    """Asking for what was not started is an error, not an empty string."""
    with LocalStack(batch=False) as stack, pytest.raises(StackError, match="without the Batch service"):
        _ = stack.batch_endpoint


def test_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """With the reason, and with nothing left running."""
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"the run folder cannot be used: .*Not a directory"):
        LocalStack(tmp_path / "file" / "run", batch=False).start()

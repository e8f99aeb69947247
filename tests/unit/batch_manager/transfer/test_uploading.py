"""Uploads, to an account in memory."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_manager.errors import AccessDeniedError
from batch_manager.exit_codes import ExitCode
from batch_manager.patience import Patience
from batch_manager.transfer import TransferError, find_files, upload_files, uploading
from tests.support.blobs_in_memory import BlobsInMemory, failing

LARGE = bytes(range(256)) * 40
"""Ten blocks of this test's size."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few bytes are a large file."""
    monkeypatch.setattr(uploading, "BLOCK_SIZE", 1024)
    monkeypatch.setattr(uploading, "block_size", lambda size: 1024)


@pytest.fixture
def store() -> BlobsInMemory:
    return BlobsInMemory("box")


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def make(name: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return make


def test_files_arrive_with_their_md5(store: BlobsInMemory, file: Callable[[str, bytes], Path]) -> None:
    """Small, large and empty."""
    contents = {"a": b"small", "b/large": LARGE, "c": b""}
    result = upload_files(store, "box", {name: file(name[-1], content) for name, content in contents.items()})
    assert result.sent == ("a", "b/large", "c")
    assert result.sent_bytes == len(LARGE) + 5
    for name, content in contents.items():
        assert store.content("box", name) == content
        assert store.describe("box", name).md5 == hashlib.md5(content).digest()


def test_what_is_there_is_skipped_by_its_hash(store: BlobsInMemory, file: Callable[[str, bytes], Path]) -> None:
    """The same size with another content is sent; times do not count."""
    store.add("box", "same", b"same")
    store.add("box", "large", LARGE)
    store.add("box", "other", b"old!")
    store.add("box", "unknown", b"unknown", md5=None)
    contents = {"same": b"same", "large": LARGE, "other": b"new!", "unknown": b"unknown"}
    result = upload_files(store, "box", {name: file(name, content) for name, content in contents.items()})
    assert (result.sent, result.skipped) == (("other", "unknown"), ("large", "same"))


def test_interrupted_upload_goes_on_with_the_blocks_that_are_there(
    store: BlobsInMemory, file: Callable[[str, bytes], Path]
) -> None:
    """A block that holds something else by now is sent again."""
    store.before = failing("commit", 1)
    upload_files(store, "box", {"a": file("a", LARGE)})
    changed = b"x" * 1024 + LARGE[1024:]
    store.asked.clear()
    upload_files(store, "box", {"a": file("a", changed)})
    assert store.content("box", "a") == changed
    assert store.count("put_block") == 1


def test_request_whose_reply_was_lost_is_made_again(file: Callable[[str, bytes], Path]) -> None:
    """Whatever request it was."""
    store = BlobsInMemory("box", patience=Patience(limit=9, monotonic=lambda: 0.0, first_pause=0.001))
    store.before, store.after = failing("put_block", 2), failing("put", 1)
    result = upload_files(store, "box", {"a": file("a", LARGE), "b": file("b", b"small")})
    assert result.sent == ("a", "b")
    assert (store.count("put"), store.count("put_block")) == (2, 12)


def test_failure_of_one_file_does_not_keep_the_rest(
    store: BlobsInMemory, file: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    """What cannot be mended by another try decides the exit code."""
    store.before = failing("put", 1, AccessDeniedError("no", operation="put", status=403))
    result = upload_files(store, "box", {"a": file("a", b"1"), "b": file("b", LARGE), "c": tmp_path / "gone"})
    assert result.sent == ("b",)
    assert [(one.name, one.exit_code) for one in result.failures] == [
        ("a", ExitCode.NO_PERMISSION),
        ("c", ExitCode.BAD_INPUT),
    ]
    with pytest.raises(TransferError, match="2 of 3 files") as caught:
        result.raise_for_failures()
    assert caught.value.exit_code == ExitCode.NO_PERMISSION


def test_account_out_of_reach_is_not_waited_for_by_every_file(
    store: BlobsInMemory, file: Callable[[str, bytes], Path]
) -> None:
    """The first few waited for long enough."""
    store.before = failing("put", 1000)
    result = upload_files(store, "box", {f"{number:03}": file("a", b"1") for number in range(200)})
    assert len(result.failures) == 200
    assert {one.exit_code for one in result.failures} == {ExitCode.TRY_AGAIN}
    assert store.count("put") < 100


@pytest.mark.parametrize("content", [b"small", LARGE])
def test_file_that_changes_while_it_is_read_is_noticed(
    store: BlobsInMemory, file: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Nothing is written."""
    path = file("a", content)
    marks = iter([(len(content), 1), (len(content), 2)])
    monkeypatch.setattr(uploading, "_mark", lambda opened: next(marks))
    result = upload_files(store, "box", {"a": path})
    assert "changed while it was read" in result.failures[0].reason
    assert store.blobs["box"] == {}


def test_blocks_of_another_tool_are_named(store: BlobsInMemory, file: Callable[[str, bytes], Path]) -> None:
    """Azure would refuse ours beside them."""
    store.staged["box", "a"] = {"AAAA": b"x"}
    result = upload_files(store, "box", {"a": file("a", LARGE)})
    assert "another tool" in result.failures[0].reason


def test_blob_that_is_not_what_was_sent_is_a_failure(store: BlobsInMemory, file: Callable[[str, bytes], Path]) -> None:
    """As where another process wrote it meanwhile."""

    def overwrite(method: str, blob: str) -> None:
        if method == "commit":
            store.add("box", blob, b"other")

    store.after = overwrite
    assert "another MD5" in upload_files(store, "box", {"a": file("a", LARGE)}).failures[0].reason


def test_no_files_ask_for_nothing(store: BlobsInMemory) -> None:
    """Not even for a list."""
    assert upload_files(store, "box", {}).sent == ()
    assert store.asked == []


def test_pipe_is_not_waited_for(store: BlobsInMemory, tmp_path: Path) -> None:
    """A folder holds all kinds of things."""
    from batch_manager.transfer import find_files

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"")
    found = find_files([tmp_path])
    assert (list(found.files), list(found.left_out)) == (["a"], [tmp_path / "pipe"])


def test_link_to_a_file_keeps_its_own_name(tmp_path: Path) -> None:
    """Given by itself as below a folder: what it leads to may be called anything."""
    (tmp_path / "v7").write_text("1")
    link = tmp_path / "latest.csv"
    link.symlink_to("v7")
    assert find_files([link], "in/").files == {"in/latest.csv": link}

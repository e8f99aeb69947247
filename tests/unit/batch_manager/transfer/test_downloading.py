"""Downloads, from an account in memory."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch_manager.exit_codes import ExitCode
from batch_manager.transfer import BlobInfo, TransferResult, download_blobs, downloading, select_blobs
from batch_manager.transfer.moving import FileError
from batch_manager.transfer.part_file import PartFile
from tests.support.blobs_in_memory import BlobsInMemory, failing

LARGE = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few bytes are a large blob."""
    monkeypatch.setattr(downloading, "BLOCK_SIZE", 1024)


@pytest.fixture
def store() -> BlobsInMemory:
    return BlobsInMemory("box")


def _download(store: BlobsInMemory, folder: Path, *patterns: str) -> TransferResult:
    return download_blobs(store, "box", select_blobs(store, "box", patterns), folder)


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_blobs_become_files_of_their_names(store: BlobsInMemory, tmp_path: Path) -> None:
    """All but the project's own notes and the marks of folders; a second time nothing is fetched."""
    contents = {"a": b"small", "b/c d/ü": LARGE, "empty": b""}
    for name, content in {**contents, "batch-manager/outcome.json": b"{}", "b/": b""}.items():
        store.add("box", name, content)
    assert _download(store, tmp_path).sent == tuple(sorted(contents))
    assert {name: (tmp_path / name).read_bytes() for name in _files(tmp_path)} == contents
    store.asked.clear()
    assert _download(store, tmp_path).skipped == tuple(sorted(contents))
    assert store.count("get") == 0


def test_patterns_choose_the_blobs(store: BlobsInMemory, tmp_path: Path) -> None:
    """Also the project's own notes, where they are asked for; each once, however many fit."""
    for name in ("a.csv", "x/b.csv", "x/c.txt", "batch-manager/request.json"):
        store.add("box", name, b"")
    assert _download(store, tmp_path, "*.csv", "x/*").sent == ("a.csv", "x/b.csv", "x/c.txt")
    assert _download(store, tmp_path, "batch-manager/").sent == ("batch-manager/request.json",)


def test_file_with_another_content_is_replaced(store: BlobsInMemory, tmp_path: Path) -> None:
    """Even of the same size and newer; so is one whose blob has no MD5 to compare."""
    store.add("box", "a", b"blob")
    store.add("box", "b", b"blob", md5=None)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"file")
    assert _download(store, tmp_path).sent == ("a", "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"blob"


def test_interrupted_download_goes_on_where_it_was(store: BlobsInMemory, tmp_path: Path) -> None:
    """Not even a whole block is needed."""
    store.add("box", "a", LARGE)
    info = store.describe("box", "a")
    with PartFile(tmp_path / "a", info) as part:
        part.append(LARGE[:5000])
    store.asked.clear()
    assert _download(store, tmp_path).sent == ("a",)
    assert (tmp_path / "a").read_bytes() == LARGE
    assert store.count("get") == 6
    assert _files(tmp_path) == ["a"]


def test_part_of_another_version_is_not_gone_on_with(store: BlobsInMemory, tmp_path: Path) -> None:
    """Two versions never mix, even without an MD5 to tell."""
    store.add("box", "a", LARGE, md5=None)
    with PartFile(tmp_path / "a", store.describe("box", "a")) as part:
        part.append(LARGE[:5000])
    store.add("box", "a", LARGE[::-1], md5=None)
    _download(store, tmp_path)
    assert (tmp_path / "a").read_bytes() == LARGE[::-1]


@pytest.mark.parametrize("size", [3, 5000])
def test_blob_that_is_written_again_meanwhile_is_fetched_anew(store: BlobsInMemory, tmp_path: Path, size: int) -> None:
    """The file is of one version."""
    store.add("box", "a", b"x" * size)

    def overwrite(method: str, blob: str) -> None:
        if method == "get":
            store.before = lambda method, blob: None
            store.add("box", "a", b"y" * size)

    store.before = overwrite
    assert _download(store, tmp_path).sent == ("a",)
    assert (tmp_path / "a").read_bytes() == b"y" * size


@pytest.mark.parametrize("size", [3, 5000])
def test_content_with_another_md5_is_a_failure_and_leaves_no_file(
    store: BlobsInMemory, tmp_path: Path, size: int
) -> None:
    """It names the file."""
    store.add("box", "a", b"x" * size, md5=b"0123456789abcdef")
    result = _download(store, tmp_path)
    assert [one.name for one in result.failures] == ["a"]
    assert "MD5" in result.failures[0].reason
    assert _files(tmp_path) == []


def test_link_out_of_the_folder_is_not_followed(store: BlobsInMemory, tmp_path: Path) -> None:
    """The rest goes on."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "sub").symlink_to(outside)
    store.add("box", "sub/a", b"x")
    store.add("box", "b", b"x")
    result = _download(store, tmp_path / "to")
    assert (result.sent, [one.exit_code for one in result.failures]) == (("b",), [ExitCode.BAD_INPUT])
    assert _files(outside) == []


def test_name_that_leaves_the_folder_is_a_failure(store: BlobsInMemory, tmp_path: Path) -> None:
    """And writes nothing anywhere."""
    for name in ("../up", "/etc/x", "fine"):
        store.add("box", name, b"x")
    result = _download(store, tmp_path / "to")
    assert (result.sent, [one.name for one in result.failures]) == (("fine",), ["../up", "/etc/x"])
    assert _files(tmp_path) == ["to/fine"]


def test_folder_in_the_place_of_a_file_is_named(store: BlobsInMemory, tmp_path: Path) -> None:
    """And is left as it is."""
    (tmp_path / "a" / "inner").mkdir(parents=True)
    store.add("box", "a", b"x")
    assert "is a folder" in _download(store, tmp_path).failures[0].reason


def test_same_download_in_another_process_is_named(store: BlobsInMemory, tmp_path: Path) -> None:
    """Two would write one part."""
    store.add("box", "a", LARGE)
    with PartFile(tmp_path / "a", store.describe("box", "a")):
        result = _download(store, tmp_path)
    assert "another process" in result.failures[0].reason
    assert result.failures[0].exit_code == ExitCode.TRY_AGAIN


def test_what_arrived_of_a_large_blob_stays_after_a_failure(store: BlobsInMemory, tmp_path: Path) -> None:
    """The next run needs the rest alone."""
    store.add("box", "a", LARGE)
    store.before = failing("get", 1)
    assert _download(store, tmp_path).failures[0].exit_code == ExitCode.TRY_AGAIN
    assert not (tmp_path / "a").exists()
    assert _download(store, tmp_path).sent == ("a",)
    assert (tmp_path / "a").read_bytes() == LARGE


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_state_of_a_part_is_removed_before_another_process_can_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise that one would go on without its state, and a third would take its part for another version's."""
    busy: list[bool] = []
    unlink = Path.unlink

    def watched(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".json"):
            with pytest.raises(FileError), PartFile(tmp_path / "a", info):
                pass
            busy.append(True)
        unlink(path, missing_ok=missing_ok)

    info = BlobInfo(name="a", size=2, etag="1", md5=None, last_modified=datetime(2026, 1, 1, tzinfo=UTC))
    with PartFile(tmp_path / "a", info) as part:
        part.append(b"12")
        monkeypatch.setattr(Path, "unlink", watched)
        part.finish()
    assert busy == [True]

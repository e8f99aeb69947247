"""Looking at a node's files."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.service.node.files import FileOutside, check_in_place, list_files, open_file, read_entry, resolve


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a folder, files, and links that stay and that leave."""
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "two.txt").write_text("22")
    (root / "one.txt").write_text("1")
    (tmp_path / "root-secret").write_text("secret")
    for name, target in (
        ("inside", "a"),
        ("out", ".."),
        ("file-out", "../root-secret"),
        ("broken", "no"),
        ("loop", "loop"),
    ):
        (root / name).symlink_to(target)
    return root


@pytest.mark.parametrize(
    "relative", ["..", "../root-secret", "a/../../x", "/etc", "out/x", "out", "file-out", "loop", "a/../one.txt", "x\0"]
)
def test_path_that_leaves_the_root_is_refused(root: Path, relative: str) -> None:
    """By dots, from the top or over a link; a root whose name merely begins alike is another."""
    with pytest.raises(FileOutside):
        resolve(root, relative)


@pytest.mark.parametrize(("relative", "found"), [("", ""), ("a/b", "a/b"), ("inside/b", "a/b"), ("new/x", "new/x")])
def test_path_within_the_root_is_followed(root: Path, relative: str, found: str) -> None:
    """Over links that stay; it need not exist."""
    assert resolve(root, relative) == root.resolve() / found


def test_list_is_in_order_and_of_one_folder(root: Path) -> None:
    """Links that leave or lead nowhere are left out."""
    assert [entry.name for entry in list_files(root)] == ["a", "inside", "one.txt"]
    assert [entry.name for entry in list_files(root, "a")] == ["a/b"]


def test_recursive_list_enters_folders_but_no_links(root: Path) -> None:
    """So it ends."""
    names = [entry.name for entry in list_files(root, recursive=True)]
    assert names == ["a", "a/b", "a/b/two.txt", "inside", "one.txt"]


@pytest.mark.parametrize("recursive", [True, False])
def test_list_goes_on_after_any_of_its_entries(root: Path, recursive: bool) -> None:
    """Also after one that is gone, so that pages neither skip nor repeat while files come and go."""
    (root / "a" / "b" / "c").mkdir()
    (root / "a.txt").touch()
    names = [entry.name for entry in list_files(root, recursive=recursive)]
    for number, name in enumerate(names, start=1):
        assert [entry.name for entry in list_files(root, "", recursive, name)] == names[number:]
    (root / "a.txt").unlink()
    assert "one.txt" in [entry.name for entry in list_files(root, "", recursive, "a.txt")]


def test_root_itself_is_in_place(root: Path) -> None:
    """A start task's folder lies in it; so is what is not there yet, and a folder over a link is not."""
    for folder in (root, root / "new" / "x"):
        check_in_place(root, folder)
    with pytest.raises(FileOutside):
        check_in_place(root, root / "inside" / "b")


def test_name_that_is_no_text_is_left_out(root: Path) -> None:
    """No answer could hold it."""
    Path(os.fsdecode(os.fsencode(root) + b"/\xff")).touch()
    assert [entry.name for entry in list_files(root)] == ["a", "inside", "one.txt"]


def test_folders_as_deep_as_a_path_can_say_are_listed(root: Path) -> None:
    """They take no stack."""
    deep = root
    while len(str(deep)) < 3500:
        deep /= "d"
        deep.mkdir()
    try:
        assert len(list(list_files(root, recursive=True))) > 1600
    finally:
        subprocess.run(["rm", "-r", str(root / "d")], check=True)  # what removes it otherwise does take stack


def test_entry_tells_what_batch_tells(root: Path) -> None:
    """Size, time and mode with its type."""
    (root / "one.txt").chmod(0o640)
    entry = read_entry(root, "one.txt")
    assert (entry.name, entry.is_directory, entry.size, entry.mode) == ("one.txt", False, 1, "0o100640")
    assert entry.modified == datetime.fromtimestamp((root / "one.txt").stat().st_mtime, UTC)
    assert read_entry(root, "a").is_directory


@pytest.mark.parametrize(
    ("relative", "error"), [("no", FileNotFoundError), ("one.txt", NotADirectoryError), ("..", FileOutside)]
)
def test_list_of_no_folder_is_an_error(root: Path, relative: str, error: type[Exception]) -> None:
    """At the call, not at the first entry."""
    with pytest.raises(error):
        list_files(root, relative)


def test_link_that_takes_the_place_of_a_file_is_not_opened(root: Path, tmp_path: Path) -> None:
    """Nor one that takes the place of a folder on the way, after the path was looked at."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "b").write_text("secret")
    file, below = resolve(root, "one.txt"), resolve(root, "a/b")
    file.unlink()
    file.symlink_to(tmp_path / "secret" / "b")
    shutil.rmtree(root / "a")
    (root / "a").symlink_to(tmp_path / "secret")
    for path in (file, below):
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            open_file(root, path)


def test_pipe_that_takes_the_place_of_a_file_is_not_waited_for(root: Path) -> None:
    """It is no file any more."""
    file = resolve(root, "one.txt")
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(FileNotFoundError):
        open_file(root, file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    parts=st.lists(
        st.sampled_from(["..", ".", "", "a", "up", "out", "loop", "inside", "one.txt", "/", "~"]), max_size=7
    )
)
def test_no_path_leads_out_of_the_root(root: Path, parts: list[str]) -> None:
    """Whatever links a task made, what is found lies in the root or is not found."""
    if not (root / "a" / "up").is_symlink():
        (root / "a" / "up").symlink_to("../..")
    try:
        found = resolve(root, "/".join(parts))
    except FileOutside:
        return
    assert found == root.resolve() or root.resolve() in found.parents
    assert not found.is_symlink()

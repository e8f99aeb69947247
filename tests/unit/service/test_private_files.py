"""Files for their owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dispatcher.service.private_files import PrivacyError, make_private_folder, read_or_make, write_private


def mode(path: Path) -> int:
    """Return the permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_that_others_can_read_is_closed(tmp_path: Path) -> None:
    """As one that is made, if nothing is in it yet."""
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    make_private_folder(tmp_path / "new" / "er")
    assert {mode(tmp_path), mode(tmp_path / "new" / "er")} == {0o700}


def test_folder_of_things_that_others_can_read_is_left_alone(tmp_path: Path) -> None:
    """It may be a home, or the folder of everybody's temporary files."""
    tmp_path.chmod(0o755)
    (tmp_path / "file").touch()
    with pytest.raises(PrivacyError, match="others can use the folder"):
        make_private_folder(tmp_path)
    assert mode(tmp_path) == 0o755
    make_private_folder(tmp_path, is_ours=True)
    assert mode(tmp_path) == 0o700


def test_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left as it is."""
    monkeypatch.setattr("os.getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(PrivacyError, match="belongs to another user"):
        make_private_folder(tmp_path)


def test_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "file").touch()
    with pytest.raises(PrivacyError, match=f"cannot use the folder {tmp_path}/file"):
        make_private_folder(tmp_path / "file")


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing is left of drafts."""
    path = tmp_path / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert (path.read_bytes(), mode(path), os.listdir(tmp_path)) == (b"two", 0o600, ["file"])


def test_content_is_made_once(tmp_path: Path) -> None:
    """What is there stays."""
    assert read_or_make(tmp_path / "file", lambda: b"one") == b"one"
    assert read_or_make(tmp_path / "file", lambda: b"two") == b"one"

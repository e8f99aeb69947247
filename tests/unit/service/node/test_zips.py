"""Unpacking zips that nobody vouches for."""

import stat
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node import zips
from dispatcher.service.node.zips import BadZip, unpack


def _zip(path: Path, *entries: tuple[str, bytes, int]) -> Path:
    """Write a zip of names, contents and modes with the type bits."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, mode << 16
            made.writestr(entry, data)
    return path


def test_files_keep_their_place_and_their_executable_bit(tmp_path: Path) -> None:
    """A program in a package runs."""
    archive = _zip(tmp_path / "a.zip", ("bin/run", b"x", 0o100755), ("data", b"yy", 0o100640), ("none", b"", 0))
    unpack(archive, tmp_path / "out")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert modes == {"run": 0o755, "data": 0o640, "none": 0o600}
    assert (tmp_path / "out" / "bin" / "run").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../x", "..\\x", "\\x"])
def test_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written outside the folder, whichever way the slashes lean."""
    archive = _zip(tmp_path / "a.zip", (name, b"x", 0o100644))
    with pytest.raises(BadZip, match="leads out"):
        unpack(archive, tmp_path / "folder")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    """A link could lead a later entry out of the folder."""
    archive = _zip(tmp_path / "a.zip", ("link", b"/etc", kind | 0o777))
    with pytest.raises(BadZip, match="a link or a device"):
        unpack(archive, tmp_path / "folder")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Which one counts would depend on the tool."""
    archive = _zip(tmp_path / "a.zip", ("a", b"1", 0o100644), ("a", b"2", 0o100644))
    with pytest.raises(BadZip, match="twice"):
        unpack(archive, tmp_path / "folder")


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 1999), ("MOST_ENTRIES", 1)])
def test_more_than_the_limits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """By number and by size, before anything is written."""
    archive = _zip(tmp_path / "a.zip", ("a", bytes(1000), 0o100644), ("b", bytes(1000), 0o100644))
    monkeypatch.setattr(zips, limit, value)
    with pytest.raises(BadZip, match="at most"):
        unpack(archive, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


@given(data=st.binary(max_size=200))
def test_what_is_no_zip_is_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the bytes are."""
    folder = tmp_path_factory.mktemp("zip")
    (folder / "a.zip").write_bytes(data)
    with pytest.raises(BadZip):
        unpack(folder / "a.zip", folder / "out")


@given(cut=st.integers(min_value=1, max_value=400))
def test_zip_that_is_cut_is_refused(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An upload that broke off leaves no half package."""
    folder = tmp_path_factory.mktemp("zip")
    archive = _zip(folder / "a.zip", ("a", bytes(range(256)), 0o100644), ("b", bytes(range(256)), 0o100644))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: max(0, len(whole) - cut)])
    with pytest.raises(BadZip):
        unpack(archive, folder / "out")


_PARTS = st.sampled_from(["..", ".", "", "a", "b", "con", "/", "\\", "C:", "é", "..\\..", "a" * 300, "\n"])
_KINDS = st.sampled_from([0o100644, 0o040755, 0o120777, 0o020666, 0o010644, 0])


@given(entries=st.lists(st.tuples(st.lists(_PARTS, min_size=1, max_size=5).map("/".join), _KINDS), max_size=6))
def test_whatever_a_zip_holds_stays_in_its_folder(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, int]]
) -> None:
    """Names, links, devices: it is unpacked below the folder as files and folders, or refused."""
    place = tmp_path_factory.mktemp("zip")
    with warnings.catch_warnings(action="ignore"):  # names that are there twice
        archive = _zip(place / "a.zip", *((name, b"/etc", mode) for name, mode in entries))
    with suppress(BadZip, OSError):
        unpack(archive, place / "folder")
    assert {path.name for path in place.iterdir()} <= {"a.zip", "folder"}
    for path in (place / "folder").rglob("*"):
        assert stat.S_IFMT(path.lstat().st_mode) in {stat.S_IFREG, stat.S_IFDIR}

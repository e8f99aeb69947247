"""The zip, what it says of itself, its scripts and its lock."""

import os
import zipfile
from pathlib import Path

import pytest

from batch_manager.errors import ConfigurationError, InputError
from batch_manager.packaging.files import PackedFile, packed
from batch_manager.packaging.locks import Target, inputs_digest, is_current, lock_path, write_lock
from batch_manager.packaging.manifest import Manifest, read_manifest
from batch_manager.packaging.names import Platform
from batch_manager.packaging.start_scripts import linux_script, windows_script
from batch_manager.packaging.zips import FIRST_TIME, Written, write_zip, zip_time

TARGET = Target(platform=Platform.LINUX, python="3.12")


def _zip(path: Path, files: list[PackedFile], max_bytes: int = 10_000) -> Written:
    return write_zip(path, files, when=FIRST_TIME, max_bytes=max_bytes)


def test_zip_is_the_same_whatever_the_order_the_times_and_the_modes(tmp_path: Path) -> None:
    """Only names, contents and who may run them count."""
    made = []
    for folder, mode, when in (("a", 0o644, 10**9), ("b", 0o600, 1.7e9)):
        (tmp_path / folder).mkdir()
        for name in ("x.py", "y.py"):
            path = tmp_path / folder / name
            path.write_text(name * 100, encoding="utf-8")
            path.chmod(mode)
            os.utime(path, (when, when))
        names = ["x.py", "y.py"] if folder == "a" else ["y.py", "x.py"]
        made.append(_zip(tmp_path / f"{folder}.zip", [packed(tmp_path / folder / name, name) for name in names]))
    assert made[0].sha256 == made[1].sha256
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_zip_that_is_too_large_is_not_there(tmp_path: Path) -> None:
    """The former one stays, and the largest file is named."""
    target = tmp_path / "x.zip"
    before = _zip(target, [PackedFile(name="a", content=b"a")])
    with pytest.raises(InputError, match=r"--max-size.*big"):
        _zip(target, [PackedFile(name="big", content=os.urandom(20_000)), PackedFile(name="a")])
    assert target.stat().st_size == before.bytes
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """A workload that hides a dependency, or the other way round."""
    with pytest.raises(InputError, match=r"site/yaml/x\.py: there twice"):
        _zip(tmp_path / "x.zip", [PackedFile(name="site/yaml/x.py")] * 2)


def test_time_of_the_source_is_taken() -> None:
    """Never one before the first that a zip can tell."""
    assert zip_time({"SOURCE_DATE_EPOCH": "1700000000"}) == (2023, 11, 14, 22, 13, 20)
    assert zip_time({"SOURCE_DATE_EPOCH": "0"}) == zip_time({}) == FIRST_TIME


@pytest.mark.parametrize("text", ["yesterday", "99999999999999"])
def test_time_that_is_none_is_refused(text: str) -> None:
    """By the variable's name."""
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH"):
        zip_time({"SOURCE_DATE_EPOCH": text})


def test_manifest_is_read_back(tmp_path: Path) -> None:
    """Who deploys a zip needs nothing else."""
    manifest = Manifest(
        application="pi", version="1.0.0", workload="a.pi", python="3.12", platform=Platform.WINDOWS, framework="0.1.0"
    )
    _zip(tmp_path / "x.zip", [PackedFile(name="package.json", content=manifest.to_json().encode())])
    assert read_manifest(tmp_path / "x.zip") == manifest


@pytest.mark.parametrize("content", [None, b"[]", b"{", b'{"application": "pi"}'])
def test_zip_that_is_no_package_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """By its name."""
    name = "other" if content is None else "package.json"
    _zip(tmp_path / "x.zip", [PackedFile(name=name, content=content or b"")])
    with pytest.raises(InputError, match=r"x\.zip.*no application package"):
        read_manifest(tmp_path / "x.zip")


def test_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "x.zip").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a zip"):
        read_manifest(tmp_path / "x.zip")
    assert zipfile.is_zipfile(tmp_path / "x.zip") is False


def test_windows_script_has_the_line_ends_and_the_python_of_its_nodes() -> None:
    """Labels are not found by cmd in a file with bare line feeds."""
    script = windows_script("3.12")
    assert script.count("\r\n") == script.count("\n")
    assert "py -3.12 -I -S -c" in script
    assert '"import sys; sys.exit(sys.version_info[:2] != (3, 12))"' in script
    assert 'if defined PYTHONPATH set "PYTHONPATH=%~dp0site;%PYTHONPATH%"' in script
    assert '"%BATCH_MANAGER_PYTHON%" %*' in script
    assert "exit /b 78" in script
    assert "@" not in script.replace("@echo off", "")


def test_linux_script_has_the_python_of_its_nodes() -> None:
    """And nothing left to fill in."""
    script = linux_script("3.12")
    assert "for name in python3.12 python3 python; do" in script
    assert "@MINOR@" not in script
    assert "\r" not in script


def test_lock_for_other_dependencies_is_refused(tmp_path: Path) -> None:
    """Or another Python; their order does not count."""
    digest = inputs_digest(TARGET, ["a", "b"])
    lock = lock_path(tmp_path, TARGET, ["plot"])
    assert lock.name == "requirements.plot.linux.lock"
    assert not is_current(lock, digest)
    write_lock(lock, TARGET, digest, "a==1 --hash=sha256:00")
    assert is_current(lock, inputs_digest(TARGET, ["b", "a"]))
    other = Target(platform=Platform.LINUX, python="3.13")
    for digest in (inputs_digest(TARGET, ["a"]), inputs_digest(other, ["a", "b"])):
        with pytest.raises(InputError, match="--relock"):
            is_current(lock, digest)

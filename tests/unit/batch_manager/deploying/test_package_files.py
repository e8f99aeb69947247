"""What a zip file says it is."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from batch_manager.deploying import parse_reference, read_package
from batch_manager.errors import InputError
from tests.unit.batch_manager.deploying.conftest import MakePackage


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A zip of another tool."""
    path = tmp_path / "bare.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tool", "x")
    return path


def test_package_says_what_it_is(make_package: MakePackage) -> None:
    """With the size and the hash of its bytes."""
    package = make_package("1.2.0")
    data = package.path.read_bytes()
    assert (package.application, package.version) == ("water", "1.2.0")
    assert (package.content.size, package.content.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_zip_of_another_tool_needs_names(bare: Path) -> None:
    """Both of them."""
    package = read_package(bare, application="tool", version="2.0.0")
    assert (package.application, package.version) == ("tool", "2.0.0")
    with pytest.raises(InputError, match="or give --application and --app-version"):
        read_package(bare, application="tool")


def test_name_that_is_not_the_packages_is_refused(make_package: MakePackage) -> None:
    """The package says what it is."""
    with pytest.raises(InputError, match=r"--application is 'air', but .* says 'water'"):
        read_package(make_package().path, application="air")


@pytest.mark.parametrize("content", [None, b"no zip"])
def test_file_that_is_no_zip_is_told(tmp_path: Path, content: bytes | None) -> None:
    """So is one that is not there."""
    path = tmp_path / "some.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"some\.zip"):
        read_package(path)


def test_zip_of_another_tool_may_have_a_file_of_that_name(tmp_path: Path) -> None:
    """As every package of Node.js has; who gives the names is believed."""
    path = tmp_path / "node.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.json", '{"name": "tool", "version": "3.0.0"}')
    assert read_package(path, application="tool", version="2.0.0").version == "2.0.0"
    with pytest.raises(InputError, match=r"package\.json in it is missing or wrong"):
        read_package(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_zip_is_refused(tmp_path: Path, compression: int) -> None:
    """Before it is a version that never changes."""
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("package.json", "x" * 100)
    data = bytearray(path.read_bytes())
    data[42:44] = b"\xff\xff"  # the first two bytes of its content
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged\.zip' (is damaged|cannot be unpacked)"):
        read_package(path, application="tool", version="1.0.0")


@pytest.mark.parametrize("name", ["../evil", "site/../../evil", "/etc/evil", "..\\evil", "C:/evil"])
def test_zip_that_unpacks_outside_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    """On nodes of any system."""
    path = tmp_path / "slip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(InputError, match="outside of its folder"):
        read_package(path, application="tool", version="1.0.0")


def test_reference_has_a_version_or_not() -> None:
    """Anything else is refused."""
    assert parse_reference("water") == ("water", None)
    assert parse_reference("water:1.0.0") == ("water", "1.0.0")
    for text in ("Water", "water:", "water:1", "water:1.0.0:2"):
        with pytest.raises(InputError):
            parse_reference(text)

"""A package, made by the real tools and started as on a node."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from batch_manager.errors import DiskError, InputError
from batch_manager.packaging.locks import Target
from batch_manager.packaging.manifest import read_manifest
from batch_manager.packaging.names import Platform
from batch_manager.packaging.pip_resolver import PipResolver
from batch_manager.packaging.resolver import DependencyError
from batch_manager.packaging.site_folder import site_files
from batch_manager.packaging.uv_resolver import UvResolver, find_uv
from tests.integration.packaging.conftest import NAME, PYTHON, SECONDS, Pack, commit, git, make_project
from tests.support.wheelhouse import offline, write_wheel

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "packages.md"
BASE_PYTHON = str(Path(sys.base_prefix, "bin", f"python{PYTHON}"))
"""A Python that has none of what this project installs."""


def _start(folder: Path, *words: str, python: str = BASE_PYTHON) -> subprocess.CompletedProcess[str]:
    """Run the start script as a node does: with next to no environment, and the file's mode lost."""
    (folder / "start.sh").chmod(0o600)
    environ = {"PATH": "/usr/bin:/bin", "BATCH_MANAGER_PYTHON": python, "PYTHONPATH": "/nowhere"}
    command = ["/bin/sh", str(folder / "start.sh"), *words]
    return subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, wheels: Mapping[str, str]) -> tuple[Path, str]:
    """The commands of docs/packages.md, run in one shell: the project's folder, and what they print."""
    (script,) = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    folder, copied = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("framework")
    # A copy of the framework, which is the same for both packages whatever is edited meanwhile.
    shutil.copytree(ROOT / "batch_manager", copied / "batch_manager", ignore=shutil.ignore_patterns("__pycache__"))
    who = {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {**os.environ, **wheels, **who, "PATH": path, "PYTHONPATH": str(copied)}
    environ["GIT_CONFIG_GLOBAL"] = os.devnull
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / NAME, done.stdout


@pytest.fixture(scope="module")
def unpacked(page: tuple[Path, str]) -> Path:
    """The page's package, with all it needs, laid out as on a node."""
    with zipfile.ZipFile(page[0] / "dist" / f"{NAME}-0.1.0-linux.zip") as archive:
        archive.extractall(page[0] / "node")
    return page[0] / "node"


def test_commands_of_the_page_make_one_package(page: tuple[Path, str]) -> None:
    """Twice the same, byte for byte, with the version that the tag names."""
    said = json.loads(page[1][page[1].index("{") :])
    assert (said["package"], said["version"], said["missingImports"]) == (f"dist/{NAME}-0.1.0-linux.zip", "0.1.0", [])
    assert (said["lockedNow"], said["uncommitted"], said["sinceTag"]) == (False, [], f"{NAME}-v0.1.0")
    assert f"sha256 {said['sha256']}" in page[1]


def test_workload_starts_out_of_its_package(unpacked: Path) -> None:
    """With nothing but a Python on the node."""
    done = _start(unpacked, "-m", NAME, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: python -m <workload>" in done.stdout


def test_official_clients_come_out_of_the_package(unpacked: Path) -> None:
    """They and the framework are those that were packed, with their versions."""
    script = (
        "import azure.batch, azure.identity, azure.storage.blob, batch_manager, importlib.metadata, yaml\n"
        "print(importlib.metadata.version('azure-batch-manager'), azure.batch.__file__, batch_manager.__file__)"
    )
    done = _start(unpacked, "-c", script)
    assert done.returncode == 0, done.stderr
    version, *files = done.stdout.split()
    assert version == json.loads((unpacked / "package.json").read_text())["framework"]
    assert all(file.startswith(str(unpacked / "site")) for file in files)


def test_nothing_of_this_machine_is_in_the_package(unpacked: Path) -> None:
    """No folder of it, no compiled module, no note of an installer."""
    paths = [path for path in unpacked.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    folders = [os.fsencode(sys.prefix), os.fsencode(unpacked.parent)]
    assert not [path for path in paths if any(folder in path.read_bytes() for folder in folders)]
    assert not [path for path in paths if path.name in ("RECORD", "INSTALLER", "direct_url.json", ".lock")]


@pytest.mark.parametrize("python", ["/bin/sh", "/nowhere/python"])
def test_node_without_the_right_python_is_told(unpacked: Path, python: str) -> None:
    """In a sentence, with the exit code for what is not set up."""
    done = _start(unpacked, "-m", NAME, python=python)
    assert done.returncode == 78
    assert done.stderr == (
        f"start.sh: BATCH_MANAGER_PYTHON is '{python}', which is no Python {PYTHON}; this package needs one\n"
    )


def test_package_is_the_same_from_another_folder_at_another_time(tmp_path: Path, project: Path, pack: Pack) -> None:
    """Byte for byte, once the dependencies are locked."""
    first = pack(project)
    commit(project, "build: lock")
    git(tmp_path, "clone", "--quiet", str(project), "second")
    for path in (tmp_path / "second" / NAME).iterdir():
        os.utime(path, (0, 0))
    second = pack(tmp_path / "second")
    assert (first.locked_now, second.locked_now) == (True, False)
    assert first.written.path.read_bytes() == second.written.path.read_bytes()
    with zipfile.ZipFile(second.written.path) as archive:
        names = archive.namelist()
    assert "site/little/__init__.py" in names
    assert not [name for name in names if name.startswith("site/bin/")]


def test_package_is_whole_or_not_there_when_its_making_is_killed(project: Path, pack: Pack) -> None:
    """The former one stays until the new one is whole, and another try makes it."""
    before = pack(project, version="1.0.0").written
    script = (
        "import os, sys, pathlib, batch_manager.packaging.zips as zips\n"
        "zips._sha256 = lambda path: os.kill(os.getpid(), 9)\n"
        "files = [zips.PackedFile(name='a', content=b'new')]\n"
        "zips.write_zip(pathlib.Path(sys.argv[1]), files, when=zips.FIRST_TIME, max_bytes=1000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(before.path)], timeout=SECONDS, check=False)
    assert done.returncode == -9
    assert read_manifest(before.path).version == "1.0.0"
    (project / NAME / "throw.py").write_text("", encoding="utf-8")
    assert pack(project, version="1.0.0").written.sha256 != before.sha256


def test_folder_that_cannot_be_written_is_told(project: Path, pack: Pack) -> None:
    """By its name, with the exit code for the disk."""
    (project / "dist").touch()
    with pytest.raises(DiskError, match="dist' cannot be read or written: File exists") as raised:
        pack(project)
    assert raised.value.exit_code == 74


def test_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path, project: Path, shelf: Path, pack: Pack) -> None:
    """Whoever put another one on the index."""
    pack(project)
    shutil.rmtree(tmp_path / "cache")
    write_wheel(shelf, "little", "1.0", {"little/__init__.py": b"SIZE = 2\n"})
    with pytest.raises(DependencyError, match=r"(?s)bringing the locked dependencies failed.*little"):
        pack(project)


def test_dependency_without_a_wheel_for_the_nodes_is_refused(project: Path, shelf: Path, pack: Pack) -> None:
    """By its name, and no lock is left."""
    for wheel in shelf.glob("*.whl"):
        wheel.unlink()
    write_wheel(shelf, "little", "1.0", {}, tag="py3-none-win_amd64")
    with pytest.raises(DependencyError, match=r"(?s)locking the dependencies failed.*little"):
        pack(project)
    assert not list(project.glob("*.lock"))
    assert pack(project, platform=Platform.WINDOWS).distributions == 1


def test_changed_dependencies_are_locked_anew_when_asked(project: Path, pack: Pack) -> None:
    """Never by themselves."""
    pack(project)
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(text.replace('"little"', '"little<2"'), encoding="utf-8")
    with pytest.raises(InputError, match="--relock"):
        pack(project, allow_dirty=True)
    assert pack(project, allow_dirty=True, relock=True).locked_now


def test_pip_locks_and_brings_what_uv_does(tmp_path: Path, shelf: Path) -> None:
    """Where there is no uv."""
    environ = {**os.environ, **offline(shelf), "UV_CACHE_DIR": str(tmp_path / "cache")}
    program = find_uv()
    assert program is not None
    target = Target(platform=Platform.LINUX, python=PYTHON)
    sites = []
    for resolver in (PipResolver(environ), UvResolver(program, environ)):
        site = tmp_path / type(resolver).__name__
        lock = tmp_path / f"{site.name}.lock"
        lock.write_text(resolver.lock(["little"], target, tmp_path), encoding="utf-8")
        resolver.install(lock, target, site)
        sites.append({file.name: file.source.read_bytes() for file in site_files(site) if file.source})
    assert sites[0] == sites[1]
    assert "site/little/__init__.py" in sites[0]


def test_ignored_file_is_left_out_and_an_uncommitted_one_refused(tmp_path: Path, pack: Pack) -> None:
    """Both are told where they may be."""
    folder = make_project(tmp_path / "other")
    (folder / NAME / ".env").write_text("KEY=1", encoding="utf-8")
    made = pack(folder)
    assert made.plan.ignored == (f"{NAME}/.env",)
    (folder / NAME / "notes.txt").touch()
    with pytest.raises(InputError, match=f"not committed: {NAME}/notes.txt"):
        pack(folder)
    assert pack(folder, allow_dirty=True).plan.uncommitted == (f"{NAME}/notes.txt",)
    assert pack(folder, version="3.0.0").plan.version.why == "given"

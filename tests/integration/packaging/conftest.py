"""A new workload in a git repository, and what locks and brings without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from batch_manager.packaging.framework import Framework
from batch_manager.packaging.locks import Target
from batch_manager.packaging.making import Made, make_package
from batch_manager.packaging.names import Platform
from batch_manager.packaging.plans import PackageRequest
from batch_manager.packaging.resolvers import find_resolver
from batch_manager.scaffold.writing import write_workload
from tests.support.wheelhouse import framework_wheelhouse, offline, write_wheel

NAME = "pi_sweep"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SECONDS = 300

Pack = Callable[..., Made]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables with which all that the framework needs is found on this machine."""
    return framework_wheelhouse(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with one wheel, ``little``, which brings a script and a note of its own."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    contents = {
        "little/__init__.py": b"SIZE = 1\n",
        "little-1.0.dist-info/entry_points.txt": b"[console_scripts]\nlittle = little:main\n",
    }
    write_wheel(folder, "little", "1.0", contents)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new workload that depends on ``little``, all of it committed."""
    return make_project(tmp_path / "first")


def make_project(folder: Path) -> Path:
    """Write one, and commit it."""
    write_workload(NAME, folder, python=PYTHON)
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    named = text.replace('["azure-batch-manager"]', '["azure-batch-manager", "little"]')
    (folder / "pyproject.toml").write_text(named, encoding="utf-8")
    git(folder, "init", "--quiet")
    commit(folder, "feat: a workload")
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit all there is."""
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", message)


def git(folder: Path, *words: str) -> None:
    """Run git without the settings of this machine's user."""
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, env=environ, check=True, capture_output=True, timeout=SECONDS)


@pytest.fixture
def light() -> Framework:
    """The framework without what it needs."""
    return Framework(
        version="0.1.0", folder=Path(__file__).parents[3] / "batch_manager" / "scaffold", requires=(), metadata=()
    )


@pytest.fixture
def pack(shelf: Path, light: Framework, tmp_path: Path) -> Pack:
    """Make a package of a project, with ``little`` alone to be brought."""
    environ = {**os.environ, **offline(shelf), "UV_CACHE_DIR": str(tmp_path / "cache")}

    def make(folder: Path, *, platform: Platform = Platform.LINUX, **more: object) -> Made:
        request = PackageRequest(
            module=NAME,
            folder=folder / "dist",
            target=Target(platform=platform, python=PYTHON),
            **more,  # type: ignore[arg-type]
        )
        return make_package(
            request,
            search_path=[str(folder)],
            environ={},
            framework=light,
            find_resolver=lambda: find_resolver(environ),
            tell=lambda line: None,
        )

    return make

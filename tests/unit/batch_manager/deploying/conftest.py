"""Packages on this machine, and an account in memory."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_manager.deploying import PackageFile, read_package
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement

MakePackage = Callable[..., PackageFile]


@pytest.fixture
def account() -> InMemoryAccountManagement:
    """An account without applications."""
    return InMemoryAccountManagement()


@pytest.fixture
def make_package(tmp_path: Path) -> MakePackage:
    """Makes a package of a version, with what its start script says."""

    def make(version: str = "1.0.0", text: str = "one", application: str = "water") -> PackageFile:
        path = tmp_path / f"{application}-{version}-{text}.zip"
        manifest = {
            "application": application,
            "version": version,
            "workload": "workloads.water",
            "python": "3.11",
            "platform": "linux",
            "framework": "1.0.0",
        }
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("package.json", json.dumps(manifest))
            archive.writestr("start.sh", text)
        return read_package(path)

    return make

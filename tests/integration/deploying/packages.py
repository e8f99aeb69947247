"""Packages as ``batch-manager package`` makes them, without a workload in them."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path


def make_package(folder: Path, application: str, version: str, *, size: int = 0) -> Path:
    """A zip that says what it is, of at least so many bytes."""
    path = folder / f"{application}-{version}-linux.zip"
    manifest = {
        "application": application,
        "version": version,
        "workload": f"workloads.{application}",
        "python": "3.11",
        "platform": "linux",
        "framework": "1.0.0",
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("package.json", json.dumps(manifest))
        archive.writestr("site/data", os.urandom(size))
    return path

"""An image made here from a static busybox, and a node for containers; without an engine these tests say why not."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.engine import Engine, EngineFinder, EngineMissing
from tests.integration.node.conftest import no_storage, wait_until
from tests.integration.node.support import NodeUnderTest

__all__ = ["no_storage", "wait_until"]

IMAGE = "localhost/azure-batch-manager-test:1"
PROGRAMS = ("sh", "cat", "echo", "env", "id", "ls", "pwd", "sleep", "test", "touch", "true")


@pytest.fixture(scope="session")
def finder(tmp_path_factory: pytest.TempPathFactory) -> EngineFinder:
    return EngineFinder(tmp_path_factory.mktemp("engine") / "containers")


@pytest.fixture(scope="session")
def engine(finder: EngineFinder) -> Engine:
    try:
        return finder.find()
    except EngineMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return an image whose working directory is ``/work``."""
    busybox = shutil.which("busybox")
    if (
        busybox is None
        or subprocess.run(["/usr/bin/env", "ldd", busybox], capture_output=True, check=False).returncode == 0
    ):
        pytest.skip("no static busybox to make an image of: install busybox-static")
    archive = tmp_path_factory.mktemp("image") / "root.tar"
    with tarfile.open(archive, "w") as root:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "work"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            root.addfile(folder)
        root.add(Path(busybox).resolve(), "bin/busybox")
        for name in PROGRAMS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            root.addfile(link)
    called = engine.call(["import", "--change", "WORKDIR /work", str(archive), IMAGE], lambda: None)
    assert called.exit_code == 0, called.output
    return IMAGE


@pytest.fixture
def containers(tmp_path: Path, finder: EngineFinder, no_storage: StorageAccess) -> Iterator[NodeUnderTest]:
    """A node with two slots that runs containers, once it is set up for them."""
    made = NodeUnderTest(tmp_path / "pool" / "node", no_storage, engines=finder)
    yield made
    made.node.close()

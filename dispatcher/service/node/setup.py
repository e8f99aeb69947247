"""What a node is set up with before it runs tasks, and what it remembers of that when the service starts again."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.container_launch import ContainerPool, Registry
from dispatcher.service.node.launch import ApplicationPackage, BlobMount, NodeSetup
from dispatcher.service.node.layout import APPLICATIONS, FSMOUNTS
from dispatcher.service.node.mounts import Mount, Mounts
from dispatcher.service.node.packages import Installed, PackageFailed, PackageStore, for_pool, package_environment
from dispatcher.service.node.private import write_private

logger = logging.getLogger(__name__)

KeepGoing = Callable[[], None]


class Equipment:
    """What a node has for its tasks: packages, mounts and whether it runs containers."""

    def __init__(self, *, root: Path, private: Path, storage: StorageAccess) -> None:
        """Take up what an earlier service set up here."""
        self._root = root
        self._private = private
        self._storage = storage
        self.packages = PackageStore(applications=root / APPLICATIONS, drafts=private / "drafts", storage=storage)
        self.mounts = Mounts()
        self.containers: ContainerPool | None = None
        self.environment: dict[str, str] = {}
        """Of every task of the node."""
        if (earlier := _read(private / "setup.json")) is not None:
            setup, installed = earlier
            self._take(setup, installed, self._mounts_of(setup))

    def set_up(self, setup: NodeSetup, pull: Callable[[ContainerPool], None], keep_going: KeepGoing) -> None:
        """Bring what a fresh node needs; what is there already is not brought again.

        Args:
            setup: what is needed.
            pull: brings the images of a pool for containers.
            keep_going: called now and then; it raises to break off.

        Raises:
            FailureReported: something could not be brought.
        """
        try:
            installed = [self.packages.install(package, keep_going) for package in setup.packages]
        except PackageFailed as error:
            raise PackageFailed(for_pool(error.failure)) from error
        mounts = self._mounts_of(setup)
        for mount in mounts:
            mount.bring(keep_going)
        if setup.containers is not None:
            pull(setup.containers)
        write_private(self._private / "setup.json", _write(setup, installed))
        self._take(setup, installed, mounts)

    def close(self) -> None:
        """Write back what tasks wrote to mounts."""
        self.mounts.close()

    def _take(self, setup: NodeSetup, installed: list[Installed], mounts: tuple[Mount, ...]) -> None:
        self.environment = package_environment(installed)
        self.containers = setup.containers
        self.mounts.replace(mounts)

    def _mounts_of(self, setup: NodeSetup) -> tuple[Mount, ...]:
        return tuple(
            Mount(
                mount,
                folder=self._root / FSMOUNTS / mount.folder,
                memory=self._private / "mounts" / f"{index}.json",
                storage=self._storage,
            )
            for index, mount in enumerate(setup.mounts)
        )


def _write(setup: NodeSetup, installed: list[Installed]) -> str:
    return json.dumps({"setup": asdict(setup), "folders": [one.folder for one in installed]})


def _read(path: Path) -> tuple[NodeSetup, list[Installed]] | None:
    """Return what an earlier service wrote; None where it did not come so far."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        fields = kept["setup"]
        packages = tuple(ApplicationPackage(**item) for item in fields["packages"])
        mounts = tuple(BlobMount(**item) for item in fields["mounts"])
        setup = NodeSetup(packages=packages, mounts=mounts, containers=_read_containers(fields["containers"]))
        pairs = zip(packages, kept["folders"], strict=True)
        return setup, [Installed(package=package, folder=folder) for package, folder in pairs]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        logger.warning("%s cannot be read; the node needs to be set up again", path)
        return None


def _read_containers(fields: dict[str, list[object]] | None) -> ContainerPool | None:
    if fields is None:
        return None
    registries = tuple(Registry(**item) for item in fields["registries"] if isinstance(item, dict))
    return ContainerPool(images=tuple(str(image) for image in fields["images"]), registries=registries)

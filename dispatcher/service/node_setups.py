"""From a pool's document to what its nodes need before their start task."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dispatcher.service.core import Core
from dispatcher.service.documents.containers import read_container_pool
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.mounts import read_mounts
from dispatcher.service.documents.packages import read_package_references
from dispatcher.service.node.launch import ApplicationPackage, NodeSetup
from dispatcher.service.records import PoolRecord
from dispatcher.service.store.applications import PackageReference


def make_setup(core: Core, pool: PoolRecord) -> NodeSetup:
    """Return what a node of a pool is set up with, by what the pool says now."""
    fields = Fields(values=json.loads(pool.document))
    machine = fields.object("virtualMachineConfiguration")
    return NodeSetup(
        packages=find_packages(core, read_package_references(fields)),
        mounts=read_mounts(fields),
        containers=None if machine is None else read_container_pool(machine.object("containerConfiguration")),
    )


def find_packages(core: Core, references: Iterable[PackageReference]) -> tuple[ApplicationPackage, ...]:
    """Return where the packages lie that are referred to; one that is gone meanwhile has a URL that leads nowhere.

    The node then fails to bring it, and says so as Batch does.
    """
    return tuple(_find(core, reference) for reference in references)


def _find(core: Core, reference: PackageReference) -> ApplicationPackage:
    package = core.store.applications.find_package(reference.application_id, reference.name)
    version = reference.name or ""
    return ApplicationPackage(
        application_id=reference.application_id if package is None else package.application_id,
        version=version if package is None else package.name,
        is_default=reference.name is None,
        url="" if package is None else core.fleet.storage_url(package.blob_path),
    )

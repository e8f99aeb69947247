"""The seam to the containers of a storage account as a whole, for ``clean`` and ``report``.

Implementation: ``_azure.container_operations``. The module is light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSummary:
    """A container in a list of the account's containers."""

    name: str
    last_modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


class ContainerOperations(Protocol):
    """The containers of a storage account. Every method raises a ``ServiceError`` of the fitting kind when Azure
    Storage says no."""

    def list_containers(self, prefix: str = "") -> Iterator[ContainerSummary]:
        """The containers whose names begin with ``prefix``, with their metadata, page by page."""
        ...

    def delete_container(self, container: str) -> None:
        """Delete a container with its blobs; success if there is none, or it is being deleted."""
        ...

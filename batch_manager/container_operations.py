"""The seam to the containers of a storage account as a whole, for ``clean``, ``report`` and ``doctor``.

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
    """When it was made, or its metadata were changed last; what is done to its blobs does not count."""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSize:
    """What a container holds."""

    blobs: int
    total_bytes: int
    is_all: bool
    """False where counting stopped at its bound: there is more."""


class ContainerOperations(Protocol):
    """The containers of a storage account. Every method raises a ``ServiceError`` of the fitting kind when Azure
    Storage says no."""

    def list_containers(self, prefix: str = "") -> Iterator[ContainerSummary]:
        """The containers whose names begin with ``prefix``, with their metadata, page by page."""
        ...

    def get_container(self, container: str) -> ContainerSummary:
        """One container. ``NotFoundError`` if there is none."""
        ...

    def measure_container(self, container: str, *, at_most: int) -> ContainerSize:
        """Count a container's blobs, until there are more than ``at_most``. ``NotFoundError`` if there is none."""
        ...

    def delete_container(self, container: str, *, unmodified_since: datetime | None = None) -> None:
        """Delete a container with its blobs; success if there is none, or it is being deleted.

        Args:
            container: its name.
            unmodified_since: ``last_modified`` as it was seen; ``PreconditionError`` if it is another's by now.
        """
        ...

"""Counts what containers hold, some at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from batch_manager.container_operations import ContainerOperations, ContainerSize, ContainerSummary
from batch_manager.errors import NotFoundError

PARALLEL_COUNTS = 8


class Progress(Protocol):
    """Takes note of what was done."""

    def expect(self, total: float) -> None:
        """So much there is to do in all."""
        ...

    def advance(self, amount: float = 1) -> None:
        """So much more was done."""
        ...


def measure(
    operations: ContainerOperations, containers: Iterable[ContainerSummary], *, at_most: int, progress: Progress
) -> dict[str, ContainerSize]:
    """The sizes of containers by their names; one that is gone meanwhile is left out.

    Args:
        operations: the account.
        containers: the containers.
        at_most: blobs of each that are counted.
        progress: told of each container.
    """
    names = [container.name for container in containers]
    progress.expect(len(names))
    sizes: dict[str, ContainerSize] = {}
    with ThreadPoolExecutor(PARALLEL_COUNTS) as pool:
        for name, size in zip(names, pool.map(_counting(operations, at_most), names), strict=True):
            sizes |= {} if size is None else {name: size}
            progress.advance()
    return sizes


def _counting(operations: ContainerOperations, at_most: int) -> Callable[[str], ContainerSize | None]:
    def count(name: str) -> ContainerSize | None:
        try:
            return operations.measure_container(name, at_most=at_most)
        except NotFoundError:
            return None

    return count

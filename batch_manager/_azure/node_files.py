"""Files on nodes, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models

from batch_manager._azure.connect import batch_sdk, patience
from batch_manager._azure.translate import translated
from batch_manager.node_files import NodeFile
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings

T = TypeVar("T")


def connect_node_files(settings: BatchClientSettings) -> AzureNodeFiles:
    """Those of the account that the settings name. Makes no request.

    Raises:
        ConfigurationError: a setting that is needed is missing.
    """
    return AzureNodeFiles(sdk=batch_sdk(settings), patience=patience(settings))


class AzureNodeFiles:
    """``NodeFiles`` over the official client; every request is repeated while the account is busy."""

    def __init__(self, *, sdk: SdkBatchClient, patience: Patience) -> None:
        self._sdk = sdk
        self._patience = patience

    def task_file(self, job_id: str, task_id: str, path: str) -> NodeFile:
        """See ``NodeFiles``."""
        operation = f"look at file {path!r} of task {task_id!r} of job {job_id!r}"
        return self._ask(operation, lambda: _node_file(self._sdk.get_task_file_properties(job_id, task_id, path)))

    def read_task_file(self, job_id: str, task_id: str, path: str, start: int, end: int) -> bytes:
        """See ``NodeFiles``."""
        operation, asked = f"read file {path!r} of task {task_id!r} of job {job_id!r}", _range(start, end)
        return self._ask(
            operation, lambda: _joined(self._sdk.download_task_file(job_id, task_id, path, ocp_range=asked))
        )

    def read_node_file(self, pool_id: str, node_id: str, path: str, *, at_most: int | None = None) -> bytes:
        """See ``NodeFiles``."""

        def read() -> bytes:
            asked = None
            if at_most is not None:
                size = _node_file(self._sdk.get_node_file_properties(pool_id, node_id, path)).size
                if not size:
                    return b""
                asked = _range(max(0, size - at_most), size)
            return _joined(self._sdk.download_node_file(pool_id, node_id, path, ocp_range=asked))

        return self._ask(f"read file {path!r} of node {node_id!r} of pool {pool_id!r}", read)

    def _ask(self, operation: str, request: Callable[[], T]) -> T:
        def translating() -> T:
            with translated(operation):
                return request()

        return self._patience.repeat(translating)


def _range(start: int, end: int) -> str:
    return f"bytes={start}-{end - 1}"


def _joined(parts: Iterator[bytes]) -> bytes:
    return b"".join(parts)


def _node_file(found: models.BatchFileProperties) -> NodeFile:
    return NodeFile(size=int(found.content_length), last_modified=found.last_modified)

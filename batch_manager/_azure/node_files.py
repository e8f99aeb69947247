"""Files on nodes, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from azure.batch import BatchClient as SdkBatchClient
from azure.core.rest import HttpRequest

from batch_manager._azure.batch import API_VERSION
from batch_manager._azure.connect import batch_sdk, patience
from batch_manager._azure.listing import JsonPages
from batch_manager._azure.translate import translated
from batch_manager.errors import NotFoundError
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
        return self._ask(operation, lambda: self._look(_url("jobs", job_id, "tasks", task_id), path))

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
                size = self._look(_url("pools", pool_id, "nodes", node_id), path).size
                if not size:
                    return b""
                asked = _range(max(0, size - at_most), size)
            return _joined(self._sdk.download_node_file(pool_id, node_id, path, ocp_range=asked))

        return self._ask(f"read file {path!r} of node {node_id!r} of pool {pool_id!r}", read)

    def _look(self, parent: str, path: str) -> NodeFile:
        """By a list, since the SDK logs a traceback for each HEAD that finds nothing: that answer has no body."""
        name = path.strip("/")
        for spelled in dict.fromkeys((name, name.replace("/", "\\"))):  # as a Windows node has it
            found = self._find(parent, spelled)
            if found is not None:
                return found
        raise NotFoundError(f"there is no file {path!r}", operation="look at it", status=404, code="FileNotFound")

    def _find(self, parent: str, name: str) -> NodeFile | None:
        words = name.replace("'", "''")
        is_below = "/" in name or "\\" in name
        parameters = {"$filter": f"startswith(name,'{words}')", "recursive": str(is_below).lower()}
        for page in JsonPages(self._get, f"/{parent}/files", parameters):
            for item in page:
                if item["name"] == name and not item["isDirectory"]:
                    facts = item["properties"]
                    modified = datetime.fromisoformat(facts["lastModified"])
                    return NodeFile(size=int(facts["contentLength"]), last_modified=modified)
        return None

    def _get(self, url: str, parameters: dict[str, str]) -> Any:
        version = {} if "api-version=" in url else {"api-version": API_VERSION}
        response = self._sdk.send_request(HttpRequest("GET", url, params={**version, **parameters}))
        response.raise_for_status()
        return response.json()

    def _ask(self, operation: str, request: Callable[[], T]) -> T:
        def translating() -> T:
            with translated(operation):
                return request()

        return self._patience.repeat(translating)


def _range(start: int, end: int) -> str:
    return f"bytes={start}-{end - 1}"


def _url(*words: str) -> str:
    return "/".join(quote(word, safe="") for word in words)


def _joined(parts: Iterator[bytes]) -> bytes:
    return b"".join(parts)

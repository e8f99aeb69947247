"""The account's pools, through Microsoft's client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import quote

from batch_manager._azure.connect import batch_sdk, patience
from batch_manager._azure.node_operations import AzureNodeOperations
from batch_manager._azure.plain_requests import PlainRequests
from batch_manager._azure.pool_records import (
    SUMMARY_SELECT,
    autoscale_run,
    pool_detail,
    pool_summary,
    supported_image,
)
from batch_manager._azure.requests import iso_duration
from batch_manager.errors import ConflictError, NotFoundError, PreconditionError
from batch_manager.pool_operations import AutoscaleRun, NodeOperations, PoolDetail, PoolSummary, SupportedImage
from batch_manager.settings import BatchClientSettings

_GONE = ("PoolBeingDeleted",)
_NOT_RESIZING = ("PoolNotResizing", "OperationInvalidForCurrentState")


def connect_pool_operations(settings: BatchClientSettings) -> AzurePoolOperations:
    """For the account that the settings name. Makes no request.

    Raises:
        ConfigurationError: a setting that is needed is missing.
    """
    return AzurePoolOperations(PlainRequests(sdk=batch_sdk(settings), patience=patience(settings)))


class AzurePoolOperations:
    """``PoolOperations`` over the official client; every request is repeated while the account is busy."""

    def __init__(self, requests: PlainRequests) -> None:
        self._requests = requests
        self._nodes = AzureNodeOperations(requests)

    @property
    def nodes(self) -> NodeOperations:
        """See ``PoolOperations``."""
        return self._nodes

    def list_pools(self) -> Iterator[PoolSummary]:
        """See ``PoolOperations``."""
        return self._requests.items("list pools", "/pools", pool_summary, {"$select": SUMMARY_SELECT})

    def get_pool(self, pool_id: str) -> PoolDetail:
        """See ``PoolOperations``."""
        try:
            reply = self._requests.send(f"get pool {pool_id!r}", "GET", _path(pool_id))
        except NotFoundError as error:
            raise error.extended("; 'batch-manager pool list' shows what there is") from None
        document = reply.json()
        return pool_detail(document, document.get("eTag") or reply.headers.get("ETag"))

    def create_pool(self, body: Mapping[str, object]) -> None:
        """See ``PoolOperations``."""
        self._requests.send(f"create pool {str(body.get('id'))!r}", "POST", "/pools", body=body)

    def delete_pool(self, pool_id: str, etag: str | None = None) -> None:
        """See ``PoolOperations``. The SDK's ``begin_delete_pool`` would leave a thread behind that polls the pool."""
        condition = {} if etag is None else {"If-Match": etag}
        try:
            self._requests.send(f"delete pool {pool_id!r}", "DELETE", _path(pool_id), headers=condition)
        except NotFoundError:
            return
        except ConflictError as error:
            if error.code not in _GONE:
                raise
        except PreconditionError:
            if not self._is_deleting(pool_id):  # otherwise the reply to an earlier try was lost
                raise

    def resize_pool(
        self, pool_id: str, *, dedicated: int, low_priority: int, timeout: timedelta | None = None, deallocation: str
    ) -> None:
        """See ``PoolOperations``."""
        body: dict[str, object] = {
            "targetDedicatedNodes": dedicated,
            "targetLowPriorityNodes": low_priority,
            "nodeDeallocationOption": deallocation,
        }
        if timeout is not None:
            body["resizeTimeout"] = iso_duration(timeout)
        self._requests.send(f"resize pool {pool_id!r}", "POST", f"{_path(pool_id)}/resize", body=body)

    def stop_resize(self, pool_id: str) -> None:
        """See ``PoolOperations``."""
        try:
            self._requests.send(f"stop the resize of pool {pool_id!r}", "POST", f"{_path(pool_id)}/stopresize")
        except ConflictError as error:
            if error.code not in _NOT_RESIZING:
                raise

    def enable_autoscale(self, pool_id: str, formula: str, interval: timedelta | None = None) -> None:
        """See ``PoolOperations``."""
        body = {"autoScaleFormula": formula}
        if interval is not None:
            body["autoScaleEvaluationInterval"] = iso_duration(interval)
        self._requests.send(
            f"let a formula scale pool {pool_id!r}", "POST", f"{_path(pool_id)}/enableautoscale", body=body
        )

    def disable_autoscale(self, pool_id: str) -> None:
        """See ``PoolOperations``."""
        operation = f"let no formula scale pool {pool_id!r}"
        self._requests.send(operation, "POST", f"{_path(pool_id)}/disableautoscale")

    def evaluate_autoscale(self, pool_id: str, formula: str) -> AutoscaleRun:
        """See ``PoolOperations``."""
        operation, path = f"evaluate a formula on pool {pool_id!r}", f"{_path(pool_id)}/evaluateautoscale"
        reply = self._requests.send(operation, "POST", path, body={"autoScaleFormula": formula})
        return autoscale_run(reply.json())

    def put_metadata(self, pool_id: str, metadata: Mapping[str, str], etag: str | None = None) -> None:
        """See ``PoolOperations``."""
        items = [{"name": name, "value": value} for name, value in metadata.items()]
        self._requests.send(
            f"write the metadata of pool {pool_id!r}",
            "PATCH",
            _path(pool_id),
            body={"metadata": items},
            headers={} if etag is None else {"If-Match": etag},
        )

    def list_supported_images(self) -> Iterator[SupportedImage]:
        """See ``PoolOperations``."""
        return self._requests.items("list the supported images", "/supportedimages", supported_image)

    def _is_deleting(self, pool_id: str) -> bool:
        try:
            return self.get_pool(pool_id).summary.state == "deleting"
        except NotFoundError:
            return True


def _path(pool_id: str) -> str:
    return f"/pools/{quote(pool_id, safe='')}"

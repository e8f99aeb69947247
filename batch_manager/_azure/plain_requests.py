"""Requests of plain JSON through Microsoft's client, which signs, retries and logs as ever; repeated while the account
is busy, so each must be one that may be made twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from azure.batch import BatchClient as SdkBatchClient
from azure.core.rest import HttpRequest, HttpResponse

from batch_manager._azure.batch import API_VERSION
from batch_manager._azure.listing import JsonPages, Listing
from batch_manager._azure.translate import translated
from batch_manager.patience import Patience

T = TypeVar("T")
Document = Mapping[str, Any]

_TYPE = "application/json; odata=minimalmetadata"


class PlainRequests:
    """Asks the Batch service.

    Args:
        sdk: Microsoft's client of the account.
        patience: how long a request is repeated for.
    """

    def __init__(self, *, sdk: SdkBatchClient, patience: Patience) -> None:
        self._sdk = sdk
        self._patience = patience

    def send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """The answer to a request; ``operation`` says in words what is tried."""

        def asking() -> HttpResponse:
            with translated(operation):
                return self._once(method, path, {}, body=body, headers=headers)

        return self._patience.repeat(asking)

    def items(
        self,
        operation: str,
        path: str,
        record: Callable[[Document], T | None],
        parameters: Mapping[str, str] | None = None,
    ) -> Iterator[T]:
        """What a list holds, page by page."""

        def pages() -> Iterator[T]:
            return Listing(operation, JsonPages(self._page, path, dict(parameters or {})), record)

        return self._patience.iterate(pages)

    def _page(self, url: str, parameters: dict[str, str]) -> Any:
        return self._once("GET", url, parameters).json()

    def _once(
        self,
        method: str,
        url: str,
        parameters: Mapping[str, str],
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        version = {} if "api-version=" in url else {"api-version": API_VERSION}
        request = HttpRequest(
            method,
            url,
            params={**version, **parameters},
            headers={"Content-Type": _TYPE, "Accept": "application/json", **(headers or {})},
            content=None if body is None else json.dumps(body).encode(),
        )
        response = self._sdk.send_request(request)
        response.raise_for_status()
        return response

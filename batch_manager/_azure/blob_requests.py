"""Requests to Blob Storage through the pipeline of Microsoft's client: its connections, signatures and tokens, without
its models, which cost more than small blobs do."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob import BlobServiceClient
from urllib3.exceptions import HTTPError

from batch_manager._azure.lean_transport import LeanResponse
from batch_manager._azure.translate import service_error, translated
from batch_manager.errors import BusyError, ServiceError

Headers = Mapping[str, str]


class Reply:
    """What the account answered, whose status is one that was expected."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class BlobRequests:
    """Makes requests to a storage account.

    Args:
        sdk: Microsoft's client of the account; it repeats nothing itself.
    """

    def __init__(self, sdk: BlobServiceClient) -> None:
        # The client has no public way to send a request of one's own, unlike Microsoft's other clients.
        self._pipeline: Any = sdk._pipeline
        url = urlsplit(str(sdk.url))
        self._url = f"{url.scheme}://{url.netloc}{url.path}".rstrip("/")
        self._sas = url.query
        self._version = str(sdk.api_version)

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end and without a query."""
        return self._url

    @property
    def sas(self) -> str:
        """The SAS that the account is asked with; empty if it is asked otherwise."""
        return self._sas

    def send(
        self,
        operation: str,
        method: str,
        place: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        body: bytes = b"",
        expected: tuple[int, ...],
    ) -> Reply:
        """Make a request.

        Args:
            operation: what is tried, in words.
            method: the HTTP method.
            place: the container, or the container and the blob, as they are to stand in the URL.
            query: its parameters.
            headers: those that are this request's own.
            body: the content.
            expected: the status codes that are no errors.

        Raises:
            ServiceError: of the kind that the status says.
        """
        words = "&".join(part for part in (urlencode(query or {}, quote_via=quote), self._sas) if part)
        request = HttpRequest(method, f"{self._url}/{place}{'?' if words else ''}{words}")
        request.headers.update({"x-ms-version": self._version, **(headers or {})})
        if body:
            request.set_bytes_body(body)
        elif method == "PUT":
            request.headers["Content-Length"] = "0"
        reply = self._answer(operation, request)
        if reply.status not in expected:
            raise _refusal(operation, reply)
        return reply

    def _answer(self, operation: str, request: HttpRequest) -> Reply:
        with translated(operation):
            # As a stream, since the pipeline would else read content that says it is JSON or XML as such.
            response = self._pipeline.run(request, stream=True).http_response
        try:
            body = _content(response)
        except (HTTPError, OSError) as error:
            raise _cut_off(operation, type(error).__name__) from None
        length = response.headers.get("Content-Length")
        if request.method != "HEAD" and length is not None and int(length) != len(body):
            raise _cut_off(operation, f"{len(body)} of {length} bytes")
        return Reply(response.status_code, response.headers, body)


def _content(response: Any) -> bytes:
    """As it is stored: a Content-Encoding is the user's affair."""
    if isinstance(response, LeanResponse):
        return response.body()
    content: bytes = response.internal_response.raw.read(decode_content=False)
    return content


def place(container: str, blob: str | None = None) -> str:
    """A container or a blob as it stands in a URL."""
    return quote(container) if blob is None else f"{quote(container)}/{quote(blob, safe='/~')}"


def b64(digest: bytes) -> str:
    """A digest as it stands in a header."""
    return base64.b64encode(digest).decode()


def _cut_off(operation: str, why: str) -> BusyError:
    return BusyError(f"{operation}: the reply was cut off ({why})", operation=operation)


def _refusal(operation: str, reply: Reply) -> ServiceError:
    error = service_error(
        operation,
        status=reply.status,
        code=reply.headers.get("x-ms-error-code"),
        message=_message(reply.body),
        request_id=reply.headers.get("x-ms-request-id"),
    )
    pause = reply.headers.get("Retry-After")
    if isinstance(error, BusyError) and pause is not None and pause.isascii() and pause.isdecimal():
        error.retry_after = float(pause)
    return error


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    _, found, rest = text.partition("<Message>")
    return rest.partition("</Message>")[0] if found else ""

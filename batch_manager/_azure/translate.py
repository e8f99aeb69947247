"""Turns what the SDK raises into the errors of this package, in one place.

By HTTP status and service code, never by SDK class: azure-batch picks the class by the headers of the request (a 409
for a full quota is a ``ResourceExistsError``; any error after If-Match is a ``ResourceModifiedError``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from batch_manager.errors import (
    AccessDeniedError,
    BusyError,
    ConflictError,
    NotFoundError,
    PreconditionError,
    ServiceError,
)

if TYPE_CHECKING:
    from azure.batch import models  # 60 ms

_BY_STATUS: dict[int, type[ServiceError]] = {
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    408: BusyError,
    409: ConflictError,
    412: PreconditionError,
    429: BusyError,
}

_QUERY = re.compile(r"(https?://[^\s'\"?]+)\?[^\s'\"]*")


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Let no SDK error out.

    Args:
        operation: what is tried, in words: ``create job 'a'``.

    Raises:
        ServiceError: of the kind that the status says.
    """
    try:
        yield
    except HttpResponseError as error:
        if isinstance(error, ClientAuthenticationError) and error.response is None:  # of azure-identity
            first_line = clean(error.message).strip().partition("\n")[0]
            words = f"{operation}: no identity that may do it: {first_line}"
            raise AccessDeniedError(words, operation=operation) from None
        raise from_response(error, operation) from None
    except (ServiceRequestError, ServiceResponseError) as error:
        raise BusyError(f"{operation}: no answer: {clean(str(error))}", operation=operation) from None
    except AzureError as error:
        raise ServiceError(f"{operation}: {clean(str(error))}", operation=operation) from None


def from_response(error: HttpResponseError, operation: str) -> ServiceError:
    """The error for a reply."""
    status = error.status_code
    request_id = _header(error, "request-id") or _header(error, "x-ms-request-id")
    message = clean(error.message)
    named = ", ".join(f"{pair.key}: {clean(pair.value)}" for pair in _values(error))
    if named:
        message = f"{message.strip().splitlines()[0]} {named}"
    made = service_error(operation, status=status, code=_code(error), message=message, request_id=request_id)
    if isinstance(made, BusyError):
        made.retry_after = _seconds(_header(error, "Retry-After"))
    return made


def service_error(
    operation: str, *, status: int | None, code: str | None, message: str, request_id: str | None = None
) -> ServiceError:
    """The error for a status and the service's own code and words."""
    kind = _BY_STATUS.get(status or 0) or (BusyError if status is not None and status >= 500 else ServiceError)
    first_line = message.strip().splitlines()[0] if message.strip() else "no reason given"
    text = f"{operation}: {first_line} (status {status}, code {code or 'none'})"
    return kind(text, operation=operation, status=status, code=code, request_id=request_id)


def _code(error: HttpResponseError) -> str | None:
    inner = getattr(error, "error", None)
    code = getattr(inner, "code", None) or getattr(error, "error_code", None)
    return str(getattr(code, "value", code)) if code else None


def _values(error: HttpResponseError) -> list[models.BatchErrorDetail]:
    """What the service says of the request: the property, the value, the limit."""
    return list(getattr(getattr(error, "model", None), "error_values", None) or ())


def _header(error: HttpResponseError, name: str) -> str | None:
    headers = getattr(error.response, "headers", None) or {}
    value: str | None = headers.get(name)
    return value


def _seconds(header: str | None) -> float | None:
    """A Retry-After in seconds, as Batch and Blob Storage send it; a date is as if there were none."""
    return float(header) if header is not None and header.isascii() and header.isdecimal() else None


def clean(text: str | None) -> str:
    """Without the query of any URL, where a SAS or a token would be."""
    return _QUERY.sub(r"\1", text or "")

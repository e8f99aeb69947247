"""What the fakes answer when Azure would say no."""

from __future__ import annotations

from batch_manager.errors import ConflictError, NotFoundError, ServiceError
from batch_manager.preflight import check_id


def refuse_wrong_id(value: str, what: str, operation: str) -> None:
    """Raise what Batch answers to an id that it does not take."""
    wrong = check_id(value, what)
    if wrong:
        raise ServiceError(f"{operation}: {wrong}", operation=operation, status=400, code="InvalidRequestBody")


def missing(operation: str, code: str) -> NotFoundError:
    """What was named is not there."""
    return NotFoundError(
        f"{operation}: it does not exist (status 404, code {code})", operation=operation, status=404, code=code
    )


def conflict(operation: str, code: str) -> ConflictError:
    """It is there already, or its state does not allow the request."""
    return ConflictError(f"{operation}: refused (status 409, code {code})", operation=operation, status=409, code=code)


def refusal(operation: str, status: int, code: str) -> ServiceError:
    """Any other refusal."""
    text = f"{operation}: refused (status {status}, code {code})"
    return ServiceError(text, operation=operation, status=status, code=code)

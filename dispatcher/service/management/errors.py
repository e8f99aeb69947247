"""The refusals of the management plane, in Azure Resource Manager's shape: ``{"error": {"code", "message", ...}}``.

What the data plane refuses is answered with its own code and status, its facts as ``details``, as Azure does. Codes
that Microsoft's tests of its clients or Resource Manager's documentation show are marked "known"; the rest is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from dispatcher.service.errors import BatchError
from dispatcher.service.wire import JsonObject, JsonValue, format_time


@dataclass(frozen=True, slots=True)
class _Entry:
    status: int
    code: str
    message: str


class Fault(Enum):
    """Every code of the management plane alone, with its HTTP status and its default message."""

    ACCOUNT_IN_OTHER_GROUP = _Entry(
        409, "AccountAlreadyExists", "An account of this name is in another resource group."
    )
    ACCOUNT_BEING_DELETED = _Entry(409, "OperationNotAllowed", "The account is being deleted: try again in a moment.")
    ACCOUNT_OF_SERVICE = _Entry(
        409, "OperationNotAllowed", "The account belongs to the local Batch service and goes with its data folder."
    )
    APPLICATION_PACKAGE_BLOB_NOT_FOUND = _Entry(  # known
        409, "ApplicationPackageBlobNotFound", "The package has not been uploaded to its storage URL."
    )
    APPLICATION_PACKAGE_IN_USE = _Entry(
        409, "ApplicationPackageInUse", "A pool refers to the application package, so it cannot be deleted."
    )
    APPLICATION_PACKAGE_NOT_FOUND = _Entry(
        404, "ApplicationPackageNotFound", "The specified application package does not exist."
    )
    APPLICATION_PACKAGES_NOT_EMPTY = _Entry(  # known
        409, "ApplicationPackagesNotEmpty", "The application has packages: delete them first."
    )
    APPLICATION_PACKAGE_QUOTA_REACHED = _Entry(
        409, "ApplicationPackageQuotaReached", "The application has as many packages as it can have."
    )
    APPLICATION_QUOTA_REACHED = _Entry(
        409, "ApplicationQuotaReached", "The account has as many applications as it can have."
    )
    APPLICATION_UPDATES_NOT_ALLOWED = _Entry(
        409, "ApplicationUpdatesNotAllowed", "The package is active and its application does not allow updates."
    )
    AUTO_STORAGE_NOT_LINKED = _Entry(
        409, "AutoStorageNotLinked", "The account has no auto-storage account, which application packages need."
    )
    AUTO_STORAGE_UNAVAILABLE = _Entry(
        503, "AutoStorageUnavailable", "The storage account of the local Batch service does not answer."
    )
    INVALID_RESOURCE_LOCATION = _Entry(  # known
        409, "InvalidResourceLocation", "The account exists in another location."
    )
    INVALID_RESOURCE_TYPE = _Entry(404, "InvalidResourceType", "The path names no resource of this service.")  # known
    LOCATION_REQUIRED = _Entry(  # known
        400, "LocationRequired", "The location property is required for this definition."
    )
    METHOD_NOT_ALLOWED = _Entry(405, "MethodNotAllowed", "The resource does not support this HTTP method.")
    MISSING_API_VERSION = _Entry(  # known
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
    NOT_IMPLEMENTED = _Entry(501, "NotImplemented", "The local Batch service does not implement this operation.")
    POOL_PROPERTY_FIXED = _Entry(
        409, "PropertyCannotBeUpdated", "The pool exists, and one of the properties cannot be changed."
    )
    REQUESTED_DEFAULT_VERSION_NOT_ACTIVE = _Entry(  # known
        409, "RequestedDefaultVersionNotActive", "The requested default version is not an active package."
    )
    RESOURCE_NOT_FOUND = _Entry(404, "ResourceNotFound", "The resource was not found.")  # known


class ManagementError(Exception):
    """A request refused by the management plane itself."""

    def __init__(self, fault: Fault, message: str | None = None, details: Sequence[tuple[str, str]] = ()) -> None:
        self.fault = fault
        self.status = fault.value.status
        self.code = fault.value.code
        self.message = message or fault.value.message
        self.details = tuple(details)
        super().__init__(f"{self.code}: {self.message}")


def error_body(error: ManagementError | BatchError, *, request_id: str, now: datetime) -> JsonObject:
    """Return the body of an error answer."""
    details = error.values if isinstance(error, BatchError) else error.details
    inner: JsonObject = {
        "code": error.code,
        "message": f"{error.message}\nRequestId:{request_id}\nTime:{format_time(now)}",
        "target": "BatchAccount",
    }
    if details:
        listed: list[JsonValue] = [{"code": code, "message": message} for code, message in details]
        inner["details"] = listed
    return {"error": inner}

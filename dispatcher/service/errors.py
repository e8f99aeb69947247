"""The refusals of the service: one exception, and one catalogue of Batch's codes with their status and words.

The codes are those of the official clients' lists; a message in the catalogue is the service's own wording where the
clients' tests or public recordings show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from dispatcher.service.wire import JsonObject, JsonValue, format_time

_SECRET = re.compile(r"(password|key|settings|token|signature)\W*$", re.IGNORECASE)
"""Ends the names of properties that hold secrets, and of a few that do not."""


@dataclass(frozen=True, slots=True)
class _Entry:
    status: int
    code: str
    message: str


class Refusal(Enum):
    """Every code the service answers with, its HTTP status and its default message."""

    ACCOUNT_NOT_FOUND = _Entry(404, "AccountNotFound", "The specified account does not exist.")
    APPLICATION_NOT_FOUND = _Entry(404, "ApplicationNotFound", "The specified application does not exist.")
    ACTIVE_JOB_AND_SCHEDULE_QUOTA_REACHED = _Entry(
        409,
        "ActiveJobAndScheduleQuotaReached",
        "The Batch account has reached its quota of active jobs and job schedules.",
    )
    AUTHENTICATION_FAILED = _Entry(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature.",
    )
    AUTHENTICATION_MISSING = _Entry(401, "AuthenticationFailed", "The request carries no Authorization header.")
    AUTHENTICATION_TOKEN_INVALID = _Entry(
        401, "AuthenticationFailed", "Server failed to authenticate the request. The token in it is not accepted."
    )
    AUTO_SCALE_FORMULA_TOO_LONG = _Entry(
        400, "AutoScaleFormulaTooLong", "The autoscale formula is too long: it may have 8192 characters."
    )
    AUTO_SCALING_FORMULA_SYNTAX_ERROR = _Entry(
        400, "AutoScalingFormulaSyntaxError", "The autoscale formula has a syntax error."
    )
    CERTIFICATE_NOT_FOUND = _Entry(404, "CertificateNotFound", "The specified certificate does not exist.")
    CONDITION_NOT_MET = _Entry(
        412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."
    )
    EMPTY_METADATA_KEY = _Entry(400, "EmptyMetadataKey", "The name of one of the metadata items is empty.")
    FILE_NOT_FOUND = _Entry(404, "FileNotFound", "The specified file does not exist.")
    INTERNAL_ERROR = _Entry(
        500, "InternalError", "Server encountered an internal error. The service's log has the details."
    )
    INVALID_APPLICATION_PACKAGE_REFERENCES = _Entry(
        409,
        "InvalidApplicationPackageReferences",
        "The request specifies one or more application packages which could not be satisfied: the application or its "
        "version does not exist or is not active, or no version was specified and there is no default version.",
    )
    INVALID_CONSTRAINT_VALUE = _Entry(
        400, "InvalidConstraintValue", "A value in the constraints of a job or task is out of range."
    )
    INVALID_HEADER_VALUE = _Entry(
        400, "InvalidHeaderValue", "The value provided for one of the HTTP headers was not in the correct format."
    )
    INVALID_PROPERTY_VALUE = _Entry(
        400,
        "InvalidPropertyValue",
        "The value provided for one of the properties in the request body is invalid.",
    )
    INVALID_QUERY_PARAMETER_VALUE = _Entry(
        400,
        "InvalidQueryParameterValue",
        "Value for one of the query parameters specified in the request URI is invalid.",
    )
    INVALID_RANGE = _Entry(416, "InvalidRange", "The range specified is invalid for the current size of the file.")
    INVALID_REQUEST_BODY = _Entry(400, "InvalidRequestBody", "The specified Request Body is not syntactically valid.")
    INVALID_URI = _Entry(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
    JOB_BEING_DELETED = _Entry(409, "JobBeingDeleted", "The specified job has been marked for deletion.")
    JOB_BEING_TERMINATED = _Entry(409, "JobBeingTerminated", "The specified job is being terminated.")
    JOB_COMPLETED = _Entry(409, "JobCompleted", "The specified job is already in a completed state.")
    JOB_DISABLED = _Entry(409, "JobDisabled", "The specified job is disabled.")
    JOB_EXISTS = _Entry(409, "JobExists", "The specified job already exists.")
    JOB_NOT_ACTIVE = _Entry(409, "JobNotActive", "The specified job is not in the active state.")
    JOB_NOT_FOUND = _Entry(404, "JobNotFound", "The specified job does not exist.")
    JOB_PREPARATION_TASK_NOT_SPECIFIED = _Entry(
        409, "JobPreparationTaskNotSpecified", "The specified job has no job preparation task."
    )
    JOB_SCHEDULE_BEING_DELETED = _Entry(
        409, "JobScheduleBeingDeleted", "The specified job schedule has been marked for deletion."
    )
    JOB_SCHEDULE_BEING_TERMINATED = _Entry(
        409, "JobScheduleBeingTerminated", "The specified job schedule is being terminated."
    )
    JOB_SCHEDULE_COMPLETED = _Entry(
        409, "JobScheduleCompleted", "The specified job schedule is already in a completed state."
    )
    JOB_SCHEDULE_DISABLED = _Entry(409, "JobScheduleDisabled", "The specified job schedule is disabled.")
    JOB_SCHEDULE_EXISTS = _Entry(409, "JobScheduleExists", "The specified job schedule already exists.")
    JOB_SCHEDULE_NOT_FOUND = _Entry(404, "JobScheduleNotFound", "The specified job schedule does not exist.")
    JOB_SCHEDULE_WITH_SAME_ID_EXISTS = _Entry(
        409, "JobScheduleWithSameIdExists", "A job schedule has the id of the specified job."
    )
    JOB_WITH_SAME_ID_EXISTS = _Entry(409, "JobWithSameIdExists", "A job has the id of the specified job schedule.")
    MISSING_REQUIRED_PROPERTY = _Entry(
        400,
        "MissingRequiredProperty",
        "One of the required properties was not specified in the request body.",
    )
    MISSING_REQUIRED_QUERY_PARAMETER = _Entry(
        400,
        "MissingRequiredQueryParameter",
        "A query parameter that's mandatory for this request is not specified.",
    )
    NODE_ALREADY_IN_TARGET_SCHEDULING_STATE = _Entry(
        409, "NodeAlreadyInTargetSchedulingState", "The specified node is already in the target scheduling state."
    )
    NODE_BEING_CREATED = _Entry(409, "NodeBeingCreated", "The specified node is being created.")
    NODE_BEING_REBOOTED = _Entry(409, "NodeBeingRebooted", "The specified node is being rebooted.")
    NODE_BEING_REIMAGED = _Entry(409, "NodeBeingReimaged", "The specified node is being reimaged.")
    NODE_BEING_STARTED = _Entry(409, "NodeBeingStarted", "The specified node is being started.")
    NODE_NOT_FOUND = _Entry(404, "NodeNotFound", "The specified node does not exist.")
    NODE_EXTENSION_NOT_FOUND = _Entry(404, "NodeExtensionNotFound", "The specified node has no such extension.")
    NODE_NOT_READY = _Entry(409, "NodeNotReady", "The specified node is neither idle nor running.")
    NODE_STATE_INVALID = _Entry(409, "NodeStateInvalid", "The node's state does not allow the operation.")
    NODE_STATE_UNUSABLE = _Entry(409, "NodeStateUnusable", "The specified node is unusable.")
    NODE_USER_EXISTS = _Entry(409, "NodeUserExists", "The specified node user already exists.")
    NODE_USER_NOT_FOUND = _Entry(404, "NodeUserNotFound", "The specified node user does not exist.")
    NOT_IMPLEMENTED = _Entry(501, "NotImplemented", "The local Batch service does not implement this operation.")
    OPERATION_INVALID_FOR_CURRENT_STATE = _Entry(
        409, "OperationInvalidForCurrentState", "The specified operation is not valid for the current state."
    )
    OUT_OF_RANGE_PRIORITY = _Entry(400, "OutOfRangePriority", "A job's priority lies between -1000 and 1000.")
    POOL_BEING_DELETED = _Entry(409, "PoolBeingDeleted", "The specified pool has been marked for deletion.")
    POOL_BEING_RESIZED = _Entry(409, "PoolBeingResized", "The specified pool is being resized.")
    POOL_EXISTS = _Entry(409, "PoolExists", "The specified pool already exists.")
    POOL_QUOTA_REACHED = _Entry(409, "PoolQuotaReached", "The specified account has reached the pool quota.")
    POOL_NOT_FOUND = _Entry(404, "PoolNotFound", "The specified pool does not exist.")
    REQUEST_BODY_TOO_LARGE = _Entry(
        413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
    )
    SERVER_BUSY = _Entry(
        503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."
    )
    TASK_BEING_DELETED = _Entry(409, "TaskBeingDeleted", "The specified task is being deleted.")
    TASK_COMPLETED = _Entry(409, "TaskCompleted", "The specified task is already in a completed state.")
    TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB = _Entry(
        400,
        "TaskDependenciesNotSpecifiedOnJob",
        "The specified task has dependencies but the job does not enable them: set usesTaskDependencies to true.",
    )
    TASK_DEPENDENCY_LIST_TOO_LONG = _Entry(
        400,
        "TaskDependencyListTooLong",
        "The ids a task depends on may have 64000 characters together: use task id ranges instead.",
    )
    TASK_DEPENDENCY_RANGES_TOO_LONG = _Entry(
        400, "TaskDependencyRangesTooLong", "The specified task depends on too many ranges of task ids."
    )
    TASK_EXISTS = _Entry(409, "TaskExists", "The specified task already exists.")
    TASK_FILES_CLEANED_UP = _Entry(409, "TaskFilesCleanedup", "The files of the specified task were cleaned up.")
    TASK_FILES_UNAVAILABLE = _Entry(
        409, "TaskFilesUnavailable", "The files of the specified task are not available: it has not run on a node."
    )
    TASK_ID_SAME_AS_JOB_PREPARATION_TASK = _Entry(
        409,
        "TaskIdSameAsJobPreparationTask",
        "The id of the specified task is the same as the id of the job's preparation task.",
    )
    TASK_ID_SAME_AS_JOB_RELEASE_TASK = _Entry(
        409,
        "TaskIdSameAsJobReleaseTask",
        "The id of the specified task is the same as the id of the job's release task.",
    )
    TASK_NOT_COMPLETED = _Entry(
        409, "TaskNotCompleted", "The specified task is not completed, which the operation asks for."
    )
    TASK_NOT_FOUND = _Entry(404, "TaskNotFound", "The specified task does not exist.")
    TASK_SUCCEEDED = _Entry(
        409, "TaskSucceeded", "The specified task has succeeded, so that the operation cannot be performed on it."
    )
    TOO_MANY_ENABLE_AUTO_SCALE_REQUESTS = _Entry(
        503,  # clients try again by themselves, and the pause is over soon
        "TooManyEnableAutoScaleRequests",
        "Autoscale of the specified pool was enabled less than 30 seconds ago.",
    )
    TOO_MANY_REQUESTS = _Entry(
        429, "TooManyRequests", "Request failed as server encountered too many requests. Please try again."
    )
    UNSUPPORTED_HTTP_VERB = _Entry(405, "UnsupportedHttpVerb", "The resource doesn't support the specified HTTP verb.")
    UNSUPPORTED_QUERY_PARAMETER = _Entry(
        400, "UnsupportedQueryParameter", "One of the query parameters specified in the request URI is not supported."
    )
    UNSUPPORTED_PROPERTY = _Entry(
        400, "UnsupportedProperty", "A property in the request body is not supported by the local Batch service yet."
    )


class BatchError(Exception):
    """A request refused: what the client is told.

    Attributes:
        refusal: the catalogue's entry.
        message: the words; the entry's own unless others were given.
        values: facts about the refusal, as pairs of key and value (``PropertyName``, ``Reason``, ...).
        headers: further ones of the answer.
    """

    def __init__(
        self,
        refusal: Refusal,
        message: str | None = None,
        values: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.refusal = refusal
        self.message = message or refusal.value.message
        self.values = tuple(values)
        self.headers = dict(headers or {})
        super().__init__(f"{self.code}: {self.message}")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.refusal.value.status

    @property
    def code(self) -> str:
        """Batch's code."""
        return self.refusal.value.code


def invalid_property(name: str, value: object, reason: str) -> BatchError:
    """Return the refusal of one property's value, which it shows unless it may be a key or a password."""
    shown = "(not shown)" if _SECRET.search(name) else str(value)[:200]
    values = (("PropertyName", name), ("PropertyValue", shown), ("Reason", reason))
    return BatchError(Refusal.INVALID_PROPERTY_VALUE, values=values)


def unsupported_property(name: str) -> BatchError:
    """Return the refusal of a property that Azure knows and this service does not act on."""
    message = f"The property {name} is not yet supported by the local Batch service."
    return BatchError(Refusal.UNSUPPORTED_PROPERTY, message, (("PropertyName", name),))


def error_values(values: Sequence[tuple[str, str]]) -> list[JsonValue]:
    """Return facts about an error as a body holds them."""
    return [{"key": key, "value": value} for key, value in values]


def error_body(error: BatchError, *, metadata_url: str, request_id: str, now: datetime) -> JsonObject:
    """Return the body of an error answer; it is not wrapped in ``error`` as other Azure services do."""
    text = f"{error.message}\nRequestId:{request_id}\nTime:{format_time(now)}"
    body: JsonObject = {
        "odata.metadata": f"{metadata_url}#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
        "code": error.code,
        "message": {"lang": "en-US", "value": text},
    }
    if error.values:
        body["values"] = error_values(error.values)
    return body

"""The operations of the Batch data plane, in one table: dispatch, checks, 501 answers and docs rest on it.

The table is that of REST version 2025-06-01 as azure-batch 15.1.0 sends it; names are that client's methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Verb(StrEnum):
    """An HTTP method."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Body(Enum):
    """Whether a request has a JSON body."""

    NONE = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


class Conditions(Enum):
    """Which conditional headers an operation honours."""

    NONE = auto()
    TIME = auto()
    """If-Modified-Since and If-Unmodified-Since."""
    ALL = auto()
    """Those, If-Match and If-None-Match."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the data plane."""

    name: str
    verb: Verb
    path: str
    """A template: ``{name}`` stands for one percent-encoded segment, and a last ``{filePath}`` for all that is left."""
    success: int
    """The HTTP status of success."""
    body: Body
    query: frozenset[str]
    """Query parameters besides ``api-version`` and ``timeOut``."""
    conditions: Conditions

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb in {Verb.GET, Verb.HEAD}


def _operation(
    name: str,
    verb: Verb,
    path: str,
    success: int,
    *,
    body: Body = Body.NONE,
    query: str = "",
    conditions: Conditions = Conditions.NONE,
) -> Operation:
    names = frozenset(query.split())
    return Operation(name=name, verb=verb, path=path, success=success, body=body, query=names, conditions=conditions)


OPERATIONS: tuple[Operation, ...] = (
    _operation("list_applications", Verb.GET, "/applications", 200, query="maxresults"),
    _operation("get_application", Verb.GET, "/applications/{applicationId}", 200),
    _operation(
        "list_pool_usage_metrics", Verb.GET, "/poolusagemetrics", 200, query="maxresults startTime endtime $filter"
    ),
    _operation("create_pool", Verb.POST, "/pools", 201, body=Body.REQUIRED),
    _operation("list_pools", Verb.GET, "/pools", 200, query="maxresults $filter $select $expand"),
    _operation("begin_delete_pool", Verb.DELETE, "/pools/{poolId}", 202, conditions=Conditions.ALL),
    _operation("pool_exists", Verb.HEAD, "/pools/{poolId}", 200, conditions=Conditions.ALL),
    _operation("get_pool", Verb.GET, "/pools/{poolId}", 200, query="$select $expand", conditions=Conditions.ALL),
    _operation("update_pool", Verb.PATCH, "/pools/{poolId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    _operation("disable_pool_auto_scale", Verb.POST, "/pools/{poolId}/disableautoscale", 200),
    _operation(
        "enable_pool_auto_scale",
        Verb.POST,
        "/pools/{poolId}/enableautoscale",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    _operation("evaluate_pool_auto_scale", Verb.POST, "/pools/{poolId}/evaluateautoscale", 200, body=Body.REQUIRED),
    _operation(
        "begin_resize_pool", Verb.POST, "/pools/{poolId}/resize", 202, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    _operation("begin_stop_pool_resize", Verb.POST, "/pools/{poolId}/stopresize", 202, conditions=Conditions.ALL),
    _operation("replace_pool_properties", Verb.POST, "/pools/{poolId}/updateproperties", 204, body=Body.REQUIRED),
    _operation(
        "begin_remove_nodes",
        Verb.POST,
        "/pools/{poolId}/removenodes",
        202,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    _operation("list_supported_images", Verb.GET, "/supportedimages", 200, query="maxresults $filter"),
    _operation("list_pool_node_counts", Verb.GET, "/nodecounts", 200, query="maxresults $filter"),
    _operation("begin_delete_job", Verb.DELETE, "/jobs/{jobId}", 202, query="force", conditions=Conditions.ALL),
    _operation("get_job", Verb.GET, "/jobs/{jobId}", 200, query="$select $expand", conditions=Conditions.ALL),
    _operation("update_job", Verb.PATCH, "/jobs/{jobId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    _operation("replace_job", Verb.PUT, "/jobs/{jobId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    _operation(
        "begin_disable_job", Verb.POST, "/jobs/{jobId}/disable", 202, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    _operation("begin_enable_job", Verb.POST, "/jobs/{jobId}/enable", 202, conditions=Conditions.ALL),
    _operation(
        "begin_terminate_job",
        Verb.POST,
        "/jobs/{jobId}/terminate",
        202,
        body=Body.OPTIONAL,
        query="force",
        conditions=Conditions.ALL,
    ),
    _operation("create_job", Verb.POST, "/jobs", 201, body=Body.REQUIRED),
    _operation("list_jobs", Verb.GET, "/jobs", 200, query="maxresults $filter $select $expand"),
    _operation(
        "list_jobs_from_schedule",
        Verb.GET,
        "/jobschedules/{jobScheduleId}/jobs",
        200,
        query="maxresults $filter $select $expand",
    ),
    _operation(
        "list_job_preparation_and_release_task_status",
        Verb.GET,
        "/jobs/{jobId}/jobpreparationandreleasetaskstatus",
        200,
        query="maxresults $filter $select",
    ),
    _operation("get_job_task_counts", Verb.GET, "/jobs/{jobId}/taskcounts", 200),
    _operation("job_schedule_exists", Verb.HEAD, "/jobschedules/{jobScheduleId}", 200, conditions=Conditions.ALL),
    _operation(
        "begin_delete_job_schedule",
        Verb.DELETE,
        "/jobschedules/{jobScheduleId}",
        202,
        query="force",
        conditions=Conditions.ALL,
    ),
    _operation(
        "get_job_schedule",
        Verb.GET,
        "/jobschedules/{jobScheduleId}",
        200,
        query="$select $expand",
        conditions=Conditions.ALL,
    ),
    _operation(
        "update_job_schedule",
        Verb.PATCH,
        "/jobschedules/{jobScheduleId}",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    _operation(
        "replace_job_schedule",
        Verb.PUT,
        "/jobschedules/{jobScheduleId}",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    _operation(
        "disable_job_schedule", Verb.POST, "/jobschedules/{jobScheduleId}/disable", 204, conditions=Conditions.ALL
    ),
    _operation(
        "enable_job_schedule", Verb.POST, "/jobschedules/{jobScheduleId}/enable", 204, conditions=Conditions.ALL
    ),
    _operation(
        "begin_terminate_job_schedule",
        Verb.POST,
        "/jobschedules/{jobScheduleId}/terminate",
        202,
        query="force",
        conditions=Conditions.ALL,
    ),
    _operation("create_job_schedule", Verb.POST, "/jobschedules", 201, body=Body.REQUIRED),
    _operation("list_job_schedules", Verb.GET, "/jobschedules", 200, query="maxresults $filter $select $expand"),
    _operation("create_task", Verb.POST, "/jobs/{jobId}/tasks", 201, body=Body.REQUIRED),
    _operation("list_tasks", Verb.GET, "/jobs/{jobId}/tasks", 200, query="maxresults $filter $select $expand"),
    _operation("create_task_collection", Verb.POST, "/jobs/{jobId}/addtaskcollection", 200, body=Body.REQUIRED),
    _operation("delete_task", Verb.DELETE, "/jobs/{jobId}/tasks/{taskId}", 200, conditions=Conditions.ALL),
    _operation(
        "get_task", Verb.GET, "/jobs/{jobId}/tasks/{taskId}", 200, query="$select $expand", conditions=Conditions.ALL
    ),
    _operation(
        "replace_task", Verb.PUT, "/jobs/{jobId}/tasks/{taskId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    _operation("list_subtasks", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/subtasksinfo", 200, query="$select"),
    _operation("terminate_task", Verb.POST, "/jobs/{jobId}/tasks/{taskId}/terminate", 204, conditions=Conditions.ALL),
    _operation("reactivate_task", Verb.POST, "/jobs/{jobId}/tasks/{taskId}/reactivate", 204, conditions=Conditions.ALL),
    _operation(
        "delete_task_file", Verb.DELETE, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, query="recursive"
    ),
    _operation(
        "download_task_file", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, conditions=Conditions.TIME
    ),
    _operation(
        "get_task_file_properties",
        Verb.HEAD,
        "/jobs/{jobId}/tasks/{taskId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    _operation(
        "list_task_files", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/files", 200, query="maxresults $filter recursive"
    ),
    _operation("create_node_user", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/users", 201, body=Body.REQUIRED),
    _operation("delete_node_user", Verb.DELETE, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200),
    _operation(
        "replace_node_user", Verb.PUT, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200, body=Body.REQUIRED
    ),
    _operation("get_node", Verb.GET, "/pools/{poolId}/nodes/{nodeId}", 200, query="$select"),
    _operation("begin_reboot_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/reboot", 202, body=Body.OPTIONAL),
    _operation("begin_start_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/start", 202),
    _operation("begin_reimage_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/reimage", 202, body=Body.OPTIONAL),
    _operation(
        "begin_deallocate_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/deallocate", 202, body=Body.OPTIONAL
    ),
    _operation(
        "disable_node_scheduling",
        Verb.POST,
        "/pools/{poolId}/nodes/{nodeId}/disablescheduling",
        200,
        body=Body.OPTIONAL,
    ),
    _operation("enable_node_scheduling", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/enablescheduling", 200),
    _operation("get_node_remote_login_settings", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/remoteloginsettings", 200),
    _operation(
        "upload_node_logs", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs", 200, body=Body.REQUIRED
    ),
    _operation("list_nodes", Verb.GET, "/pools/{poolId}/nodes", 200, query="maxresults $filter $select"),
    _operation(
        "get_node_extension",
        Verb.GET,
        "/pools/{poolId}/nodes/{nodeId}/extensions/{extensionName}",
        200,
        query="$select",
    ),
    _operation(
        "list_node_extensions", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/extensions", 200, query="maxresults $select"
    ),
    _operation(
        "delete_node_file", Verb.DELETE, "/pools/{poolId}/nodes/{nodeId}/files/{filePath}", 200, query="recursive"
    ),
    _operation(
        "download_node_file",
        Verb.GET,
        "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    _operation(
        "get_node_file_properties",
        Verb.HEAD,
        "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    _operation(
        "list_node_files", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/files", 200, query="maxresults $filter recursive"
    ),
)
"""All of them, in the order of the official reference."""

BY_NAME = {operation.name: operation for operation in OPERATIONS}
"""The same, by name."""

"""The operations of the Batch data plane, in one table: dispatch, checks, 501 answers and docs rest on it.

The table is that of REST version 2025-06-01 as azure-batch 15.1.0 sends it, with that client's methods as names, and
after it what only older clients send.
"""

from __future__ import annotations

from dispatcher.service.operation import Body, Conditions, Operation, Verb, operation

__all__ = ["BY_NAME", "OPERATIONS", "Body", "Conditions", "Operation", "Verb"]

_CERTIFICATE = "/certificates(thumbprintAlgorithm={thumbprintAlgorithm},thumbprint={thumbprint})"

OPERATIONS: tuple[Operation, ...] = (
    operation("list_applications", Verb.GET, "/applications", 200, query="maxresults"),
    operation("get_application", Verb.GET, "/applications/{applicationId}", 200),
    operation(
        "list_pool_usage_metrics", Verb.GET, "/poolusagemetrics", 200, query="maxresults startTime endtime $filter"
    ),
    operation("create_pool", Verb.POST, "/pools", 201, body=Body.REQUIRED),
    operation("list_pools", Verb.GET, "/pools", 200, query="maxresults $filter $select $expand"),
    operation("begin_delete_pool", Verb.DELETE, "/pools/{poolId}", 202, conditions=Conditions.ALL),
    operation("pool_exists", Verb.HEAD, "/pools/{poolId}", 200, conditions=Conditions.ALL),
    operation("get_pool", Verb.GET, "/pools/{poolId}", 200, query="$select $expand", conditions=Conditions.ALL),
    operation("update_pool", Verb.PATCH, "/pools/{poolId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    operation("disable_pool_auto_scale", Verb.POST, "/pools/{poolId}/disableautoscale", 200),
    operation(
        "enable_pool_auto_scale",
        Verb.POST,
        "/pools/{poolId}/enableautoscale",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    operation("evaluate_pool_auto_scale", Verb.POST, "/pools/{poolId}/evaluateautoscale", 200, body=Body.REQUIRED),
    operation(
        "begin_resize_pool", Verb.POST, "/pools/{poolId}/resize", 202, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    operation("begin_stop_pool_resize", Verb.POST, "/pools/{poolId}/stopresize", 202, conditions=Conditions.ALL),
    operation("replace_pool_properties", Verb.POST, "/pools/{poolId}/updateproperties", 204, body=Body.REQUIRED),
    operation(
        "begin_remove_nodes",
        Verb.POST,
        "/pools/{poolId}/removenodes",
        202,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    operation("list_supported_images", Verb.GET, "/supportedimages", 200, query="maxresults $filter"),
    operation("list_pool_node_counts", Verb.GET, "/nodecounts", 200, query="maxresults $filter"),
    operation("begin_delete_job", Verb.DELETE, "/jobs/{jobId}", 202, query="force", conditions=Conditions.ALL),
    operation("get_job", Verb.GET, "/jobs/{jobId}", 200, query="$select $expand", conditions=Conditions.ALL),
    operation("update_job", Verb.PATCH, "/jobs/{jobId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    operation("replace_job", Verb.PUT, "/jobs/{jobId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL),
    operation(
        "begin_disable_job", Verb.POST, "/jobs/{jobId}/disable", 202, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    operation("begin_enable_job", Verb.POST, "/jobs/{jobId}/enable", 202, conditions=Conditions.ALL),
    operation(
        "begin_terminate_job",
        Verb.POST,
        "/jobs/{jobId}/terminate",
        202,
        body=Body.OPTIONAL,
        query="force",
        conditions=Conditions.ALL,
    ),
    operation("create_job", Verb.POST, "/jobs", 201, body=Body.REQUIRED),
    operation("list_jobs", Verb.GET, "/jobs", 200, query="maxresults $filter $select $expand"),
    operation(
        "list_jobs_from_schedule",
        Verb.GET,
        "/jobschedules/{jobScheduleId}/jobs",
        200,
        query="maxresults $filter $select $expand",
    ),
    operation(
        "list_job_preparation_and_release_task_status",
        Verb.GET,
        "/jobs/{jobId}/jobpreparationandreleasetaskstatus",
        200,
        query="maxresults $filter $select",
    ),
    operation("get_job_task_counts", Verb.GET, "/jobs/{jobId}/taskcounts", 200),
    operation("job_schedule_exists", Verb.HEAD, "/jobschedules/{jobScheduleId}", 200, conditions=Conditions.ALL),
    operation(
        "begin_delete_job_schedule",
        Verb.DELETE,
        "/jobschedules/{jobScheduleId}",
        202,
        query="force",
        conditions=Conditions.ALL,
    ),
    operation(
        "get_job_schedule",
        Verb.GET,
        "/jobschedules/{jobScheduleId}",
        200,
        query="$select $expand",
        conditions=Conditions.ALL,
    ),
    operation(
        "update_job_schedule",
        Verb.PATCH,
        "/jobschedules/{jobScheduleId}",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    operation(
        "replace_job_schedule",
        Verb.PUT,
        "/jobschedules/{jobScheduleId}",
        200,
        body=Body.REQUIRED,
        conditions=Conditions.ALL,
    ),
    operation(
        "disable_job_schedule", Verb.POST, "/jobschedules/{jobScheduleId}/disable", 204, conditions=Conditions.ALL
    ),
    operation("enable_job_schedule", Verb.POST, "/jobschedules/{jobScheduleId}/enable", 204, conditions=Conditions.ALL),
    operation(
        "begin_terminate_job_schedule",
        Verb.POST,
        "/jobschedules/{jobScheduleId}/terminate",
        202,
        query="force",
        conditions=Conditions.ALL,
    ),
    operation("create_job_schedule", Verb.POST, "/jobschedules", 201, body=Body.REQUIRED),
    operation("list_job_schedules", Verb.GET, "/jobschedules", 200, query="maxresults $filter $select $expand"),
    operation("create_task", Verb.POST, "/jobs/{jobId}/tasks", 201, body=Body.REQUIRED),
    operation("list_tasks", Verb.GET, "/jobs/{jobId}/tasks", 200, query="maxresults $filter $select $expand"),
    operation("create_task_collection", Verb.POST, "/jobs/{jobId}/addtaskcollection", 200, body=Body.REQUIRED),
    operation("delete_task", Verb.DELETE, "/jobs/{jobId}/tasks/{taskId}", 200, conditions=Conditions.ALL),
    operation(
        "get_task", Verb.GET, "/jobs/{jobId}/tasks/{taskId}", 200, query="$select $expand", conditions=Conditions.ALL
    ),
    operation(
        "replace_task", Verb.PUT, "/jobs/{jobId}/tasks/{taskId}", 200, body=Body.REQUIRED, conditions=Conditions.ALL
    ),
    operation("list_subtasks", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/subtasksinfo", 200, query="$select"),
    operation("terminate_task", Verb.POST, "/jobs/{jobId}/tasks/{taskId}/terminate", 204, conditions=Conditions.ALL),
    operation("reactivate_task", Verb.POST, "/jobs/{jobId}/tasks/{taskId}/reactivate", 204, conditions=Conditions.ALL),
    operation("delete_task_file", Verb.DELETE, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, query="recursive"),
    operation(
        "download_task_file", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/files/{filePath}", 200, conditions=Conditions.TIME
    ),
    operation(
        "get_task_file_properties",
        Verb.HEAD,
        "/jobs/{jobId}/tasks/{taskId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    operation(
        "list_task_files", Verb.GET, "/jobs/{jobId}/tasks/{taskId}/files", 200, query="maxresults $filter recursive"
    ),
    operation("create_node_user", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/users", 201, body=Body.REQUIRED),
    operation("delete_node_user", Verb.DELETE, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200),
    operation(
        "replace_node_user", Verb.PUT, "/pools/{poolId}/nodes/{nodeId}/users/{userName}", 200, body=Body.REQUIRED
    ),
    operation("get_node", Verb.GET, "/pools/{poolId}/nodes/{nodeId}", 200, query="$select"),
    operation("begin_reboot_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/reboot", 202, body=Body.OPTIONAL),
    operation("begin_start_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/start", 202),
    operation("begin_reimage_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/reimage", 202, body=Body.OPTIONAL),
    operation("begin_deallocate_node", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/deallocate", 202, body=Body.OPTIONAL),
    operation(
        "disable_node_scheduling",
        Verb.POST,
        "/pools/{poolId}/nodes/{nodeId}/disablescheduling",
        200,
        body=Body.OPTIONAL,
    ),
    operation("enable_node_scheduling", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/enablescheduling", 200),
    operation("get_node_remote_login_settings", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/remoteloginsettings", 200),
    operation(
        "upload_node_logs", Verb.POST, "/pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs", 200, body=Body.REQUIRED
    ),
    operation("list_nodes", Verb.GET, "/pools/{poolId}/nodes", 200, query="maxresults $filter $select"),
    operation(
        "get_node_extension",
        Verb.GET,
        "/pools/{poolId}/nodes/{nodeId}/extensions/{extensionName}",
        200,
        query="$select",
    ),
    operation(
        "list_node_extensions", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/extensions", 200, query="maxresults $select"
    ),
    operation(
        "delete_node_file", Verb.DELETE, "/pools/{poolId}/nodes/{nodeId}/files/{filePath}", 200, query="recursive"
    ),
    operation(
        "download_node_file",
        Verb.GET,
        "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    operation(
        "get_node_file_properties",
        Verb.HEAD,
        "/pools/{poolId}/nodes/{nodeId}/files/{filePath}",
        200,
        conditions=Conditions.TIME,
    ),
    operation(
        "list_node_files", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/files", 200, query="maxresults $filter recursive"
    ),
    operation("list_certificates", Verb.GET, "/certificates", 200, query="maxresults $filter $select", is_retired=True),
    operation("add_certificate", Verb.POST, "/certificates", 201, body=Body.REQUIRED, is_retired=True),
    operation("get_certificate", Verb.GET, _CERTIFICATE, 200, query="$select", is_retired=True),
    operation("delete_certificate", Verb.DELETE, _CERTIFICATE, 202, is_retired=True),
    operation("cancel_certificate_deletion", Verb.POST, f"{_CERTIFICATE}/canceldelete", 204, is_retired=True),
    operation("get_remote_desktop", Verb.GET, "/pools/{poolId}/nodes/{nodeId}/rdp", 200, is_retired=True),
)
"""All of them, in the order of the official reference; retired ones come last."""

BY_NAME = {operation.name: operation for operation in OPERATIONS}
"""The same, by name."""

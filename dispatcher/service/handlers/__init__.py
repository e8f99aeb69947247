"""The operations' handlers: a call in, one or two calls of the core, a reply out; and the mapping of names to them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler
from dispatcher.service.handlers import files, jobs, nodes, pools, task_collection, tasks

HANDLERS: Mapping[str, Handler] = {
    "create_pool": pools.create,
    "list_pools": pools.list_all,
    "begin_delete_pool": pools.delete,
    "pool_exists": pools.exists,
    "get_pool": pools.get,
    "update_pool": pools.update,
    "begin_resize_pool": pools.resize,
    "begin_stop_pool_resize": pools.stop_resize,
    "list_pool_node_counts": pools.list_node_counts,
    "get_node": nodes.get,
    "list_nodes": nodes.list_all,
    "disable_node_scheduling": nodes.disable_scheduling,
    "enable_node_scheduling": nodes.enable_scheduling,
    "create_job": jobs.create,
    "list_jobs": jobs.list_all,
    "get_job": jobs.get,
    "update_job": jobs.update,
    "replace_job": jobs.replace,
    "begin_delete_job": jobs.delete,
    "begin_terminate_job": jobs.terminate,
    "begin_disable_job": jobs.disable,
    "begin_enable_job": jobs.enable,
    "get_job_task_counts": jobs.task_counts,
    "create_task": tasks.create,
    "create_task_collection": task_collection.create,
    "list_tasks": tasks.list_all,
    "get_task": tasks.get,
    "replace_task": tasks.replace,
    "delete_task": tasks.delete,
    "terminate_task": tasks.terminate,
    "reactivate_task": tasks.reactivate,
    "list_task_files": files.list_of_task,
    "download_task_file": files.download_of_task,
    "get_task_file_properties": files.properties_of_task,
    "delete_task_file": files.delete_of_task,
    "list_node_files": files.list_of_node,
    "download_node_file": files.download_of_node,
    "get_node_file_properties": files.properties_of_node,
    "delete_node_file": files.delete_of_node,
}
"""What is implemented; every other operation of the table answers 501."""

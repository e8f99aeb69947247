"""The operations' handlers: a call in, one or two calls of the core, a reply out; and the mapping of names to them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Handler
from dispatcher.service.handlers import (
    applications,
    autoscale,
    certificates,
    files,
    images,
    job_schedules,
    job_tasks,
    jobs,
    node_extensions,
    node_lifecycle,
    node_logs,
    node_users,
    nodes,
    pools,
    subtasks,
    task_collection,
    tasks,
    usage,
)

_MODULES = (
    applications,
    autoscale,
    certificates,
    files,
    images,
    job_schedules,
    job_tasks,
    jobs,
    node_extensions,
    node_lifecycle,
    node_logs,
    node_users,
    nodes,
    pools,
    subtasks,
    task_collection,
    tasks,
    usage,
)

HANDLERS: Mapping[str, Handler] = {name: handler for module in _MODULES for name, handler in module.HANDLERS.items()}
"""What is implemented; every other operation of the table answers 501."""

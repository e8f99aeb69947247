"""Finds a task by what a person calls it: its id, or its display name."""

from __future__ import annotations

from batch_manager.client import BatchClient
from batch_manager.definitions import TaskDetail
from batch_manager.errors import InputError, NotFoundError, ServiceError

_NAMED = 5
"""Tasks that a message names."""


def find_task(client: BatchClient, job_id: str, name: str) -> TaskDetail:
    """The task with this id, or else the only one with this display name, with or without its number (``Gather 12``),
    for which the job's tasks are listed.

    Raises:
        NotFoundError: there is none, or no such job.
        InputError: the name is empty, or several have it for a display name; the message names their ids.
    """
    if not name.strip():
        raise InputError("the task's name is empty: give its id or its display name")
    try:
        return client.get_task(job_id, name)
    except NotFoundError as error:
        if error.code == "JobNotFound":
            raise
        unknown = error
    except ServiceError as error:
        if error.status != 400:  # no id can be spelled like this; a display name can
            raise
        unknown = NotFoundError(f"job {job_id!r} has no task {name!r}", operation=error.operation, status=404)
    found = _called(client, job_id, name.casefold())
    if not found:
        raise unknown.extended("; nor has a task this display name") from None
    if len(found) > 1:
        more = " and more" if len(found) > _NAMED else ""
        raise InputError(f"several tasks are called {name!r}: give an id, such as {', '.join(found[:_NAMED])}{more}")
    return client.get_task(job_id, found[0])


def _called(client: BatchClient, job_id: str, wanted: str) -> list[str]:
    """The ids of tasks with a display name, or of those whose name without its number it is: as many as are told."""
    exact: list[str] = []
    loose: list[str] = []
    for record in client.list_tasks(job_id):
        name = (record.display_name or "").casefold()
        if name == wanted:
            exact.append(record.id)
        elif len(loose) <= _NAMED and name == f"{wanted} {record.id}":
            loose.append(record.id)
    return (exact or loose)[: _NAMED + 1]

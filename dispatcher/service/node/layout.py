"""Where things lie on a node: the folders that Azure's agent makes below a node's root.

::

    <root>/applications  fsmounts  shared  startup  volatile
    <root>/startup/                                     the same as a task's, for the start task
    <root>/workitems/<job>/job-1/<task>/                stdout.txt  stderr.txt  fileuploadout.txt  fileuploaderr.txt
    <root>/workitems/<job>/job-1/<task>/wd/             where the command runs
    <root>/workitems/<schedule>/<job>/<task>/           the same for a job ``<schedule>:<job>`` that a schedule made

Pure: paths are strings, because a node makes them for every task and ``os.path`` is what that costs least with.
"""

from __future__ import annotations

import os.path
import re

from dispatcher.service.node.launch import START_TASK, TaskKey

APPLICATIONS = "applications"
FSMOUNTS = "fsmounts"
SHARED = "shared"
STARTUP = "startup"
VOLATILE = "volatile"
WORKITEMS = "workitems"

NODE_FOLDERS = (APPLICATIONS, FSMOUNTS, SHARED, STARTUP, VOLATILE, WORKITEMS)
"""The folders of a fresh node."""

WORKING_FOLDER = "wd"
STDOUT = "stdout.txt"
STDERR = "stderr.txt"
UPLOAD_LOG = "fileuploadout.txt"
UPLOAD_ERRORS = "fileuploaderr.txt"

_ONLY_RUN = "job-1"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def job_folder(root: str, job_id: str) -> str:
    """Return the folder that holds the folders of a job's tasks.

    Raises:
        ValueError: the id is not one that Batch accepts, so that it could name another folder.
    """
    schedule, colon, job = job_id.partition(":")
    if not colon:
        return os.path.join(root, WORKITEMS, _checked(job_id), _ONLY_RUN)
    return os.path.join(root, WORKITEMS, _checked(schedule), _checked(job))


def task_folder(root: str, key: TaskKey) -> str:
    """Return a task's folder, the parent of its working directory.

    Raises:
        ValueError: an id is not one that Batch accepts, so that it could name another folder.
    """
    if key == START_TASK:
        return os.path.join(root, STARTUP)
    return os.path.join(job_folder(root, key.job_id), _checked(key.task_id))


def working_folder(folder: str) -> str:
    """Return the working directory in a task's folder."""
    return os.path.join(folder, WORKING_FOLDER)


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"an id is 1 to 64 letters, digits, '-' and '_', not {name!r}")
    return name

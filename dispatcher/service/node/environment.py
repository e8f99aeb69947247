"""The environment of a task's process. Pure.

A task gets what Batch gives it and nothing else: no variable of the service's own environment reaches it. Names and
meanings are those of Microsoft's list (azure-docs, ``batch-compute-node-environment-variables.md``, 2024-06).
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatcher.service.node.launch import START_TASK, TaskLaunch
from dispatcher.service.node.layout import FSMOUNTS, SHARED, STARTUP, working_folder

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LANGUAGE = "C.UTF-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeIdentity:
    """Which node of which account this is, as its tasks are told."""

    account_name: str
    account_url: str
    pool_id: str
    node_id: str
    is_dedicated: bool
    variables: Mapping[str, str] = field(default_factory=dict)
    """What every process on the node finds in its environment, as from the image of the node's machine."""


def node_environment(identity: NodeIdentity, root: str) -> dict[str, str]:
    """Return the part of a task's environment that is the same for every task of the node."""
    return {
        "AZ_BATCH_ACCOUNT_NAME": identity.account_name,
        "AZ_BATCH_ACCOUNT_URL": identity.account_url,
        "AZ_BATCH_POOL_ID": identity.pool_id,
        "AZ_BATCH_NODE_ID": identity.node_id,
        "AZ_BATCH_NODE_IS_DEDICATED": "true" if identity.is_dedicated else "false",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": os.path.join(root, SHARED),
        "AZ_BATCH_NODE_STARTUP_DIR": os.path.join(root, STARTUP),
        "AZ_BATCH_NODE_MOUNTS_DIR": os.path.join(root, FSMOUNTS),
    }


def task_environment(
    node: Mapping[str, str], launch: TaskLaunch, folder: str, image: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the whole environment of a task's process.

    The user's settings may replace ``PATH``, ``HOME`` (the working directory unless set) and ``LANG``, but not the
    ``AZ_BATCH_*`` variables that the node sets: a task that is told another id or folder could not work, and whether
    Azure lets them be replaced is not documented. A start task is told of no job and no task.

    Args:
        node: what ``node_environment`` returned.
        launch: the attempt.
        folder: the task's folder, absolute.
        image: ``NodeIdentity.variables``; the user's settings may replace them. None in a container, whose image is
            another.
    """
    working, key = working_folder(folder), launch.key
    ids = {} if key == START_TASK else {"AZ_BATCH_JOB_ID": key.job_id, "AZ_BATCH_TASK_ID": key.task_id}
    return {
        "PATH": SEARCH_PATH,
        "HOME": working,
        "LANG": LANGUAGE,
        **(image or {}),
        **launch.environment,
        **node,
        **launch.service_environment,
        **ids,
        "AZ_BATCH_TASK_DIR": folder,
        "AZ_BATCH_TASK_WORKING_DIR": working,
    }

"""Whether a task with dependencies runs: asked before the user's code, with one query however many parents it has."""

from __future__ import annotations

import logging

from batch_manager.client import BatchClient
from batch_manager.definitions import TaskQuery
from batch_manager.dependencies import DependencyRule, count_members, decode_ids
from batch_manager.environment import NodeEnvironment
from batch_manager.errors import UsageError

_log = logging.getLogger(__name__)


def may_run(client: BatchClient, node: NodeEnvironment) -> bool:
    """Whether the task's rule lets it run, given how its parents ended.

    Raises:
        UsageError: the environment names no rule or parents that the submission writes.
        ServiceError: Batch could not be asked.
    """
    parents = decode_ids(node.depends_on)
    try:
        rule = DependencyRule(node.rule) if node.rule else DependencyRule.ALL_SUCCEEDED
    except ValueError:
        known = ", ".join(rule.value for rule in DependencyRule)
        raise UsageError(f"the dependency rule {node.rule!r} is none of: {known}") from None
    if rule is DependencyRule.ALL_ENDED:
        return True
    ended_badly = [record.id for record in client.list_tasks(node.job_id, TaskQuery.UNSUCCESSFUL)]
    count = count_members(parents, ended_badly)
    if rule.lets_run(count):
        return True
    client.stop_retries(
        node.job_id, node.task_id
    )  # the exit code of a skip is a failure to Batch, which would retry it
    _log.warning("skipped", extra={"rule": rule.value, "unsuccessful_parents": count})
    return False

"""Whether a task with dependencies runs: asked before the user's code, with one query however many parents it has."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable

from batch_manager.client import BatchClient
from batch_manager.dependencies import DependencyRule, decode_ids, membership
from batch_manager.environment import NodeEnvironment
from batch_manager.errors import UsageError
from batch_manager.factory import is_of_environment

_log = logging.getLogger(__name__)


def may_run(client: BatchClient, node: NodeEnvironment) -> bool:
    """Whether the task's rule lets it run, given how its parents ended. If not, Batch is told not to try the task
    again, where it would.

    Raises:
        UsageError: the environment names no rule or parents that the submission writes.
        ServiceError: Batch could not be asked.
    """
    if rule_is_met(client, node):
        return True
    if node.retry:  # the exit code of a skip is a failure to Batch
        from batch_manager.ending import stop_retries  # few tasks have any

        stop_retries(node, client)
    _log.warning("skipped", extra={"rule": node.rule or DependencyRule.ALL_SUCCEEDED.value})
    return False


def rule_is_met(client: BatchClient, node: NodeEnvironment) -> bool:
    """The same question, without consequences."""
    parents = decode_ids(node.depends_on)
    rule = _rule(node)
    if rule is DependencyRule.ALL_ENDED or not parents:
        return True
    return rule.lets_run(int(_one_is_unsuccessful(client, node.job_id, membership(parents))))


def _rule(node: NodeEnvironment) -> DependencyRule:
    try:
        return DependencyRule(node.rule) if node.rule else DependencyRule.ALL_SUCCEEDED
    except ValueError:
        known = ", ".join(rule.value for rule in DependencyRule)
        raise UsageError(f"the dependency rule {node.rule!r} is none of: {known}") from None


def _one_is_unsuccessful(client: BatchClient, job_id: str, is_parent: Callable[[str], bool]) -> bool:
    """Whether a parent did not succeed; every rule is decided by the first."""
    if is_of_environment(client):
        from batch_manager.light.errors import NotLightError  # a test's client needs none of it
        from batch_manager.light.query import unsuccessful_ids

        try:
            return _any(unsuccessful_ids(os.environ, job_id), is_parent)
        except NotLightError as error:
            _log.debug("asking through the official client: %s", error)
    from batch_manager.definitions import TaskQuery  # dataclasses: 3 ms

    return _any((record.id for record in client.list_tasks(job_id, TaskQuery.UNSUCCESSFUL)), is_parent)


def _any(task_ids: Iterable[str], is_parent: Callable[[str], bool]) -> bool:
    return any(map(is_parent, task_ids))

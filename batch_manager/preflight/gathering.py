"""What the pre-flight of a job's tasks has to ask the service: as few requests as the tasks need."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from batch_manager.client import BatchClient
from batch_manager.compilation import JobFrame
from batch_manager.definitions import PoolRecord
from batch_manager.errors import AccessDeniedError, NotFoundError
from batch_manager.naming import container_name
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.packages import application_name
from batch_manager.specification import ApplicationPackageReference, TaskSpecification

_log = logging.getLogger(__name__)


def gather_facts(client: BatchClient, frame: JobFrame, tasks: Sequence[TaskSpecification]) -> JobFacts:
    """What the tasks of a job are checked against. What this identity may not read is not known, and is logged.

    The pool is asked for only if a task wants something of it, an application only if a task refers to it.

    Raises:
        ServiceError: the service could not be asked.
    """
    wants_pool = False
    names: dict[str, str] = {}
    for task in tasks:
        if task.required_slots != 1 or task.container is not None or task.multi_instance is not None:
            wants_pool = True
        if task.application_package_references:
            names.update(_names(task))
    return JobFacts(
        container=container_name(frame.job_id),
        storage_account_url=frame.storage_account_url,
        identity_reference=frame.identity_reference,
        has_time_limit=frame.has_time_limit,
        pool=_pool(client, frame.job_id) if wants_pool else None,
        job_packages=frame.packages,
        packages=_packages(client, names),
    )


def usable_versions(
    client: BatchClient, references: Iterable[ApplicationPackageReference]
) -> Mapping[str, frozenset[str] | None]:
    """By application id, in lower case, the versions that can be used; None for an application that does not exist."""
    return _packages(client, _spelled(references))


def _names(task: TaskSpecification) -> dict[str, str]:
    """By its id in lower case, each application of a task as it is spelled there."""
    return _spelled(task.application_package_references)


def _spelled(references: object) -> dict[str, str]:
    return {
        application_name(each): each.application_id.rpartition("/")[2]
        for each in (references if isinstance(references, (list, tuple)) else ())
        if isinstance(each, ApplicationPackageReference) and isinstance(each.application_id, str)
    }


def _pool(client: BatchClient, job_id: str) -> PoolRecord | None:
    try:
        return client.get_pool(client.get_job(job_id).pool_id)
    except (AccessDeniedError, NotFoundError) as error:
        _log.warning("the tasks are not checked against the job's pool: %s", error)
        return None


def _packages(client: BatchClient, names: Mapping[str, str]) -> dict[str, frozenset[str] | None]:
    found: dict[str, frozenset[str] | None] = {}
    for name, spelled in names.items():
        try:
            found[name] = frozenset(client.list_package_versions(spelled))
        except NotFoundError:
            found[name] = None
        except AccessDeniedError as error:
            _log.warning("the packages of application %r are not checked: %s", spelled, error)
    return found

"""What is known of a job besides its tasks, when they are checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch_manager.definitions import PoolRecord
from batch_manager.specification import ApplicationPackageReference


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What the tasks of a job are checked against. What is not known is not checked.

    Attributes:
        container: the job's own container; None if not known.
        storage_account_url: the blob endpoint of the job's storage account; empty if not known.
        identity_reference: ARM id of the managed identity for the job's files; None if the settings name none.
        has_time_limit: whether the job has to be over at some time.
        pool: the job's pool; None if not known.
        job_packages: what every task of the job has besides its own packages.
        packages: by application id, in lower case, the versions that can be used; None for an application that does
            not exist. An application that is missing here was not looked up.
    """

    container: str | None = None
    storage_account_url: str = ""
    identity_reference: str | None = None
    has_time_limit: bool = False
    pool: PoolRecord | None = None
    job_packages: tuple[ApplicationPackageReference, ...] = ()
    packages: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

"""What is in an account that could belong to this project: jobs, containers, pools. Three lists, whatever there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch_manager.container_operations import ContainerOperations, ContainerSummary
from batch_manager.definitions import JobState
from batch_manager.errors import InputError
from batch_manager.job_operations import JobOperations, JobSummary
from batch_manager.naming import container_name
from batch_manager.pool_operations import PoolOperations, PoolSummary

JOB_CONTAINERS = "job-"
"""What the name of every job's container begins with."""

ENDED = (JobState.COMPLETED, JobState.DELETING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One look at an account."""

    jobs: tuple[JobSummary, ...] = ()
    containers: tuple[ContainerSummary, ...] = ()
    pools: tuple[PoolSummary, ...] = ()

    def jobs_by_container(self) -> Mapping[str, JobSummary]:
        """The jobs by the names of their containers; without those whose id makes none."""
        found = ((own_container(job.id), job) for job in self.jobs)
        return {name: job for name, job in found if name is not None}


def take_inventory(jobs: JobOperations, containers: ContainerOperations, pools: PoolOperations) -> Inventory:
    """Look at an account.

    Containers are listed before jobs: a container is made before its job, so that one whose job is not in the list has
    none, or is being made at this moment.
    """
    found = tuple(containers.list_containers(JOB_CONTAINERS))
    return Inventory(containers=found, jobs=tuple(jobs.list_jobs()), pools=tuple(pools.list_pools()))


def own_container(job_id: str) -> str | None:
    """The name of a job's container; None if the id makes none, so that the job is none of this project's."""
    try:
        return container_name(job_id)
    except InputError:
        return None


def uses(job: JobSummary, pool: PoolSummary) -> bool:
    """Whether a job may have tasks that run on the pool, now or later."""
    return job.state not in ENDED and job.pool_id.lower() == pool.id.lower()

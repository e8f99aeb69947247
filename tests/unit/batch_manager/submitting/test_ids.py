"""Job ids that no two submissions share."""

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from batch_manager.naming import container_name
from batch_manager.submitting import auto_pool_id, unique_job_id

NOON = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)


def test_id_tells_workload_owner_and_time() -> None:
    """In words that a person can say."""
    assert unique_job_id("workloads.water_network", "anna@x", NOON, "7k2m9q") == (
        "water-network-anna-x-20260131-120005-7k2m9q"
    )


def test_two_ids_of_the_same_moment_differ() -> None:
    """Two people, or two windows of one."""
    assert len({unique_job_id("w", "anna", NOON) for _ in range(100)}) == 100


@given(st.from_regex(r"[^\W\d]\w{0,80}(\.[^\W\d]\w{0,80})?", fullmatch=True), st.text(max_size=80))
def test_id_of_anything_makes_a_container_and_a_pool(module: str, owner: str) -> None:
    """Letters that Azure Storage does not take, and names of any length."""
    job_id = unique_job_id(module, owner, NOON)
    assert container_name(job_id) == f"job-{job_id}"
    assert re.fullmatch(r"[a-z0-9-]{1,64}", auto_pool_id(job_id))

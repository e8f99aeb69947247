"""Conditional requests as the official client sends them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from tests.service.support import code_of, present

Run = Callable[..., models.BatchTask]
TOMORROW = datetime.now(UTC) + timedelta(days=1)
STALE: dict[str, Any] = {"etag": "0x8D0", "match_condition": MatchConditions.IfNotModified}


@pytest.fixture
def schedule(client: BatchClient, name: str) -> str:
    """Return a job schedule that makes no job; a job may not have its id."""
    schedule_id = f"schedule-{name}"[:64]
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id=schedule_id,
            schedule=models.BatchJobScheduleConfiguration(do_not_run_until=TOMORROW),
            job_specification=models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="pool")),
        )
    )
    return schedule_id


def test_stale_etag_stops_a_change_of_everything(client: BatchClient, job: str, schedule: str, run: Run) -> None:
    """Pools, jobs, tasks and schedules are compared alike."""
    run("true")
    calls: list[Callable[[], object]] = [
        lambda: client.update_pool("pool", models.BatchPoolUpdateOptions(metadata=[]), **STALE),
        lambda: client.update_job(job, models.BatchJobUpdateOptions(priority=1), **STALE),
        lambda: client.delete_task(job, "task", **STALE),
        lambda: client.disable_job_schedule(schedule, **STALE),
    ]
    for call in calls:
        with pytest.raises(ResourceModifiedError) as caught:
            call()
        assert (caught.value.status_code, code_of(caught.value)) == (412, "ConditionNotMet")


def test_current_etag_lets_a_change_through(client: BatchClient, schedule: str) -> None:
    """The ETag that a client was given is the one that it may change under, once."""
    etag = present(client.get_job_schedule(schedule).etag)
    client.disable_job_schedule(schedule, etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError):
        client.enable_job_schedule(schedule, etag=etag, match_condition=MatchConditions.IfNotModified)


@pytest.mark.parametrize("option", ["if_modified_since", "if_unmodified_since"])
def test_dates_are_compared_with_the_last_change(client: BatchClient, schedule: str, option: str) -> None:
    """What has not changed answers 304 to a read; a condition on the past answers 412."""
    when = TOMORROW if option == "if_modified_since" else TOMORROW - timedelta(days=2)
    options: dict[str, Any] = {option: when}
    with pytest.raises(HttpResponseError) as caught:
        client.get_job_schedule(schedule, **options)
    assert caught.value.status_code == (304 if option == "if_modified_since" else 412)


def test_any_etag_asks_whether_it_exists(client: BatchClient, schedule: str) -> None:
    """If-Match with a star passes where the entity is there; the client calls its absence not found."""
    client.disable_job_schedule(schedule, match_condition=MatchConditions.IfPresent)
    with pytest.raises(ResourceNotFoundError):
        client.disable_job_schedule("nobody", match_condition=MatchConditions.IfPresent)


def test_file_is_compared_by_its_date(client: BatchClient, job: str, run: Run) -> None:
    """Files have no ETag; a download may ask for one that has not changed since."""
    run("true")
    assert b"".join(client.download_task_file(job, "task", "stdout.txt", if_unmodified_since=TOMORROW)) == b""
    with pytest.raises(HttpResponseError) as caught:
        client.download_task_file(job, "task", "stdout.txt", if_unmodified_since=TOMORROW - timedelta(days=2))
    assert caught.value.status_code == 412

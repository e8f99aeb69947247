"""Job schedules: when they make jobs, what a recurrence is, and how they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.planning.schedules import MakeJob, Recurrence, ScheduleView, next_look, plan_schedule
from dispatcher.service.states import ScheduleState
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue, format_time

DEADLINE = 10.0
HOUR = timedelta(hours=1)
SPECIFICATION: JsonObject = {"poolInfo": {"poolId": "pool"}}
AUTO_POOL: JsonObject = {
    "vmSize": "standard_d2s_v3",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04-lts"},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
    },
    "targetDedicatedNodes": 1,
}


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return an empty account."""
    bench = Bench()
    yield bench
    bench.service.close()


def settle_until(bench: Bench, holds: Callable[[], object]) -> None:
    """Step until a condition holds, since folders go in a thread; fail if it does not within the deadline."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "the condition did not hold in time"
        bench.settle()


def add_schedule(bench: Bench, schedule: JsonObject, **specification: JsonValue) -> None:
    """Add a job schedule."""
    body: JsonObject = {"id": "s", "schedule": schedule, "jobSpecification": {**SPECIFICATION, **specification}}
    bench.call("create_job_schedule", body)
    bench.settle()


def shown(bench: Bench) -> JsonObject:
    """Return the schedule's body."""
    return bench.read("get_job_schedule", jobScheduleId="s")


def execution(bench: Bench) -> JsonObject:
    """Return the schedule's execution information."""
    info = shown(bench)["executionInfo"]
    assert isinstance(info, dict)
    return info


def jobs(bench: Bench) -> list[str]:
    """Return the ids of the schedule's jobs that are not completed, and in parentheses of those that are."""
    listed = bench.read("list_jobs_from_schedule", jobScheduleId="s")["value"]
    assert isinstance(listed, list)
    return [
        f"({job['id']})" if job["state"] == "completed" else str(job["id"]) for job in listed if isinstance(job, dict)
    ]


def open_jobs(bench: Bench) -> list[object]:
    """Return the ids of all jobs that are not completed."""
    listed = bench.read("list_jobs")["value"]
    assert isinstance(listed, list)
    return [job["id"] for job in listed if isinstance(job, dict) and job["state"] != "completed"]


def go_on(bench: Bench, time: timedelta) -> None:
    """Let time pass, and the service do what is due."""
    bench.clock.advance(time)
    bench.settle()


def end_job(bench: Bench, job_id: str) -> None:
    """Terminate a job."""
    bench.call("begin_terminate_job", jobId=job_id)
    bench.settle()


def test_schedule_without_times_makes_one_job_at_once_and_completes_with_it(bench: Bench) -> None:
    """The default schedule does not recur."""
    add_schedule(bench, {})
    assert jobs(bench) == ["s:job-1"]
    assert shown(bench)["state"] == "active"
    end_job(bench, "s:job-1")
    go_on(bench, HOUR)
    assert (jobs(bench), shown(bench)["state"]) == (["(s:job-1)"], "completed")


def test_schedule_waits_for_its_time(bench: Bench) -> None:
    """No job is made before doNotRunUntil, which is the next run time until then."""
    until = bench.clock.now() + HOUR
    add_schedule(bench, {"doNotRunUntil": format_time(until)})
    assert jobs(bench) == []
    assert shown(bench)["executionInfo"] == {"nextRunTime": format_time(until)}
    assert bench.service.worker.next_deadline() == until
    go_on(bench, HOUR)
    assert jobs(bench) == ["s:job-1"]


def test_recurring_schedule_makes_its_next_job_when_the_one_before_has_ended(bench: Bench) -> None:
    """At most one job is active; the job that is due follows as soon as it may."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    go_on(bench, 1.5 * HOUR)
    assert jobs(bench) == ["s:job-1"]
    end_job(bench, "s:job-1")
    assert jobs(bench) == ["(s:job-1)", "s:job-2"]
    recent = shown(bench)["executionInfo"]
    assert isinstance(recent, dict)
    assert recent["recentJob"] == {"id": "s:job-2", "url": "http://127.0.0.1:1/jobs/s:job-2"}


def test_due_time_is_lost_when_its_window_is_over(bench: Bench) -> None:
    """A job that could not be made within the start window is not made before the next recurrence."""
    add_schedule(bench, {"recurrenceInterval": "PT1H", "startWindow": "PT10M"})
    go_on(bench, 1.5 * HOUR)
    end_job(bench, "s:job-1")
    assert jobs(bench) == ["(s:job-1)"]
    go_on(bench, 0.5 * HOUR)
    assert jobs(bench) == ["(s:job-1)", "s:job-2"]


def test_due_times_that_passed_while_nobody_looked_make_one_job(bench: Bench) -> None:
    """A day of sleep is one job, not twenty-four."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    end_job(bench, "s:job-1")
    go_on(bench, 24 * HOUR)
    assert jobs(bench) == ["(s:job-1)", "s:job-2"]


def test_schedule_completes_after_its_last_time(bench: Bench) -> None:
    """After doNotRunAfter no job is made, and the schedule is completed once its job is."""
    after = bench.clock.now() + 0.5 * HOUR
    add_schedule(bench, {"recurrenceInterval": "PT1H", "doNotRunAfter": format_time(after)})
    go_on(bench, 2 * HOUR)
    assert shown(bench)["state"] == "active"
    end_job(bench, "s:job-1")
    assert (jobs(bench), shown(bench)["state"]) == (["(s:job-1)"], "completed")


def test_schedule_stays_active_until_its_last_time_though_no_job_is_due_before(bench: Bench) -> None:
    """It could still be given a later one; no next run is shown meanwhile."""
    add_schedule(bench, {"recurrenceInterval": "PT1H", "doNotRunAfter": format_time(bench.clock.now() + 0.5 * HOUR)})
    end_job(bench, "s:job-1")
    assert (shown(bench)["state"], "nextRunTime" in execution(bench)) == ("active", False)
    go_on(bench, 0.5 * HOUR)
    assert shown(bench)["state"] == "active"
    go_on(bench, timedelta(microseconds=1))
    assert (jobs(bench), shown(bench)["state"]) == (["(s:job-1)"], "completed")


def test_schedule_whose_last_time_is_past_makes_no_job(bench: Bench) -> None:
    """It is completed at once; what Azure says to one is not known."""
    add_schedule(bench, {"doNotRunAfter": format_time(bench.clock.now() - HOUR)})
    assert (jobs(bench), shown(bench)["state"]) == ([], "completed")


def test_schedule_without_anything_due_is_not_looked_at(bench: Bench) -> None:
    """Neither while its job runs, nor disabled, nor between jobs: steps do not grow with schedules."""
    schedules = bench.service.core.store.schedules
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    assert schedules.due_views(bench.clock.now()) == []
    end_job(bench, "s:job-1")
    assert schedules.due_views(bench.clock.now()) == []
    bench.call("disable_job_schedule", jobScheduleId="s")
    assert schedules.due_views(bench.clock.now() + 2 * HOUR) == []


def test_job_deleted_by_hand_lets_the_next_one_be_made(bench: Bench) -> None:
    """Its number is not used again."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    bench.call("begin_delete_job", jobId="s:job-1")
    settle_until(bench, lambda: jobs(bench) == [])
    go_on(bench, HOUR)
    assert jobs(bench) == ["s:job-2"]


def test_disabled_schedule_makes_no_job_until_it_is_enabled(bench: Bench) -> None:
    """A job that runs goes on meanwhile."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    bench.call("disable_job_schedule", jobScheduleId="s")
    end_job(bench, "s:job-1")
    go_on(bench, 2 * HOUR)
    assert jobs(bench) == ["(s:job-1)"]
    bench.call("enable_job_schedule", jobScheduleId="s")
    bench.settle()
    assert jobs(bench) == ["(s:job-1)", "s:job-2"]


def test_terminated_schedule_ends_its_job(bench: Bench) -> None:
    """It is completed once nothing of it runs."""
    bench.add_pool()
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    bench.add_task("t", job_id="s:job-1")
    bench.call("begin_terminate_job_schedule", jobScheduleId="s")
    assert shown(bench)["state"] == "terminating"
    bench.settle()
    assert (jobs(bench), shown(bench)["state"]) == (["(s:job-1)"], "completed")


def test_deleted_schedule_goes_with_all_its_jobs(bench: Bench) -> None:
    """Completed ones too; its id is free afterwards."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    end_job(bench, "s:job-1")
    go_on(bench, HOUR)
    bench.call("begin_delete_job_schedule", jobScheduleId="s")
    settle_until(bench, lambda: bench.read("list_jobs")["value"] == [])
    bench.settle()
    with pytest.raises(BatchError, match="JobScheduleNotFound"):
        shown(bench)


@pytest.mark.parametrize("operation", ["begin_terminate_job_schedule", "begin_delete_job_schedule"])
def test_forced_end_of_a_schedule_does_not_wait_for_release_tasks(bench: Bench, operation: str) -> None:
    """Nor is it refused where the schedule ends already."""
    bench.add_pool()
    add_schedule(
        bench,
        {"recurrenceInterval": "PT1H"},
        jobPreparationTask={"id": "prepare", "commandLine": "p"},
        jobReleaseTask={"id": "release", "commandLine": "r"},
    )
    bench.add_task("t", job_id="s:job-1")
    bench.finish("prepare")
    bench.call(operation, jobScheduleId="s")
    bench.settle()
    assert bench.running() == ["release"]
    bench.call(operation, query={"force": "true"}, jobScheduleId="s")
    settle_until(bench, lambda: bench.running() == [] and "s:job-1" not in open_jobs(bench))


def test_change_of_the_specification_concerns_only_later_jobs(bench: Bench) -> None:
    """And leaves the due time alone."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    change: JsonObject = {"jobSpecification": {**SPECIFICATION, "priority": 7}}
    before = shown(bench)["executionInfo"]
    bench.call("update_job_schedule", change, jobScheduleId="s")
    assert shown(bench)["executionInfo"] == before
    end_job(bench, "s:job-1")
    go_on(bench, HOUR)
    assert [bench.job(f"s:job-{number}")["priority"] for number in (1, 2)] == [0, 7]


@pytest.mark.parametrize("change", [{"startWindow": "PT5M"}, {"doNotRunAfter": "2100-01-01T00:00:00Z"}])
def test_change_of_the_window_or_the_end_does_not_start_the_recurrence_anew(bench: Bench, change: JsonObject) -> None:
    """No job is made before the next one is due."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"})
    end_job(bench, "s:job-1")
    before = execution(bench)
    bench.call("update_job_schedule", {"schedule": {"recurrenceInterval": "PT1H", **change}}, jobScheduleId="s")
    bench.settle()
    assert (jobs(bench), execution(bench)) == (["(s:job-1)"], before)


def test_replaced_schedule_without_times_runs_once_more(bench: Bench) -> None:
    """What a PUT does not give goes back to its default."""
    add_schedule(bench, {"recurrenceInterval": "PT1H"}, metadata=[{"name": "a", "value": "b"}])
    end_job(bench, "s:job-1")
    bench.call("replace_job_schedule", {"jobSpecification": SPECIFICATION}, jobScheduleId="s")
    bench.settle()
    assert jobs(bench) == ["(s:job-1)", "s:job-2"]


@pytest.mark.parametrize(
    "schedule",
    [
        {"recurrenceInterval": "PT59S"},
        {"startWindow": "PT1S"},
        {"doNotRunUntil": "soon"},
        {"doNotRunUntil": "2030-01-02", "doNotRunAfter": "2030-01-01"},
    ],
)
def test_schedule_that_cannot_be_is_refused(bench: Bench, schedule: JsonObject) -> None:
    """With the property's name."""
    with pytest.raises(BatchError) as refused:
        add_schedule(bench, schedule)
    assert dict(refused.value.values)["PropertyName"].startswith("schedule.")


def test_invalid_job_specification_is_refused_with_the_schedule(bench: Bench) -> None:
    """Not when the first job is due."""
    with pytest.raises(BatchError, match="OutOfRangePriority"):
        add_schedule(bench, {}, priority=5000)


def test_auto_pool_comes_and_goes_with_its_job(bench: Bench) -> None:
    """The job names it, with the prefix asked for."""
    info: JsonObject = {
        "autoPoolSpecification": {"autoPoolIdPrefix": "mine", "poolLifetimeOption": "job", "pool": AUTO_POOL}
    }
    bench.add_job(poolInfo=info)
    (pool,) = _pools(bench)
    assert pool.startswith("mine_")
    execution = bench.job()["executionInfo"]
    assert isinstance(execution, dict)
    assert execution["poolId"] == pool
    end_job(bench, "job")
    settle_until(bench, lambda: _pools(bench) == [])


@pytest.mark.parametrize(("lifetime", "expected"), [("job", 2), ("jobschedule", 1)])
def test_jobs_of_a_schedule_share_a_pool_if_it_lives_as_long(bench: Bench, lifetime: str, expected: int) -> None:
    """Kept pools are counted, so that those that went are too."""
    auto: JsonObject = {"poolLifetimeOption": lifetime, "keepAlive": True, "pool": AUTO_POOL}
    add_schedule(bench, {"recurrenceInterval": "PT1H"}, poolInfo={"autoPoolSpecification": auto})
    end_job(bench, "s:job-1")
    go_on(bench, HOUR)
    end_job(bench, "s:job-2")
    assert len(_pools(bench)) == expected


def test_pool_of_a_schedule_goes_with_it(bench: Bench) -> None:
    """Not with one of its jobs."""
    auto: JsonObject = {"poolLifetimeOption": "jobschedule", "pool": AUTO_POOL}
    add_schedule(bench, {"recurrenceInterval": "PT1H"}, poolInfo={"autoPoolSpecification": auto})
    end_job(bench, "s:job-1")
    assert len(_pools(bench)) == 1
    bench.call("begin_delete_job_schedule", jobScheduleId="s")
    settle_until(bench, lambda: _pools(bench) == [])


@given(
    due=st.integers(-100, 100),
    window=st.none() | st.integers(1, 90),
    interval=st.none() | st.integers(1, 60),
    last=st.none() | st.integers(-100, 100),
    has_open_job=st.booleans(),
)
def test_plan_is_stable_until_the_next_look(
    due: int, window: int | None, interval: int | None, last: int | None, has_open_job: bool
) -> None:
    """Nothing that time alone changes is missed: what is not to be done now is not to be done before the next look."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    not_after = None if last is None else now + timedelta(minutes=last)
    view = ScheduleView(
        key=1,
        state=ScheduleState.ACTIVE,
        recurrence=Recurrence(window=_minutes(window), interval=_minutes(interval), not_after=not_after),
        due=now + timedelta(minutes=due),
        has_open_job=has_open_job,
        has_jobs=has_open_job,
    )
    action, look = plan_schedule(view, now), next_look(view, now)
    later = now + timedelta(days=1) if look is None else look - timedelta(microseconds=1)
    if action is None:
        assert plan_schedule(view, max(now, later)) is None
    if isinstance(action, MakeJob):
        assert not has_open_job


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def _pools(bench: Bench) -> list[str]:
    listed = bench.read("list_pools")["value"]
    assert isinstance(listed, list)
    return [str(pool["id"]) for pool in listed if isinstance(pool, dict)]
